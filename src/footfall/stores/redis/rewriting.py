"""Removes actors and replaces ranges: weeks and months lose an actor only if none of their other days has the actor."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from pyroaring import BitMap64

from footfall.errors import ActivityError, StoreBusyError
from footfall.stores.redis.keys import (
    AFTER_DATED,
    FAMILIES,
    FIRST_DATED,
    STATING,
    UNDATED_PLACE,
    SlotKey,
    day_of,
    hour_of,
    month_of,
    pattern,
    read_key,
    slot_keys_of,
    week_of,
)
from footfall.stores.redis.server import Server
from footfall.stores.redis.sets import ServerSets, keys_of, union_of
from footfall.stores.store import PER_DAY, UNDATED

_SHORT = 400
"""Up to this number of days every possible key is requested; for longer ranges, existing keys are scanned for."""

_LEASE, _PATIENCE = 30.0, 150.0
"""Seconds until a process that replaces a range is considered dead unless it renews its lease; how long others wait."""
_LOOK_EVERY = 0.02

Taken = Mapping[SlotKey, BitMap64]


class Rewriter:
    """Removes actors from the sets of one deployment while others mark in it."""

    def __init__(self, server: Server, sets: ServerSets) -> None:
        self._server = server
        self._sets = sets
        self.left_out: frozenset[str] = frozenset()
        """Keys that are skipped because they hold something other than a set."""

    # Removing

    def take_out(self, event: str, taken: Mapping[int, BitMap64]) -> None:
        """Remove ids from slots (an hour, or a day with its hours), then from the longer periods that contain these."""
        hours: dict[int, BitMap64] = defaultdict(BitMap64)
        days: dict[int, BitMap64] = defaultdict(BitMap64)
        cleared: dict[str, BitMap64] = {}
        for slot, ids in taken.items():
            places = slot_keys_of(slot)[:1]
            if slot != UNDATED:
                (days if slot % PER_DAY == 0 else hours)[slot // PER_DAY] |= ids
                places = (places[0], *_hours(slot // PER_DAY)) if slot % PER_DAY == 0 else places
            for key, part in keys_of(event, places, ids).items():
                cleared[key] = cleared.get(key, BitMap64()) | part
        self._sets.clear(cleared)
        # A day with hourly marks holds the actors of all its hours.
        for day, gone in self._release(event, {day_of(day): ids for day, ids in hours.items()}).items():
            days[day.start // PER_DAY] |= gone
        self._release(event, _periods_of(days))

    def _release(self, event: str, taken: Taken) -> dict[SlotKey, BitMap64]:
        """Remove ids from keys, except ids that a part of the period still holds. Returns the ids removed from each."""
        free = {place: ids - self._in_parts(event, place, ids) for place, ids in taken.items()}
        self._sets.clear(_under_keys(event, free))
        return {place: ids - self._restore(event, place, ids) for place, ids in free.items()}

    def _restore(self, event: str, place: SlotKey, ids: BitMap64) -> BitMap64:
        """Set bits again if another process marked a part of the period while they were cleared."""
        back = self._in_parts(event, place, ids)
        self._sets.write(keys_of(event, [place], back))
        return back

    def _in_parts(self, event: str, place: SlotKey, ids: BitMap64, but: Iterable[SlotKey] = ()) -> BitMap64:
        """The subset of `ids` that is in a day of a week or month, or in an hour of a day."""
        parts = [day_of(day) for day in place.days()] if place.is_period else _hours(place.start // PER_DAY)
        left_out = set(but)
        wanted = keys_of(event, [part for part in parts if part not in left_out], ids)
        return BitMap64.union(BitMap64(), *self._sets.held(wanted).values())

    # Repairing

    def lacking(self, event: str, place: SlotKey) -> BitMap64:
        """The actors of a week's or month's days that are missing from the week or month."""
        parts = [day_of(day) for day in place.days()]
        held = self._read(event, [place, *parts])
        return union_of([held[part] for part in parts]) - held[place]

    def add_from_parts(self, event: str, place: SlotKey, ids: BitMap64) -> None:
        """Add actors to a week or month, except those that another process removes from its days in the meantime."""
        self._sets.write(keys_of(event, [place], ids))
        self._sets.clear(_under_keys(event, {place: ids - self._in_parts(event, place, ids)}))

    # Replacing

    @contextmanager
    def locked(self, event: str) -> Iterator[None]:
        """Hold the lock for replacing ranges of an event: two processes at once would leave a mixture."""
        self._server.check_keeps_more("delete or replace sets")
        key, ours = f"{STATING}{event}", os.urandom(8)
        waiting_until = time.monotonic() + _PATIENCE
        while not self._server.ask("SET", key, ours, "NX", "PX", int(_LEASE * 1000)):
            if time.monotonic() > waiting_until:
                raise StoreBusyError(
                    f"another process has been writing {event!r} in {self._server.address.shown} for {_PATIENCE:.0f} s, "
                    "nothing was changed; find it, and try again."
                )
            time.sleep(_LOOK_EVERY)
        done = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(key, ours, done), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            done.set()
            renewing.join()
            if self._server.ask("GET", key) == ours:
                self._server.ask("DEL", key)

    def _renew(self, key: str, ours: bytes, done: threading.Event) -> None:
        while not done.wait(_LEASE / 3):
            with suppress(ActivityError):  # the writing thread hits the same error and reports it
                if self._server.ask("GET", key) == ours:
                    self._server.ask("PEXPIRE", key, int(_LEASE * 1000))

    def state(self, event: str, start: int, stop: int, marks: Mapping[int, BitMap64]) -> None:
        """Make [start, stop) of an event hold `marks` and nothing else.

        The order of the steps ensures that repeating an interrupted call completes it, and that readers never miss an
        actor who stays.
        """
        if start <= UNDATED < stop:
            self._state_undated(event, marks.get(UNDATED, BitMap64()))
        start, stop = max(start, FIRST_DATED), min(stop, AFTER_DATED)
        first = -(-start // PER_DAY) * PER_DAY
        if start % PER_DAY:
            self._state_hours(event, range(start, min(stop, first)), marks)
            start = first
        if start >= stop:
            return
        wanted = self._wanted(event, stop, {slot: ids for slot, ids in marks.items() if start <= slot < stop})
        leaves, periods = self._places(event, start, stop)
        whole = [period for period in periods if period.is_in(start, stop)]
        cut = [period for period in periods if not period.is_in(start, stop)]
        self._add(event, wanted)
        at_edge = {day for period in cut for day in period.days()}
        gone = self._gone(event, [p for p in leaves if wanted.get(p) or p.days()[0] in at_edge], wanted)
        released = self._cut(event, cut, gone, wanted)
        self._reduce(event, {p: union_of([wanted[d] for d in map(day_of, p.days()) if d in wanted]) for p in whole})
        self._sets.write(_under_keys(event, {place: ids for place, ids in gone.items() if wanted.get(place)}), 0)
        self._drop(event, [place for place in leaves if not wanted.get(place)])
        for period, ids in released.items():
            self._restore(event, period, ids)

    def _state_undated(self, event: str, ids: BitMap64) -> None:
        wanted = {UNDATED_PLACE: ids}
        self._add(event, wanted)
        if ids:
            self._sets.write(_under_keys(event, self._gone(event, wanted, wanted)), 0)
        else:
            self._drop(event, wanted)

    def _state_hours(self, event: str, hours: range, marks: Mapping[int, BitMap64]) -> None:
        """Replace hours of a day that is not itself replaced."""
        slots = [slot for slot in hours if 1 <= slot % PER_DAY <= 24]
        wanted = {hour_of(slot): marks.get(slot, BitMap64()) for slot in slots}
        for slot in slots:
            self._add(event, dict.fromkeys(slot_keys_of(slot), marks[slot]) if marks.get(slot) else {})
        gone = self._gone(event, wanted, wanted)
        self.take_out(event, {place.start: ids for place, ids in gone.items() if ids})

    def _wanted(self, event: str, stop: int, marks: Mapping[int, BitMap64]) -> dict[SlotKey, BitMap64]:
        """The actors that each day and hour must hold; a day holds those of all its hours, even after the range."""
        wanted: dict[SlotKey, BitMap64] = defaultdict(BitMap64)
        for slot, ids in marks.items():
            for place in slot_keys_of(slot):
                if not place.is_period:
                    wanted[place] |= ids
        if 1 <= stop % PER_DAY <= 24:
            later = [hour for hour in _hours(stop // PER_DAY) if hour.start >= stop]
            wanted[day_of(stop // PER_DAY)] |= union_of(list(self._read(event, later).values()))
        return dict(wanted)

    def _add(self, event: str, wanted: Taken) -> None:
        """Add missing actors to days and hours, and to weeks and months, which are checked separately."""
        periods = _periods_of({p.start // PER_DAY: ids for p, ids in wanted.items() if p.stop - p.start == PER_DAY})
        everything = {**wanted, **periods}
        held = self._sets.held(_under_keys(event, everything))
        self._sets.write({key: ids - held[key] for key, ids in _under_keys(event, everything).items()})

    def _gone(self, event: str, places: Iterable[SlotKey], wanted: Taken) -> dict[SlotKey, BitMap64]:
        return {p: held - wanted.get(p, BitMap64()) for p, held in self._read(event, list(places)).items()}

    def _cut(self, event: str, cut: Iterable[SlotKey], gone: Taken, wanted: Taken) -> dict[SlotKey, BitMap64]:
        """Remove actors from weeks and months that extend beyond the range, unless a remaining day has them."""
        released = {}
        for period in cut:
            days = [place for place in map(day_of, period.days()) if place in gone]
            left = union_of([gone[day] for day in days]) - union_of([wanted[day] for day in days if day in wanted])
            released[period] = left - self._in_parts(event, period, left, but=days)
        self._sets.clear(_under_keys(event, released))
        return released

    def _reduce(self, event: str, periods: Taken) -> None:
        """Reduce weeks and months within the range to the actors of their days."""
        self._drop(event, [period for period, ids in periods.items() if not ids])
        kept = {period: ids for period, ids in periods.items() if ids}
        self._sets.write(_under_keys(event, self._gone(event, kept, kept)), 0)

    def _drop(self, event: str, places: Iterable[SlotKey]) -> None:
        keys = [f"{prefix}{event}_{place.suffix}" for place in places for prefix in FAMILIES]
        for at in range(0, len(keys), 1000):
            self._server.run([("UNLINK", key) for key in keys[at : at + 1000]])

    def _read(self, event: str, places: list[SlotKey]) -> dict[SlotKey, BitMap64]:
        keys = [f"{prefix}{event}_{place.suffix}" for place in places for prefix in FAMILIES]
        found = [bitmap or BitMap64() for bitmap in self._sets.read(keys)]
        return {place: found[2 * n] | found[2 * n + 1] for n, place in enumerate(places)}

    def _places(self, event: str, start: int, stop: int) -> tuple[list[SlotKey], list[SlotKey]]:
        """The days and hours of a range, and the weeks and months that share a day with it."""
        if stop - start > _SHORT * PER_DAY:
            found = {each[1] for each in self.found(event) if each[1].start < stop and start < each[1].stop}
            leaves = [place for place in found if not place.is_period and place.is_in(start, stop)]
            return leaves, [place for place in found if place.is_period]
        days = range(-(-start // PER_DAY), (stop - 1) // PER_DAY + 1)
        leaves = [p for day in days for p in (day_of(day), *_hours(day)) if p.is_in(start, stop)]
        return leaves, list(dict.fromkeys(p for day in days for p in (week_of(day), month_of(day))))

    def found(self, event: str | None = None) -> list[tuple[str, SlotKey, str]]:
        """Event, slots and key of every existing set, of one event or of all."""
        found = []
        for prefix in FAMILIES:
            for key in self._server.keys(pattern(prefix, event)):
                read = read_key(key, prefix)
                if read and (event is None or read[0] == event) and key not in self.left_out:
                    found.append((*read, key))
        return found


def _hours(day: int) -> tuple[SlotKey, ...]:
    return tuple(hour_of(day * PER_DAY + 1 + hour) for hour in range(24))


def _periods_of(days: Mapping[int, BitMap64]) -> dict[SlotKey, BitMap64]:
    """The actors of days, grouped by week and month."""
    periods: dict[SlotKey, BitMap64] = defaultdict(BitMap64)
    for day, ids in days.items():
        for period in (week_of(day), month_of(day)):
            periods[period] |= ids
    return dict(periods)


def _under_keys(event: str, places: Taken) -> dict[str, BitMap64]:
    return {key: part for place, ids in places.items() for key, part in keys_of(event, [place], ids).items()}
