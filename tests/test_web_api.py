"""The API: every kind of answer at its address, in every form, with one shape for every mistake."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from starlette.testclient import TestClient

import footfall.errors
from footfall.errors import FootfallError
from footfall.web.app import create_app
from footfall.web.errors import STATUSES
from served import HOSTILE, Clock, opened, write_served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def client(folder: Path, clock: Clock) -> Iterator[TestClient]:
    with opened(folder, clock) as workspace, TestClient(create_app(workspace)) as client:
        yield client


ANSWERS = [
    "/query/launches?grain=month&last=2",
    "/query?metric=launches&metric=commits&grain=month&last=2",
    "/query?metric=launches,commits&by=&where=",
    "/query/commits?project=tool&min-coverage=1&rolling=2",
    "/query/launches?by=provider&top=2&cumulative=true&policy=status%3Dany&last=5",
    "/cohort?first=signed_up&then=active&grain=month",
    "/funnel?steps=signed_up&steps=active&within=2w",
    "/stickiness?event=active&last=3",
    "/growth?event=active&grain=month",
    "/projects",
    "/projects?by=commits",
    "/projects/tool?months=3",
    "/beside?metric=commits&projects=tool&months=3&align=age",
]


@pytest.mark.parametrize("address", ANSWERS)
def test_every_kind_of_answer_says_what_it_is(client: TestClient, address: str) -> None:
    response = client.get(f"/api/v1{address}")
    assert response.status_code == 200, response.text
    answer = response.json()
    assert {"command", "title", "question", "definition", "coverage", "notes", "version", "rows"} <= answer.keys()
    again = client.get(response.links["canonical"]["url"])
    assert again.status_code == 200, again.text
    assert again.json()["rows"] == answer["rows"]
    assert again.json()["question"] == answer["question"]


@pytest.mark.parametrize("address", ANSWERS)
def test_it_comes_in_every_form(client: TestClient, address: str) -> None:
    mark = "&" if "?" in address else "?"
    rows = client.get(f"/api/v1{address}").json()["rows"]
    for name, accept in [("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")]:
        named = client.get(f"/api/v1{address}{mark}format={name}")
        accepted = client.get(f"/api/v1{address}", headers={"accept": f"{accept}, application/json;q=0.1"})
        assert named.content == accepted.content
        assert named.headers["content-type"].startswith(accept)
    table = pq.read_table(io.BytesIO(client.get(f"/api/v1{address}{mark}format=parquet").content))
    assert json.loads(table.schema.metadata[b"footfall"])["version"]
    stream = client.get(f"/api/v1{address}", headers={"accept": "application/vnd.apache.arrow.stream"}).content
    assert pa.ipc.open_stream(stream).read_all().to_pylist() == table.to_pylist()
    assert table.num_rows == len(rows) or address.startswith(("/projects/tool", "/cohort"))  # whose JSON is nested


def test_unchanged_is_304_and_a_change_is_never_missed(tmp_path: Path, clock: Clock) -> None:
    folder = write_served(tmp_path)
    with opened(folder, clock) as workspace, TestClient(create_app(workspace)) as client:
        for address in ("/api/v1/query/launches?last=3", "/api/v1/growth?event=active", "/api/v1/metrics"):
            tag = client.get(address).headers["etag"]
            response = client.get(address, headers={"if-none-match": f'"other", {tag}'})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == tag
        tag = client.get("/api/v1/growth?event=active").headers["etag"]
        for day in range(1, 8):
            workspace.mark("active", f"new-{day}", f"2026-03-0{day}")
            response = client.get("/api/v1/growth?event=active", headers={"if-none-match": tag})
            assert response.status_code == 200
            tag = response.headers["etag"]


def test_the_clock_alone_changes_the_tag_only_where_it_changes_the_answer(folder: Path) -> None:
    clock = Clock()
    with opened(folder, clock) as workspace, TestClient(create_app(workspace)) as client:
        tags = [client.get(f"/api/v1/{each}").headers["etag"] for each in ("query/launches", "growth?event=active")]
        clock.move(minutes=10)
        again = [client.get(f"/api/v1/{each}").headers["etag"] for each in ("query/launches", "growth?event=active")]
        assert tags == again
        relative = client.get("/api/v1/query/launches?last=2").headers["etag"]
        clock.move(days=1)
        assert client.get("/api/v1/query/launches?last=2").headers["etag"] != relative


def test_formats_have_tags_of_their_own(client: TestClient) -> None:
    tags = {client.get(f"/api/v1/query/launches?format={f}").headers["etag"] for f in ("json", "csv", "arrow")}
    assert len(tags) == 3


def test_it_is_made_smaller_as_the_client_takes_it(client: TestClient) -> None:
    plain = client.get("/api/v1/query/launches", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for encoding, opened_by in (("gzip", gzip.decompress), ("zstd", zstandard.ZstdDecompressor().decompress)):
        with client.stream("GET", "/api/v1/query/launches", headers={"accept-encoding": encoding}) as small:
            assert small.headers["content-encoding"] == encoding
            raw = b"".join(small.iter_raw())
        assert len(raw) < len(plain.content)
        content = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if encoding == "zstd" else opened_by(raw)
        assert content == plain.content


MISTAKES = [
    ("/query/launche", 404, "unknown_name", "did you mean 'launches'"),
    ("/metrics/launche", 404, "unknown_name", "did you mean 'launches'"),
    ("/query?metric=launche", 422, "unknown_name", "did you mean 'launches'"),
    ("/query", 422, "bad_question", "metric is missing"),
    ("/query/launches?last=0", 422, "bad_question", "at least 1"),
    ("/query/launches?grain=fortnight", 422, "unknown_name", "valid: hour"),
    ("/query/launches?gran=day", 422, "unknown_name", "did you mean 'grain'"),
    ("/query/launches?metric=commits", 422, "bad_question", "leave out one"),
    ("/query/launches?since=2026-13", 422, "bad_question", "not a date"),
    ("/query/launches?since=2026&until=2025", 422, "bad_question", "must come before"),
    ("/query/launches?where=provider%3DNowhere", 422, "unknown_value", "unknown value of provider"),
    ("/query/launches?policy=status%3Dno", 422, "unknown_name", "choice of policy"),
    ("/query/launches?format=xml", 422, "unknown_name", "unknown format"),
    ("/query/launches?format=csv&format=json", 422, "bad_question", "give it once"),
    ("/projects/tol", 404, "unknown_name", "did you mean 'tool'"),
    ("/projects/tol/activity", 404, "unknown_name", "did you mean 'tool'"),
    ("/projects/tool/activity?limit=0", 422, "bad_question", "1 to 600"),
    ("/projects/tool/activity?limit=x", 422, "bad_question", "1 to 600"),
    ("/projects/tool/activity?limit=1&limit=2", 422, "bad_question", "given 2 times"),
    ("/projects?by=launche", 422, "unknown_name", "launche"),
    ("/events/activ", 404, "unknown_name", "did you mean 'active'"),
    ("/events/active?period=soon", 422, "bad_question", "2026-W48"),
    ("/cohort?first=signed_up", 422, "bad_question", "then is missing"),
    ("/cohort?first=signed_up&then=activ", 422, "bad_question", "did you mean 'active'"),
    ("/annotations?since=soon", 422, "bad_question", "not a date"),
    ("/nothing", 404, "not_found", "nothing at"),
    ("/query/launches?" + "&".join(f"by=a{n}" for n in range(300)), 422, "bad_question", "200 options"),
    ("/query/launches?where=" + "x" * 9000, 422, "bad_question", "8,000"),
]


@pytest.mark.parametrize(("address", "status", "code", "said"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_is_one_sentence_in_one_shape(
    client: TestClient, address: str, status: int, code: str, said: str
) -> None:
    response = client.get(f"/api/v1{address}")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "code", "detail", "instance"}
    assert problem["status"] == status
    assert said in problem["detail"]


def test_what_no_form_suits_is_refused(client: TestClient) -> None:
    response = client.get("/api/v1/query/launches", headers={"accept": "image/png"})
    assert (response.status_code, response.json()["code"]) == (406, "no_such_format")


def test_another_method_says_which_there_are(client: TestClient) -> None:
    response = client.delete("/api/v1/metrics")
    assert (response.status_code, response.json()["code"]) == (405, "wrong_method")
    assert response.headers["allow"]


def test_every_error_has_a_status() -> None:
    kinds: list[type[FootfallError]] = [FootfallError, *_below(FootfallError)]
    assert {str(kind.code) for kind in kinds if kind.__module__ == footfall.errors.__name__} <= STATUSES.keys()


def _below(kind: type[FootfallError]) -> list[type[FootfallError]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *_below(sub))]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_data(client: TestClient, name: str) -> None:
    for address, params in [
        ("/api/v1/query/launches", {"where": f"repo={name}"}),
        ("/api/v1/query/launches", {"by": name}),
        ("/api/v1/query", {"metric": name}),
        ("/api/v1/growth", {"event": name}),
        ("/api/v1/projects", {"by": name}),
        ("/api/v1/events/active", {"period": name}),
        ("/api/v1/query/launches", {name: "1"}),
    ]:
        response = client.get(address, params=params)
        assert 400 <= response.status_code < 500, response.text
        assert not [c for c in response.text if ord(c) < 32 or ord(c) in range(0x202A, 0x202F)]
        assert len(response.text) < 20_000
    assert client.get("/api/v1/query/launches?last=1").status_code == 200


def test_events_and_who_did_them(client: TestClient) -> None:
    event = client.get("/api/v1/events/active?period=2026-03").json()
    assert (event["actors"], event["marks"], event["since"], event["is_over"]) == (3, 3, "2026-03-01T00:00:00Z", False)
    assert client.get("/api/v1/events/active").json()["actors"] == 3
    assert client.get("/api/v1/events/active/actors/ada?period=2026-W10").json()["did"] is True
    assert client.get("/api/v1/events/active/actors/7").json()["did"] is True
    assert client.get("/api/v1/events/active/actors/eve?period=2026").json()["did"] is False
    for length, status in ((4000, 200), (4001, 422)):  # the longest text that can be marked
        assert client.get(f"/api/v1/events/active/actors/{'x' * length}").status_code == status
    assert {each["event"] for each in client.get("/api/v1/events").json()["events"]} >= {"active", "signed_up"}


def test_the_shape_of_napari_hub(client: TestClient) -> None:
    found = client.get("/api/v1/projects/Tool/activity?limit=3").json()
    assert len(found["maintenance"]["timeline"]) == 3
    assert found["maintenance"]["stats"]["total_commits"] == 4
    assert found["usage"]["stats"]["total_installs"] is None
    assert len(client.get("/api/v1/projects/tool/activity").json()["usage"]["timeline"]) == 12


def test_status_and_annotations(client: TestClient) -> None:
    status = client.get("/api/v1/status").json()
    assert {table["source"] for table in status["tables"]} == {"binder", "git"}
    assert client.get("/api/v1/annotations").json()["annotations"][0]["kind"] == "outage"
    assert client.get("/api/v1/annotations?since=2026").json() == {"annotations": []}


def test_health_and_numbers_for_prometheus(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"
    text = client.get("/metrics").text
    for name in ("footfall_http_requests_total", "footfall_fresh_until_timestamp_seconds", "footfall_journal_rows"):
        assert name in text
    assert 'route="/api/v1/query/{metric}"' in text


def test_a_lake_that_is_away_is_503_and_comes_back(tmp_path: Path) -> None:
    folder = write_served(tmp_path)
    with opened(folder) as workspace, TestClient(create_app(workspace)) as client:
        address = "/api/v1/query/launches?last=3"
        before = client.get(address).json()
        (folder / "lake").rename(folder / "away")
        (folder / "lake").write_text("")
        response = client.get(address)
        assert response.status_code == 503
        assert client.get("/readyz").status_code == 503
        (folder / "lake").unlink()
        (folder / "away").rename(folder / "lake")
        time.sleep(0.01)
        assert client.get(address).json() == before
        assert client.get("/readyz").status_code == 200


def test_browsers_are_kept_strict(client: TestClient) -> None:
    headers = client.get("/api/v1/metrics").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["access-control-allow-origin"] == "*"


def test_under_a_prefix(folder: Path) -> None:
    with (
        opened(folder) as workspace,
        TestClient(create_app(workspace, prefix="/services/footfall")) as client,
    ):
        response = client.get("/services/footfall/api/v1/query/launches?last=1")
        assert response.status_code == 200
        assert client.get(response.links["canonical"]["url"]).status_code == 200


def test_large_answers_come_in_pieces(client: TestClient) -> None:
    response: Any = client.get(
        "/api/v1/query/launches?grain=hour&by=repo&by=provider", headers={"accept-encoding": "identity"}
    )
    assert response.status_code == 200
    assert len(response.content) > 300_000
    assert int(response.headers["content-length"]) == len(response.content)
    assert len(response.json()["rows"]) > 1000
