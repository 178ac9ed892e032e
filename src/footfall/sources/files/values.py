"""Parsers for declared types: they return the value, or raise ValueError with the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from footfall.periods import ASKABLE, Grain, floor
from footfall.sources.files.settings import ISO, TimePart
from footfall.tables import ColumnType

Parser = Callable[[Any], Any]
"""A value of a file → the value of the declared type; raises ValueError if it is invalid."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}\.0+")
"""An integer as pandas writes it in a column with gaps; longer ones may have lost digits."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MOST = 2**63
_TEXT_SHOWN = 40


def shown(value: object) -> str:
    """A value for use in a sentence, truncated if it is long."""
    text = repr(value)
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"


def text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def integer_of(value: Any) -> int:
    """A 64-bit integer; a string of digits, or a number without a fraction."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = value.partition(".")[0]
    if (isinstance(value, str) and _INTEGER.fullmatch(value)) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")
    if not -_MOST <= value < _MOST:
        raise ValueError("too large for a whole number of 64 bits")
    return value


def number_of(value: Any) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return float(value)


def boolean_of(value: Any) -> bool:
    found = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("neither true nor false")
    return found


def moment_parser(part: TimePart, resolution: Grain | None = None) -> Parser:
    """Parses moments in the format that `part` declares, floored to `resolution`.

    For days, months and years the local date counts: midnight in New York starts the day of its date there.
    """
    zone = ZoneInfo(part.zone) if part.zone else None
    has_clock = any(directive in part.format for directive in ("%H", "%I", "%s")) or part.format == ISO

    def parse(value: Any) -> datetime:
        moment, is_date = _moment_of(value, part.format)
        if not ASKABLE.start.date() <= moment.date() < ASKABLE.end.date():
            raise ValueError(f"outside the years {ASKABLE.start.year} to {ASKABLE.end.year - 1}")
        if resolution not in (None, Grain.HOUR):
            assert resolution is not None
            return floor(resolution, moment.replace(tzinfo=UTC))
        if moment.tzinfo is None:
            if zone is None and has_clock and not is_date:
                raise ValueError('a moment without a time zone; say which with zone = "UTC" or another')
            moment = moment.replace(tzinfo=zone or UTC)
        moment = moment.astimezone(UTC)
        return moment if resolution is None else floor(resolution, moment)

    return parse


def _moment_of(value: Any, form: str) -> tuple[datetime, bool]:
    """A parsed moment, and whether it was only a date."""
    if isinstance(value, datetime):
        return value, False
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day), True  # noqa: DTZ001 - a date has no zone
    if not isinstance(value, str):
        raise ValueError("not a moment")
    if form == ISO:
        if not _ISO.fullmatch(value):
            raise ValueError("not a moment such as 2026-11-23T09:30:00Z")
        return datetime.fromisoformat(value), len(value) == len("2026-11-23")
    moment = datetime.strptime(value, form)  # noqa: DTZ007 - the caller sees to the zone
    # strptime also accepts 2024-3-8 for %Y-%m-%d, for example; only the exact format is accepted here.
    if "%z" not in form and "%f" not in form and moment.strftime(form) != value:
        raise ValueError(f"not written as {form} says")
    return moment, not any(directive in form for directive in ("%H", "%I", "%s"))


def parser_of(kind: ColumnType) -> Parser:
    """The parser for a declared type."""
    if kind == "timestamp":
        return moment_parser(TimePart(column="any", format=ISO, zone=""))
    parsers: dict[str, Parser] = {
        "string": text_of,
        "integer": integer_of,
        "number": number_of,
        "boolean": boolean_of,
    }
    return parsers[kind]
