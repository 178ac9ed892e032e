"""Look-ahead: a bounded amount of work runs before its results are needed, and stops when they are no longer needed.

    stop = Stop()
    for answer in ahead(fetch_one, offers, threads=4, most=16, stop=stop):
        yield batch_of(answer)

When the generator is closed or left by an exception, it sets `stop`, starts no more work and waits for running work;
long-running work should call `stop.check()` regularly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import TypeVar

from footfall.awaiting import result_of, until_done

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkStoppedError(Exception):
    """The result of this work is no longer needed."""


class Stop:
    """Tells work in other threads that its result is no longer needed."""

    def __init__(self) -> None:
        self._event = Event()

    def set(self) -> None:
        self._event.set()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises WorkStoppedError if the result is no longer needed."""
        if self._event.is_set():
            raise WorkStoppedError


def ahead(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int = 4, most: int = 8, stop: Stop | None = None
) -> Generator[Result, None, None]:
    """The result of `work` for each item, in the order of the items; an exception is raised at the item that caused it.

    Args:
        work: Called in one of `threads` threads.
        items: Consumed one by one as capacity allows.
        most: Items that may be running or done before the first of them is requested.
        stop: Set when no more results are needed.
    """
    under_way: deque[Future[Result]] = deque()
    stop = stop or Stop()

    def do(item: Item) -> Result:
        stop.check()
        return work(item)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                under_way.append(pool.submit(do, item))
                if len(under_way) > most:
                    yield result_of(under_way.popleft())
            while under_way:
                yield result_of(under_way.popleft())
        finally:
            if under_way:
                stop.set()
            pool.shutdown(cancel_futures=True)


def one_ahead(items: Generator[Item, None, None], stop: Stop) -> Generator[Item, None, None]:
    """The items, in order; a thread produces the next one while the current one is processed."""
    with closing(items), ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        try:
            while (item := result_of(coming)) is not None:
                coming = thread.submit(next, items, None)
                yield item
        finally:
            stop.set()
            _let_finish(coming)


def _let_finish(coming: Future[Item]) -> None:
    """Wait for the thread: its iterator cannot be closed earlier. An interrupt in the meantime is raised afterwards."""
    try:
        until_done([coming])
    except KeyboardInterrupt:
        until_done([coming])
        raise
