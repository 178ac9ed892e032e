"""External programs: they end with this process, and their number, memory and time are limited.

Each program gets its own session, so that it has no terminal for prompts and can be stopped together with all of its
children. A small shell is its parent and watches a pipe that only this process holds open: when this process dies, by
any signal, the pipe closes and the shell kills the processes of the session.

While a program runs, its session is held to `Bounds`: how many processes, how much memory, how long, and how
long without any progress. A program that exceeds a bound is killed, and `StoppedError` names the bound.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Event
from types import TracebackType
from typing import Self

_SHELL = "/bin/sh"
_SCRIPT = """
ulimit -d "$2" 2>/dev/null
if [ -e "/dev/fd/$1" ]; then
  (read -r _ <"/dev/fd/$1"; kill -9 0) >/dev/null 2>&1 &
fi
shift 2
"$@"
status=$?
trap '' TERM
kill -TERM 0
wait
exit $status
"""
"""Arguments: the pipe to watch, the data limit of each process in KiB, the command.

The last signal ends the watching subshell, and what the command may have left behind; the shell waits for them, since
in a container there may be no other process that would.
"""

_GLANCE = 0.1
"""Seconds between checks of a new session; an old one is checked once a second."""
_PIECE = 1 << 20
_BYTES_PER_SECOND = 1000
"""Less than this, on the average of `Bounds.silence`, is not progress."""


def _half_of_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


@dataclass(frozen=True)
class Bounds:
    """What one program may use together with everything that it starts.

    Number and memory of processes, and progress, are read from /proc: where there is none, only `seconds` and the
    limit on each process' own memory hold.
    """

    processes: int = 48
    memory: int = field(default_factory=_half_of_memory)
    """Bytes."""
    seconds: float = inf
    silence: float = inf
    """Seconds in which it neither moves 1,000 bytes a second nor computes for a twentieth of the time."""
    stop: Event | None = None
    """Set by another thread to stop it."""


class NotInstalledError(Exception):
    """There is no program of that name."""


class StoppedError(Exception):
    """A program exceeded one of its bounds and was killed with all of its children."""


@dataclass(frozen=True)
class Completed:
    """How a program ended, and what it wrote."""

    status: int
    out: bytes
    err: bytes


def is_installed(name: str) -> bool:
    return shutil.which(name) is not None


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    bounds: Bounds | None = None,
) -> Completed:
    """Run `command` to its end.

    Raises NotInstalledError and StoppedError.
    """
    with Program(command, cwd=cwd, environment=environment, stdin=stdin, bounds=bounds) as program:
        out = b"".join(program.output())
        return Completed(program.wait(), out, program.complaints())


class Program:
    """A running program: read its `output`, then `wait` for its status; leaving the `with` block stops it.

        with Program(["git", "log"]) as program:
            for piece in program.output(): ...
            status = program.wait()

    Raises NotInstalledError.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        bounds: Bounds | None = None,
    ) -> None:
        name, *arguments = command
        path = shutil.which(name)
        if path is None:
            raise NotInstalledError(name)
        bounds = bounds or Bounds()
        with ExitStack() as held:
            # Files, not pipes: neither what it is given nor its error output can fill up while its output is read.
            self._complaints = held.enter_context(tempfile.TemporaryFile())
            watched, lifeline = os.pipe()
            held.callback(os.close, lifeline)
            try:
                self._process = self._start([path, *arguments], watched, bounds, cwd, environment, stdin)
            finally:
                os.close(watched)
            self._held = held.pop_all()
        self._watch = _Watch(self._process.pid, bounds)

    def _start(
        self,
        command: Sequence[str],
        watched: int,
        bounds: Bounds,
        cwd: Path | None,
        environment: Mapping[str, str] | None,
        stdin: bytes,
    ) -> subprocess.Popen[bytes]:
        with tempfile.TemporaryFile() if stdin else open(os.devnull, "rb") as given:
            if stdin:
                given.write(stdin)
                given.seek(0)
            return subprocess.Popen(
                [_SHELL, "-c", _SCRIPT, _SHELL, str(watched), str(bounds.memory // 1024), *command],
                cwd=cwd,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
                pass_fds=(watched,),
                start_new_session=True,
                bufsize=0,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def output(self, *, is_prompt: bool = False) -> Iterator[bytes]:
        """What it writes, in pieces of 1 MiB, the last one shorter; with `is_prompt` each as soon as it comes."""
        assert self._process.stdout is not None
        pieces: list[bytes] = []
        size = 0
        with DefaultSelector() as selector:
            selector.register(self._process.stdout, EVENT_READ)
            while True:
                if selector.select(_GLANCE):
                    piece = os.read(self._process.stdout.fileno(), _PIECE)
                    pieces.append(piece)
                    size += len(piece)
                    if not piece or size >= _PIECE or is_prompt:
                        yield b"".join(pieces)
                        pieces, size = [], 0
                    if not piece:
                        return
                elif self._has_ended():
                    self._kill()  # what still holds its output open
                self._watch.look()

    def wait(self) -> int:
        """Its status, once it has ended."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(_GLANCE)
            self._watch.look()

    def complaints(self) -> bytes:
        """What it wrote to its standard error."""
        self._complaints.seek(0)
        return self._complaints.read()

    def stop(self) -> None:
        """Kill it and all of its children that still run."""
        if self._process.returncode is None:
            self._kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._held.close()

    def _has_ended(self) -> bool:
        """Whether the shell above it has ended; it is not reaped yet, so its number cannot be another process' yet."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for member in _members(self._process.pid):  # which have left the group, but not the session
            with suppress(ProcessLookupError, PermissionError):
                os.kill(member.pid, signal.SIGKILL)


# What a session uses


@dataclass(frozen=True)
class _Member:
    """A process of a session, as /proc shows it."""

    pid: int
    computed: float
    """Seconds, with those of its children that have ended."""
    memory: int
    """Bytes of memory of its own (resident, not shared with files)."""


class _Watch:
    """Checks a session periodically, and raises StoppedError when it exceeds its bounds."""

    def __init__(self, session: int, bounds: Bounds) -> None:
        self._session = session
        self._bounds = bounds
        self._started = self._looked = time.monotonic()
        self._silent = 0.0
        self._bytes: dict[int, int] = {}
        self._computed: dict[int, float] = {}
        self._progress = (0, 0.0)

    def look(self) -> None:
        """Raise StoppedError when a bound is passed; most calls come too soon to look."""
        if self._bounds.stop and self._bounds.stop.is_set():
            raise StoppedError("its result is no longer needed")
        now = time.monotonic()
        passed = now - self._looked
        if passed < self._interval(now):
            return
        self._looked = now
        members = list(_members(self._session))
        if len(members) > self._bounds.processes:
            raise StoppedError(f"it started more than {self._bounds.processes} processes")
        if sum(member.memory for member in members) > self._bounds.memory:
            raise StoppedError(f"it took more than {self._bounds.memory / 1e9:.1f} GB of memory")
        if now - self._started > self._bounds.seconds:
            raise StoppedError(f"it was not done after {self._bounds.seconds:g} seconds")
        if self._bounds.silence < inf:
            # A long time since the last check means that this process or the machine was busy.
            self._silent += min(passed, 3 * self._interval(now))
            self._look_at_progress(members)

    def _interval(self, now: float) -> float:
        return min(1.0, max(_GLANCE, (now - self._started) / 20))

    def _look_at_progress(self, members: Sequence[_Member]) -> None:
        for member in members:
            self._computed[member.pid] = member.computed
            self._bytes[member.pid] = max(_bytes_moved(member.pid), self._bytes.get(member.pid, 0))
        moved, computed = sum(self._bytes.values()), sum(self._computed.values())
        span = self._bounds.silence
        has_moved = moved - self._progress[0] >= span * _BYTES_PER_SECOND or computed - self._progress[1] >= span / 20
        if has_moved:
            self._silent, self._progress = 0.0, (moved, computed)
        elif self._silent > span and members:
            raise StoppedError(f"it made no progress for {span:g} second{'' if span == 1 else 's'}")


def _members(session: int) -> Iterator[_Member]:
    """The processes of a session; none where there is no /proc."""
    try:
        listed = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for name in listed:
        with suppress(OSError):
            fields = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[3]) == session and fields[0] != b"Z":
                yield _Member(int(name), sum(map(int, fields[11:15])) / _TICKS, _own_memory(name))


_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _own_memory(pid: str) -> int:
    _, resident, shared, *_ = Path("/proc", pid, "statm").read_bytes().split()
    return (int(resident) - int(shared)) * _PAGE


def _bytes_moved(pid: int) -> int:
    """What it has read and written; what comes by recv(2) counts only when it is passed on."""
    with suppress(OSError):
        _, read, _, written, *_ = Path("/proc", str(pid), "io").read_bytes().split()
        return int(read) + int(written)
    return 0
