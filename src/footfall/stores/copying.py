"""Copies a bitmapist deployment, or a Footfall store on Redis, into any store.

It goes day by day and hour by hour, and marks each actor that is in a set of the source but not in the store. It
removes nothing from the store unless asked to, so marking may continue during a copy, and an interrupted or repeated
copy adds only what is missing. Every set is counted on the server and in the store.

The key of a day decides who is in that day. bitmapist removes an actor from a day but not from its hours, so an hour
may hold actors that its day does not: these are not copied, but reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from pyroaring import BitMap64

from footfall.errors import ActivityError
from footfall.stores.ids import NAMED, Actors
from footfall.stores.redis import RedisStore
from footfall.stores.redis.keys import label, slot_keys_of
from footfall.stores.store import PER_DAY, UNDATED, Store, day_slot

CopyProgress = Callable[[str, int, int], None]
"""Receives the event, the number of its days copied so far, and their total."""

_READINGS = 5


@dataclass(frozen=True)
class Unplaced:
    """Actors that a deployment knows only by week or month: their days are unknown, so they were not copied."""

    event: str
    period: str
    actors: int


@dataclass(frozen=True)
class Differing:
    """The number of marks of an event that are on one side only, and the number of days they are on."""

    event: str
    marks: int
    days: int


@dataclass(frozen=True)
class CopyReport:
    """The result of a copy. `marked` counts members new to a set of the store, `forgotten` skipped forgotten actors."""

    events: int
    days: int
    hours: int
    undated: int
    marked: int
    forgotten: int
    unplaced: tuple[Unplaced, ...] = ()
    of_hours_alone: tuple[Differing, ...] = ()
    """Hourly marks of actors that are not in the set of the day; not copied."""
    extra: tuple[Differing, ...] = ()
    """Marks that only the store has: kept, or removed if the copy replaces."""
    others: tuple[str, ...] = ()
    """Keys named like sets that hold something else; skipped."""


def copy_from_redis(
    address: str,
    store: Store,
    tell: CopyProgress = lambda event, done, of: None,
    *,
    replaces: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> CopyReport:
    """Copy every event of the deployment at an address.

    Args:
        address: The address of the deployment.
        store: The store to copy into.
        tell: Receives the event, the number of its days copied so far, and their total.
        replaces: Remove the marks that only the store has from the copied events.
        now: The present moment.

    Raises:
        ActivityError: If a set differs after copying.
    """
    source = RedisStore(address, now=now)
    try:
        return _Copy(source, store, now, replaces).run(tell)
    finally:
        source.close()


@dataclass
class _Copy:
    source: RedisStore
    store: Store
    now: Callable[[], datetime]
    replaces: bool = False
    sets: dict[str, int] = field(default_factory=lambda: {"days": 0, "hours": 0, "undated": 0})
    marked: int = 0
    unplaced: list[Unplaced] = field(default_factory=list)
    of_hours_alone: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The number of marks on each day, by event."""
    extra: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    forgotten: BitMap64 = field(default_factory=BitMap64)
    """Ids of the source whose actors are forgotten in the store."""

    def run(self, tell: CopyProgress) -> CopyReport:
        others = self.source.leave_out_others()
        events = self.source.events()
        for event in events:
            by_day: dict[int, list[int]] = defaultdict(list)
            for slot in {*self.source.slots(event), *self.store.slots(event)}:
                by_day[slot if slot == UNDATED else slot // PER_DAY * PER_DAY].append(slot)
            days = {}
            for done, (day, slots) in enumerate(sorted(by_day.items())):
                tell(event, done, len(by_day))
                days[day] = self._copy_day(event, day, slots)
            tell(event, len(by_day), len(by_day))
            self._look_for_unplaced(event, days)
        return CopyReport(
            len(events),
            **self.sets,
            marked=self.marked,
            forgotten=len(self.forgotten),
            unplaced=tuple(self.unplaced),
            of_hours_alone=_differing(self.of_hours_alone),
            extra=_differing(self.extra),
            others=tuple(others),
        )

    def _copy_day(self, event: str, day: int, slots: list[int]) -> BitMap64:
        """Copy a day with its hours, or the undated set; returns all its actors."""
        stop = day + (1 if day == UNDATED else PER_DAY)
        read = {slot: self._read(event, slot) for slot in {day, *slots}}
        everyone = read[day]
        sets = {slot: ids & everyone for slot, ids in read.items()}
        if alone := sum(len(ids) - len(sets[slot]) for slot, ids in read.items()):
            self.of_hours_alone[event].append(alone)
        # A mark of an hour also puts the actor in the day: another mark of the day would count the actor twice.
        by_hour = BitMap64.union(BitMap64(), *(ids for slot, ids in sets.items() if slot != day))
        wanted = {slot: ids - by_hour if slot == day else ids for slot, ids in sets.items()}
        extra = self._extra(event, day, stop, sets)
        if extra:
            self.extra[event].append(extra)
        missing = {slot: self._missing(event, slot, slot + 1, ids) for slot, ids in wanted.items()}
        if extra and self.replaces:
            self._replace(event, day, stop, wanted, missing)
        elif any(missing.values()):
            self._mark(event, day, stop, missing)
        self._check(event, day, stop, everyone)
        for slot, ids in sets.items():
            if slot != day:
                self._check(event, slot, slot + 1, ids)
            if ids:
                self.sets["undated" if slot == UNDATED else "days" if slot == day else "hours"] += 1
        return everyone

    def _extra(self, event: str, day: int, stop: int, sets: Mapping[int, BitMap64]) -> int:
        """The number of marks of a day that only the store has: actors of the day, and of its hours."""
        held = self._held(event, day, stop)
        of_day = held - sets[day]
        of_hours = (self._held(event, slot, slot + 1) - ids - of_day for slot, ids in sets.items() if slot != day)
        return len(of_day) + sum(map(len, of_hours))

    def _held(self, event: str, start: int, stop: int) -> BitMap64:
        """The actors of a range of the store, as ids of the source; names unknown there get ids unused there."""
        held = self.store.union(event, start, stop)
        named = list(_named(held))
        if not named:
            return held
        known = self.source.ids_of(self.store.names_of(named))
        return (held - BitMap64(named)) | BitMap64(
            _ONLY_HERE + id if there is None else there for id, there in zip(named, known, strict=True)
        )

    def _read(self, event: str, slot: int) -> BitMap64:
        """A set, read again until its size matches the server's count: another process may be marking in it."""
        for _ in range(_READINGS):
            ids = self.source.union(event, slot, slot + 1)
            counted = self.source.count(event, slot, slot + 1)
            if len(ids) == counted:
                return ids
        raise ActivityError(
            f"{event!r} of {_label(slot)} has {counted:,} actors by the count of {self.source.address}, and "
            f"{len(ids):,} were read; copy again when less is marked there."
        )

    def _replace(
        self, event: str, day: int, stop: int, wanted: Mapping[int, BitMap64], missing: Mapping[int, BitMap64]
    ) -> None:
        """Replace a day with the source's; `replace` leaves out forgotten actors."""
        self.store.replace(event, day, stop, {slot: self._actors(ids) for slot, ids in wanted.items() if ids}, {})
        self._count_marked(event, missing)

    def _count_marked(self, event: str, missing: Mapping[int, BitMap64]) -> None:
        left = {slot: self._missing(event, slot, slot + 1, ids) for slot, ids in missing.items()}
        self.marked += sum(len(ids) - len(left[slot]) for slot, ids in missing.items())

    def _mark(self, event: str, day: int, stop: int, missing: Mapping[int, BitMap64]) -> None:
        """Mark the missing actors, except forgotten ones.

        A past day of which the store has nothing is replaced as a whole: `replace` leaves out forgotten actors.
        """
        if not self.store.union(event, day, stop) and day != UNDATED and stop <= day_slot(self.now()):
            self._replace(event, day, stop, missing, missing)
            return
        new = {slot: ids - self._forgotten(ids) for slot, ids in missing.items()}
        self.store.mark(event, {slot: self._actors(ids) for slot, ids in new.items() if ids})
        self.marked += sum(map(len, new.values()))

    def _check(self, event: str, start: int, stop: int, ids: BitMap64) -> None:
        """Check that the store has every copied actor."""
        lost = self._missing(event, start, stop, ids)
        lost -= self._forgotten(lost)
        if lost or self.store.count(event, start, stop) < len(ids - self.forgotten):
            raise ActivityError(
                f"{event!r} of {_label(start)} has {len(ids):,} actors in {self.source.address}, and "
                f"{len(lost):,} of them are not in {self.store.address} after copying; check that no process deletes there, and copy "
                "again."
            )

    def _missing(self, event: str, start: int, stop: int, ids: BitMap64) -> BitMap64:
        """The ids of the source whose actors are not in a range of the store."""
        held = self.store.union(event, start, stop)
        named = _named(ids)
        missing = BitMap64(ids)
        missing.difference_update(held, named)  # a name has a different id in the store
        if named:
            known = self.store.ids_of(self.source.names_of(list(named)))
            missing.update(id for id, there in zip(named, known, strict=True) if there is None or there not in held)
        return missing

    def _forgotten(self, ids: BitMap64) -> BitMap64:
        """The ids of the source whose actors are forgotten in the store."""
        named = list(_named(ids))
        names = self.source.names_of(named)
        gone = self.store.forgotten().among(self._actors(ids))
        forgotten = BitMap64(actor for actor in gone if isinstance(actor, int))
        forgotten.update(id for id, name in zip(named, names, strict=True) if name in gone)
        self.forgotten |= forgotten
        return forgotten

    def _actors(self, ids: BitMap64) -> Actors:
        named = _named(ids)
        return Actors(np.array((ids - named).to_array(), dtype=np.uint64), self.source.names_of(list(named)))

    def _look_for_unplaced(self, event: str, days: Mapping[int, BitMap64]) -> None:
        for period in self.source.periods(event):
            members = self.source.union(event, period.start, period.stop)
            of_days = (days[day * PER_DAY] for day in period.days() if day * PER_DAY in days)
            if left := len(members - BitMap64.union(BitMap64(), *of_days)):
                self.unplaced.append(Unplaced(event, label(period), left))


_ONLY_HERE = 1 << 40
"""Greater than the id of any name."""


def _differing(by_event: Mapping[str, list[int]]) -> tuple[Differing, ...]:
    return tuple(Differing(event, sum(marks), len(marks)) for event, marks in sorted(by_event.items()))


def _named(ids: BitMap64) -> BitMap64:
    """The ids that stand for names."""
    return BitMap64(ids.iter_equal_or_larger(NAMED)) if ids and ids.max() >= NAMED else BitMap64()


def _label(slot: int) -> str:
    return label(slot_keys_of(slot)[0])
