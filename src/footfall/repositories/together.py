"""Concurrency with a few threads, for work that waits for a server or another program."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from footfall.awaiting import result_of

Item = TypeVar("Item")
Result = TypeVar("Result")


def together(act: Callable[[Item, Event], Result], items: Iterable[Item], most: int) -> Generator[Result, None, None]:
    """The result of `act` for each item, in order, with at most `most` of them at a time.

    `act` also receives an event: when it is set (an error, Ctrl-C, no more results needed) it should stop.
    """
    stop = Event()
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(most) as threads:
        try:
            for item in items:
                under_way.append(threads.submit(act, item, stop))
                if len(under_way) > most:
                    yield result_of(under_way.popleft())
            while under_way:
                yield result_of(under_way.popleft())
        finally:
            stop.set()
            for future in under_way:
                future.cancel()
