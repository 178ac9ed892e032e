"""Sparklines: a number's recent past as a small SVG, drawn without a renderer, 50 µs each.

They follow the rules of the large charts: the axis starts at zero, a gap is a gap, and what may still change is dashed.
Styles are presentation attributes, which a strict Content-Security-Policy allows. The colour is `currentColor`, so
that a stylesheet or a theme sets it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from footfall.charts.xml import escaped
from footfall.errors import QueryError

_MOST_POINTS = 400
_PAD = 3.0
"""Room for the dot and half a stroke, in pixels."""
_LINE = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"'

_Spot = tuple[float, float]


def sparkline(
    values: Sequence[float | None], width: int = 132, height: int = 30, *, open_ends: int = 0, label: str = ""
) -> str:
    """An SVG: a line over a base at zero, and a dot on the last known value.

    Args:
        values: Oldest first; None, or a number that is not finite, is a gap.
        width: In pixels, at least 20.
        height: In pixels, at least 10.
        open_ends: How many of the last values may still change; these are dashed.
        label: What a screen reader says; without one the picture is hidden from it, as the number stands next to it.

    Raises:
        QueryError: For a size that holds no line, or more than 400 values.

    Example:
        >>> sparkline([1, 2, None, 4], 60, 20)[:40]
        '<svg class="spark" viewBox="0 0 60 20" wi'
    """
    if width < 20 or height < 10:
        raise QueryError(f"a sparkline of {width} × {height} pixels holds no line; give at least 20 × 10.")
    if len(values) > _MOST_POINTS:
        raise QueryError(f"a sparkline of {len(values):,} values cannot be read; give at most {_MOST_POINTS}.")
    spots, base = _spots(values, width, height)
    last = max((n for n, spot in enumerate(spots) if spot), default=None)
    marks = [f'<path d="M0 {base:g}H{width}" stroke="currentColor" stroke-opacity="0.2" stroke-width="1"/>']
    marks += _strokes(spots, len(spots) - open_ends)
    if last is not None and (end := spots[last]):
        marks.append(f'<circle cx="{end[0]:g}" cy="{end[1]:g}" r="2.4" fill="currentColor"/>')
    named = f'role="img" aria-label="{escaped(label)}"' if label else 'aria-hidden="true"'
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg class="spark" {size} {named} xmlns="http://www.w3.org/2000/svg">{"".join(marks)}</svg>'


def _spots(values: Sequence[float | None], width: int, height: int) -> tuple[list[_Spot | None], float]:
    """Where each value stands, rounded to tenths, and the height of zero."""
    known = [float(value) if value is not None and math.isfinite(value) else None for value in values]
    largest = max((abs(value) for value in known if value is not None), default=0.0) or 1.0
    parts = [None if value is None else value / largest for value in known]
    # Divided first: the difference of two huge numbers would overflow.
    least, most = (pick([0.0, *(part for part in parts if part is not None)]) for pick in (min, max))
    step = (width - 2 * _PAD) / max(1, len(parts) - 1)

    def height_of(part: float) -> float:
        return round(height - _PAD - (part - least) / (most - least or 1.0) * (height - 2 * _PAD), 1)

    spots = [None if part is None else (round(_PAD + n * step, 1), height_of(part)) for n, part in enumerate(parts)]
    return spots, height_of(0.0)


def _strokes(spots: Sequence[_Spot | None], settled: int) -> Iterator[str]:
    """One line per run of neighbours, split where values may still change; a value between two gaps is a dot."""
    for is_known, run in groupby(range(len(spots)), key=lambda n: spots[n] is not None):
        indexes = list(run)
        if not is_known:
            continue
        firm = [n for n in indexes if n < settled]
        loose = [n for n in indexes if n >= settled]
        yield _line([spots[n] for n in firm], "")
        yield _line([spots[n] for n in [*firm[-1:], *loose] if loose], ' stroke-dasharray="2 2.5"')


def _line(spots: Sequence[_Spot | None], dashes: str) -> str:
    at = [spot for spot in spots if spot is not None]
    if len(at) == 1 and not dashes:
        return f'<circle cx="{at[0][0]:g}" cy="{at[0][1]:g}" r="1.2" fill="currentColor"/>'
    points = " ".join(f"{x:g},{y:g}" for x, y in at)
    return f'<polyline points="{points}" {_LINE}{dashes}/>' if len(at) > 1 else ""
