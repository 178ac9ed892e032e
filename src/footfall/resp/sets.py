"""The sets of one store that keys stand for: loaded on first use, and marked.

    trackist_{event}_2026-11-23      the day's set of the event, with its hours
    trackist_{event}_2026-11-23-9    the hour's
    trackist_{event}_u               the undated one
    trackist_{event}_W2026-48        the week: the union of its days, and its own bits
    trackist_{event}_2026-11         the month, likewise
    any other key                    a set that only clients of this server see

A mark of a week or month that comes with a mark of one of its days is not stored separately, and a mark of an hour is
also one of its day: so bitmapist's marks are stored once and count as one. A week's or month's own bits are those that
were set without a mark of a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from pyroaring import BitMap64

from footfall.errors import ActivityError
from footfall.resp.live import LiveSet
from footfall.stores.ids import Actors
from footfall.stores.members import Members, as_bitmap
from footfall.stores.redis.keys import NUMBERS, UNDATED_PLACE, SlotKey, day_of, hour_of, month_of, read_key, week_of
from footfall.stores.sqlite.served import Place, ServedStore
from footfall.stores.store import HIDDEN, PER_DAY, UNDATED

MEMORY_BYTES = 256 << 20
"""The maximum memory use of sets; when they take more, all are dropped and loaded again on use."""


@dataclass(slots=True, eq=False)
class _Kept:
    """A key in use: its set, and where its marks are stored."""

    key: bytes
    event: str
    start: int
    stop: int
    """The slots [start, stop) that it is read from."""
    live: LiveSet
    own: str | None = None
    """For a week or month: the event that holds its own bits."""
    shared_with: bytes | None = None
    """For a week or month in which only one day has actors: the key of that day, whose set it shares."""
    above: tuple[bytes, ...] = ()
    """The keys that include this one; for an hour, the day's comes first."""
    place: Place | None = None
    bits_of_own: BitMap64 = field(default_factory=BitMap64)
    """For a week or month: the bits set in it alone. A day may have some of them too."""
    waiting: BitMap64 = field(default_factory=BitMap64)
    """For a week or month: bits that were set and may yet be set in one of its days."""

    @property
    def is_day(self) -> bool:
        return self.own is None and self.stop - self.start == PER_DAY

    @property
    def is_hour(self) -> bool:
        return self.stop - self.start == 1 and self.start != UNDATED

    @property
    def home(self) -> tuple[str, int]:
        """The event and slot in which its own marks are stored."""
        return (self.event, self.start) if self.own is None else (self.own, UNDATED)

    def __contains__(self, id: int) -> bool:
        return id in self.live or (self.own is not None and (id in self.waiting or id in self.bits_of_own))

    def part_ways(self) -> None:
        """Stop sharing the set of the day, and use a copy."""
        if self.shared_with is not None:
            self.live, self.shared_with = self.live.copy(), None


