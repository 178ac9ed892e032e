"""UTC calendar arithmetic: grains, periods and half-open windows.

A week is an ISO 8601 week: it starts on Monday and belongs to the year of its Thursday.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from footfall.errors import QueryError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1000, 9000
"""Years that can be queried: calculations around them stay within the calendar."""


Moment: TypeAlias = str | date | datetime
"""What `parse_moment` reads: a moment as a person or a program gives it."""


def utc_now() -> datetime:
    """The clock that is used where no other is passed in."""
    return datetime.now(UTC)


class Grain(StrEnum):
    """How finely time is split; ordered from fine to coarse."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    TOTAL = "total"

    def holds(self, finer: Grain) -> bool:
        """Whether every period of `finer` lies within one period of this grain.

        Args:
            finer: Another grain.

        Example:
            >>> Grain.MONTH.holds(Grain.DAY), Grain.MONTH.holds(Grain.WEEK)
            (True, False)
        """
        if Grain.WEEK in (self, finer) and self is not finer:
            return self is Grain.TOTAL or finer in (Grain.HOUR, Grain.DAY)
        return _ORDER.index(self) >= _ORDER.index(finer)


_ORDER = tuple(Grain)


@dataclass(frozen=True, order=True)
class Window:
    """A half-open span of time [start, end), both aware and in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if moment.tzinfo is None:
                raise ValueError(f"a window needs moments with a time zone, not {moment!r}")
        if self.end < self.start:
            raise ValueError(f"a window cannot end before it starts: {self.start} … {self.end}")

    def __str__(self) -> str:
        return f"{short(self.start)} … {short(self.end)}"

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Window) -> bool:
        return self.start < other.end and other.start < self.end

    def holds(self, other: Window) -> bool:
        return self.start <= other.start and other.end <= self.end

    def clip(self, other: Window) -> Window | None:
        """The part both share; None when there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None

    @classmethod
    def of_day(cls, day: date) -> Window:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return cls(start, start + timedelta(days=1))


ALL_TIME = Window(EPOCH, FAR_FUTURE)
ASKABLE = Window(datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))
"""What a question can be about. What is dated outside of it is refused when it is collected: it could never be queried."""


@dataclass(frozen=True, order=True)
class Period:
    """One concrete hour, day, week, month, year, or a total over any window."""

    start: datetime
    end: datetime
    grain: Grain

    @classmethod
    def containing(cls, grain: Grain, moment: datetime) -> Period:
        """The period of `grain` that `moment` lies in; not defined for a total."""
        start = floor(grain, moment)
        return cls(start, shift(grain, start, 1), grain)

    @property
    def window(self) -> Window:
        return Window(self.start, self.end)

    @property
    def label(self) -> str:
        """As a person writes it: 2026-11-23T09, 2026-11-23, 2026-W48, 2026-11, 2026."""
        match self.grain:
            case Grain.HOUR:
                return self.start.isoformat()[:13]
            case Grain.DAY:
                return self.start.isoformat()[:10]
            case Grain.WEEK:
                year, week, _ = self.start.isocalendar()
                return f"{year:04}-W{week:02}"
            case Grain.MONTH:
                return self.start.isoformat()[:7]
            case Grain.YEAR:
                return self.start.isoformat()[:4]
            case Grain.TOTAL:
                return str(self.window)

    @property
    def iso(self) -> str:
        """The ISO date, or for an hour the timestamp, of the period's start."""
        return f"{self.start.isoformat()[:19]}Z" if self.grain is Grain.HOUR else self.start.isoformat()[:10]

    def shift(self, n: int) -> Period:
        start = shift(self.grain, self.start, n)
        return Period(start, shift(self.grain, start, 1), self.grain)

    def next(self) -> Period:
        return self.shift(1)

    def prev(self) -> Period:
        return self.shift(-1)


def floor(grain: Grain, moment: datetime) -> datetime:
    """The start of the period of `grain` that holds `moment`. Always floors, never rounds."""
    moment = in_utc(moment)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match grain:
        case Grain.HOUR:
            return hour
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - timedelta(days=day.weekday())
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.YEAR:
            return day.replace(month=1, day=1)
        case Grain.TOTAL:
            raise ValueError("a total has no calendar: its window is given")


def ceil(grain: Grain, moment: datetime) -> datetime:
    """The first start of a period of `grain` at or after `moment`."""
    start = floor(grain, moment)
    return start if start == moment else shift(grain, start, 1)


