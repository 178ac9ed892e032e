"""Events and their periods: `ff.event("active").month()` is the exact set of actors of a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from footfall.activity.sets import ActorSet, only_set
from footfall.errors import QueryError
from footfall.periods import FAR_FUTURE, Grain, Moment, Period, Window, floor, parse_moment, short
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, day_slot, slots_of

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

EVER = Window(FAR_FUTURE, FAR_FUTURE)
"""All time, including marks without a time; differs from every possible range."""


@dataclass(frozen=True, eq=False, repr=False)
class PeriodSet(ActorSet):
    """The actors of an event in a window; without a window, the actors marked without a time."""

    activity: Activity
    event: str
    window: Window | None
    grain: Grain = Grain.TOTAL

    def __repr__(self) -> str:
        return f"<{self.event}, {self.label}>"

    @property
    def label(self) -> str:
        if self.window is None:
            return "unique"
        if self.window == EVER:
            return "ever"
        return Period(self.window.start, self.window.end, self.grain).label

    @property
    def home(self) -> Activity:
        return self.activity

    @property
    def start(self) -> datetime:
        """The first moment of the period."""
        return self._dated().start

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        return self._dated().end

    def next(self) -> PeriodSet:
        return self.shift(1)

    def prev(self) -> PeriodSet:
        return self.shift(-1)

    def shift(self, n: int) -> PeriodSet:
        """The set of the period `n` periods later; a range moves by its own length."""
        window = self._dated()
        try:
            if self.grain is Grain.TOTAL:
                by = window.length * n
                return PeriodSet(self.activity, self.event, Window(window.start + by, window.end + by))
            period = Period(window.start, window.end, self.grain).shift(n)
        except (OverflowError, ValueError):
            raise QueryError(f"there is no calendar {n:,} periods after {self.label}.") from None
        return PeriodSet(self.activity, self.event, period.window, self.grain)

    def _dated(self) -> Window:
        if self.window is None or self.window == EVER:
            raise QueryError(f"{self.label} has no period; ask for a day, week, month or year of the event.")
        return self.window

    def __len__(self) -> int:
        ranges = self._ranges()
        return self.activity.store.count(self.event, *ranges[0]) if len(ranges) == 1 else len(self.ids())

    def ids(self) -> BitMap64:
        store, is_calendar = self.activity.store, self.grain is not Grain.TOTAL
        parts = [store.union(self.event, *span, is_kept=is_calendar) for span in self._ranges()]
        return parts[0] if len(parts) == 1 else BitMap64.union(*parts)

    def has(self, actor: int | str) -> bool:
        store, ranges = self.activity.store, self._ranges()  # a collected event is updated first: that may add the name
        id = self.activity.id_of(actor)
        return id is not None and any(store.contains(self.event, *span, id) for span in ranges)

    def occurrences(self) -> int:
        """The number of marks made, including repeated ones; removing a mark does not lower it."""
        return sum(self.activity.store.occurrences(self.event, *span) for span in self._ranges())

    def _ranges(self) -> list[tuple[int, int]]:
        """The ranges of slots whose union it is, after updating the event."""
        self.activity.renew(self.event)
        self.activity.warn_of_typo(self.event)
        for moment in self._cuts:
            self._check_hours(moment)
        return self._spans

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        if self.window is None:
            return [(UNDATED, UNDATED + 1)]
        return [(FIRST, LAST)] if self.window == EVER else slots_of(self.window)

    @cached_property
    def _cuts(self) -> list[datetime]:
        """Its start and end, if they split a day."""
        if self.window is None or self.window == EVER:
            return []
        if self.grain is Grain.HOUR:
            return [self.window.start]
        return [moment for moment in (self.window.start, self.window.end) if moment != floor(Grain.DAY, moment)]

    def _check_hours(self, moment: datetime) -> None:
        """Check that a day is split only if all its actors are known by the hour.

        A single hour may be queried as soon as the day has any hourly mark: it holds the actors marked by the hour.
        """
        day = Window.of_day(moment.date())
        slot = day_slot(day.start)
        if self.grain is not Grain.HOUR or not self.activity.store.union(self.event, slot + 1, slot + PER_DAY):
            check_hours(self.activity, self.event, day)


def check_hours(activity: Activity, event: str, day: Window) -> None:
    """Raise QueryError if some actors of a day are known only by the day: no part of that day can be counted."""
    slot, after = day_slot(day.start), day_slot(day.end)
    whole = activity.store.union(event, slot, slot + 1)
    if whole and not whole.issubset(activity.store.union(event, slot + 1, after)):
        raise QueryError(
            f"{event!r} is kept by the day on {day.start:%Y-%m-%d}, so no part of that day can be counted; "
            "ask for whole days, or mark with hourly=True."
        )


@dataclass(frozen=True, repr=False)
class Event:
    """Something that actors do, by name, and its sets of actors."""

    activity: Activity
    name: str

    def __repr__(self) -> str:
        return f"<event {self.name}>"

    def __and__(self, other: object) -> ActorSet:
        return only_set(self)

    __or__ = __xor__ = __sub__ = __and__
    __rand__ = __ror__ = __rxor__ = __rsub__ = __and__

    def __invert__(self) -> ActorSet:
        return only_set(self)

    def hour(self, *which: int | Moment) -> PeriodSet:
        """The actors marked by the hour in an hour (UTC): (year, month, day, hour), a moment, or now.

        Args:
            which: The numbers of the hour, or a date or moment within it; default: the current hour.

        Raises:
            QueryError: For an invalid hour.

        Example:
            >>> len(ff.event("active").hour(2026, 3, 6, 9))
            1
        """
        return self._period(Grain.HOUR, which)

    def day(self, *which: int | Moment) -> PeriodSet:
        """The actors of a day: (year, month, day), a date, or today.

        Args:
            which: The numbers of the day, or a date or moment within it; default: today.

        Raises:
            QueryError: For an invalid day.

        Example:
            >>> len(ff.event("active").day(2026, 2, 20))
            2
        """
        return self._period(Grain.DAY, which)

    def week(self, *which: int | Moment) -> PeriodSet:
        """The actors of an ISO week: (year, week), a date in it, or this week.

        Args:
            which: The numbers of the week, or a date or moment within it; default: the current week.

        Raises:
            QueryError: For an invalid week.

        Example:
            >>> len(ff.event("active").week(2026, 8))
            2
        """
        return self._period(Grain.WEEK, which)

    def month(self, *which: int | Moment) -> PeriodSet:
        """The actors of a month: (year, month), a date in it, or this month.

        Args:
            which: The numbers of the month, or a date or moment within it; default: the current month.

        Raises:
            QueryError: For an invalid month.

        Example:
            >>> len(ff.event("active").month(2026, 2) & ff.event("active").month(2026, 3))
            2
        """
        return self._period(Grain.MONTH, which)

    def year(self, *which: int | Moment) -> PeriodSet:
        """The actors of a year: (year), a date in it, or this year.

        Args:
            which: The numbers of the year, or a date or moment within it; default: the current year.

        Raises:
            QueryError: For an invalid year.

        Example:
            >>> len(ff.event("signed_up").year(2026))
            3
        """
        return self._period(Grain.YEAR, which)

    def between(self, start: Moment, end: Moment) -> PeriodSet:
        """The actors in [start, end): whole days, or whole hours if marks are hourly.

        Args:
            start: The first moment.
            end: The end, exclusive.

        Raises:
            QueryError: For moments that are not whole hours, or an end that is not after the start.

        Example:
            >>> len(ff.event("active").between("2026-02-01", "2026-03-01"))
            2
        """
        now = self.activity.now()
        first, last = parse_moment(start, now), parse_moment(end, now)
        for moment in (first, last):
            if moment != floor(Grain.HOUR, moment):
                raise QueryError(f"{short(moment)} is not a whole hour; sets are kept by the day or the hour.")
        if last <= first:
            raise QueryError(f"the end ({short(last)}) must come after the start ({short(first)}).")
        return PeriodSet(self.activity, self.name, Window(first, last))

    def ever(self) -> PeriodSet:
        """All actors who ever did it, including unique marks.

        Example:
            >>> sorted(ff.event("signed_up").ever())
            [1, 2, 3]
        """
        return PeriodSet(self.activity, self.name, EVER)

    def unique(self) -> PeriodSet:
        """The actors marked without a time.

        Example:
            >>> len(ff.event("signed_up").unique())
            0
        """
        return PeriodSet(self.activity, self.name, None)

    def _period(self, grain: Grain, which: tuple[int | Moment, ...]) -> PeriodSet:
        try:
            period = Period.containing(grain, _moment(grain, which, self.activity.now()))
        except OverflowError:
            raise QueryError(f"there is no {grain} {which!r} in any calendar.") from None
        return PeriodSet(self.activity, self.name, period.window, grain)


_PARTS = {
    Grain.HOUR: "year, month, day, hour",
    Grain.DAY: "year, month, day",
    Grain.WEEK: "year, week",
    Grain.MONTH: "year, month",
    Grain.YEAR: "year",
}


def _moment(grain: Grain, which: tuple[int | Moment, ...], now: datetime) -> datetime:
    """A moment in the period that `which` names."""
    if not which:
        return now
    if len(which) == 1 and not isinstance(which[0], int):
        return parse_moment(which[0], now)
    wanted = _PARTS[grain]
    parts = [part for part in which if isinstance(part, int)]
    if len(parts) != len(which) or len(parts) != len(wanted.split(", ")):
        raise QueryError(f"{grain} takes ({wanted}), one date, or nothing for the present one; not {which!r}.")
    try:
        if grain is Grain.WEEK:
            on = date.fromisocalendar(parts[0], parts[1], 1)
            return parse_moment(on, now)
        year, month, day, hour = (*parts, *(1, 1, 0)[len(parts) - 1 :])
        return datetime(year, month, day, hour, tzinfo=now.tzinfo)
    except ValueError as error:
        raise QueryError(f"there is no {grain} {which!r}: {error}.") from None
