"""Collections started over HTTP: in a separate process, one at a time, stopped with the server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from footfall.collect.lock import locked
from footfall.concealing import concealed
from footfall.errors import BusyError
from footfall.formats import instant_of
from footfall.programs import Bounds, Program, StoppedError

_MOST_SAID = 8_000
"""Characters that are kept of what a collection says, the last of them."""


def command_of(folder: Path) -> list[str]:
    """What collects a workspace."""
    return [sys.executable, "-m", "footfall", "--workspace", str(folder), "collect"]


class RunState(StrEnum):
    """The state of a collection."""

    NONE = "none"
    """None was started since the server started."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Something could not be collected; what was committed stays."""


@dataclass(frozen=True)
class Run:
    """One collection."""

    state: RunState = RunState.NONE
    started_at: datetime | None = None
    ended_at: datetime | None = None
    said: str = ""
    """What it wrote, without secrets."""

    def to_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "state": str(self.state),
            "started_at": None if self.started_at is None else instant_of(self.started_at),
            "ended_at": None if self.ended_at is None else instant_of(self.ended_at),
            "said": self.said,
        }


class Collector:
    """Runs `footfall collect` next to the server: what it computes makes no request wait.

    Args:
        command: What collects; more words of it come from `start`.
        scratch: The workspace's folder for locks.
        now: A clock.

    Example:
        >>> collector = Collector(["footfall", "collect"], scratch, utc_now)
        >>> collector.start(["git"]).state
        <RunState.RUNNING: 'running'>
        >>> collector.close()
    """

    def __init__(self, command: Sequence[str], scratch: Path, now: Callable[[], datetime]) -> None:
        self._command, self._scratch, self._now = list(command), scratch, now
        self._lock, self._ended = Lock(), Event()
        self._run, self._thread = Run(), Thread()

    @property
    def run(self) -> Run:
        """The last collection that was asked for."""
        return self._run

    def start(self, words: Sequence[str]) -> Run:
        """Start a collection.

        Args:
            words: What stands after the command.

        Raises:
            BusyError: While one is under way in the workspace, here or in another process.
        """
        with self._lock:
            if self._ended.is_set() or self._run.state is RunState.RUNNING:
                raise BusyError("another collection is running; GET /api/v1/collect shows when it is finished.")
            with locked(self._scratch, self._now()):  # reports another process now; ours would fail laters
                pass
            self._run = Run(RunState.RUNNING, self._now())
            self._thread = Thread(target=self._follow, args=(list(words),), name="footfall-collect-once")
            self._thread.start()
            return self._run

    def _follow(self, words: list[str]) -> None:
        said, state = b"", RunState.FAILED
        try:
            with Program([*self._command, *words], bounds=Bounds(stop=self._ended)) as program:
                for piece in program.output():
                    said = (said + piece)[-4 * _MOST_SAID :]
                if program.wait() == 0:
                    state = RunState.DONE
                said += program.complaints()
        except StoppedError as error:
            said += f"The collection was stopped: {error}.".encode()
        except OSError as error:
            said += f"The collection could not be started: {error.strerror}.".encode()
        finally:
            text = "\n".join(concealed(line).rstrip() for line in said.decode("utf-8", "replace").splitlines())
            self._run = replace(self._run, state=state, ended_at=self._now(), said=text[-_MOST_SAID:].strip())

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
