"""The numbers of a cohort: one row per period, with one cell for each period after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from footfall.activity.sets import ActorSet, Fixed
from footfall.bitmapist.cohort.arguments import YEARS, first_period, grain_named, is_true, number_given
from footfall.bitmapist.dates import shifted
from footfall.bitmapist.events import DayEvents, GenericPeriodEvents, MonthEvents, WeekEvents, YearEvents
from footfall.bitmapist.sets import BitOpAnd, EventSet
from footfall.bitmapist.systems import DEFAULT, System
from footfall.periods import Grain, Period

Handler = Callable[[str, type[GenericPeriodEvents], tuple[Any, ...]], EventSet]

CUSTOM_HANDLERS: dict[str, Handler] = {}

_CLASSES: dict[Grain, type[GenericPeriodEvents]] = {
    Grain.DAY: DayEvents,
    Grain.WEEK: WeekEvents,
    Grain.MONTH: MonthEvents,
    Grain.YEAR: YearEvents,
}


def set_custom_handler(event_name: str, callback: Handler) -> None:
    """Let `callback(name, cls, cls_args)` compute the sets of an event that is not marked.

    `cls` is the class of the period and `cls_args` are its arguments after the name of the event:

        set_custom_handler("on_mobile", lambda name, cls, args: cls("ios", *args) | cls("android", *args))
    """
    CUSTOM_HANDLERS[event_name] = callback


def get_dates_data(
    select1: str,
    select2: str,
    select1b: str | None = None,
    select2b: str | None = None,
    time_group: str = "days",
    system: System = DEFAULT,
    as_percent: bool | str = True,
    num_results: int | str = 31,
    num_of_rows: int | str = 12,
    start_date: str | date | None = None,
) -> list[list[Any]]:
    """Who did `select1` (and `select1b`) in a period, and how many of them did `select2` (and `select2b`) later.

    A row has the start of its period, the size of the cohort, and a cell for the same period and for each of the
    `num_of_rows` that follow: a percentage or a count, 0.0 if no actor came back, "" if there is nothing to compare.
    There are `num_results` rows (3 for years); the first contains `start_date`, or else the last is the current period.
    """
    grain = grain_named(time_group)
    rows = YEARS if grain is Grain.YEAR else number_given("num_results", num_results)
    columns = number_given("num_of_rows", num_of_rows) + 1
    first = first_period(grain, start_date, rows)
    began = _Selection(select1, select1b, grain, system)
    is_same = (select1, select1b) == (select2, select2b)
    came_back = began if is_same else _Selection(select2, select2b, grain, system)
    is_percent = is_true(as_percent)
    return [_row(shifted(first, n), columns, began, came_back, is_percent) for n in range(rows)]


@dataclass
class _Selection:
    """One or two events; each period is read once."""

    event: str
    also: str | None
    grain: Grain
    system: System
    _read: dict[Period, ActorSet] = field(default_factory=dict)

    def of(self, period: Period) -> ActorSet:
        if period not in self._read:
            actors = self._events(period).actors()
            self._read[period] = Fixed(actors.home, actors.ids())
        return self._read[period]

    def _events(self, period: Period) -> EventSet:
        events = self._event(self.event, period)
        return BitOpAnd(self.system, events, self._event(self.also, period)) if self.also else events

    def _event(self, name: str, period: Period) -> EventSet:
        made_by = _CLASSES[self.grain]
        arguments = (*made_by.parts_of(period.start), self.system)
        if handler := CUSTOM_HANDLERS.get(name):
            return handler(name, made_by, arguments)
        return made_by(name, *arguments)


def _row(period: Period, columns: int, began: _Selection, came_back: _Selection, is_percent: bool) -> list[Any]:
    who = began.of(period)
    count = len(who)
    row: list[Any] = [period.start, count]
    for later in range(columns):
        back = came_back.of(shifted(period, later)) if count else None
        row.append(_cell(who, count, back, is_percent) if back else "")
    return row


def _cell(who: ActorSet, count: int, back: ActorSet, is_percent: bool) -> float | int:
    both = len(who & back)
    if not both:
        return 0.0
    return both / count * 100 if is_percent else both
