"""Funnels, stickiness and growth → charts, in the same look and with the same honesty as all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from footfall import wording
from footfall.charts.look import COLOURS, Theme, alt, dressed, inset, milliseconds, theme_of, time_axis, wrapped
from footfall.errors import QueryError
from footfall.retention.spans import why_not_whole

if TYPE_CHECKING:
    from footfall.retention.funnels import Funnel
    from footfall.retention.growth import Growth
    from footfall.retention.stickiness import Stickiness, StickinessRow

_WIDTH, _HEIGHT = 760, 340
_GROUPS = {"returning": COLOURS[0], "new": COLOURS[5], "resurrected": COLOURS[2], "dormant": COLOURS[3]}
"""From the axis upwards, then what hangs below it."""
_FAINT = 0.45
_FEW = 8


def funnel_chart(funnel: Funnel, *, theme: str = "light", title: str | None = None) -> alt.LayerChart:
    """A bar a step, in its order; beside it how many, of the first step, and of the step before."""
    look, first = theme_of(theme), funnel.steps[0].actors
    span = wording.span_of_funnel(funnel)
    if not first:
        raise QueryError(f"there is nothing to draw: nobody did {funnel.steps[0].event}, {span}.")
    data = [
        {
            "step": f"{n}. {s.event}",
            "actors": s.actors,
            "whole": first,
            "text": _step(n, s.actors, s.of_first, s.of_previous),
        }
        for n, s in enumerate(funnel.steps, 1)
    ]
    chart = alt.Chart(alt.InlineData(values=data), width=_WIDTH - 240, height={"step": 38})
    y = alt.Y(
        "step:N", sort=None, title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False, labelFontSize=12)
    )
    scale = alt.Scale(zero=True, nice=False, domain=[0, first])
    x = alt.X("actors:Q", title=None, scale=scale, axis=None)
    opacity = alt.value(_FAINT + 0.15 if funnel.is_provisional else 1.0)
    layers = [
        chart.mark_bar(size=24, color=look.grid).encode(x=alt.X("whole:Q", scale=scale, axis=None, title=None), y=y),
        chart.mark_bar(size=24, color=COLOURS[0]).encode(x=x, y=y, opacity=opacity),
        chart.mark_text(align="left", dx=8, color=look.text, fontSize=11.5).encode(
            x=alt.X("whole:Q"), y=y, text="text:N"
        ),
    ]
    told = [
        funnel.description.removesuffix("."),
        *([f"faint: {wording.why_open(funnel)}"] if funnel.is_provisional else []),
    ]
    return _titled(
        alt.LayerChart(layer=layers), title or wording.title_of_funnel(funnel), [[span, *funnel.told], told], look
    )


def _step(n: int, actors: int, of_first: float | None, of_previous: float | None) -> str:
    if n == 1:
        return wording.number(actors)
    previous = f" · {wording.percent(of_previous)} % of step {n - 1}" if n > 2 else ""
    return f"{wording.number(actors)} · {wording.percent(of_first)} % of step 1{previous}"


def stickiness_chart(stickiness: Stickiness, *, theme: str = "light", title: str | None = None) -> alt.LayerChart:
    """DAU / MAU and WAU / MAU as lines, broken where nobody was active, dashed where a period is not over."""
    look, names = theme_of(theme), ("DAU / MAU", "WAU / MAU")
    data = [datum for n, name in enumerate(names) for datum in _ratios(stickiness, name, n)]
    if not data:
        raise QueryError(
            f"there is nothing to draw: nobody did {stickiness.event} in {wording.span_of_rows(stickiness)}."
        )
    chart = alt.Chart(alt.InlineData(values=data), width=_WIDTH, height=_HEIGHT)
    percent = alt.Axis(domain=False, ticks=False, tickCount=6, labelExpr="format(datum.value, '~f') + ' %'")
    y = alt.Y("value:Q", title="percent of MAU", scale=alt.Scale(zero=True, nice=6), axis=percent)
    x = time_axis(stickiness.rows)
    legend = alt.Legend(title=None, symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1)
    colour = alt.Color("series:N", scale=alt.Scale(domain=list(names), range=list(COLOURS[:2])), legend=legend)
    dash = alt.condition("datum.is_settled", alt.value([1, 0]), alt.value([4, 3]))
    tips = [alt.Tooltip("period:N"), alt.Tooltip("series:N", title="ratio"), alt.Tooltip("value:Q", format=".1f")]
    layers = [
        chart.mark_line(strokeWidth=2, strokeJoin="round").encode(
            x=x, y=y, color=colour, detail="stroke:N", strokeDash=dash, tooltip=tips
        ),
        chart.transform_filter("datum.is_alone")
        .mark_circle(size=36, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=tips),
    ]
    told = [stickiness.description.removesuffix(".")]
    told += ["gap: nobody was active"] if any(row.daily_of_monthly is None for row in stickiness.rows) else []
    told += [f"dashed: {why_not_whole(stickiness.gaps)}"] if any(not datum["is_settled"] for datum in data) else []
    head = title or wording.title_of_stickiness(stickiness)
    return _titled(
        alt.LayerChart(layer=layers), head, [[wording.span_of_rows(stickiness), *stickiness.told], told], look
    )


def _ratios(stickiness: Stickiness, name: str, n: int) -> list[dict[str, Any]]:
    """Points of one line: each run of known ones is a stroke, and the last step to what is not over one of its own."""
    data: list[dict[str, Any]] = []
    run = 0
    before: dict[str, Any] | None = None
    for row in stickiness.rows:
        value = (row.daily_of_monthly, row.weekly_of_monthly)[n]
        if value is None:
            run, before = run + 1, None
            continue
        point = _point(row, name, value, f"{name} {run}")
        if stickiness.is_provisional(row):
            link = [before | {"stroke": f"{name} provisional", "is_settled": False}] if before else []
            data += [*link, point | {"stroke": f"{name} provisional", "is_settled": False}]
        else:
            data.append(point)
        before = point
    strokes = [datum["stroke"] for datum in data]
    return [datum | {"is_alone": strokes.count(datum["stroke"]) == 1} for datum in data]


def _point(row: StickinessRow, name: str, value: float, stroke: str) -> dict[str, Any]:
    return {
        "at": milliseconds(row.period.start),
        "period": row.period.label,
        "series": name,
        "value": value,
        "stroke": stroke,
        "is_settled": True,
    }


def growth_chart(growth: Growth, *, theme: str = "light", title: str | None = None) -> alt.LayerChart:
    """A column a period: who was active stands on the axis, who fell dormant hangs below it."""
    look = theme_of(theme)
    data = [datum for row in growth.rows for datum in _stack(growth, row)]
    if not any(datum["count"] for datum in data):
        raise QueryError(f"there is nothing to draw: nobody did {growth.event} in {wording.span_of_rows(growth)}.")
    width = min(_WIDTH, max(360, 80 * len(growth.rows)))
    chart = alt.Chart(alt.InlineData(values=data), width=width, height=_HEIGHT)
    form = "~s" if max(row.active for row in growth.rows) >= 100_000 else ",.0f"
    axis = alt.Axis(domain=False, ticks=False, labelExpr=f"format(abs(datum.value), '{form}')", **_whole_ticks(data))
    names = list(_GROUPS)
    legend = alt.Legend(title=None, symbolOpacity=1, values=["resurrected", "new", "returning", "dormant"])
    columns = chart.mark_bar().encode(
        x=time_axis(growth.rows, "left"),
        x2="right:T",
        y=alt.Y("low:Q", title=f"actors per {growth.grain}", scale=alt.Scale(zero=True, nice=6), axis=axis),
        y2="high:Q",
        color=alt.Color("group:N", scale=alt.Scale(domain=names, range=list(_GROUPS.values())), legend=legend),
        opacity=alt.condition("datum.is_settled", alt.value(1.0), alt.value(_FAINT)),
        tooltip=[alt.Tooltip("period:N"), alt.Tooltip("group:N"), alt.Tooltip("count:Q", format=",", title="actors")],
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=look.text).encode(y="zero:Q")
    told = [growth.description.removesuffix(".")]
    told += (
        [f"faint: the {growth.grain} is {why_not_whole(growth.gaps)}"]
        if any(not datum["is_settled"] for datum in data)
        else []
    )
    head = title or wording.title_of_growth(growth)
    return _titled(
        alt.LayerChart(layer=[columns, zero]), head, [[wording.span_of_rows(growth), *growth.told], told], look, width
    )


def _whole_ticks(data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Actors are whole: few of them have a tick each, lest halves be rounded to the same number twice."""
    low, high = min(datum["low"] for datum in data), max(datum["high"] for datum in data)
    return {"values": list(range(low, high + 1))} if high - low <= _FEW else {"tickCount": 6, "tickMinStep": 1}


def _stack(growth: Growth, row: Any) -> list[dict[str, Any]]:
    """The groups of one period on top of each other; dormant below zero."""
    left, right = inset(row.period)
    low, data = 0, []
    for group in _GROUPS:
        count = getattr(row, group)
        edges = (-count, 0) if group == "dormant" else (low, low + count)
        low += count
        data.append(
            {
                "left": left,
                "right": right,
                "period": row.period.label,
                "group": group,
                "count": count,
                "low": edges[0],
                "high": edges[1],
                "is_settled": not growth.is_provisional(row),
            }
        )
    return data


def _titled(
    drawn: alt.LayerChart, head: str, lines: Sequence[Sequence[str]], theme: Theme, width: float = _WIDTH
) -> alt.LayerChart:
    return dressed(drawn, head, wrapped(lines, max(width, 8.5 * len(head))), theme)
