"""`footfall serve` as a process: on a free port, killed or ended with the test."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Served:
    """A server that answers."""

    address: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def kill(self) -> None:
        """As a crash does it: nothing is written any more."""
        self.process.kill()
        self.process.wait()


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a workspace; what it says is kept in serve.log next to it."""
    with (folder / "serve.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "footfall", "-w", str(folder), "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Served(_address(process, folder), process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[str], folder: Path) -> str:
    timer = threading.Timer(60, process.kill)
    timer.start()
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "http://" in line:
                return "http://" + line.split("http://", 1)[1].split()[0].rstrip("/.,;")
    finally:
        timer.cancel()
    raise AssertionError(f"the server did not start: {(folder / 'serve.log').read_text()}")
