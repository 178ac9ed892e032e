"""A result as series of points: what is known, where the gaps are, what may still change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import isclose
from typing import TYPE_CHECKING, Any

from footfall.errors import QueryError
from footfall.formats import OTHERS
from footfall.periods import Period
from footfall.states import State

if TYPE_CHECKING:
    from footfall.result import Result


@dataclass(frozen=True)
class Point:
    """One value to draw; None is a gap."""

    period: Period
    series: str
    value: float | None
    previous: float | None
    is_settled: bool
    """Completely collected, and no longer revised by its source."""
    coverage: float
    state: State
    least: float | None = None
    most: float | None = None
    """The bounds of a reported count that is not known exactly; without `most` there is no upper bound."""
    partial: float | None = None
    """The sum of the part that was collected, where so much is missing that a line through it would show a fall."""


def points_of(result: Result) -> list[Point]:
    """The rows as points, ordered by series and time."""
    name = result.metric.name
    previous = f"{name}_previous"
    points = []
    for row in result.rows.to_pylist():
        value, coverage = row[name], row["coverage"]
        is_known = value is not None and coverage > 0
        points.append(
            Point(
                period=result.period_of(row["period"]),
                series=" · ".join(result.label(d, row[d]) for d in result.query.by),
                value=float(value) if is_known else None,
                previous=None if row.get(previous) is None else _drawn_beside(row, value, float(row[previous])),
                is_settled=coverage >= 1 and not row["is_provisional"],
                coverage=coverage,
                state=State(row["state"]),
                least=None if value is not None else row.get(f"{name}_least"),
                most=None if value is not None else row.get(f"{name}_most"),
            )
        )
    if not any(point.value is not None or point.least is not None for point in points):
        if not points:
            raise QueryError(f"there is nothing to draw: {' '.join(result.notes) or 'no rows match.'}")
        raise QueryError(f"there is nothing to draw: {name} has no value in {result.span}.")
    return sorted(points, key=lambda p: (p.series, p.period.start))


def _drawn_beside(row: Mapping[str, Any], value: float | None, previous: float) -> float | None:
    """The earlier value, if all of it is compared: next to a partial value it would look like a change."""
    change = row["change"]
    return previous if value is not None and change is not None and isclose(value, previous + change) else None


def series_by_size(points: Sequence[Point]) -> list[str]:
    """Largest first; the group of all others comes last."""
    sizes: dict[str, float] = {}
    for point in points:
        sizes[point.series] = sizes.get(point.series, 0.0) + (point.value or 0.0)
    return sorted(sizes, key=lambda name: (is_rest(name), -sizes[name], name))


_SHORT = 3
"""A run of at most this many zeros does not show that a group is absent."""


def lives(points: Sequence[Point], rolling: int = 1) -> list[Point]:
    """The points of each group from its first value to its last: outside of that it is absent, not zero.

    A group starts late if more zeros come before its first value than stand anywhere between its values; it ends early
    by the same rule. A single group is the whole, which never starts late.

    Args:
        points: Ordered by series and time.
        rolling: How many periods a mean covers. A mean that reaches past the start or end of its group is left out.
    """
    groups = {name: list(together) for name, together in groupby(points, key=lambda p: p.series)}
    if len(groups) < 2:
        return list(points)
    return [point for group in groups.values() for point in _life(group, rolling)]


def _life(group: list[Point], rolling: int) -> list[Point]:
    at = [n for n, point in enumerate(group) if point.value]
    if not at:
        return group
    between = max((b - a - 1 for a, b in pairwise(at)), default=0)
    least = max(between, _SHORT)
    is_late = at[0] > least and _all_zero(group[: at[0]])
    start = at[0] + rolling - 1 if is_late else 0
    after = group[at[-1] + 1 :]
    is_early = len(after) > least and _all_zero(after)
    end = at[-1] + 2 - rolling if is_early else len(group)
    return group[start:end]


def _all_zero(points: Sequence[Point]) -> bool:
    return all(point.value in (0, None) for point in points)


def positive(points: Sequence[Point]) -> list[Point]:
    """The same with a gap wherever a logarithm has no value."""
    return [replace(point, value=None) if point.value is not None and point.value <= 0 else point for point in points]


_MOSTLY = 0.9
"""A sum of at least this part of its period is close enough to the whole to be joined by a dashed line."""


def apart(points: Sequence[Point]) -> list[Point]:
    """The same with a gap where a sum covers only part of its period: a line through it would show a fall."""
    return [
        replace(point, value=None, partial=point.value)
        if point.value is not None and point.state is State.LOST and point.coverage < _MOSTLY
        else point
        for point in points
    ]


def ranges(points: Sequence[Point]) -> list[Point]:
    """The points of which only a range is known."""
    return [point for point in points if point.least is not None]


def is_rest(series: str) -> bool:
    return series.split(" · ")[0] in OTHERS


def stack(points: Sequence[Point], names: Sequence[str]) -> Iterator[tuple[Point, float, float]]:
    """Each known point with its lower and upper edge; the largest group lies at the bottom.

    Vega-Lite's own stacking would fill gaps with zeros.
    """
    rank = {name: n for n, name in enumerate(names)}
    by_time = sorted(points, key=lambda p: (p.period.start, rank[p.series]))
    for _, together in groupby(by_time, key=lambda p: p.period.start):
        low = 0.0
        for point in together:
            if point.value is not None:
                yield point, low, low + point.value
                low += point.value


def runs(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Neighbouring known points of one group."""
    for _, series in groupby(points, key=lambda p: p.series):
        for is_known, run in groupby(series, key=lambda p: p.value is not None):
            if is_known:
                yield list(run)


def strokes(points: Sequence[Point]) -> Iterator[tuple[str, bool, list[Point]]]:
    """Each run, split where settled values become unsettled; both pieces share the point in between."""
    number = 0
    for run in runs(points):
        links = [(a.is_settled and b.is_settled, a, b) for a, b in pairwise(run)]
        for is_settled, group in groupby(links, key=lambda link: link[0]):
            pieces = list(group)
            number += 1
            yield f"{number}", is_settled, [pieces[0][1], *(b for _, _, b in pieces)]


def lone_points(points: Sequence[Point]) -> list[Point]:
    """Known points between two gaps: no line would show them."""
    return [run[0] for run in runs(points) if len(run) == 1]
