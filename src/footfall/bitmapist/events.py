"""Who did an event in an hour, day, week, month, year or range of days, and who is flagged without a time."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from pyroaring import BitMap64

from footfall.activity.activity import Activity
from footfall.activity.sets import ActorSet
from footfall.bitmapist.dates import not_none, now, period_of, shifted
from footfall.bitmapist.sets import EventSet, Operand
from footfall.bitmapist.systems import DEFAULT, System, activity_of
from footfall.errors import QueryError
from footfall.periods import Grain, Window
from footfall.stores.store import UNDATED, day_slot, hour_slot


@dataclass(frozen=True, eq=False)
class _Slots(ActorSet):
    """The actors in the slots [start, stop) of an event. An hour without marks is empty, not an error."""

    activity: Activity
    event: str
    start: int
    stop: int
    is_calendar: bool

    @property
    def home(self) -> Activity:
        return self.activity

    def ids(self) -> BitMap64:
        self.activity.renew(self.event)
        return self.activity.store.union(self.event, self.start, self.stop, is_kept=self.is_calendar)

    def __len__(self) -> int:
        self.activity.renew(self.event)
        return self.activity.store.count(self.event, self.start, self.stop)

    def has(self, actor: int | str) -> bool:
        self.activity.renew(self.event)
        id = self.activity.id_of(actor)
        return id is not None and self.activity.store.contains(self.event, self.start, self.stop, id)


class MarkedEvents(EventSet):
    """Sets of marked actors, defined by an event and a range of slots."""

    event_name: str
    is_calendar = True
    """Whether the same window is likely to be queried again."""

    @abstractmethod
    def slots(self) -> tuple[int, int]:
        """The slots [start, stop) of the store that make up the set."""

    def actors(self) -> ActorSet:
        return self._read_in(self.system)

    def part(self, system: System | None = None) -> Operand:
        return Operand(self._read_in(system if system is not None and self.system == DEFAULT else self.system))

    def _read_in(self, system: System) -> ActorSet:
        return _Slots(activity_of(system), self.event_name, *self.slots(), self.is_calendar)

    def get_occurrences(self) -> int:
        """The number of marks made, including repeated ones; removing a mark does not lower it."""
        return activity_of(self.system).store.occurrences(self.event_name, *self.slots())

    def delete(self) -> None:
        """Remove every mark of the event in this period; longer periods lose actors without another mark in them."""
        activity_of(self.system).store.delete(self.event_name, *self.slots())


class UniqueEvents(MarkedEvents):
    """The actors marked without a time: `UniqueEvents("premium")`."""

    def __init__(self, event_name: str, system: System = DEFAULT) -> None:
        self.event_name = event_name
        self.system = system
        self.redis_key = f"trackist_{event_name}_u"

    @classmethod
    def from_date(cls, event_name: str, dt: date | None = None, system: System = DEFAULT) -> Self:
        return cls(event_name, system=system)

    def slots(self) -> tuple[int, int]:
        return UNDATED, UNDATED + 1

    def next(self) -> Self:
        return self

    def prev(self) -> Self:
        return self


class GenericPeriodEvents(MarkedEvents):
    """Who did an event in one calendar period."""

    grain: ClassVar[Grain]

    def __init__(self, event_name: str, *parts: Any, system: System = DEFAULT) -> None:
        self.event_name = event_name
        self.system = system
        given = (not_none(*pair) for pair in zip(parts, self.parts_of(now()), strict=True))
        self._period = period_of(self.grain, *given)
        self._parts = self.parts_of(self._period.start)
        self.redis_key = self._key()

    @staticmethod
    @abstractmethod
    def parts_of(moment: date) -> tuple[int, ...]:
        """The numbers of the period that contains a moment; date and hour are used as given, whatever the time zone."""

    def _key(self) -> str:
        return f"trackist_{self.event_name}_{'-'.join(map(str, self._parts))}"

    @classmethod
    def from_date(cls, event_name: str, dt: date | None = None, system: System = DEFAULT) -> Self:
        """The period that contains a date or moment; default: the current period."""
        return cls(event_name, *cls.parts_of(dt or now()), system=system)

    def delta(self, value: int) -> Self:
        """The set of the period `value` periods later, or earlier if it is negative."""
        return self.from_date(self.event_name, shifted(self._period, value).start, self.system)

    def next(self) -> Self:
        return self.delta(1)

    def prev(self) -> Self:
        return self.delta(-1)

    def period_start(self) -> datetime:
        return self._period.start

    def period_end(self) -> datetime:
        """The last microsecond of the period."""
        return self._period.end - timedelta(microseconds=1)

    def slots(self) -> tuple[int, int]:
        return day_slot(self._period.start), day_slot(self._period.end)


class YearEvents(GenericPeriodEvents):
    """Who did an event in a year: `YearEvents("active", 2026)`."""

    grain = Grain.YEAR

    def __init__(self, event_name: str, year: int | None = None, system: System = DEFAULT) -> None:
        super().__init__(event_name, year, system=system)
        (self.year,) = self._parts

    @staticmethod
    def parts_of(moment: date) -> tuple[int]:
        return (moment.year,)

    def _key(self) -> str:
        """Redis has no key for a year; bitmapist gives this name to the union of its months."""
        months = (f"trackist_{self.event_name}_{self._parts[0]}-{month}" for month in range(1, 13))
        return f"trackist_bitop_OR_{'-'.join(months)}"

    def delete(self) -> None:
        """Do nothing: in bitmapist this deletes a temporary union and keeps the months, so no mark may be removed."""


class MonthEvents(GenericPeriodEvents):
    """Who did an event in a month: `MonthEvents("active", 2026, 11)`."""

    grain = Grain.MONTH

    def __init__(
        self, event_name: str, year: int | None = None, month: int | None = None, system: System = DEFAULT
    ) -> None:
        super().__init__(event_name, year, month, system=system)
        self.year, self.month = self._parts

    @staticmethod
    def parts_of(moment: date) -> tuple[int, int]:
        return moment.year, moment.month


class WeekEvents(GenericPeriodEvents):
    """Who did an event in an ISO week: `WeekEvents("active", 2026, 48)`."""

    grain = Grain.WEEK

    def __init__(
        self, event_name: str, year: int | None = None, week: int | None = None, system: System = DEFAULT
    ) -> None:
        super().__init__(event_name, year, week, system=system)
        self.year, self.week = self._parts

    @staticmethod
    def parts_of(moment: date) -> tuple[int, int]:
        return moment.isocalendar()[:2]

    def _key(self) -> str:
        return f"trackist_{self.event_name}_W{'-'.join(map(str, self._parts))}"


class DayEvents(GenericPeriodEvents):
    """Who did an event on a day: `DayEvents("active", 2026, 11, 23)`."""

    grain = Grain.DAY

    def __init__(
        self,
        event_name: str,
        year: int | None = None,
        month: int | None = None,
        day: int | None = None,
        system: System = DEFAULT,
    ) -> None:
        super().__init__(event_name, year, month, day, system=system)
        self.year, self.month, self.day = self._parts

    @staticmethod
    def parts_of(moment: date) -> tuple[int, int, int]:
        return moment.year, moment.month, moment.day


class HourEvents(GenericPeriodEvents):
    """Who did an event in an hour, among actors marked by the hour: `HourEvents("active", 2026, 11, 23, 13)`."""

    grain = Grain.HOUR

    def __init__(
        self,
        event_name: str,
        year: int | None = None,
        month: int | None = None,
        day: int | None = None,
        hour: int | None = None,
        system: System = DEFAULT,
    ) -> None:
        super().__init__(event_name, year, month, day, hour, system=system)
        self.year, self.month, self.day, self.hour = self._parts

    @staticmethod
    def parts_of(moment: date) -> tuple[int, int, int, int]:
        if not isinstance(moment, datetime):
            raise QueryError(f"{moment} is a date and has no hour; give a moment.")
        return moment.year, moment.month, moment.day, moment.hour

    def slots(self) -> tuple[int, int]:
        slot = hour_slot(self._period.start)
        return slot, slot + 1


class RangeEvents(MarkedEvents):
    """Who did an event on any day of [start, end): `RangeEvents("active", date(2026, 11, 1), date(2026, 11, 16))`."""

    is_calendar = False

    def __init__(self, event_name: str, start: date, end: date, system: System = DEFAULT) -> None:
        self.event_name = event_name
        self.system = system
        first, last = (period_of(Grain.DAY, on.year, on.month, on.day).start for on in (start, end))
        if last <= first:
            raise QueryError(f"the end ({last:%Y-%m-%d}) must come after the start ({first:%Y-%m-%d}).")
        self._window = Window(first, last)
        self.redis_key = f"trackist_{event_name}_{first:%Y-%m-%d}..{last:%Y-%m-%d}"

    def slots(self) -> tuple[int, int]:
        return day_slot(self._window.start), day_slot(self._window.end)
