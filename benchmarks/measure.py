"""How the benchmarks measure: whole commands, alternating with their peer, the best of several runs each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).parents[1] / "build" / "benchmarks"
"""Where generated inputs are kept from one run to the next."""

FOOTFALL = [sys.executable, "-m", "footfall"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Byte code is kept, as it is of every installed package: else only ours, run from its checkout, would be compiled anew."""


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak: int
    """Bytes of memory at the most."""
    cpu: float = 0.0
    """Seconds of CPU time; they move less than the clock's where others use the machine."""


def run(command: Sequence[str], cwd: Path | None = None) -> Measured:
    """Run a command to its end, start-up included. Its output is shown only when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Measured(time.perf_counter() - started, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


def alternate(rounds: int, contenders: Mapping[str, Callable[[], Measured]]) -> dict[str, Measured]:
    """Each contender's best run; they take turns, so that a busy moment of the machine hits all alike."""
    best: dict[str, Measured] = {}
    for _ in range(rounds):
        for name, contend in contenders.items():
            measured = contend()
            known = best.get(name, measured)
            best[name] = Measured(
                min(measured.seconds, known.seconds), max(measured.peak, known.peak), min(measured.cpu, known.cpu)
            )
    return best


def timed(act: Callable[[], object]) -> Measured:
    """One call within this process."""
    started, worked = time.perf_counter(), time.process_time()
    act()
    return Measured(time.perf_counter() - started, 0, time.process_time() - worked)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens on a port, until the block ends; its log is shown only if it has the environment of this process."""
    log = None if environment is None else subprocess.DEVNULL
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield server
    finally:
        server.terminate()
        server.wait()


def size_of(folder: Path, pattern: str = "**/*") -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())


def claim(what: str, ratio: float, bound: str, holds: bool) -> None:
    """One line a claim: the ratio, what was promised, and whether it holds."""
    print(f"{'  ok ' if holds else 'MISS '} {what}: {ratio:.2f}×  (promised {bound})")
