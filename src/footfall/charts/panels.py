"""Several metrics in one picture: a panel each, on one axis of time, each with its own unit and scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, finished
from footfall.charts.results import check_quantity, drawn_of, legend_of_marks

if TYPE_CHECKING:
    from footfall.result import Result

_PANEL = 0.6
"""The height of a panel as a share of a picture with one metric."""


def panels(result: Result, look: Look, *, stacked: bool = False) -> alt.VConcatChart:
    """One above the other, in the order asked; with one legend of marks above all of them."""
    height = round((look.height or HEIGHT) * _PANEL)
    low = replace(look, size=(look.width or WIDTH, height))
    parts, said = [], [result.span]
    for metric in result.metrics:
        only = result.only(metric.name)
        check_quantity(only, stacked)
        drawn, points = drawn_of(only, low, stacked)
        said += legend_of_marks(drawn, only, points)
        parts.append(
            drawn.properties(
                title=alt.TitleParams(metric.title, anchor="start", frame="group", fontSize=13, color=look.theme.title)
            )
        )
    remarks = [list(dict.fromkeys(said)), *([note] for note in (*result.notes, *result.chosen))]
    together = alt.VConcatChart(vconcat=parts, spacing=28).resolve_scale(color="independent")
    return cast(alt.VConcatChart, finished(together, result.title, remarks, look, low.width or WIDTH))
