"""Funnel → chart: a bar per step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.charts.look import WIDTH, Look, alt, finished, inline
from footfall.errors import QueryError
from footfall.formats import number, percent

if TYPE_CHECKING:
    from footfall.retention.funnels import Funnel

_PALE = 0.5


def draw(funnel: Funnel, look: Look) -> alt.LayerChart:
    """One bar per step, in order, with the count and its share of the first and of the previous step."""
    first, span = funnel.steps[0].actors, funnel.span
    if not first:
        raise QueryError(f"there is nothing to draw: no actor did {funnel.steps[0].event}, {span}.")
    data = [
        {
            "step": f"{n}. {s.event}",
            "actors": s.actors,
            "whole": first,
            "text": _step(n, s.actors, s.of_first, s.of_previous),
        }
        for n, s in enumerate(funnel.steps, 1)
    ]
    width = look.width or WIDTH - 240
    chart = alt.Chart(inline(data), width=width, height=look.height or {"step": 38})
    y = alt.Y(
        "step:N", sort=None, title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False, labelFontSize=12)
    )
    scale = alt.Scale(zero=True, nice=False, domain=[0, first])
    x = alt.X("actors:Q", title=None, scale=scale, axis=None)
    opacity = alt.value(_PALE if funnel.is_provisional else 1.0)
    layers = [
        chart.mark_bar(size=24, color=look.theme.grid).encode(
            x=alt.X("whole:Q", scale=scale, axis=None, title=None), y=y
        ),
        chart.mark_bar(size=24, color=look.theme.series[0]).encode(x=x, y=y, opacity=opacity),
        chart.mark_text(align="left", dx=8, color=look.theme.text, fontSize=11.5).encode(
            x=alt.X("whole:Q"), y=y, text="text:N"
        ),
    ]
    remarks = [
        funnel.description.removesuffix("."),
        *([f"pale: {funnel.why_open}"] if funnel.is_provisional else []),
    ]
    return finished(alt.LayerChart(layer=layers), funnel.title, [[span, *funnel.notes], remarks], look)


def _step(n: int, actors: int, of_first: float | None, of_previous: float | None) -> str:
    if n == 1:
        return number(actors)
    previous = f" · {percent(of_previous)} % of step {n - 1}" if n > 2 else ""
    return f"{number(actors)} · {percent(of_first)} % of step 1{previous}"
