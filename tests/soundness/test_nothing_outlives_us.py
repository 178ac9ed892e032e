"""What Footfall starts ends with it, cannot multiply, and does not run without an end.

Processes are counted by a mark in their environment, which every child inherits.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from footfall.errors import UnreachableError
from footfall.ledger import Status
from footfall.programs import Bounds, NotInstalledError, Program, StoppedError, run
from footfall.repositories import Remote, Repository
from histories import Collected, History, dated, git

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are counted in /proc")

MARK = "FOOTFALL_TEST_MARK"
MOST = 40
"""More processes than any of these tests may need: a watching thread kills all of them before they are many."""


class Marked:
    """The processes that carry our mark."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self.peak = 0

    def pids(self) -> list[int]:
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if f"{MARK}={self.mark}".encode() in Path("/proc", name, "environ").read_bytes():
                    found.append(int(name))
        return found

    def kill(self) -> None:
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_until(self, holds: Callable[[int], bool], seconds: float = 20) -> int:
        end = time.monotonic() + seconds
        while not holds(count := len(self.pids())) and time.monotonic() < end:
            time.sleep(0.02)
        return count

    def watch(self, is_over: threading.Event) -> None:
        while not is_over.wait(0.03):
            count = len(self.pids())
            self.peak = max(self.peak, count)
            if count > MOST:
                self.kill()


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Marked]:
    """Marks what this process starts, and kills it all when it becomes many, and at the end."""
    processes, is_over = Marked(), threading.Event()
    monkeypatch.setenv(MARK, processes.mark)
    watching = threading.Thread(target=processes.watch, args=(is_over,))
    watching.start()
    yield processes
    is_over.set()
    watching.join()
    processes.kill()
    assert processes.peak <= MOST


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server on loopback; each connection is handed to `answer` in a thread. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def never(connection: socket.socket) -> None:
    """Takes the question, and says nothing."""
    with connection, suppress(OSError):
        while connection.recv(1024):
            pass


def one_byte_a_second(connection: socket.socket) -> None:
    """Begins a git packet, or an HTTP answer, that takes hours."""
    with connection, suppress(OSError):
        asked = connection.recv(4096)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999\r\n\r\n"
        connection.sendall(head if b"HTTP/" in asked else b"ffff")
        while True:
            connection.sendall(b"a")
            time.sleep(1)


