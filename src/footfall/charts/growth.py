"""Growth → chart: a column per period, of who was active above the axis and who fell dormant below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, finished, inline, inset, time_axis
from footfall.charts.naming import legend_place
from footfall.errors import QueryError
from footfall.retention.spans import why_not_whole

if TYPE_CHECKING:
    from footfall.retention.growth import Growth

_GROUPS = {"returning": 0, "new": 5, "resurrected": 2, "dormant": 3}
"""From the axis upwards, then the group below it; each with the index of its colour."""
_PALE = 0.5
_FEW = 8


def draw(growth: Growth, look: Look) -> alt.LayerChart:
    """One column per period: active actors above the axis, newly dormant ones below."""
    data = [datum for row in growth.rows for datum in _stack(growth, row)]
    if not any(datum["count"] for datum in data):
        raise QueryError(f"there is nothing to draw: no actor did {growth.event} in {growth.span}.")
    width = look.width or min(WIDTH, max(360, 80 * len(growth.rows)))
    chart = alt.Chart(inline(data), width=width, height=look.height or HEIGHT)
    form = "~s" if max(row.active for row in growth.rows) >= 100_000 else ",.0f"
    axis = alt.Axis(domain=False, ticks=False, labelExpr=f"format(abs(datum.value), '{form}')", **_whole_ticks(data))
    colours = {group: look.theme.series[n] for group, n in _GROUPS.items()}
    legend = alt.Legend(
        title=None, symbolOpacity=1, values=["resurrected", "new", "returning", "dormant"], **legend_place(look)
    )
    columns = chart.mark_bar().encode(
        x=time_axis(growth.rows, "left"),
        x2="right:T",
        y=alt.Y("low:Q", title=f"actors per {growth.grain}", scale=alt.Scale(zero=True, nice=6), axis=axis),
        y2="high:Q",
        color=alt.Color("group:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=legend),
        opacity=alt.condition("datum.is_settled", alt.value(1.0), alt.value(_PALE)),
        tooltip=[alt.Tooltip("period:N"), alt.Tooltip("group:N"), alt.Tooltip("count:Q", format=",", title="actors")],
    )
    zero = alt.Chart(inline([{"zero": 0}])).mark_rule(color=look.theme.text).encode(y="zero:Q")
    remarks = [growth.description.removesuffix(".")]
    remarks += (
        [f"pale: the {growth.grain} is {why_not_whole(growth.gaps, growth.revisable)}"]
        if any(not datum["is_settled"] for datum in data)
        else []
    )
    return finished(
        alt.LayerChart(layer=[columns, zero]), growth.title, [[growth.span, *growth.notes], remarks], look, width
    )


def _whole_ticks(data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Small whole numbers have one tick each: rounded halves would repeat a label."""
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
