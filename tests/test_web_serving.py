"""`footfall serve` as a process: it ends when it is asked to, and nothing that it started outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from conftest import free_port
from footfall.access.tokens import Tokens
from served import write_served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("serving"))


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [sys.executable, "-m", "footfall", "--workspace", str(folder), "serve", "--port", str(port), *more]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "is running at" in line, process.stderr.read() if process.stderr else ""
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_when_it_is_asked_to(folder: Path, number: int, status: int) -> None:
    with serving(folder) as (process, address):
        assert httpx2.get(f"{address}/api/v1/query/launches?last=2").status_code == 200
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
        assert process.returncode == status, said
        assert "the server has stopped" in said
        assert "Traceback" not in said


def test_its_collector_ends_with_it(folder: Path) -> None:
    with serving(folder, "--collect", "30 5 * * *") as (process, address):
        assert httpx2.get(f"{address}/healthz").status_code == 200
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    for _ in range(50):
        if not _collectors(folder):
            return
        time.sleep(0.1)
    raise AssertionError(_collectors(folder))


def _collectors(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode() if entry.name.isdigit() else ""
            if str(folder) in words and " collect " in words:
                found.append(words)
    return found


def test_a_port_in_use_is_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "footfall", "--workspace", str(folder), "serve", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_demonstrations_dashboard_ends_with_its_token(folder: Path) -> None:
    shows = "import sys, pathlib, footfall.cli.serving as it; it.show_dashboard(pathlib.Path(sys.argv[1]))"
    tokens = Tokens(folder, folder / ".footfall")
    with socket.socket() as taken:  # the port of the settings: another one is found
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            taken.bind(("127.0.0.1", 8765))
            taken.listen()
        with subprocess.Popen([sys.executable, "-c", shows, str(folder)], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                said = [process.stdout.readline() for _ in range(4)]
                address, token = said[1].split()[-1], said[2].split()[-1]
                assert httpx2.get(address).status_code == 200
                sent = httpx2.post(
                    f"{address}api/v1/marks",
                    json=[{"event": "opened", "actor": "ann"}],
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert sent.status_code < 300, sent.text
                assert [each.name for each in tokens.every()] == ["demo"]
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
    assert tokens.every() == []