def shift(grain: Grain, start: datetime, n: int) -> datetime:
    """The start of the period `n` periods after the one that starts at `start`.

    Defined for period starts only; days and months keep their number, so a 31st never arises.
    """
    match grain:
        case Grain.HOUR:
            return start + timedelta(hours=n)
        case Grain.DAY:
            return start + timedelta(days=n)
        case Grain.WEEK:
            return start + timedelta(weeks=n)
        case Grain.MONTH:
            months = start.year * 12 + start.month - 1 + n
            return start.replace(year=months // 12, month=months % 12 + 1)
        case Grain.YEAR:
            return start.replace(year=start.year + n)
        case Grain.TOTAL:
            raise ValueError("a total cannot be shifted")


def periods_in(grain: Grain, window: Window) -> list[Period]:
    """Every period of `grain` that shares time with `window`, oldest first; one for a total."""
    if grain is Grain.TOTAL:
        return [Period(window.start, window.end, grain)]
    return list(_walk(grain, window)) if window.start < window.end else []


def _walk(grain: Grain, window: Window) -> Iterator[Period]:
    start = floor(grain, window.start)
    while start < window.end:
        end = shift(grain, start, 1)
        yield Period(start, end, grain)
        start = end


_LENGTH = re.compile(r"([0-9]{1,6})\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_length(text: str) -> timedelta:
    """A length of time: minutes, hours, days or weeks, above zero. Raises QueryError for anything else.

    Example:
        >>> parse_length("36h").total_seconds() / 3600
        36.0
    """
    found = _LENGTH.fullmatch(text.strip().lower())
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not length:
        raise QueryError(f"{text!r} is not a length of time; write a number and a unit: 90m, 6h, 3d or 2w.")
    return length


def merge(windows: Iterable[Window]) -> list[Window]:
    """The same time as `windows` covers, as the fewest windows that do not touch, in order."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        elif window.start < window.end:
            merged.append(window)
    return merged


def subtract(window: Window, taken: Iterable[Window]) -> list[Window]:
    """The parts of `window` that none of `taken` covers, in order."""
    left, at = [], window.start
    for part in merge(taken):
        if part.end <= at or part.start >= window.end:
            continue
        if part.start > at:
            left.append(Window(at, part.start))
        at = max(at, part.end)
    if at < window.end:
        left.append(Window(at, window.end))
    return left


def in_utc(moment: datetime) -> datetime:
    """`moment` in UTC; a moment without a zone is refused, never guessed."""
    if moment.tzinfo is None:
        raise QueryError(f"{moment.isoformat()} has no time zone; add Z for UTC or an offset such as +02:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise QueryError(
            f"{moment.isoformat()} lies outside the calendar; write a moment like {_VALID_MOMENTS}."
        ) from None


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970 in UTC; negative before."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The moment in UTC that is so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=micros)


def short(moment: datetime) -> str:
    """2026-11-23, or 2026-11-23T09:30Z when it is not midnight."""
    return moment.isoformat()[:10] if moment == floor(Grain.DAY, moment) else f"{moment.isoformat()[:16]}Z"


_SPAN = re.compile(r"([0-9]{1,5})([dwmy])")
_CALENDAR = {"d": Grain.DAY, "w": Grain.WEEK, "m": Grain.MONTH, "y": Grain.YEAR}


def before(end: datetime, text: str) -> datetime | None:
    """The moment that lies a span before `end`: days, weeks, months or years of the calendar; None where `text` is not a span.

    Example:
        >>> before(datetime(2026, 3, 31, tzinfo=UTC), "2w")
        datetime.datetime(2026, 3, 17, 0, 0, tzinfo=datetime.timezone.utc)
        >>> before(datetime(2026, 3, 31, tzinfo=UTC), "1m")
        datetime.datetime(2026, 2, 28, 0, 0, tzinfo=datetime.timezone.utc)
    """
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        return None
    count, unit = int(match[1]), _CALENDAR[match[2]]
    if count == 0:
        raise QueryError(f"{text!r} is not a length of time; write at least one day, such as 1d.")
    if unit in (Grain.DAY, Grain.WEEK):
        moved = timedelta(days=count * (7 if unit is Grain.WEEK else 1))
        if moved > end - datetime(FIRST_YEAR, 1, 1, tzinfo=UTC):
            raise QueryError(f"{text!r} is outside the calendar; years from {FIRST_YEAR} on can be asked for.")
        return end - moved
    months = end.year * 12 + end.month - 1 - count * (12 if unit is Grain.YEAR else 1)
    year, month = divmod(months, 12)
    if year < FIRST_YEAR:
        raise QueryError(f"{text!r} is outside the calendar; years from {FIRST_YEAR} on can be asked for.")
    return end.replace(year=year, month=month + 1, day=min(end.day, monthrange(year, month + 1)[1]))


_HAS_TIME = re.compile(r"\d[Tt ]\d")
_DATE = re.compile(r"(\d{4})(?:-(?:(\d{2})(?:-(\d{2}))?|W(\d{2})))?", re.ASCII)
_VALID_MOMENTS = "2026, 2026-11, 2026-W48, 2026-11-23, 2026-11-23T09:30Z, today, yesterday, or 7d for seven days ago"


def _check_year(text: str, on: date) -> None:
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise QueryError(f"{text!r} is out of range; years from {FIRST_YEAR} to {LAST_YEAR} can be asked for.")


def parse_moment(text: Moment, now: datetime) -> datetime:
    """The moment that `text` names: the start of a year, month, ISO week or day, or an instant.

    Dates mean midnight UTC; an instant must carry its zone.
    """
    if isinstance(text, datetime):
        return in_utc(text)
    if isinstance(text, date):
        return datetime(text.year, text.month, text.day, tzinfo=UTC)
    word = text.strip().lower()
    if word in ("today", "yesterday"):
        return floor(Grain.DAY, now) - timedelta(days=word == "yesterday")
    if word == "now":
        return now
    if (ago := before(floor(Grain.DAY, now), word)) is not None:
        return ago
    try:
        if match := _DATE.fullmatch(text.strip().upper()):
            year, month, day, week = (int(part) if part else None for part in match.groups())
            assert year is not None
            on = date.fromisocalendar(year, week, 1) if week is not None else date(year, month or 1, day or 1)
            if month == 0 or day == 0:
                raise ValueError
            _check_year(text, on)
            return datetime(on.year, on.month, on.day, tzinfo=UTC)
        if not _HAS_TIME.search(text):  # Python also reads dates such as 20261123, and would ask for their zone
            raise ValueError
        moment = datetime.fromisoformat(text.strip())
        _check_year(text, moment)
        return in_utc(moment)
    except ValueError:
        raise QueryError(f"{text!r} is not a date or time; write one like {_VALID_MOMENTS}.") from None
