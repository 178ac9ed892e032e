"""Copying what a bitmapist deployment has, or a store of ours on Redis, into any store.

Day by day and hour by hour: an actor that is in a set there and not in the store is marked. Nothing is taken out of the store,
so it may be marked in meanwhile, and a copy that broke off, or is made once more, adds only what is missing. Every set
is counted on the server and in the store.
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
"""Receives the event, how many of its days were copied, and of how many."""

_READINGS = 5


@dataclass(frozen=True)
class Unplaced:
    """Actors that a deployment knows only by week or month: their days are unknown, so they were not copied."""

    event: str
    period: str
    actors: int


@dataclass(frozen=True)
class CopyReport:
    """What a copy came to. `marked` counts members new to a set of the store, `forgotten` actors left out as such."""

    events: int
    days: int
    hours: int
    undated: int
    marked: int
    forgotten: int
    unplaced: tuple[Unplaced, ...]


def copy_from_redis(
    address: str,
    store: Store,
    tell: CopyProgress = lambda event, done, of: None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> CopyReport:
    """Copy every event of the deployment at an address. Raises ActivityError where a set differs after copying."""
    source = RedisStore(address, now=now)
    try:
        return _Copy(source, store, now).run(tell)
    finally:
        source.close()


@dataclass
class _Copy:
    source: RedisStore
    store: Store
    now: Callable[[], datetime]
    sets: dict[str, int] = field(default_factory=lambda: {"days": 0, "hours": 0, "undated": 0})
    marked: int = 0
    unplaced: list[Unplaced] = field(default_factory=list)
    forgotten: BitMap64 = field(default_factory=BitMap64)
    """Ids of the source whose actors are forgotten in the store."""

    def run(self, tell: CopyProgress) -> CopyReport:
        events = self.source.events()
        for event in events:
            by_day: dict[int, list[int]] = defaultdict(list)
            for slot in self.source.slots(event):
                by_day[slot if slot == UNDATED else slot // PER_DAY * PER_DAY].append(slot)
            days = {}
            for done, (day, slots) in enumerate(sorted(by_day.items())):
                tell(event, done, len(by_day))
                days[day] = self._copy_day(event, day, slots)
            tell(event, len(by_day), len(by_day))
            self._look_for_unplaced(event, days)
        return CopyReport(
            len(events), **self.sets, marked=self.marked, forgotten=len(self.forgotten), unplaced=tuple(self.unplaced)
        )

    def _copy_day(self, event: str, day: int, slots: list[int]) -> BitMap64:
        """Copy a day with its hours, or the undated set; returns all its actors."""
        stop = day + (1 if day == UNDATED else PER_DAY)
        sets = {slot: self._read(event, slot) for slot in slots}
        everyone = BitMap64.union(BitMap64(), *sets.values())
        # An actor of an hour is in the day by that: a mark of the day would count the actor twice.
        by_hour = BitMap64.union(BitMap64(), *(ids for slot, ids in sets.items() if slot != day))
        wanted = {slot: ids - by_hour if slot == day else ids for slot, ids in sets.items()}
        missing = {slot: self._missing(event, slot, slot + 1, ids) for slot, ids in wanted.items()}
        if any(missing.values()):
            self._mark(event, day, stop, missing)
        self._check(event, day, stop, everyone)
        for slot, ids in sets.items():
            if slot != day:
                self._check(event, slot, slot + 1, ids)
            self.sets["undated" if slot == UNDATED else "days" if slot == day else "hours"] += 1
        return everyone

    def _read(self, event: str, slot: int) -> BitMap64:
        """A set, read until its size is what the server counts: another process may be marking in it."""
        for _ in range(_READINGS):
            ids = self.source.union(event, slot, slot + 1)
            counted = self.source.count(event, slot, slot + 1)
            if len(ids) == counted:
                return ids
        raise ActivityError(
            f"{event!r} of {_label(slot)} has {counted:,} actors by the count of {self.source.address}, and "
            f"{len(ids):,} were read; copy again when less is marked there."
        )

    def _mark(self, event: str, day: int, stop: int, missing: Mapping[int, BitMap64]) -> None:
        """Mark the missing actors, except forgotten ones.

        A day that is over and of which the store has nothing is replaced as a whole, which leaves forgotten actors out by itself.
        """
        if not self.store.union(event, day, stop) and day != UNDATED and stop <= day_slot(self.now()):
            self.store.replace(event, day, stop, {slot: self._actors(ids) for slot, ids in missing.items()}, {})
            left = {slot: self._missing(event, slot, slot + 1, ids) for slot, ids in missing.items()}
            self.marked += sum(len(ids) - len(left[slot]) for slot, ids in missing.items())
            return
        new = {slot: ids - self._forgotten(ids) for slot, ids in missing.items()}
        self.store.mark(event, {slot: self._actors(ids) for slot, ids in new.items() if ids})
        self.marked += sum(map(len, new.values()))

    def _check(self, event: str, start: int, stop: int, ids: BitMap64) -> None:
        """Check that every copied actor is there."""
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
        missing.difference_update(held, named)  # a name has another id in the store
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


def _named(ids: BitMap64) -> BitMap64:
    """Those of ids that stand for names."""
    return BitMap64(ids.iter_equal_or_larger(NAMED)) if ids and ids.max() >= NAMED else BitMap64()


def _label(slot: int) -> str:
    return label(slot_keys_of(slot)[0])
