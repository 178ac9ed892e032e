"""The HTTP client against a network that is a plain function, and downloads against a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from footfall.errors import BrokenDataError, UnreachableError
from footfall.http import Client, Kept, Limit, NotReadyError, StatusError, is_kept

pytestmark = pytest.mark.slow

Network = Callable[[httpx2.Request], httpx2.Response]


def client(network: Network, **options: float) -> Client:
    return Client(transport=httpx2.MockTransport(network), wait=0.0, **options)  # type: ignore[arg-type]


class Script:
    """A network that gives one answer after the other and remembers what was asked."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_says_who_it_is() -> None:
    network = Script(httpx2.Response(200, text="hello"))
    assert client(network).get("https://example.org/").text == "hello"
    assert network.asked[0].headers["User-Agent"].startswith("footfall/")


@pytest.mark.parametrize("fault", [429, 500, 502, 503, httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow")])
def test_a_fault_that_passes_is_retried(fault: int | Exception) -> None:
    network = Script(httpx2.Response(fault) if isinstance(fault, int) else fault, httpx2.Response(200, text="ok"))
    assert client(network).get("https://example.org/").text == "ok"
    assert len(network.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_not_retried(status: int) -> None:
    network = Script(httpx2.Response(status))
    with pytest.raises(StatusError, match=str(status)) as caught:
        client(network).get("https://example.org/x")
    assert caught.value.status == status
    assert len(network.asked) == 1


def test_a_fault_that_stays_is_one_sentence() -> None:
    network = Script(*(httpx2.ConnectError("refused") for _ in range(3)))
    with pytest.raises(UnreachableError, match=r"^https://example.org/x cannot be reached \(refused\)") as caught:
        client(network, attempts=3).get("https://ada:secret@example.org/x?token=hidden")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert len(network.asked) == 3


def test_retry_after_is_honoured() -> None:
    network = Script(httpx2.Response(429, headers={"Retry-After": "1"}), httpx2.Response(200))
    before = datetime.now(UTC)
    client(network).get("https://example.org/")
    assert datetime.now(UTC) - before >= timedelta(seconds=0.9)


@pytest.mark.parametrize("is_date", [False, True], ids=["seconds", "date"])
def test_a_wait_beyond_patience_is_said_instead(is_date: bool) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if is_date else "3600"
    network = Script(httpx2.Response(429, headers={"Retry-After": when}))
    with pytest.raises(StatusError, match=r"asks to wait 3\d\d\d s; try again later"):
        client(network).get("https://example.org/")
    assert len(network.asked) == 1


def test_a_known_etag_brings_304() -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(304 if request.headers.get("If-None-Match") == '"v1"' else 200, headers={"ETag": '"v1"'})

    with client(network) as http:
        etag = http.get("https://example.org/").headers["ETag"]
        assert http.get("https://example.org/", etag=etag).status_code == 304


def test_a_server_without_head_is_asked_with_get() -> None:
    network = Script(httpx2.Response(405), httpx2.Response(200, headers={"ETag": "x"}))
    assert client(network).head("https://example.org/").headers["ETag"] == "x"
    assert [request.method for request in network.asked] == ["HEAD", "GET"]


def test_json_that_is_a_web_page_is_broken_data() -> None:
    network = Script(httpx2.Response(200, html="<html>sorry</html>"))
    with pytest.raises(BrokenDataError, match="did not answer with JSON but with text/html"):
        client(network).json("https://example.org/api")


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org/x", "https://exa mple.org"])
def test_what_is_no_web_address_is_said(url: str) -> None:
    with pytest.raises(UnreachableError):
        Client(attempts=1).get(url)


def test_no_more_requests_at_once_than_allowed() -> None:
    under_way, most, lock, gate = 0, 0, threading.Lock(), threading.Event()

    def network(request: httpx2.Request) -> httpx2.Response:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        gate.wait(0.05)
        with lock:
            under_way -= 1
        return httpx2.Response(200)

    http = client(network, concurrency=2)
    threads = [threading.Thread(target=http.get, args=("https://example.org/",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


# Downloads


class Server:
    """A real server of one file that can break off, ignore ranges, and change."""

    def __init__(self) -> None:
        self.body = bytes(range(256)) * 4000
        self.etag = '"one"'
        self.break_off_after: list[int] = []
        self.knows_ranges = True
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers))
                body, start = outer.body, 0
                wanted = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
                if wanted and outer.knows_ranges and self.headers.get("If-Range") == outer.etag:
                    start = int(wanted)
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                else:
                    self.send_response(200)
                self.send_header("ETag", outer.etag)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                limit = outer.break_off_after.pop(0) if outer.break_off_after else None
                self.wfile.write(body[start:][:limit])

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/file"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_a_download_is_whole_and_leaves_nothing_else(server: Server, tmp_path: Path) -> None:
    heard: list[int] = []
    headers = Client().download(server.url, tmp_path / "file", tell=heard.append)
    assert (tmp_path / "file").read_bytes() == server.body
    assert headers["ETag"] == '"one"'
    assert sum(heard) == len(server.body)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_download_that_broke_off_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.break_off_after = [600_000, 100_000]
    Client(wait=0).download(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == server.body
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=600000-", "bytes=700000-"]


def test_another_process_goes_on_too(server: Server, tmp_path: Path) -> None:
    server.break_off_after = [600_000]
    with pytest.raises(UnreachableError):
        Client(attempts=1).download(server.url, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    Client().download(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == server.body
    assert server.asked[1]["Range"] == "bytes=600000-"


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(server: Server, tmp_path: Path) -> None:
    server.break_off_after = [600_000]
    with pytest.raises(UnreachableError):
        Client(attempts=1).download(server.url, tmp_path / "file")
    server.body, server.etag = b"another" * 1000, '"two"'
    Client().download(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == server.body


def test_a_server_that_ignores_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.break_off_after, server.knows_ranges = [600_000], False
    Client(wait=0).download(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == server.body


def test_a_short_body_is_noticed(tmp_path: Path) -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Length": "10"}, content=iter([b"short"]))

    with pytest.raises(UnreachableError, match="only 5 of 10 bytes"):
        client(network, attempts=2).download("https://example.org/file", tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_rest_from_another_place_is_not_appended(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"begin")
    (tmp_path / "file.part.version").write_text('"one"')
    wrong = httpx2.Response(206, headers={"Content-Range": "bytes 2-9/10"}, content=b"gin ning")
    network = Script(wrong, httpx2.Response(200, content=b"beginning"))
    client(network).download("https://example.org/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"beginning"


def test_a_beginning_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"far too long")
    (tmp_path / "file.part.version").write_text('"one"')
    network = Script(httpx2.Response(416), httpx2.Response(200, content=b"short"))
    client(network).download("https://example.org/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"short"


def test_a_weak_etag_does_not_vouch_for_bytes(tmp_path: Path) -> None:
    broken = httpx2.Response(200, headers={"ETag": 'W/"one"', "Content-Length": "9"}, content=iter([b"begin"]))
    network = Script(broken, httpx2.Response(200, content=b"beginning"))
    client(network).download("https://example.org/file", tmp_path / "file")
    assert "Range" not in network.asked[1].headers
    assert (tmp_path / "file").read_bytes() == b"beginning"


# Limits


class Time:
    """A clock that moves when it is slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def timed(network: Network, **options: float) -> tuple[Client, Time]:
    time = Time()
    transport = httpx2.MockTransport(network)
    return Client(transport=transport, wait=0.0, clock=time, sleep=time.sleep, **options), time  # type: ignore[arg-type]


def test_a_budget_is_kept_before_asking() -> None:
    network = Script(*(httpx2.Response(200) for _ in range(65)))
    asking, time = timed(network)
    asking.limit("example.org", Limit(budget=30, per=60))
    starts = []
    for _ in range(65):
        asking.get("https://example.org/x")
        starts.append(time.now)
        time.now += 0.5
    assert all(later - earlier >= 60 for earlier, later in zip(starts, starts[30:], strict=False))
    assert starts[-1] < 123


def test_limits_are_kept_per_host() -> None:
    asking, time = timed(Script(*(httpx2.Response(200) for _ in range(4))))
    asking.limit("slow.example", Limit(pause=10))
    for host in ("slow.example", "quick.example", "quick.example", "slow.example"):
        asking.get(f"https://{host}/")
    assert time.now == 10


@pytest.mark.parametrize("status", [403, 429])
def test_what_asks_to_wait_is_waited_for_by_all(status: int) -> None:
    network = Script(httpx2.Response(status, headers={"Retry-After": "1"}), httpx2.Response(200, text="ok"))
    asking, time = timed(network)
    assert asking.get("https://example.org/").text == "ok"
    assert time.now == 1, "the next start, of any thread, is a second later"


def test_a_403_that_asks_to_wait_long_is_no_wrong_credential() -> None:
    network = Script(httpx2.Response(403, headers={"Retry-After": "3600"}))
    with pytest.raises(StatusError, match="asks to wait 3600 s; try again later") as caught:
        client(network).get("https://example.org/x")
    assert caught.value.is_passing
    with pytest.raises(StatusError, match="check that the credentials are set"):
        client(Script(httpx2.Response(403))).get("https://example.org/x")


# Answers that are not there yet, or came in part


def test_a_202_is_asked_again_within_its_budget() -> None:
    network = Script(httpx2.Response(202), httpx2.Response(202, headers={"Retry-After": "5"}), httpx2.Response(200))
    asking, time = timed(network)
    assert asking.get("https://example.org/", ready_within=60).status_code == 200
    assert time.slept == [1.0, 5.0]
    asking, time = timed(lambda request: httpx2.Response(202))
    with pytest.raises(NotReadyError, match=r"is still being prepared \(202\) after 60 s; try again later"):
        asking.get("https://example.org/", ready_within=60)
    assert time.now <= 60
    assert asking.get("https://example.org/").status_code == 202


def test_a_body_that_ends_too_early_is_asked_again() -> None:
    short = httpx2.Response(200, headers={"Content-Length": "10"}, content=b"12345")
    packed = httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=iter([b"\x1f\x8b\x08broken"]))
    network = Script(short, packed, httpx2.Response(200, text="whole"))
    assert client(network).get("https://example.org/").text == "whole"


# Pages


def paged(request: httpx2.Request) -> httpx2.Response:
    page = int(request.url.params.get("page", 1))
    link = {"Link": f'<https://example.org/list?page={page + 1}>; rel="next", <https://example.org/>; rel="first"'}
    return httpx2.Response(200, json=[page], headers=link if page < 3 else {})


def test_pages_are_followed() -> None:
    pages = client(paged).pages("https://example.org/list", params={"page": "1"})
    assert [page.json() for page in pages] == [[1], [2], [3]]


def test_pages_elsewhere_are_not_followed_unless_allowed() -> None:
    asked: list[str] = []

    def network(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        link = (
            {"Link": '<https://other.example/steal?token=1>; rel="next"'} if request.url.host == "example.org" else {}
        )
        return httpx2.Response(200, headers=link)

    with pytest.raises(
        UnreachableError, match=r"names https://other\.example/steal as its next page, which is another host"
    ):
        list(client(network).pages("https://example.org/list"))
    assert asked == ["https://example.org/list"]
    assert len(list(client(network).pages("https://example.org/list", hosts=["other.example"]))) == 2
    with pytest.raises(UnreachableError, match="another host"):  # nor the same host without encryption
        list(
            client(lambda r: httpx2.Response(200, headers={"Link": '<http://example.org/2>; rel="next"'})).pages(
                "https://example.org/list"
            )
        )


def test_pages_in_a_circle_end() -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Link": '</list>; rel="next"'})

    with pytest.raises(BrokenDataError, match="names a page as next that came before"):
        list(client(network).pages("https://example.org/list"))


# Answers that are kept


class Documents:
    """A server of one document for each credential, with an ETag that is the same for all."""

    def __init__(self) -> None:
        self.version = 1
        self.bodies = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        etag = f'"{self.version}"'
        if request.headers.get("If-None-Match") == etag:
            return httpx2.Response(304, headers={"ETag": etag})
        self.bodies += 1
        text = f"{request.headers.get('Authorization', 'nobody')}: {self.version}"
        return httpx2.Response(200, text=text, headers={"ETag": etag, "Link": '<https://example.org/2>; rel="prev"'})


def test_what_did_not_change_is_the_answer_that_was_kept(tmp_path: Path) -> None:
    server = Documents()
    keep = Kept(tmp_path / "answers")
    first = client(server).get("https://example.org/x", keep=keep)
    again = client(server).get("https://example.org/x", keep=keep)
    assert (first.text, again.text, server.bodies) == ("nobody: 1", "nobody: 1", 1)
    assert (is_kept(first), is_kept(again)) == (False, True)
    assert (again.status_code, again.links["prev"]["url"]) == (200, "https://example.org/2")
    server.version = 2
    assert client(server).get("https://example.org/x", keep=keep).text == "nobody: 2"


def test_what_one_credential_saw_is_never_given_to_another(tmp_path: Path) -> None:
    server = Documents()
    keep = Kept(tmp_path / "answers")
    for _ in range(2):
        for token in ("ada", "bob"):
            answer = client(server).get("https://example.org/x", headers={"Authorization": token}, keep=keep)
            assert answer.text == f"{token}: 1"
    assert server.bodies == 2
    names = [path.name for path in (tmp_path / "answers").iterdir()]
    assert not any("ada" in name or "example" in name for name in names)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "answers").iterdir()} == {0}


def test_a_token_that_is_renewed_keeps_its_answers_under_one_identity(tmp_path: Path) -> None:
    server = Documents()
    for token in ("old", "new"):
        keep = Kept(tmp_path / "answers", identity="installation 7")
        client(server).get("https://example.org/x", headers={"Authorization": token}, keep=keep)
    assert server.bodies == 1
    other = Kept(tmp_path / "answers", identity="installation 8")
    client(server).get("https://example.org/x", headers={"Authorization": "new"}, keep=other)
    assert server.bodies == 2


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b""), lambda path: path.write_bytes(path.read_bytes()[:-1])]
)
def test_a_damaged_answer_is_fetched_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    server, keep = Documents(), Kept(tmp_path)
    client(server).get("https://example.org/x", keep=keep)
    (file,) = tmp_path.iterdir()
    damage(file)
    assert client(server).get("https://example.org/x", keep=keep).text == "nobody: 1"
    assert server.bodies == 2


def test_kept_answers_stay_within_their_bounds(tmp_path: Path) -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=b"x" * 1000, headers={"ETag": '"1"'})

    keep = Kept(tmp_path, most_bytes=10_000)
    for n in range(40):
        client(network).get(f"https://example.org/{n}", keep=keep)
    assert 5_000 < sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


def test_a_question_in_the_body_is_asked_again_and_answers_are_told_from_faults() -> None:
    network = Script(httpx2.Response(503), httpx2.Response(500, headers={"X-Reason": "60"}))
    answer = client(network).post(
        "https://example.org/", content="SELECT 1", answers=lambda response: "X-Reason" in response.headers
    )
    assert (answer.status_code, len(network.asked)) == (500, 2)
    assert network.asked[1].content == b"SELECT 1"


def test_a_question_in_the_body_is_not_sent_elsewhere() -> None:
    network = Script(httpx2.Response(307, headers={"Location": "https://elsewhere.example.org/"}))
    with pytest.raises(UnreachableError, match=r"points to https://elsewhere\.example\.org"):
        client(network).post("https://example.org/", json={"a": 1})
