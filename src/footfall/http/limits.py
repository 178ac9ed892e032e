"""How much is asked of a host at once and in a while: kept before asking, by all threads together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """What a host allows.

    Args:
        concurrency: Requests under way at once.
        pause: Seconds between the starts of two requests, at least.
        budget: Requests that may start within any `per` seconds; 0: no limit.
        per: Seconds.
        read_wait: Of a host that asks to wait in its own format: from status, headers and body to seconds; 0: it does not.
    """

    concurrency: int = 8
    pause: float = 0.0
    budget: int = 0
    per: float = 60.0
    read_wait: Callable[[int, Mapping[str, str], str], float] | None = None


class Turns:
    """The turns of one host."""

    def __init__(self, limit: Limit, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._slots = threading.BoundedSemaphore(limit.concurrency)
        self._lock = threading.Lock()
        self._starts: deque[float] = deque(maxlen=limit.budget or 1)
        self._not_before = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a free place and for our turn; the place is taken until the end of the block."""
        with self._slots:
            with self._lock:  # who waits for its turn lets none pass
                now = self._clock()
                while (wait := self._next_start(now) - now) > 0:
                    self._sleep(wait)
                    now = self._clock()
                self._starts.append(now)
            yield

    def _next_start(self, now: float) -> float:
        start = max(now, self._not_before)
        if self._starts:
            start = max(start, self._starts[-1] + self._limit.pause)
        if self._limit.budget and len(self._starts) == self._limit.budget:
            start = max(start, self._starts[0] + self._limit.per)
        return start

    def asked_to_wait(self, status: int, headers: Mapping[str, str], body: str) -> float:
        """Seconds to wait, in the host's own format."""
        return self._limit.read_wait(status, headers, body) if self._limit.read_wait else 0.0

    def hold(self, seconds: float) -> None:
        """Start nothing for so long: the host asked for it."""
        self._not_before = max(self._not_before, self._clock() + seconds)
