"""Key names: bitmapist's, so that both can use one deployment, and additional ones.

Bit n of a set stands for the number n, or in sets of named actors for the name with the dense id n:

    trackist_{event}_2026-11         month      footfall_named_{event}_…    the same for named actors
    trackist_{event}_W2026-48        ISO week   footfall_marks_{event}_…    hash: slot → occurrences, by month, and `u`
    trackist_{event}_2026-11-23      day        footfall_ids                hash: name → n
    trackist_{event}_2026-11-23-9    hour       footfall_names              hash: n → name
    trackist_{event}_u               undated    footfall_last_id, _cursors, _forgotten, _salt, _stating_{event}, _request_{key}

Numbers are not zero-padded. Every command names one key, so a cluster may place each key on any node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from footfall.periods import EPOCH
from footfall.stores.store import PER_DAY, UNDATED, start_of

NUMBERS = "trackist_"
NAMED_SETS = "footfall_named_"
MARKS = "footfall_marks_"
STATING = "footfall_stating_"
"""The lock held by the process that replaces ranges of an event."""
REQUEST = "footfall_request_"
"""The digest of a request that was served; the key expires."""
IDS, NAMES, LAST_ID = "footfall_ids", "footfall_names", "footfall_last_id"
CURSORS, FORGOTTEN, SALT = "footfall_cursors", "footfall_forgotten", "footfall_salt"
FAMILIES = (NUMBERS, NAMED_SETS)
"""Prefixes of the keys that hold sets."""

_EPOCH_DAY = EPOCH.toordinal()
# The end of a week or a month must be a valid date as well.
_FIRST_DAY, _LAST_DAY = date(1, 2, 1).toordinal() - _EPOCH_DAY, date(9999, 11, 30).toordinal() - _EPOCH_DAY
FIRST_DATED, AFTER_DATED = _FIRST_DAY * PER_DAY, (_LAST_DAY + 1) * PER_DAY
"""The range [start, stop) of slots that have a time."""
_LONG = 366 * 20
"""The number of days from which scanning for existing keys is faster than requesting every possible key."""


@dataclass(frozen=True, slots=True, order=True)
class SlotKey:
    """The suffix of a key, and the slots [start, stop) that its set covers."""

    start: int
    stop: int
    suffix: str

    @property
    def is_period(self) -> bool:
        """Whether it is a week or a month, which is made up of days and has no slot."""
        return self.stop - self.start > PER_DAY

    def days(self) -> range:
        """The days that it overlaps, counted from 1970-01-01."""
        return range(self.start // PER_DAY, (self.stop - 1) // PER_DAY + 1)

    def is_in(self, start: int, stop: int) -> bool:
        """Whether [start, stop) covers all of it; for a day the day's slot decides, as that holds all of its hours."""
        last = self.start if self.stop - self.start == 1 else (self.stop - PER_DAY)
        return start <= self.start and last < stop


UNDATED_PLACE = SlotKey(UNDATED, UNDATED + 1, "u")


@lru_cache(4096)
def day_of(day: int) -> SlotKey:
    on = date.fromordinal(day + _EPOCH_DAY)
    return SlotKey(day * PER_DAY, (day + 1) * PER_DAY, f"{on.year}-{on.month}-{on.day}")


@lru_cache(4096)
def week_of(day: int) -> SlotKey:
    year, week, weekday = date.fromordinal(day + _EPOCH_DAY).isocalendar()
    monday = day - weekday + 1
    return SlotKey(monday * PER_DAY, (monday + 7) * PER_DAY, f"W{year}-{week}")


