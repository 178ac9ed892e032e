"""Ranges: the bounds of a reported count that is not known exactly. A gap would mean that nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from footfall.charts.look import Look, alt, inline, milliseconds
from footfall.charts.series import Point, is_rest, ranges

_FAINT = 0.7


def range_marks(
    points: Sequence[Point], names: Sequence[str], y: alt.Y, look: Look, *, is_wide: bool = False
) -> list[Any]:
    """Over time: a bar between least and most; a triangle where only the least is known.

    `y` is the channel of the layers below; with `is_wide` a period is a column, and the mark stands in its middle.
    """
    channel: Any = y.to_dict()
    field = str(channel["field"])
    data = [
        {
            "at": _place(point, is_wide),
            "period": point.period.label,
            field: point.least,
            "most": point.most,
            "colour": _colour(point, names, look),
            "range": words_of(point),
        }
        for point in ranges(points)
    ]
    return _layers(data, look, alt.X("at:T"), y, alt.Y2("most:Q"), shape="triangle-up") if data else []


def range_bars(points: Sequence[Point], y: alt.Y, look: Look) -> list[Any]:
    """Without time: the same, horizontal."""
    data = [
        {
            "series": point.series,
            "value": point.least,
            "most": point.most,
            "colour": look.theme.rest if is_rest(point.series) else look.theme.series[0],
            "range": words_of(point),
        }
        for point in ranges(points)
    ]
    return _layers(data, look, alt.X("value:Q"), y, alt.X2("most:Q"), shape="triangle-right") if data else []


def words_of(point: Point) -> str:
    """3…10, or at least 3."""
    return f"at least {point.least:,}" if point.most is None else f"{point.least:,}…{point.most:,}"


def _layers(data: list[dict[str, Any]], look: Look, x: alt.X, y: alt.Y, end: alt.Y2 | alt.X2, shape: str) -> list[Any]:
    colour = alt.Color("colour:N", scale=None, legend=None)
    tooltips = [alt.Tooltip("period:N")] if "period" in data[0] else [alt.Tooltip("series:N")]
    shown: dict[str, Any] = {"x": x, "y": y, "color": colour, "tooltip": [*tooltips, alt.Tooltip("range:N")]}
    bounded = [row for row in data if row["most"] is not None]
    layers: list[Any] = []
    if bounded:
        other = "y2" if isinstance(end, alt.Y2) else "x2"
        bars = alt.Chart(inline(bounded)).mark_rule(strokeWidth=4, opacity=_FAINT, strokeCap="round")
        layers.append(bars.encode(**shown, **{other: end}))
    if len(bounded) < len(data):
        rest = [row for row in data if row["most"] is None]
        marks = alt.Chart(inline(rest)).mark_point(shape=shape, filled=True, size=60, opacity=1)
        layers.append(marks.encode(**shown))
    return layers


def _place(point: Point, is_wide: bool) -> int:
    start, end = milliseconds(point.period.start), milliseconds(point.period.end)
    return (start + end) // 2 if is_wide else start


def _colour(point: Point, names: Sequence[str], look: Look) -> str:
    return look.theme.rest if is_rest(point.series) else look.theme.series[list(names).index(point.series)]
