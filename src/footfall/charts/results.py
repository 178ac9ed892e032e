"""Result → chart, as Vega-Lite through Altair.

A chart never draws a drop to zero where nothing was collected, never starts a linear axis above zero, never shows a
provisional value like a settled one, and never adds values that do not add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, finished, inline, inset, milliseconds, time_axis
from footfall.charts.naming import can_be_named, end_together, legend_place, names_at_ends
from footfall.charts.numbers import number_channel, scale_of
from footfall.charts.ranges import range_bars, range_marks
from footfall.charts.series import (
    Point,
    apart,
    is_rest,
    lives,
    lone_points,
    points_of,
    positive,
    series_by_size,
    stack,
    strokes,
)
from footfall.charts.surroundings import surroundings
from footfall.errors import QueryError
from footfall.formats import number
from footfall.metrics import Kind
from footfall.periods import Grain
from footfall.states import State

if TYPE_CHECKING:
    from footfall.result import Result

_MOST_BARS = 60
_ADDED = (Kind.SUM, Kind.DISTINCT, Kind.COUNTER)
"""Kinds whose value is smaller when part of a period is missing."""
_SERIES = "series"
_PALE = 0.5


def draw(result: Result, look: Look, *, stacked: bool = False, log: bool = False) -> alt.LayerChart | alt.VConcatChart:
    """The chart that suits the question: bars where there is no time, else columns, lines or, stacked, areas.

    With `log` the axis of numbers of lines is logarithmic, which has no zero.
    """
    look = replace(look, is_log=log)
    if len(result.metrics) > 1:
        from footfall.charts.panels import panels

        return panels(result, look, stacked=stacked)
    check_quantity(result, stacked, log)
    drawn, points = drawn_of(result, look, stacked)
    return _with_title(drawn, result, points, look)


def drawn_of(result: Result, look: Look, stacked: bool) -> tuple[alt.LayerChart, list[Point]]:
    """The marks of one metric, without title and legend."""
    points = points_of(result)
    if result.query.grain is Grain.TOTAL:
        return _bars(points, result, look), points
    points = lives(points, result.query.rolling or 1) or points  # an empty chart has its time all the same
    names = series_by_size(points)
    if len(names) > (most := len(look.theme.series)):
        raise QueryError(
            f"{len(names)} lines are too many to distinguish; a chart has at most {most}: add `--top 8`, or `--where` to choose."
        )
    if _is_coarse(points) and (stacked or len(names) == 1) and not look.is_log:
        _, above = surroundings(points, result, look, "left")
        return alt.LayerChart(layer=[*_columns(points, names, result, look), *above]), points
    if result.metric.kind in _ADDED and not result.query.cumulative:
        points = apart(points)
    below, above = surroundings(points, result, look)
    layers = [*below, *(_areas if stacked else _lines)(points, names, result, look), *above]
    return alt.LayerChart(layer=layers, width=look.width or WIDTH, height=look.height or HEIGHT), points


def check_quantity(result: Result, stacked: bool, log: bool = False) -> None:
    metric = result.metric
    if metric.kind is Kind.LATEST:
        raise QueryError(
            f"{metric.name} is a point in time, not a quantity: query it with `footfall query {metric.name}`."
        )
    if stacked and log:
        raise QueryError("a stacked chart needs an axis that starts at zero: leave out stacked, or log.")
    if stacked and (metric.kind in (Kind.DISTINCT, Kind.REPORTED) or result.overlaps.get(metric.name)):
        raise QueryError(
            f"{metric.name} cannot be stacked: anything counted in two groups would be added twice; leave out --stacked."
        )
    if stacked and not result.query.by:
        raise QueryError("there is nothing to stack: add `--by` with a dimension.")


# --- reading the result


def _is_coarse(points: Sequence[Point]) -> bool:
    """Few long periods are columns; many short ones are a line, and at most two points are columns."""
    periods = {p.period for p in points}
    return len(periods) <= 2 or (
        len(periods) <= 60 and next(iter(periods)).grain in (Grain.WEEK, Grain.MONTH, Grain.YEAR)
    )


# --- marks


def _bars(points: Sequence[Point], result: Result, look: Look) -> alt.LayerChart:
    """One bar per group, longest on top, with its value; a tick marks the earlier value of a comparison."""
    if len(points) > _MOST_BARS:
        raise QueryError(f"{len(points)} bars are too many for a chart; it has at most {_MOST_BARS}: add `--top 20`.")
    order = sorted(points, key=lambda p: (is_rest(p.series), -(p.value or 0.0)))
    lowest = scale_of(points, look).low
    data = [
        _datum(
            p,
            text=_beside_bar(p),
            previous=p.previous,
            is_rest=is_rest(p.series),
            is_settled=p.is_settled,
            value=p.value or (None if look.is_log else 0.0),
            text_at=p.value or p.most or p.least or lowest,
        )
        for p in order
    ]
    chart = alt.Chart(inline(data), width=look.width or WIDTH - 160, height=look.height or {"step": 24})
    label = " · ".join(result.query.by)
    y = alt.Y(
        f"{_SERIES}:N",
        sort=[p.series for p in order],
        title=None,
        axis=alt.Axis(labelLimit=320, ticks=False, domain=False, labels=bool(label)),
    )
    x = number_channel(alt.X, "value:Q", points, result, look)
    # A logarithmic axis has no zero for a bar to start at, and its length would mean nothing.
    marks = chart.mark_circle(size=110) if look.is_log else chart.mark_bar(size=16)
    bars = marks.encode(
        x=x,
        y=y,
        color=alt.condition("datum.is_rest", alt.value(look.theme.rest), alt.value(look.theme.series[0])),
        opacity=alt.condition("datum.is_settled", alt.value(1.0), alt.value(_PALE)),
        tooltip=_tooltips(result),
    )
    values = chart.mark_text(align="left", dx=10 if look.is_log else 5, color=look.theme.text).encode(
        x=alt.X("text_at:Q"), y=y, text="text:N"
    )
    layers = [bars, values, *range_bars(points, y, look)]
    if any(p.previous is not None for p in points):
        layers.insert(1, chart.mark_tick(color=look.theme.title, thickness=2, size=22).encode(x="previous:Q", y=y))
    return alt.LayerChart(layer=layers)


def _beside_bar(point: Point) -> str:
    """The text of a bar: its value, or what is known about it."""
    if point.value is not None:
        return number(point.value) + ("" if point.is_settled else " *")
    if point.least is None:
        return "not over" if point.state is State.NOT_OVER else "not collected"
    return f"{number(point.least)}+" if point.most is None else f"{number(point.least)}…{number(point.most)}"


def _columns(points: Sequence[Point], names: Sequence[str], result: Result, look: Look) -> list[alt.Chart]:
    """One column per period, nearly as wide as the period, its groups stacked."""
    data = [
        _datum(p, low=low, high=high, is_settled=p.is_settled, previous=p.previous, left=left, right=right)
        for p, low, high in stack(points, names)
        for left, right in [inset(p.period)]
    ]
    width = look.width or min(WIDTH, max(320, 80 * len({p.period for p in points})))
    chart = alt.Chart(inline(data), width=width, height=look.height or HEIGHT)
    columns = chart.mark_bar().encode(
        x=time_axis(points, "left"),
        x2="right:T",
        y=number_channel(alt.Y, "low:Q", points, result, look, stacked=True),
        y2="high:Q",
        color=_colour(names, look, is_stacked=True),
        opacity=alt.condition("datum.is_settled", alt.value(1.0), alt.value(_PALE)),
        tooltip=_tooltips(result),
    )
    layers = [columns]
    if len(names) == 1 and any(p.previous is not None for p in points):
        layers.append(
            chart.mark_rule(color=look.theme.title, strokeWidth=2).encode(
                x=time_axis(points, "left"), x2="right:T", y="previous:Q"
            )
        )
    y = number_channel(alt.Y, "low:Q", points, result, look, stacked=True)
    layers += range_marks(points, names, y, look, is_wide=True) if len(names) == 1 else []
    return layers


def _datum(point: Point, **more: Any) -> dict[str, Any]:
    return {
        "at": milliseconds(point.period.start),
        "period": point.period.label,
        _SERIES: point.series,
        "value": point.value,
        "coverage": point.coverage,
        "state": point.state.label,
        **more,
    }


def _lines(points: Sequence[Point], names: Sequence[str], result: Result, look: Look) -> list[alt.Chart]:
    """One line per group, broken at gaps, dashed where a value may still change or is not whole."""
    shown = positive(points) if look.is_log else points
    data = [
        _datum(point, stroke=stroke, is_settled=is_settled)
        for stroke, is_settled, stretch in strokes(shown)
        for point in stretch
    ]
    chart = alt.Chart(inline(data), width=look.width or WIDTH, height=look.height or HEIGHT)
    is_named = can_be_named(names, look)
    y = number_channel(alt.Y, "value:Q", points, result, look)
    lines = chart.mark_line(strokeWidth=2, strokeJoin="round", clip=True).encode(
        x=time_axis(points),
        y=y,
        color=_colour(names, look, "stroke", is_named=is_named),
        detail="stroke:N",
        strokeDash=alt.condition("datum.is_settled", alt.value([1, 0]), alt.value([4, 3])),
        tooltip=_tooltips(result),
    )
    layers = [*_previous_line(points, names, y, look), lines]
    alone = [_datum(p) for p in lone_points(shown)]
    if alone or _is_coarse(points):
        dots = alone + (data if _is_coarse(points) else [])
        layers.append(
            alt.Chart(inline(dots))
            .mark_circle(size=36, opacity=1)
            .encode(
                x=time_axis(points),
                y=y,
                color=_colour(names, look, "stroke", is_named=is_named),
                tooltip=_tooltips(result),
            )
        )
    if partial := [_datum(replace(p, value=p.partial)) for p in shown if p.partial is not None]:
        pale = alt.Chart(inline(partial)).mark_circle(size=36, opacity=_PALE)
        colour = _colour(names, look, "stroke", is_named=is_named)
        layers.append(pale.encode(x=time_axis(points), y=y, color=colour, tooltip=_tooltips(result)))
    layers += range_marks(points, names, y, look)
    layers += names_at_ends(shown, names, scale_of(points, look), look) if is_named else []
    return layers


def _previous_line(points: Sequence[Point], names: Sequence[str], y: alt.Y, look: Look) -> list[alt.Chart]:
    """The earlier values, in grey behind the line; only for a single line."""
    if len(names) > 1 or all(p.previous is None for p in points):
        return []
    data = [{"at": milliseconds(p.period.start), "value": p.previous} for p in points]
    before = alt.Chart(inline(data), width=look.width or WIDTH, height=look.height or HEIGHT)
    return [before.mark_line(strokeWidth=1.5, color=look.theme.before).encode(x=time_axis(points), y=y)]


def _areas(points: Sequence[Point], names: Sequence[str], result: Result, look: Look) -> list[alt.Chart]:
    """Areas on top of each other, broken at gaps, lighter where a value may still change or is not whole."""
    edges = {(p.series, p.period): (low, high) for p, low, high in stack(points, names)}
    data = [
        _datum(point, stroke=stroke, is_settled=is_settled, low=edges[key][0], high=edges[key][1])
        for stroke, is_settled, stretch in strokes(points)
        for point in stretch
        if (key := (point.series, point.period)) in edges
    ]
    is_named = can_be_named(names, look) and end_together(points, names)
    chart = alt.Chart(inline(data), width=look.width or WIDTH, height=look.height or HEIGHT)
    areas = chart.mark_area(line=False).encode(
        x=time_axis(points),
        y=number_channel(alt.Y, "low:Q", points, result, look, stacked=True),
        y2="high:Q",
        color=_colour(names, look, is_named=is_named, is_stacked=True),
        detail="stroke:N",
        opacity=alt.condition("datum.is_settled", alt.value(0.92), alt.value(_PALE)),
        tooltip=_tooltips(result),
    )
    alone = [
        _datum(p, low=edges[p.series, p.period][0], high=edges[p.series, p.period][1]) for p in lone_points(points)
    ]
    layers = [areas]
    if alone:
        slivers = alt.Chart(inline(alone)).mark_bar(width=3)
        colour = _colour(names, look, is_named=is_named, is_stacked=True)
        layers.append(slivers.encode(x=time_axis(points), y="low:Q", y2="high:Q", color=colour))
    if is_named:
        middles = {key: (low + high) / 2 for key, (low, high) in edges.items()}
        scale = scale_of(points, look, stacked=True)
        layers += names_at_ends(points, names, scale, look, lambda point: middles[point.series, point.period])
    return layers


# --- colours, words


def _colour(
    names: Sequence[str], look: Look, symbol: str = "square", *, is_named: bool = False, is_stacked: bool = False
) -> Any:
    """A colour per group, grey for the rest. No legend for a single line, nor where lines have names at their ends.

    The first group of a stack is at the bottom, so its legend is read from the bottom up.
    """
    colours = [look.theme.rest if is_rest(name) else look.theme.series[n] for n, name in enumerate(names)]
    width = 3 if symbol == "stroke" else 0
    place = legend_place(look)
    if is_stacked and "orient" not in place:
        place["values"] = list(reversed(names))
    legend = (
        alt.Legend(title=None, symbolType=symbol, symbolStrokeWidth=width, symbolOpacity=1, **place)
        if len(names) > 1 and not is_named
        else None
    )
    return alt.Color(f"{_SERIES}:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend)


def _tooltips(result: Result) -> list[Any]:
    group = [alt.Tooltip(f"{_SERIES}:N", title=" · ".join(result.query.by))] if result.query.by else []
    return [
        alt.Tooltip("period:N"),
        *group,
        alt.Tooltip("value:Q", title=result.metric.unit, format=",.4~r"),
        alt.Tooltip("coverage:Q", title="collected", format=".0%"),
        alt.Tooltip("state:N"),
    ]


def _with_title(drawn: alt.LayerChart, result: Result, points: Sequence[Point], look: Look) -> alt.LayerChart:
    """Add the title, the remarks and the look."""
    width = next((part.width for part in (drawn, *drawn.layer) if isinstance(part.width, int)), WIDTH)
    what = [result.span, *legend_of_marks(drawn, result, points)]
    remarks = [what, *([note] for note in (*result.notes, *result.chosen))]
    return finished(drawn, result.title, remarks, look, width)


_UNSETTLED = {
    State.PROVISIONAL: "provisional",
    State.NOT_OVER: "not over",
    State.LOST: "partly collected",
    State.KNOWN_WRONG: "known to be wrong",
}


def _why_unsettled(points: Sequence[Point]) -> str:
    """Why some values are not final; only reasons that apply."""
    states = {p.state for p in points if p.value is not None and not p.is_settled}
    words = [words for state, words in _UNSETTLED.items() if state in states]
    return " or ".join(words) or "provisional"


def legend_of_marks(drawn: alt.LayerChart, result: Result, points: Sequence[Point]) -> list[str]:
    """What dashes, pale colours and gaps mean, if there are any."""
    is_lines = any(getattr(layer.mark, "type", "") == "line" for layer in drawn.layer)
    has_time = result.query.grain is not Grain.TOTAL
    said = []
    if any(p.value is not None and not p.is_settled for p in points):
        said.append(f"{'dashed' if is_lines else 'pale'}: {_why_unsettled(points)}")
    if any(p.value is None and p.least is not None for p in points):
        said.append("bar: between its ends" if any(p.most is not None for p in points) else "")
        said.append("triangle: at least this" if any(p.least is not None and p.most is None for p in points) else "")
    if is_lines and any(p.partial is not None for p in points):
        said.append("pale dot: partly collected")
    gaps = {p.state for p in points if p.value is None and p.least is None and p.partial is None}
    if has_time and gaps:
        what = "not over" if gaps == {State.NOT_OVER} else "not collected"
        said.append(f"gap: {what}" + (", or too little data for a mean" if result.query.rolling else ""))
    if len(drawn.layer) > 1 and any(p.previous is not None for p in points):
        said.append(f"{'grey line' if is_lines else 'line across'}: {result.compared_with}")
    return [part for part in said if part]
