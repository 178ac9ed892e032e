"""Projects side by side → chart: a line per project, by date or by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, finished, inline, milliseconds, time_axis
from footfall.errors import QueryError

if TYPE_CHECKING:
    from footfall.projects.beside import Beside, Month


def draw(beside: Beside, look: Look) -> alt.LayerChart:
    """A line per project, with a gap where there is no data, and pale dots for partly collected months."""
    names = list(beside.names)
    if len(names) > (most := len(look.theme.series)):
        raise QueryError(
            f"{len(names)} lines are too many to distinguish; a chart has at most {most}: choose fewer projects."
        )
    if not any(month.value is not None for month in beside.months):
        raise QueryError(f"there is nothing to draw: {beside.metric.name} has no values in these months.")
    data = _strokes(beside)
    width = look.width or WIDTH
    chart = alt.Chart(inline(data), width=width, height=look.height or HEIGHT)
    channels: dict[str, Any] = {
        "x": _axis(beside),
        "y": alt.Y(
            "value:Q",
            title=f"{beside.metric.unit} per month",
            scale=alt.Scale(zero=True, nice=6),
            axis=_numbers(beside),
        ),
        "color": alt.Color(
            "project:N",
            scale=alt.Scale(domain=names, range=list(look.theme.series[: len(names)])),
            legend=alt.Legend(title=None, symbolType="stroke", symbolStrokeWidth=3, orient="top", columnPadding=24)
            if len(names) > 1
            else None,
        ),
        "tooltip": [
            alt.Tooltip("project:N"),
            alt.Tooltip("month:N"),
            alt.Tooltip("age:Q", title="months since the first"),
            alt.Tooltip("value:Q", format=",.4~r"),
            alt.Tooltip("coverage:Q", title="collected", format=".0%"),
        ],
    }
    dots = chart.transform_filter("datum.is_alone || !datum.is_whole").mark_circle(size=40)
    layers = [
        chart.mark_line(strokeWidth=2, strokeJoin="round").encode(**channels, detail="stroke:N"),
        dots.encode(**channels, opacity=alt.condition("datum.is_whole", alt.value(1), alt.value(0.5))),
    ]
    said = ["dot: partly collected month"] if any(not each["is_whole"] for each in data) else []
    remarks = [[beside.span, *said], *([note] for note in beside.notes)]
    return finished(alt.LayerChart(layer=layers), beside.title, remarks, look, width)


def _axis(beside: Beside) -> alt.X:
    if beside.align == "age":
        last = max(month.age or 0 for month in beside.months)
        ticks = alt.Axis(grid=False, format="d", tickMinStep=1, labelOverlap=True, tickCount=min(12, max(1, last)))
        return alt.X("age:Q", title="months since the first with a number", axis=ticks, scale=alt.Scale(nice=False))
    return time_axis(beside.months)


def _numbers(beside: Beside) -> alt.Axis:
    top = max(month.value or 0.0 for month in beside.months)
    form = "~s" if top >= 100_000 else ",.0f" if top >= 5 else ",.2~f"
    return alt.Axis(format=form, tickCount=6, domain=False, ticks=False)


def _strokes(beside: Beside) -> list[dict[str, Any]]:
    """Each run of known months is one stroke."""
    data: list[dict[str, Any]] = []
    for name in beside.names:
        run = 0
        for month in beside.of(name):
            if month.value is None or month.age is None:  # absent before its first number, not zero
                run += 1
                continue
            data.append(_datum(month, f"{name} {run}"))
    strokes = [each["stroke"] for each in data]
    return [each | {"is_alone": strokes.count(each["stroke"]) == 1} for each in data]


def _datum(month: Month, stroke: str) -> dict[str, Any]:
    return {
        "project": month.project,
        "at": milliseconds(month.period.start),
        "month": month.period.label,
        "age": month.age,
        "value": month.value,
        "coverage": month.coverage,
        "is_whole": month.coverage >= 1,
        "stroke": stroke,
    }
