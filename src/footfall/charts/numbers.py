"""The axis of numbers: in the metric's unit, from zero, to a round number; or logarithmic where that was asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from footfall.charts.look import HEIGHT, Look, alt
from footfall.charts.series import Point

if TYPE_CHECKING:
    from footfall.result import Result

_TICKS = 6
_Channel = TypeVar("_Channel", alt.X, alt.Y)


@dataclass(frozen=True)
class Scale:
    """The range of the axis and its length in pixels."""

    low: float
    high: float
    height: int
    is_log: bool = False

    def place(self, value: float) -> float:
        """The distance of a value from the top, in pixels."""
        if self.is_log:
            low, high = math.log10(self.low), math.log10(self.high)
            part = (math.log10(max(value, self.low)) - low) / ((high - low) or 1)
        else:
            part = (value - self.low) / ((self.high - self.low) or 1)
        return (1 - part) * self.height


def scale_of(points: Sequence[Point], look: Look, *, stacked: bool = False) -> Scale:
    """The axis that holds all values, compared values and ranges."""
    height = look.height or HEIGHT
    values = list(_values(points))
    if look.is_log:
        above = [value for value in values if value > 0] or [1.0]
        low = 10.0 ** math.floor(math.log10(min(above)))
        return Scale(low, max(_above(max(above)), 10 * low), height, True)
    highest = max(values, default=0.0)
    if stacked:
        highest = max(highest, *_sums(points))
    return Scale(*rounded(min(0.0, *values) if values else 0.0, max(highest, 0.0)), height)


def _values(points: Sequence[Point]) -> Iterable[float]:
    for point in points:
        yield from (v for v in (point.value, point.partial, point.previous, point.least, point.most) if v is not None)


def _sums(points: Sequence[Point]) -> list[float]:
    sums: dict[datetime, float] = {}
    for point in points:
        sums[point.period.start] = sums.get(point.period.start, 0.0) + (point.value or 0.0)
    return list(sums.values())


def _above(value: float) -> float:
    """The next 1, 2 or 5 with zeros: the end of a logarithmic axis."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def rounded(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis at round numbers, as d3-scale's `nice` finds them.

    >>> rounded(0, 13), rounded(0, 302), rounded(-3, 8)
    ((0, 14), (0, 350), (-4, 8))
    """
    if low == high:
        return low, low + 1
    for _ in range(10):
        step = _step(low, high)
        ends = math.floor(low / step) * step, math.ceil(high / step) * step
        if ends == (low, high):
            break
        low, high = ends
    return low, high


def _step(low: float, high: float) -> float:
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    error = raw / power
    return power * (10 if error >= 50**0.5 else 5 if error >= 10**0.5 else 2 if error >= 2**0.5 else 1)


def number_channel(
    channel: type[_Channel], field: str, points: Sequence[Point], result: Result, look: Look, *, stacked: bool = False
) -> _Channel:
    """The channel that shows values: in the metric's unit, and never cut off above zero unless it is logarithmic."""
    scale = scale_of(points, look, stacked=stacked)
    domain = [scale.low, scale.high]
    shape = alt.Scale(type="log", domain=domain) if scale.is_log else alt.Scale(zero=True, domain=domain)
    title = None if look.theme.is_bare else result.unit
    return channel(field, title=title, scale=shape, axis=_axis(points, scale))


def _axis(points: Sequence[Point], scale: Scale) -> alt.Axis:
    form = "~s" if scale.high >= 100_000 or scale.is_log else ",.0f" if scale.high >= 5 else ",.2~f"
    least = 1 if all(float(p.value or 0).is_integer() for p in points) and not scale.is_log else alt.Undefined
    more: dict[str, Any] = {"tickCount": 4} if scale.is_log else {"tickCount": _TICKS}
    if form == "~s":
        more["labelExpr"] = "datum.value === 0 ? '0' : datum.label"  # and not 0k
    return alt.Axis(format=form, tickMinStep=least, domain=False, ticks=False, **more)