class Sets:
    """The sets of one store. `settle` writes the marks, before they are acknowledged."""

    def __init__(self, store: ServedStore) -> None:
        self._store = store
        self._kept: dict[bytes, _Kept] = {}
        self._bytes = 0
        self._marks: list[tuple[_Kept, int]] = []
        self._periods: list[tuple[object, _Kept, int]] = []
        self.owner: object = None
        """The client on whose behalf bits are set."""
        self._state = store.state()
        self._keys: set[bytes] | None = None
        self.failure: ActivityError | None = None
        """Why marks of the current turn could not be written."""

    def begin(self) -> None:
        """Begin a turn: from now on the writes of other processes are visible."""
        self.failure = None
        if self._store.state() != self._state:
            self.refresh()

    def settle(self, is_unfinished: Callable[[object], bool] = lambda owner: False) -> None:
        """Write all marks made so far in one write.

        A mark of a week or month waits while its owner is unfinished: the mark of the day may be on its way.

        Raises:
            ActivityError: If they cannot be written; some may have been.
        """
        marks, self._marks = self._marks, []
        periods, self._periods = self._periods, []
        if not marks and not periods:
            return
        try:
            records = self._records(marks) + self._records_of_periods(periods, marks, is_unfinished)
            if records:
                self._store.mark_each(records)
        except ActivityError as error:
            self.failure = error
            self._periods = []
            self.refresh()
            raise
        version, generation, rows = self._state
        self._state = (version, generation, rows + len(records))
        self._keys = None
        if self._store.fold_if_long():
            self._state = self._store.state()

    def awaiting(self) -> set[object]:
        """The owners whose marks wait."""
        return {owner for owner, _, _ in self._periods}

    def sync(self) -> None:
        """Wait until all marks are on disk."""
        self.settle()
        self._store.sync()

    def refresh(self) -> None:
        """Drop everything in memory: another process or call has written to the store."""
        self._kept, self._bytes, self._keys = {}, 0, None
        self._state = self._store.state()

    def _records(self, marks: list[tuple[_Kept, int]]) -> list[tuple[Place, int]]:
        """The place of each mark to store: a mark of a day is dropped if it comes with one of an hour."""
        hours = {(kept.event, kept.start // PER_DAY, id) for kept, id in marks if kept.is_hour}
        if hours:
            marks = [
                (kept, id)
                for kept, id in marks
                if not (kept.is_day and (kept.event, kept.start // PER_DAY, id) in hours)
            ]
        return [(kept.place or self._placed(kept), id) for kept, id in marks]

    def _records_of_periods(
        self,
        periods: list[tuple[object, _Kept, int]],
        marks: list[tuple[_Kept, int]],
        is_unfinished: Callable[[object], bool],
    ) -> list[tuple[Place, int]]:
        """The places of marks of weeks and months that are not covered by a mark of a day."""
        if not periods:
            return []
        dated: dict[tuple[str, int], list[int]] = {}
        for kept, id in marks:
            if kept.above:
                dated.setdefault((kept.event, id), []).append(kept.start)
        records = []
        for owner, kept, id in periods:
            if any(kept.start <= slot < kept.stop for slot in dated.get((kept.event, id), ())):
                kept.waiting.discard(id)
            elif is_unfinished(owner):
                self._periods.append((owner, kept, id))
            else:
                kept.waiting.discard(id)
                kept.bits_of_own.add(id)
                records.append((kept.place or self._placed(kept), id))
        return records

    def _placed(self, kept: _Kept) -> Place:
        kept.place = self._store.place(*kept.home)
        return kept.place

    # Bits

    def set_bit(self, key: bytes, offset: int) -> int:
        """Set a bit. Returns its old value."""
        kept = self._kept.get(key) or self._load(key)
        if offset in kept:
            if kept.own is None:
                self._marks.append((kept, offset))  # it occurred again
            return 1
        if kept.own is None:
            self._marks.append((kept, offset))
            self._add(kept, offset)
        else:
            self._periods.append((self.owner, kept, offset))
            kept.waiting.add(offset)
        return 0

    def clear_bit(self, key: bytes, offset: int) -> int:
        """Clear a bit. Returns its old value. A bit of a week or month stays if one of its days has it."""
        self.settle()
        kept = self._kept.get(key) or self._load(key)
        if offset not in kept:
            return 0
        event, slot = kept.home
        self._store.unmark(event, {slot: Actors([offset])})
        self.refresh()
        return 1

    def get_bit(self, key: bytes, offset: int) -> int:
        kept = self._kept.get(key) or self._load(key)
        return int(offset in kept)

    def bits(self, key: bytes) -> LiveSet:
        """The set of a key, empty if the key does not exist; must not be modified."""
        self.settle()
        kept = self._kept.get(key) or self._load(key)
        alone = [id for id in kept.bits_of_own if id not in kept.live]
        return LiveSet(as_bitmap(kept.live.members) | BitMap64(alone)) if alone else kept.live

    def _add(self, kept: _Kept, offset: int) -> None:
        kept.live.add(offset)
        if not kept.above:
            return
        is_day = kept.is_day
        day = kept.key if is_day else kept.above[0]
        for name in kept.above:
            above = self._kept.get(name)
            if above is None or above.shared_with == day:
                continue
            if is_day and not above.live:
                above.live, above.shared_with = kept.live, day
            else:
                above.part_ways()
                if offset not in above.live:
                    above.live.add(offset)

    def replace(self, key: bytes, members: Members) -> None:
        """Replace the bits of a key; for a week or month, its own bits."""
        self.settle()
        place = place_of(key)
        event, slot = (hidden(key), UNDATED) if place is None or place[1].is_period else (place[0], place[1].start)
        self._store.replace(event, slot, slot + 1, {slot: Actors(as_bitmap(members).to_array())}, {})
        self.refresh()

    def delete(self, key: bytes) -> None:
        """Delete the bits of a key; for a week or month, its own bits."""
        self.settle()
        place = place_of(key)
        if place is None or place[1].is_period:
            self._store.delete(hidden(key))
        else:
            self._store.delete(place[0], place[1].start, place[1].stop)
        self.refresh()

    # Reading

    def _load(self, key: bytes) -> _Kept:
        if self._bytes > MEMORY_BYTES:
            self.settle()
            self.refresh()
        found = place_of(key)
        kept = self._made(key, *found) if found else self._made_alone(key)
        if kept.shared_with is None:
            for other, id in self._marks:  # not written yet
                is_part = other.event == kept.event and kept.start <= other.start < kept.stop
                if is_part and id not in kept.live:
                    kept.live.add(id)
            self._bytes += kept.live.memory
        self._kept[key] = kept
        return kept

    def _made_alone(self, key: bytes) -> _Kept:
        event = hidden(key)
        return _Kept(key, event, UNDATED, UNDATED + 1, LiveSet(self._store.read(event, UNDATED, UNDATED + 1)))

    def _made(self, key: bytes, event: str, place: SlotKey) -> _Kept:
        if place.is_period:
            return self._made_period(key, event, place)
        above: tuple[SlotKey, ...] = ()
        if place is not UNDATED_PLACE:
            day = place.start // PER_DAY
            above = (week_of(day), month_of(day))
            if place.stop - place.start == 1:
                above = (day_of(day), *above)
        live = LiveSet(self._store.read(event, place.start, place.stop))
        return _Kept(key, event, place.start, place.stop, live, above=tuple(key_of(event, p) for p in above))

    def _made_period(self, key: bytes, event: str, place: SlotKey) -> _Kept:
        own = hidden(key)
        more = self._store.read(own, UNDATED, UNDATED + 1)
        waiting = (kept.start for kept, _ in self._marks if kept.event == event)
        slots = (*self._store.slots(event), *waiting)
        days = {slot // PER_DAY for slot in slots if place.start <= slot < place.stop}
        kept = _Kept(key, event, place.start, place.stop, LiveSet(BitMap64()), own=own, bits_of_own=as_bitmap(more))
        if len(days) == 1:
            day = key_of(event, day_of(days.pop()))
            kept.live, kept.shared_with = (self._kept.get(day) or self._load(day)).live, day
        elif days:
            kept.live = LiveSet(self._store.read(event, place.start, place.stop))
        return kept

    def keys(self) -> set[bytes]:
        """All keys whose sets hold bits; must not be modified."""
        self.settle()
        if self._keys is None:
            self._keys = set(self._store.hidden_keys())
            for event in self._store.events():
                for slot in self._store.slots(event):
                    self._keys.update(key_of(event, place) for place in _places_of(slot))
        return self._keys

    @property
    def memory(self) -> int:
        """The approximate memory use of the sets, in bytes."""
        return sum(kept.live.memory for kept in self._kept.values() if kept.shared_with is None)


def hidden(key: bytes) -> str:
    """The event that holds the bits of a key that belongs to no event of an application."""
    return HIDDEN + key.decode("latin-1")


@lru_cache(65536)
def place_of(key: bytes) -> tuple[str, SlotKey] | None:
    """The event and the slots of a key in bitmapist's format; None for any other key."""
    if not key.startswith(NUMBERS.encode()):
        return None
    try:
        return read_key(key.decode(), NUMBERS)
    except UnicodeDecodeError:
        return None


@lru_cache(65536)
def key_of(event: str, place: SlotKey) -> bytes:
    return f"{NUMBERS}{event}_{place.suffix}".encode()


def _places_of(slot: int) -> tuple[SlotKey, ...]:
    """The periods that contain a slot."""
    if slot == UNDATED:
        return (UNDATED_PLACE,)
    day = slot // PER_DAY
    dated = (day_of(day), week_of(day), month_of(day))
    return (*dated, hour_of(slot)) if slot % PER_DAY else dated
