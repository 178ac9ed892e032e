"""The arguments of a cohort: Python values, or the strings that a form sends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from footfall.bitmapist.dates import now, period_of, shifted
from footfall.errors import QueryError, UnknownNameError
from footfall.numerals import whole_of
from footfall.periods import Grain, Period

TIME_GROUPS = {"days": Grain.DAY, "weeks": Grain.WEEK, "months": Grain.MONTH, "years": Grain.YEAR}
"""The periods that cohorts are grouped by, under bitmapist's names for them."""
YEARS = 3
"""The number of rows of a yearly cohort, regardless of the arguments, as in bitmapist."""
MOST_GIVEN = 10_000


def grain_named(time_group: str) -> Grain:
    if time_group not in TIME_GROUPS:
        raise UnknownNameError("time group", str(time_group), TIME_GROUPS)
    return TIME_GROUPS[time_group]


def number_given(name: str, value: Any) -> int:
    """A number of rows or columns."""
    try:
        number = whole_of(value) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= MOST_GIVEN:
        raise QueryError(f"{name} is {value!r}; give a whole number from 0 to {MOST_GIVEN:,}.")
    return number


def is_true(value: Any) -> bool:
    """Whether a flag is set; a form sends `1` or `0`."""
    return bool(value) and value != "0"


def first_period(grain: Grain, start_date: str | date | None, rows: int) -> Period:
    """The period of the first row: the one with the date, or the one that makes the current period the last row."""
    if not start_date:
        today = now()
        return shifted(Period.containing(grain, today), 1 - rows)
    on = start_date if isinstance(start_date, date) else _date(start_date)
    day = period_of(Grain.DAY, on.year, on.month, on.day)
    return Period.containing(grain, day.start)


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
    except (TypeError, ValueError):
        raise QueryError(f"start_date is {text!r}; write a date such as 2026-11-23.") from None
