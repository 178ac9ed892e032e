"""Ending work that runs in another thread: a question that is no longer awaited, or that takes too long.

The one who waits makes a `Stop` and asks it; the work, deep below, registers how it is ended:

    stop = Stop()                      # in the thread that waits
    with stoppable(stop): …            # around the work, in its thread
    with ended_by(cursor.interrupt):   # around the part that can be ended, wherever it is
    check_stopped()                    # between steps that cannot be
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from footfall.errors import StoppedError

_current: ContextVar[Stop | None] = ContextVar("footfall_stop", default=None)


class Stop:
    """Whether work has to end, and how the part of it that is under way is ended.

    Example:
        >>> stop = Stop()
        >>> stop.ask("it takes longer than 30 s")
        >>> stop.is_asked
        True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], object]] = []
        self.reason = ""

    @property
    def is_asked(self) -> bool:
        return bool(self.reason)

    def ask(self, reason: str) -> None:
        """End the work; what it does now is interrupted, and it raises StoppedError.

        Args:
            reason: Why, as the end of "the query was stopped: …".
        """
        with self._lock:
            self.reason = self.reason or reason
            for end in self._ends:
                end()

    def check(self) -> None:
        """Raises StoppedError where the end was asked for."""
        if self.reason:
            raise StoppedError(f"the query was stopped: {self.reason}.")

    @contextmanager
    def _ending(self, end: Callable[[], object]) -> Iterator[None]:
        with self._lock:
            self.check()
            self._ends.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


@contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """What is done within can be ended by `stop`."""
    before = _current.set(stop)
    try:
        yield
    finally:
        _current.reset(before)


def check_stopped() -> None:
    """Raises StoppedError where the work that is under way has to end; called between steps that cannot be interrupted.

    Example:
        >>> stop = Stop()
        >>> stop.ask("the client disconnected")
        >>> with stoppable(stop):
        ...     check_stopped()
        Traceback (most recent call last):
        ...
        footfall.errors.StoppedError: the query was stopped: the client disconnected.
    """
    if (stop := _current.get()) is not None:
        stop.check()


@contextmanager
def ended_by(end: Callable[[], object]) -> Iterator[None]:
    """`end` interrupts what is done within, from another thread; what it raises then becomes a StoppedError."""
    stop = _current.get()
    if stop is None:
        yield
        return
    with stop._ending(end):
        try:
            yield
        except Exception:
            stop.check()
            raise
