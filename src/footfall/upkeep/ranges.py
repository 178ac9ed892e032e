"""Whether a metric leaves its usual range: a state that is updated day by day. Pure.

A day is checked against the same weekdays of the 26 weeks before it. It is out of range if it is further from their median
than `tolerance` usual deviations, and further than any of them. Only complete days count; those before a break
in the definition do not.

An alarm starts with a day out of range. While it lasts, days are checked against the time before it; it ends after
`CALM` days in a row within that range. After `NEW_LEVEL` days the new level is accepted:
the past then starts there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import expm1, log1p, sqrt
from statistics import median

from footfall.formats import number

PAST = timedelta(weeks=26)
FEWEST = 6
"""The minimum number of past weekdays; with fewer there is no alarm."""
CALM = 7
NEW_LEVEL = timedelta(days=42)
_OF_NORMAL = 1.4826
"""The ratio of the standard deviation of a normal distribution to its median absolute deviation."""
_LEAST = 0.1
"""The smallest deviation, as a fraction of the value."""
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True)
class RangeState:
    """The state after the days that were seen."""

    seen: date | None = None
    """The last day that was checked."""
    alarm: date | None = None
    """The first day out of range in the current alarm."""
    calm: int = 0
    """Days in a row within range, during an alarm."""
    level: date | None = None
    """The past starts here: the metric changed to a new level."""


@dataclass(frozen=True)
class Turn:
    """An alarm starts or ends."""

    day: date
    is_alarm: bool
    text: str


@dataclass(frozen=True)
class Band:
    """The past values on the same weekday, and how far from them is out of range."""

    least: float
    most: float
    low: float
    high: float
    count: int

    def is_left_by(self, value: float) -> bool:
        return (value < self.low and value < self.least) or (value > self.high and value > self.most)


def advance(days: Mapping[date, float], state: RangeState, tolerance: float) -> tuple[RangeState, list[Turn]]:
    """The state after the days that were not seen before, and the alarms that started or ended.

    The first time, only the last day is checked: the past raises no alarms.

    Example:
        >>> calm = {date(2026, 1, 1) + timedelta(days=n): 100.0 for n in range(70)}
        >>> advance(calm | {date(2026, 3, 12): 900.0}, RangeState(), 5)[1][0].text
        '900 on 2026-03-12; the 10 Thursdays before were 100 to 100'
    """
    if not days:
        return state, []
    turns = []
    fresh = sorted(day for day in days if state.seen is None or day > state.seen)
    for day in fresh if state.seen is not None else fresh[-1:]:
        state, turn = _step(day, days, replace(state, seen=day), tolerance)
        turns += [turn] if turn else []
    return state, turns


def _step(day: date, days: Mapping[date, float], state: RangeState, tolerance: float) -> tuple[RangeState, Turn | None]:
    until = state.alarm or day
    band = _band(_past(days, day, until, state.level), tolerance)
    value = days[day]
    is_out = band is not None and band.is_left_by(value)
    if state.alarm is None:
        if not is_out or band is None:
            return state, None
        return replace(state, alarm=day, calm=0), Turn(day, True, _said(day, value, band))
    calm = 0 if is_out else state.calm + 1
    if calm >= CALM:
        return replace(state, alarm=None, calm=0), Turn(day, False, f"back in its range, {number(value)} on {day}")
    if day - state.alarm >= NEW_LEVEL:
        text = f"it has been out of its range since {state.alarm}; the new level is {number(value)} on {day}"
        return RangeState(day, level=state.alarm), Turn(day, False, text)
    return replace(state, calm=calm), None


def _past(days: Mapping[date, float], day: date, until: date, level: date | None) -> list[float]:
    """The values of the same weekday in the weeks before `until`, not before `level`."""
    first = until - PAST if level is None else max(level, until - PAST)
    before = (day - timedelta(weeks=n) for n in range(1, (day - first).days // 7 + 1))
    return [days[each] for each in before if first <= each < until and each in days]


def _band(values: Sequence[float], tolerance: float) -> Band | None:
    if len(values) < FEWEST:
        return None
    low, high = _limits(values, tolerance)
    return Band(min(values), max(values), low, high, len(values))


def _limits(values: Sequence[float], tolerance: float) -> tuple[float, float]:
    """How far is out of range. Large counts vary in proportion (so use logarithms), small ones by their square root."""
    middle = median(values)
    width = tolerance * max(_deviation(values), sqrt(max(abs(middle), 1)), _LEAST * abs(middle))
    if min(values) < 0:
        return middle - width, middle + width
    logs = [log1p(value) for value in values]
    middle_log = median(logs)
    width_log = tolerance * max(_deviation(logs), 1 / sqrt(middle + 1), _LEAST)
    return expm1(middle_log - width_log), max(middle + width, expm1(min(middle_log + width_log, 700)))


def _deviation(values: Sequence[float]) -> float:
    middle = median(values)
    return _OF_NORMAL * median(abs(value - middle) for value in values)


def _said(day: date, value: float, band: Band) -> str:
    weekdays = f"the {band.count} {_WEEKDAYS[day.weekday()]} before were {number(band.least)} to {number(band.most)}"
    return f"{number(value)} on {day}; {weekdays}"
