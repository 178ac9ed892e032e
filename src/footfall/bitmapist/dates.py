"""Dates in bitmapist's form: numbers for the year, the month, the ISO week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from footfall.errors import QueryError
from footfall.periods import EPOCH, Grain, Period


def now() -> datetime:
    """The current moment; missing parts of an event's date are taken from it."""
    return datetime.now(UTC)


def add_month(year: int, month: int, delta: int) -> tuple[int, int]:
    """The year and month `delta` months after a month."""
    years, month = divmod(month - 1 + delta, 12)
    return year + years, month + 1


def not_none(*keys: Any) -> Any:
    """The first of several values that is not None."""
    return next((key for key in keys if key is not None), None)


def iso_year_start(iso_year: int) -> date:
    """The Monday that an ISO year begins with."""
    return date.fromisocalendar(iso_year, 1, 1)


def iso_to_gregorian(iso_year: int, iso_week: int, iso_day: int) -> date:
    """The date of a day of an ISO week; a week number outside the year continues into the adjacent year."""
    return iso_year_start(iso_year) + timedelta(weeks=iso_week - 1, days=iso_day - 1)


def period_of(grain: Grain, *parts: Any) -> Period:
    """The hour, day, week, month or year with these numbers; one that does not exist is refused."""
    numbers = "-".join(map(str, parts))
    try:
        if grain is Grain.WEEK:
            first = datetime.fromisocalendar(int(parts[0]), int(parts[1]), 1)
            period = Period.containing(grain, first.replace(tzinfo=UTC))
        else:
            year, month, day, hour = (*map(int, parts), *(1, 1, 0)[len(parts) - 1 :])
            period = Period.containing(grain, datetime(year, month, day, hour, tzinfo=UTC))
    except (ValueError, OverflowError, TypeError):
        raise QueryError(f"there is no {grain} {numbers} in the calendar (UTC, ISO weeks).") from None
    if period.end <= EPOCH:
        raise QueryError(f"sets are kept from 1970 on; the {grain} {numbers} lies before.")
    return period


def shifted(period: Period, by: int) -> Period:
    """The period `by` periods later."""
    try:
        return period.shift(by)
    except (ValueError, OverflowError):
        raise QueryError(f"the {period.grain} {by:+} from {period.label} lies outside the calendar.") from None