@lru_cache(4096)
def month_of(day: int) -> SlotKey:
    on = date.fromordinal(day + _EPOCH_DAY)
    first = day - on.day + 1
    after = date(on.year + on.month // 12, on.month % 12 + 1, 1).toordinal() - _EPOCH_DAY
    return SlotKey(first * PER_DAY, after * PER_DAY, f"{on.year}-{on.month}")


def hour_of(slot: int) -> SlotKey:
    return SlotKey(slot, slot + 1, f"{day_of(slot // PER_DAY).suffix}-{slot % PER_DAY - 1}")


@lru_cache(4096)
def slot_keys_of(slot: int) -> tuple[SlotKey, ...]:
    """Where a mark of a slot is written: its hour, day, week and month.

    The finest comes first, so that a process that checks again after removing an actor from a week or month finds the
    day that still has the actor.
    """
    if slot == UNDATED:
        return (UNDATED_PLACE,)
    day = slot // PER_DAY
    dated = (day_of(day), week_of(day), month_of(day))
    return dated if slot % PER_DAY == 0 else (hour_of(slot), *dated)


@lru_cache(4096)
def marks_key(event: str, slot: int) -> str:
    """The key of the hash that counts the occurrences of a slot."""
    return f"{MARKS}{event}_{'u' if slot == UNDATED else month_of(slot // PER_DAY).suffix}"


def is_long(start: int, stop: int) -> bool:
    """Whether a range is long enough to scan for existing keys."""
    return stop - start > _LONG * PER_DAY


@lru_cache(1024)
def cover(start: int, stop: int) -> tuple[SlotKey, ...]:
    """The fewest keys that cover a range of slots: months, ISO weeks, days, and the hours of a partial day.

    They may overlap. Greedy is optimal: it always takes the piece that reaches furthest.
    """
    places = [UNDATED_PLACE] if start <= UNDATED < stop else []
    start, stop = max(start, FIRST_DATED), min(stop, AFTER_DATED)
    day, last = -(-start // PER_DAY), (stop - 1) // PER_DAY
    if start % PER_DAY:
        hours = range(start, min(stop, day * PER_DAY))
        places.extend(hour_of(slot) for slot in hours if 1 <= slot % PER_DAY <= 24)
    while day <= last:
        pieces = (month_of(day), week_of(day), day_of(day))
        piece = max((p for p in pieces if p.is_in(start, stop)), key=lambda p: p.stop)
        places.append(piece)
        day = piece.stop // PER_DAY
    return tuple(places)


def fewest(existing: Iterable[SlotKey]) -> Iterator[SlotKey]:
    """The fewest existing keys that hold all actors: weeks only where a month is missing, and so on downwards."""
    known: set[int] = set()
    for place in sorted(existing, key=lambda p: (p.start - p.stop, p.start)):
        if place is UNDATED_PLACE or not known.issuperset(place.days()):
            yield place
        if place.stop - place.start >= PER_DAY:
            known.update(place.days())


# Reading the names of existing keys

_SUFFIX = re.compile(
    r"(?P<year>[1-9]\d{0,3})-(?P<month>[1-9]|1[0-2])(-(?P<day>[1-9]|[12]\d|3[01])(-(?P<hour>\d|1\d|2[0-3]))?)?"
    r"|W(?P<iso_year>[1-9]\d{0,3})-(?P<week>[1-9]|[1-4]\d|5[0-3])",
    re.ASCII,
)
_TEMPORARY = tuple(f"bitop_{operator}_{NUMBERS}" for operator in ("AND", "OR", "XOR", "NOT"))
"""The prefixes of bitmapist's intermediate results."""


def read_key(key: str, prefix: str) -> tuple[str, SlotKey] | None:
    """The event and slots of a key; None if it is not the key of a set. Event names may contain anything, even `_u`."""
    event, _, suffix = key.removeprefix(prefix).rpartition("_")
    if not event or event.startswith(_TEMPORARY):
        return None
    place = _place(suffix)
    return (event, place) if place else None


@lru_cache(65536)
def _place(suffix: str) -> SlotKey | None:
    if suffix == "u":
        return UNDATED_PLACE
    match = _SUFFIX.fullmatch(suffix)
    if match is None:
        return None
    year, month, day, hour, iso_year, week = (
        None if part is None else int(part) for part in match.group("year", "month", "day", "hour", "iso_year", "week")
    )
    try:
        on = date.fromisocalendar(iso_year, week or 0, 1) if iso_year else date(year or 0, month or 0, day or 1)
    except ValueError:
        return None
    number = on.toordinal() - _EPOCH_DAY
    if not _FIRST_DAY <= number <= _LAST_DAY:
        return None
    if hour is not None:
        return hour_of(number * PER_DAY + 1 + hour)
    return week_of(number) if iso_year else day_of(number) if day else month_of(number)


def pattern(prefix: str, event: str | None = None) -> str:
    """The SCAN pattern for the sets of one event, or of all. It may also match events with longer names."""
    return f"{prefix}*" if event is None else f"{prefix}{_escaped(event)}_*"


def _escaped(text: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", text)


def label(place: SlotKey) -> str:
    """In readable form: 2026-11, 2026-W48, 2026-11-23, 2026-11-23T09."""
    if place is UNDATED_PLACE:
        return "undated"
    moment = start_of(place.start)
    match place.stop - place.start:
        case 1:
            return f"{moment:%Y-%m-%dT%H}"
        case n if n == PER_DAY:
            return f"{moment:%Y-%m-%d}"
        case n if n == 7 * PER_DAY:
            year, week, _ = moment.isocalendar()
            return f"{year:04}-W{week:02}"
    return f"{moment:%Y-%m}"
