"""Queues marks in a Redis pipeline that the application executes.

Nothing is written before that, so the data needed for removing a mark is read over a separate connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from footfall.errors import MarkError
from footfall.stores.ids import Actors
from footfall.stores.redis.keys import NUMBERS, SlotKey, hour_of, marks_key, slot_keys_of
from footfall.stores.store import PER_DAY, UNDATED, Store

if TYPE_CHECKING:
    from footfall.stores.redis import RedisStore


def queue_marks(pipeline: Any, store: RedisStore, event: str, marks: Mapping[int, Actors]) -> None:
    """Queue the commands that mark."""
    is_counted = store.counts_occurrences
    for slot, id in _numbers(marks):
        for place in slot_keys_of(slot):
            pipeline.setbit(_key(event, place), id, 1)
        if is_counted:
            pipeline.hincrby(marks_key(event, slot), slot, 1)


def queue_unmarks(pipeline: Any, store: Store, event: str, marks: Mapping[int, Actors]) -> None:
    """Queue the commands that unmark; a week or month is left alone if another of its days has the actor."""
    for slot, id in _numbers(marks):
        for place in _emptied(store, event, slot, id):
            pipeline.setbit(_key(event, place), id, 0)


def _emptied(store: Store, event: str, slot: int, id: int) -> Iterator[SlotKey]:
    """The keys to remove an actor from: its slot, and every longer period of which no other part has the actor."""

    def is_in(start: int, stop: int) -> bool:
        return start < stop and store.contains(event, start, stop, id)

    if slot == UNDATED:
        yield from slot_keys_of(slot)
        return
    start = slot - slot % PER_DAY
    day, *periods = slot_keys_of(start)
    hours = [hour_of(hour) for hour in range(start + 1, start + 25)]
    if slot != start:
        yield hour_of(slot)
        if is_in(start + 1, slot) or is_in(slot + 1, day.stop):
            return
    yield day
    yield from (hour for hour in hours if hour.start != slot and is_in(hour.start, hour.stop))
    for period in periods:
        if not is_in(max(period.start, 0), start) and not is_in(day.stop, period.stop):
            yield period


def _numbers(marks: Mapping[int, Actors]) -> Iterable[tuple[int, int]]:
    for slot, who in marks.items():
        if who.names:
            raise MarkError(
                f"{who.names[0]!r} cannot be queued in a pipeline, which takes whole numbers below 2^32; "
                "mark it without one, nothing was marked."
            )
        yield from ((slot, int(number)) for number in who.numbers)


def _key(event: str, place: SlotKey) -> str:
    return f"{NUMBERS}{event}_{place.suffix}"
