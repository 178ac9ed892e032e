"""Formatting of numbers, dates, spans, sizes and lists, the same in terminals, charts and notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import floor
from typing import Any

from footfall.periods import ALL_TIME, Window, in_utc

GAP = "–"
"""Stands where there is no value."""
OTHERS = ("other", "(other)")
"""The name of the row into which `top` folds the rest."""


def number(value: float, decimals: int | None = None) -> str:
    """With thousands separators; whole numbers without decimals, others with as many as their size deserves."""
    if decimals is None:
        decimals = 0 if float(value).is_integer() else decimals_for(abs(value))
    return f"{value:,.{decimals}f}"


def decimals_for(largest: float) -> int:
    """How many decimals tell values of this size apart without pretending precision."""
    return 0 if largest >= 10_000 else 1 if largest >= 100 else 2


def compact(value: float) -> str:
    """A number where there is little room, with three digits: 987, 14.4k, 1.02M.

    >>> [compact(value) for value in (0, 987, 14_358, 999_950, 1_024_000)]
    ['0', '987', '14.4k', '1M', '1.02M']
    """
    if abs(value) < 1000:
        return number(value) if float(value).is_integer() else f"{value:.3g}"
    for unit in ("k", "M", "G", "T"):
        value /= 1000
        if abs(float(f"{value:.3g}")) < 1000 or unit == "T":
            break
    return f"{value:,.0f}{unit}" if abs(value) >= 999.5 else f"{value:.3g}{unit}"


def percent(value: float | None, decimals: int = 1) -> str:
    """12.3; a small share never rounds to nothing, and a missing one is a dash."""
    if value is None:
        return GAP
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if 0 < value < least / 2 else f"{value:.{decimals}f}"


def share_of(part: float) -> str:
    """A part of a whole in percent: one that is not whole never rounds to 100 %, one that is not nothing never to 0 %."""
    if part <= 0 or part >= 1:
        return "0 %" if part <= 0 else "100 %"
    return f"{min(99, max(1, floor(part * 100)))} %"


def counted(count: int, one: str, many: str = "") -> str:
    """1 day, 2 days."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


_SINGULARS = ((re.compile(r"ies$"), "y"), (re.compile(r"(?<=ch|sh|ss)es$"), ""), (re.compile(r"(?<=[a-rt-z])s$"), ""))
_NO_PLURAL = re.compile(r"(^|\W)\w{1,3}$|[^a-z]$|[iu]s$")
"""Ends of units that are not plurals: ms, °C, Celsius."""


def unit_of(value: object, unit: str) -> str:
    """A unit as it stands beside a value: one commit, two commits.

    >>> [unit_of(1, unit) for unit in ("commits", "repositories", "launches", "ms")]
    ['commit', 'repository', 'launch', 'ms']
    """
    if value != 1 or _NO_PLURAL.search(unit):
        return unit
    return next((end.sub(instead, unit) for end, instead in _SINGULARS if end.search(unit)), unit)


def listed(names: Iterable[Any]) -> str:
    """a, b and c."""
    *head, last = [str(n) for n in names]
    return f"{', '.join(head)} and {last}" if head else last


# --- time


def days_of(window: Window) -> str:
    """A half-open window for display: from its first to its last day."""
    if window == ALL_TIME:
        return "all time"
    if _is_midnight(window.start) and _is_midnight(window.end):
        first, last = window.start.date(), (window.end - timedelta(days=1)).date()
        return f"{first}" if first == last else f"{first} to {last}"
    return f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}"


def moment_of(moment: datetime) -> str:
    """2026-11-23 09:30 UTC."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M} UTC"


def instant_of(moment: datetime) -> str:
    """2026-11-23T09:30:00Z, as files and programs write it; microseconds only where there are any."""
    moment = in_utc(moment)
    part = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{part}Z"


def length_of(seconds: float) -> str:
    """A stretch of time for display: 4.2 s, 3 min 20 s, 2 h 05 min, 8 days."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    is_days = hours >= 48 or (hours == 24 and minutes == 0)
    return counted(round(hours / 24), "day") if is_days else f"{hours} h {minutes:02d} min"


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


# --- bytes


def size_of(count: float) -> str:
    """Bytes for display: 691 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