@contextmanager
def plain_files(folder: Path, bytes_per_second: int = 0) -> Iterator[str]:
    """A web server that knows nothing of git ("dumb HTTP")."""

    class Handler(SimpleHTTPRequestHandler):
        def copyfile(self, source: object, outputfile: object) -> None:
            if not bytes_per_second:
                super().copyfile(source, outputfile)  # type: ignore[arg-type]
                return
            while piece := source.read(bytes_per_second // 20):  # type: ignore[attr-defined]
                outputfile.write(piece)  # type: ignore[attr-defined]
                time.sleep(0.05)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def upstream(tmp_path: Path) -> History:
    history = History.new(tmp_path / "server" / "tool")
    for n, at in enumerate(dated(range(10))):
        history.commit(at, parents=[f":{n}"] if n else [], files={"file": f"{n}\n" * 1000})
    return history.write()


def collected_from(address: str, tmp_path: Path, **options: object) -> Collected:
    return Collected(tmp_path / "here", {"repositories": [{"address": address, "name": "tool"}], **options})


class TestServersThatMadeGitFetchWithoutEnd:
    """`git fetch --filter` asks for what is missing, which may again find something missing, and so on."""

    def test_plain_files_over_http(self, tmp_path: Path, upstream: History, marked: Marked) -> None:
        git(upstream.folder.parent, "clone", "--quiet", "--bare", "tool", "tool.git")
        git(upstream.folder.parent / "tool.git", "update-server-info")
        with plain_files(upstream.folder.parent) as address:
            remote = collected_from(f"{address}/tool.git", tmp_path)
            remote.collect()
            assert remote.last.status is Status.COMPLETE, remote.last.reason
            assert len(remote.rows) == 10

            upstream.commit("2020-03-01T00:00Z", parents=[":10"])
            upstream.write()
            git(upstream.folder.parent / "tool.git", "fetch", "--quiet", "../tool", "+main:main")
            git(upstream.folder.parent / "tool.git", "update-server-info")
            remote.collect()
            assert len(remote.rows) == 11, remote.last.reason
        assert marked.wait_until(lambda count: count == 0) == 0

    @pytest.mark.parametrize("allows_filter", ["true", "false"])
    def test_a_shallow_upstream_is_covered_from_its_cut_on(
        self, tmp_path: Path, upstream: History, marked: Marked, allows_filter: str
    ) -> None:
        """Git refuses a shallow upstream's heads, and ends with status 0: no commit, with the past covered."""
        shallow = tmp_path / "server" / "shallow.git"
        git(tmp_path, "clone", "--quiet", "--bare", "--depth=3", upstream.folder.as_uri(), str(shallow))
        git(shallow, "config", "uploadpack.allowFilter", allows_filter)
        remote = collected_from(shallow.as_uri(), tmp_path)
        remote.collect()
        assert len(remote.rows) == 3, remote.last.reason
        assert remote.last.window.start == remote.rows[-1]["committed_at"]
        assert marked.wait_until(lambda count: count == 0) == 0

        upstream.commit("2020-03-01T00:00Z", parents=[":10"])
        upstream.write()
        git(shallow, "fetch", "--quiet", upstream.folder.as_uri(), "+main:main")
        remote.collect()
        assert len(remote.rows) == 4, remote.last.reason
        git(shallow, "fetch", "--quiet", "--unshallow", upstream.folder.as_uri(), "main")
        remote.collect()
        assert len(remote.rows) == 11, "the whole history is known under the head that was known before"
        assert marked.wait_until(lambda count: count == 0) == 0

    def test_an_upstream_that_is_a_partial_clone_itself(
        self, tmp_path: Path, upstream: History, marked: Marked
    ) -> None:
        """What it lacks it would fetch from its own upstream, here one that made git fetch without end."""
        git(upstream.folder.parent, "clone", "--quiet", "--bare", "tool", "tool.git")
        git(upstream.folder.parent / "tool.git", "update-server-info")
        git(upstream.folder, "config", "uploadpack.allowFilter", "true")
        partial_clone = tmp_path / "server" / "partial.git"
        git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", upstream.folder.as_uri(), str(partial_clone))
        with plain_files(upstream.folder.parent) as address:
            git(partial_clone, "remote", "set-url", "origin", f"{address}/tool.git")
            for allows_filter in ("false", "true"):
                git(partial_clone, "config", "uploadpack.allowFilter", allows_filter)
                remote = collected_from(partial_clone.as_uri(), tmp_path / allows_filter)
                remote.collect()
                expected = (Status.FAILED, 0) if allows_filter == "false" else (Status.COMPLETE, 10)
                assert (remote.last.status, len(remote.rows)) == expected, remote.last.reason
                assert marked.wait_until(lambda count: count == 0) == 0

    def test_a_partial_clone_of_ours_by_an_older_git_is_made_whole(
        self, tmp_path: Path, upstream: History, marked: Marked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A git that does not know GIT_NO_LAZY_FETCH must not read a partial clone at all."""
        git(upstream.folder, "config", "uploadpack.allowFilter", "true")
        old_git = tmp_path / "old" / "git"
        old_git.parent.mkdir()
        real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
        old_git.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo git version 2.31.0 || exec {real} "$@"\n')
        old_git.chmod(0o755)
        remote = Remote(upstream.folder.as_uri(), tmp_path / "mirrors")
        copy = remote.look(remote.head()).git_dir
        assert "promisor" in (copy / "config").read_text()
        program = "import sys; from pathlib import Path; from footfall.repositories import Remote; "
        program += "remote = Remote(sys.argv[1], Path(sys.argv[2])); remote.look(remote.head())"
        monkeypatch.setenv("PATH", f"{old_git.parent}:{os.environ['PATH']}")
        command = [sys.executable, "-c", program, upstream.folder.as_uri(), str(tmp_path / "mirrors")]
        subprocess.run(command, check=True, timeout=60)
        assert "promisor" not in (copy / "config").read_text()
        assert len(list((tmp_path / "mirrors").iterdir())) == 1
        assert git(copy, "rev-list", "--count", "HEAD") == "10"


class TestServersThatKeepUsWaiting:
    @pytest.mark.parametrize("scheme", ["http", "git"])
    @pytest.mark.parametrize("answer", [never, one_byte_a_second])
    def test_are_given_up(
        self, tmp_path: Path, marked: Marked, scheme: str, answer: Callable[[socket.socket], None]
    ) -> None:
        with listening(answer) as port:
            remote = collected_from(f"{scheme}://127.0.0.1:{port}/tool", tmp_path, timeout=2)
            started = time.monotonic()
            remote.collect()
            assert time.monotonic() - started < 15
        assert remote.last.status is Status.FAILED
        assert "cannot be reached" in remote.last.reason
        assert marked.wait_until(lambda count: count == 0) == 0

    def test_a_slow_server_is_waited_for(self, tmp_path: Path, upstream: History, marked: Marked) -> None:
        for n in range(10, 40):
            upstream.commit("2020-02-01T00:00Z", parents=[f":{n}"], files={"file": os.urandom(2000).hex()})
        upstream.write()
        git(upstream.folder.parent, "clone", "--quiet", "--bare", "tool", "tool.git")
        git(upstream.folder.parent / "tool.git", "repack", "-adq")
        git(upstream.folder.parent / "tool.git", "update-server-info")
        with plain_files(upstream.folder.parent, bytes_per_second=10_000) as address:
            remote = collected_from(f"{address}/tool.git", tmp_path, timeout=3)
            remote.collect()
        assert remote.last.status is Status.COMPLETE, remote.last.reason
        assert len(remote.rows) == 40


class TestFootfallThatEnds:
    """While git waits for a server that never answers."""

    @pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_by_a_signal(self, tmp_path: Path, marked: Marked, sent: signal.Signals) -> None:
        with listening(never) as port:
            (tmp_path / "footfall.toml").write_text(
                f'[sources.git]\nrepositories = ["http://127.0.0.1:{port}/a", "git://127.0.0.1:{port}/b"]\n'
            )
            command = [sys.executable, "-m", "footfall", "-w", str(tmp_path), "collect"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as footfall:
                assert marked.wait_until(lambda count: count >= 4) >= 4, "git has begun"
                footfall.send_signal(sent)
                assert footfall.wait(20) == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[sent]
            assert marked.wait_until(lambda count: count == 0, 5) == 0

    def test_the_moment_it_starts_git(self, tmp_path: Path, marked: Marked) -> None:
        """At any moment between starting the program and knowing of it."""
        program = "from footfall.programs import run; run(['sleep', '60'])"
        for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
            with subprocess.Popen([sys.executable, "-c", program]) as ours:
                time.sleep(wait)
                ours.kill()
            assert marked.wait_until(lambda count: count == 0, 5) == 0

    def test_reading_because_the_reader_fails(self, upstream: History, marked: Marked) -> None:
        for n in range(10, 3000):
            upstream.commit("2020-01-10T00:00Z", parents=[f":{n}"], author=f"{'A' * 500} <a@example.org>")
        upstream.write()
        pieces = Repository(upstream.folder / ".git").log("HEAD")
        next(pieces)
        assert marked.pids(), "git waits to be read"
        with pytest.raises(ZeroDivisionError):
            pieces.throw(ZeroDivisionError())  # type: ignore[attr-defined]
        assert marked.wait_until(lambda count: count == 0, 5) == 0

        pieces = Repository(upstream.folder / ".git").log("HEAD")
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert marked.wait_until(lambda count: count == 0, 5) == 0

    def test_by_ctrl_c_in_a_program_that_goes_on(self, tmp_path: Path, marked: Marked) -> None:
        """There the process does not end: several addresses are asked in threads, and all of them give up."""
        with listening(never) as port:
            remote = Collected(tmp_path, {"repositories": [f"git://127.0.0.1:{port}/{name}" for name in "abcdef"]})
            interrupt = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
            interrupt.start()
            started = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                remote.collect()
            assert time.monotonic() - started < 15, "nothing is waited for until the server is given up"
        assert marked.wait_until(lambda count: count == 0, 5) == 0

    def test_by_an_error_while_it_waits(self, marked: Marked) -> None:
        def wait_and_fail() -> None:
            with Program(["sleep", "60"]):
                assert marked.wait_until(lambda count: count >= 2) >= 2
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            wait_and_fail()
        assert marked.wait_until(lambda count: count == 0, 5) == 0


class TestProgramsThatAreStopped:
    def stopped(self, script: str, bounds: Bounds, marked: Marked) -> str:
        with pytest.raises(StoppedError) as caught:
            run(["/bin/sh", "-c", script], bounds=bounds)
        assert marked.wait_until(lambda count: count == 0, 5) == 0
        return str(caught.value)

    def test_for_their_number(self, marked: Marked) -> None:
        script = "f() { sleep 60 & sleep 0.05; f; }; f"
        assert "more than 10 processes" in self.stopped(script, Bounds(processes=10), marked)

    def test_for_their_memory_together(self, marked: Marked) -> None:
        one = f"{sys.executable} -c 'import time; a = bytearray(30_000_000); time.sleep(60)'"
        said = self.stopped(f"{one} & {one} & {one} & wait", Bounds(memory=80_000_000), marked)
        assert "0.1 GB of memory" in said

    def test_for_the_memory_of_one(self, marked: Marked) -> None:
        done = run([sys.executable, "-c", "bytearray(400_000_000)"], bounds=Bounds(memory=300_000_000))
        assert b"MemoryError" in done.err

    def test_for_their_time(self, marked: Marked) -> None:
        assert "after 1 seconds" in self.stopped("while :; do :; done", Bounds(seconds=1), marked)

    def test_for_their_silence(self, marked: Marked) -> None:
        assert "made no progress for 1 second" in self.stopped("sleep 60", Bounds(silence=1), marked)

    def test_but_not_while_they_compute(self, marked: Marked) -> None:
        script = f"{sys.executable} -c 'import time; [None for _ in iter(lambda: time.process_time() < 3, False)]'"
        assert run(["/bin/sh", "-c", script], bounds=Bounds(silence=2)).status == 0

    def test_when_what_they_started_stays_behind(self, marked: Marked) -> None:
        """A child that keeps the output open does not keep us, and does not stay."""
        done = run(["/bin/sh", "-c", "sleep 60 & echo done"])
        assert (done.status, done.out) == (0, b"done\n")
        assert marked.wait_until(lambda count: count == 0, 5) == 0

    def test_which_status_and_words_are_theirs(self, marked: Marked) -> None:
        done = run(["/bin/sh", "-c", "cat; echo bad >&2; exit 7"], stdin=b"given" * 100_000)
        assert (done.status, len(done.out), done.err) == (7, 500_000, b"bad\n")
        with pytest.raises(NotInstalledError):
            run(["no-program-of-this-name"])

    def test_a_stopped_git_is_one_sentence(self, tmp_path: Path, marked: Marked) -> None:
        with listening(never) as port, pytest.raises(UnreachableError) as caught:
            Remote(f"git://127.0.0.1:{port}/tool", tmp_path, 0.5).head()
        assert str(caught.value) == (
            f"git://127.0.0.1:{port}/tool cannot be reached: git was stopped, as it made no progress for 0.5 seconds"
        )
