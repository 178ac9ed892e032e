"""The moment of a mark: a day, or an instant with its zone. A whole year, month or week is not a moment of a mark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from footfall.errors import MarkError, QueryError
from footfall.periods import EPOCH, Window, in_utc, parse_moment

if TYPE_CHECKING:
    import pyarrow as pa

_PERIODS = {"year": "[0-9]{4}", "month": "[0-9]{4}-[0-9]{2}", "week": "[0-9]{4}-?[Ww][0-9]{2}"}
_DAY = re.compile(r"\d{8}|\d{4}-\d{2}-\d{2}|\d{4}-?[Ww]\d{2}-?\d", re.ASCII)
_VALID = "2026-11-23, 2026-11-23T09:30Z, today or yesterday"


def moment_of_mark(at: Any, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The moment of a mark, in UTC; days are UTC days.

    `zone` applies to local times without one. Raises QueryError for a text that is not a moment, otherwise MarkError.
    """
    if isinstance(at, str):
        at = _of_text(at.strip(), now)
    if isinstance(at, datetime):
        if at.tzinfo is None and zone is None:
            raise MarkError(
                f"{at.isoformat()} has no time zone; add Z for UTC or an offset such as +02:00, or name the zone, for "
                "instance --zone UTC."
            )
        try:
            return in_utc(at if at.tzinfo is not None else at.replace(tzinfo=zone))
        except OverflowError:
            raise MarkError(f"{at.isoformat()} is outside the calendar.") from None
    if isinstance(at, date):
        return Window.of_day(at).start
    raise MarkError(
        f"{at!r} ({type(at).__name__}) is not a moment in time; give a date, a datetime, or text like {_VALID}."
    )


def moments_in(column: pa.Array) -> Iterator[Callable[[], Any]]:
    """The values of an Arrow column, each as a function that reads it: MarkError if it is outside the calendar.

    A moment with a zone is an instant, whatever the name of the zone.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind):
        first, step = (_NAIVE if kind.tz is None else EPOCH), _UNITS[kind.unit]
    elif pa.types.is_date64(kind):
        first, step = _NAIVE, _UNITS["ms"]
    elif pa.types.is_date32(kind):
        first, step = _NAIVE, 86_400 * _UNITS["s"]
    else:
        values = column.to_pylist()
        yield from (partial(values.__getitem__, at) for at in range(len(values)))
        return
    for number in column.cast(pa.int32() if pa.types.is_date32(kind) else pa.int64()).to_pylist():
        yield partial(_moment_at, first, number * step, is_day=pa.types.is_date(kind))


_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - for columns without a zone
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds."""


def _moment_at(first: datetime, nanoseconds: int, *, is_day: bool) -> date:
    try:
        moment = first + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        raise MarkError("it is a moment outside the calendar, which has the years 1 to 9999.") from None
    return moment.date() if is_day else moment


def zone_of(given: str | tzinfo | None) -> tzinfo | None:
    """A time zone, given by name or as an object. Raises MarkError."""
    if given is None or isinstance(given, tzinfo):
        return given
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise MarkError(f"{given!r} is not a time zone; write one like UTC or Europe/Berlin.") from None


def _of_text(text: str, now: datetime) -> datetime | date:
    for period, pattern in _PERIODS.items():
        if re.fullmatch(pattern, text, re.ASCII):
            raise MarkError(f"{text} is a whole {period}; a mark needs a day or an instant, like {_VALID}.")
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return parse_moment(text, now)
    except QueryError:  # its message would suggest periods, which are not valid here
        raise QueryError(f"{text[:60]!r} is not a moment in time; write one like {_VALID}.") from None
