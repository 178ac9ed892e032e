"""Work that is under way before its outcome is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def ahead(start: Callable[[Item], Future[Outcome]], items: Iterable[Item], most: int) -> Iterator[Outcome]:
    """What comes of each item, in order; while one is looked at, at most `most` others are under way."""
    under_way: deque[Future[Outcome]] = deque()
    for item in items:
        under_way.append(start(item))
        if len(under_way) > most:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def one_ahead(items: Generator[Item, None, None], stop: Callable[[], None]) -> Generator[Item, None, None]:
    """The items, in order; while one is looked at, a thread makes the next.

    `stop` is called when no more of them are wanted: whatever the thread waits for then, it should give up.
    """
    with closing(items), ThreadPoolExecutor(1) as thread:
        try:
            coming = thread.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = thread.submit(next, items, None)
                yield item
        finally:
            stop()
