"""Work that is under way before its outcome is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import pytest

from footfall.sources.ahead import Stop, WorkStoppedError, ahead, one_ahead


def test_results_come_in_order_whatever_takes_longest() -> None:
    def work(n: int) -> int:
        time.sleep(0.01 * (n % 3))
        return n

    assert list(ahead(work, range(20), threads=4, most=5)) == list(range(20))


def test_no_more_is_begun_than_allowed() -> None:
    begun: list[int] = []
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    results = ahead(lambda n: begun.append(n), items(), threads=2, most=6)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 7
    assert len(taken) <= 7
    results.close()


def test_an_exception_comes_in_its_turn_and_ends_the_rest() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise ValueError(n)
        return n

    results = ahead(work, range(100), threads=2, most=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="3"):
        next(results)
    assert list(results) == []


def test_what_no_one_waits_for_stops_and_leaves_no_thread() -> None:
    stop = Stop()
    ended = threading.Event()

    def work(n: int) -> int:
        while n:
            try:
                stop.check()
            except WorkStoppedError:
                ended.set()
                raise
            time.sleep(0.005)
        return n

    before = threading.active_count()
    results = ahead(work, range(50), threads=3, most=9, stop=stop)
    assert next(results) == 0
    results.close()
    assert stop.is_set
    assert ended.is_set()
    assert threading.active_count() == before


def test_one_is_made_while_another_is_looked_at() -> None:
    made: list[int] = []

    def make() -> Generator[int, None, None]:
        for n in range(1, 5):
            made.append(n)
            yield n

    stop = Stop()
    numbers = one_ahead(make(), stop)
    assert next(numbers) == 1
    for _ in range(100):
        if made == [1, 2]:
            break
        time.sleep(0.01)
    assert made == [1, 2]
    assert list(numbers) == [2, 3, 4]
    assert stop.is_set
