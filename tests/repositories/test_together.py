"""Several at a time: results in order, and an end for all where one fails or nobody needs more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Barrier, Event

import pytest

from footfall.repositories.together import together


def test_results_come_in_order_whichever_is_done_first() -> None:
    second = Event()

    def act(item: int, stop: Event) -> int:
        if item == 0:
            assert second.wait(30)  # the first waits for the second
        second.set()
        return item * item

    assert list(together(act, range(5), 2)) == [0, 1, 4, 9, 16]


def test_at_most_so_many_at_a_time_and_so_many_indeed() -> None:
    lock, now, most = threading.Lock(), 0, 0
    together_there = Barrier(3, timeout=30)

    def act(item: int, stop: Event) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together_there.wait()
        with lock:
            now -= 1

    list(together(act, range(6), 3))
    assert most == 3


def test_nothing_is_nothing() -> None:
    def act(item: int, stop: Event) -> int:
        return item

    assert list(together(act, [], 2)) == []


def test_the_error_of_one_is_raised_and_stops_the_others() -> None:
    stops: list[Event] = []
    begun = Event()

    def act(item: int, stop: Event) -> None:
        stops.append(stop)
        if item == 0:
            assert begun.wait(30)
            raise ValueError("the first")
        begun.set()
        assert stop.wait(30), "it was not asked to stop"

    with pytest.raises(ValueError, match="the first"):
        list(together(act, range(2), 2))
    assert all(stop.is_set() for stop in stops)


def test_items_are_taken_as_they_are_needed_and_no_more_after_the_last() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    def act(item: int, stop: Event) -> int:
        return item

    results = together(act, items(), 2)
    assert next(results) == 0
    results.close()
    assert len(taken) <= 4
