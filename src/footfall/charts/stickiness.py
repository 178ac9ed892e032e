"""Stickiness → chart: the ratios as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, finished, inline, milliseconds, time_axis
from footfall.charts.naming import legend_place
from footfall.errors import QueryError
from footfall.retention.spans import why_not_whole

if TYPE_CHECKING:
    from footfall.retention.stickiness import Stickiness, StickinessRow


def draw(stickiness: Stickiness, look: Look) -> alt.LayerChart:
    """DAU / MAU and WAU / MAU as lines, with gaps without active actors, dashed for unfinished periods."""
    names = ("DAU / MAU", "WAU / MAU")
    data = [datum for n, name in enumerate(names) for datum in _ratios(stickiness, name, n)]
    if not data:
        raise QueryError(f"there is nothing to draw: no actor did {stickiness.event} in {stickiness.span}.")
    width = look.width or WIDTH
    chart = alt.Chart(inline(data), width=width, height=look.height or HEIGHT)
    percent = alt.Axis(domain=False, ticks=False, tickCount=6, labelExpr="format(datum.value, '~f') + ' %'")
    y = alt.Y("value:Q", title="percent of MAU", scale=alt.Scale(zero=True, nice=6), axis=percent)
    x = time_axis(stickiness.rows)
    legend = alt.Legend(
        title=None,
        symbolType="stroke",
        symbolStrokeWidth=3,
        symbolOpacity=1,
        values=["WAU / MAU", "DAU / MAU"],
        **legend_place(look),
    )
    colour = alt.Color(
        "series:N", scale=alt.Scale(domain=list(names), range=list(look.theme.series[:2])), legend=legend
    )
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
    remarks = [stickiness.description.removesuffix(".")]
    remarks += ["gap: no actor was active"] if any(row.daily_of_monthly is None for row in stickiness.rows) else []
    remarks += (
        [f"dashed: {why_not_whole(stickiness.gaps, stickiness.revisable)}"]
        if any(not datum["is_settled"] for datum in data)
        else []
    )
    return finished(
        alt.LayerChart(layer=layers), stickiness.title, [[stickiness.span, *stickiness.notes], remarks], look, width
    )


def _ratios(stickiness: Stickiness, name: str, n: int) -> list[dict[str, Any]]:
    """The points of one line: one stroke per run of known values, and one more for the step to an unfinished period."""
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
