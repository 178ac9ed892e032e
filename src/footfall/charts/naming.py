"""Names at the ends of lines, in the lines' own colours: no legend to look up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, inline, milliseconds, time_axis
from footfall.charts.numbers import Scale
from footfall.charts.series import Point, is_rest

_MOST = 8
"""More names than this go into a legend."""
_LINE = 15.0
"""The distance between names, in pixels."""
_LIMIT = 170
NARROW = 480
"""Narrower drawings have no room for names at the side."""


def can_be_named(names: Sequence[str], look: Look) -> bool:
    """Whether there is room for a name at the end of each line."""
    return 2 <= len(names) <= _MOST and (look.width or WIDTH) >= NARROW


def legend_place(look: Look) -> dict[str, Any]:
    """Where a legend is: at the side, or below a narrow drawing."""
    is_narrow = (look.width or WIDTH) < NARROW
    return {"orient": "bottom", "columns": 2, "labelLimit": 130} if is_narrow else {"labelLimit": 260}


def end_together(points: Sequence[Point], names: Sequence[str]) -> bool:
    """Whether all groups have a value in the last known period, so that no name covers an area."""
    known = [p for p in points if p.value is not None]
    last = max((p.period.start for p in known), default=None)
    return {p.series for p in known if p.period.start == last} == set(names)


def names_at_ends(
    points: Sequence[Point],
    names: Sequence[str],
    scale: Scale,
    look: Look,
    height_of: Callable[[Point], float] = lambda point: point.value or 0.0,
) -> list[alt.Chart]:
    """Layers with the name of each line at its last known point; names of lines that end together are moved apart.

    Args:
        points: What is drawn.
        names: In the order of their colours.
        scale: The axis of numbers.
        look: Of the picture.
        height_of: Where on the axis of numbers a name stands; at the value by default.
    """
    width = look.width or WIDTH
    first, last = min(p.period.start for p in points), max(p.period.start for p in points)
    ends = {p.series: p for p in points if p.value is not None}
    spots: dict[str, tuple[float, float]] = {}
    for name, point in ends.items():
        x = width if last == first else (point.period.start - first) / (last - first) * width
        spots[name] = (x, scale.place(height_of(point)))
    at_the_end = {name: y for name, (x, y) in spots.items() if x > width - 60}
    height = look.height or HEIGHT
    lowest = height - 7  # a name there stays above the axis of time
    moved = _apart(at_the_end, lowest)
    inner = _apart_within({name: spot for name, spot in spots.items() if name not in moved}, lowest)
    data = [
        {
            "at": milliseconds(ends[name].period.start),
            "end_y": min({**inner, **moved}[name], lowest),
            "end_name": name,
            "colour": look.theme.rest if is_rest(name) else look.theme.series[n],
        }
        for n, name in enumerate(names)
        if name in spots
    ]
    outside = [row for row in data if row["end_name"] in moved]
    inside = [row for row in data if row["end_name"] not in moved]
    return [_texts(rows, x, look) for rows, x in ((outside, alt.value("width")), (inside, time_axis(points))) if rows]


def _apart_within(spots: dict[str, tuple[float, float]], lowest: float) -> dict[str, float]:
    """Heights of names inside the plot: those that end near each other in time are moved apart."""
    moved: dict[str, float] = {}
    near: dict[str, float] = {}
    last = -math.inf
    for name in sorted(spots, key=lambda name: spots[name]):
        if spots[name][0] > last + _LIMIT:
            moved |= _apart(near, lowest)
            near = {}
        last = spots[name][0]
        near[name] = spots[name][1]
    return moved | _apart(near, lowest)


def _texts(rows: list[dict[str, Any]], x: Any, look: Look) -> alt.Chart:
    texts: alt.Chart = alt.Chart(inline(rows)).mark_text(
        align="left", baseline="middle", dx=8, fontSize=12, fontWeight=600, limit=_LIMIT, clip=False
    )
    return texts.encode(
        x=x,
        y=alt.Y("end_y:Q", scale=None, axis=None),
        text="end_name:N",
        color=alt.Color("colour:N", scale=None, legend=None),
    )


def _apart(places: dict[str, float], height: float) -> dict[str, float]:
    """The same heights, at least one line apart and within the plot if they fit."""
    order = sorted(places, key=lambda name: places[name])
    moved: list[float] = []
    for name in order:
        moved.append(max(places[name], moved[-1] + _LINE) if moved else places[name])
    over = (moved[-1] - height) if moved else 0.0
    if over > 0:
        for n in range(len(moved) - 1, -1, -1):
            limit = height if n == len(moved) - 1 else moved[n + 1] - _LINE
            moved[n] = min(moved[n], limit)
    return dict(zip(order, moved, strict=True))
