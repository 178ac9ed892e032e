"""Cohort → chart: a heat map of who came back, or a curve per cohort.

Unfinished periods never look finished: their cells are outlined, their part of the curve is dashed. A cohort without
actors has a dash and no colour; a period that has not started has no cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from footfall.charts.colours import depth, ink_on, mix
from footfall.charts.look import Look, Theme, alt, finished, inline
from footfall.charts.naming import legend_place
from footfall.errors import QueryError, UnknownNameError
from footfall.formats import GAP, counted, number, percent
from footfall.retention.spans import why_not_whole

if TYPE_CHECKING:
    from footfall.retention.cohorts import Cohort, CohortRow

FORMS = ("heatmap", "curves")

_ROW = 26
_CURVES_WIDTH, _CURVES_HEIGHT = 640, 360
_MOST_CURVES = 31
_MOST_NAMED = 14
_MOST_DOTS = 16
_DOTS = "!datum.is_link"
_FLAT = 50.0
_SIZE, _AVERAGE = "actors", "average"
_MOST_ROWS, _MOST_COLUMNS = 60, 60


def draw(cohort: Cohort, look: Look, *, form: str = "heatmap", counts: bool = False) -> alt.LayerChart:
    """A `heatmap` of percentages (or counts), or `curves`."""
    if form not in FORMS:
        raise UnknownNameError("form of a cohort chart", form, FORMS)
    if not any(row.size for row in cohort.rows):
        raise QueryError(f"there is nothing to draw: no actor did {cohort.first} in {cohort.span}.")
    drawn, width, legend = _heatmap(cohort, counts, look) if form == "heatmap" else _curves(cohort, look)
    return finished(drawn, cohort.title, [[cohort.span, *cohort.notes], legend], look, width)


# --- heat map


def _heatmap(cohort: Cohort, counts: bool, look: Look) -> tuple[alt.LayerChart, float, list[str]]:
    _check_size(cohort)
    theme = look.theme
    cells = [_cell(cohort, row, k, counts, theme) for row in cohort.rows for k in range(len(row.counts))]
    widest = max(len(cell["text"]) for cell in cells)
    step = max(30, 12 + 7 * widest)
    sizes = [{"row": row.period.label, "column": _SIZE, "text": _size(cohort, row)} for row in cohort.rows]
    averages = [] if counts else _averages(cohort)
    names = [row.period.label for row in cohort.rows] + ([_AVERAGE] if averages else [])
    x = _columns_axis(cohort, [_SIZE, *map(str, range(cohort.columns))])
    y = alt.Y("row:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    width, height = look.width or step * (cohort.columns + 1), look.height or _ROW * len(names)
    chart = alt.Chart(inline(cells), width=width, height=height).encode(x=x, y=y)
    squares = [
        chart.transform_filter("!datum.is_open && datum.has_fill")
        .mark_rect(stroke=theme.background, strokeWidth=1.5)
        .encode(color=alt.Color("fill:N", scale=None), tooltip=_tooltips()),
        # Vega-Lite has no patterns: a dashed outline around a pale fill stands in for hatching.
        chart.transform_filter("datum.is_open && datum.has_fill")
        .mark_bar(strokeDash=[3, 2], strokeWidth=1.2, fillOpacity=0.3, width={"band": 0.88}, height={"band": 0.8})
        .encode(fill=alt.Fill("fill:N", scale=None), stroke=alt.value(theme.subtitle), tooltip=_tooltips()),
    ]
    texts = chart.mark_text(fontSize=11).encode(text="text:N", color=alt.Color("ink:N", scale=None))
    sized = alt.Chart(inline(sizes)).mark_text(fontSize=11, color=theme.text).encode(x=x, y=y, text="text:N")
    layers = [*squares, texts, sized]
    if averages:
        bold = alt.Chart(inline(averages)).mark_text(fontSize=11, fontWeight="bold", color=theme.title)
        layers.append(bold.encode(x=x, y=y, text="text:N"))
    return alt.LayerChart(layer=layers), width, _legend_of_cells(cohort, cells, counts)


def _check_size(cohort: Cohort) -> None:
    for what, n, most in (("rows", len(cohort.rows), _MOST_ROWS), ("columns", cohort.columns, _MOST_COLUMNS)):
        if n > most:
            raise QueryError(f"{n} {what} are too many for a heat map; it has at most {most}: ask for fewer {what}.")


def _cell(cohort: Cohort, row: CohortRow, column: int, counts: bool, theme: Theme) -> dict[str, Any]:
    share, is_open = row.percent(column), cohort.is_open(row, column)
    fill = mix(theme.ramp, 0.0 if share is None else depth(share))
    text = GAP if share is None else number(row.counts[column]) if counts else _percent(share, cohort)
    return {
        "row": row.period.label,
        "column": str(column),
        "count": row.counts[column],
        "share": percent(share) + ("" if share is None else " %"),
        "size": row.size,
        "is_open": is_open,
        "has_fill": share is not None,
        "text": f"{text}*" if share is not None and cohort.is_provisional(row, column) else text,
        "fill": fill,
        "ink": theme.title if share is None or is_open else ink_on(fill),
    }


def _size(cohort: Cohort, row: CohortRow) -> str:
    return f"{number(row.size)}{'*' if cohort.is_size_provisional(row) else ''}"


def _percent(share: float | None, cohort: Cohort) -> str:
    """With a decimal where there is room for it."""
    return percent(share, 1 if cohort.columns <= 16 else 0).removesuffix(".0" if share == 100 else "")


def _averages(cohort: Cohort) -> list[dict[str, Any]]:
    cells = [
        {"row": _AVERAGE, "column": str(k), "text": _percent(share, cohort)}
        for k, share in enumerate(cohort.averages)
        if share is not None
    ]
    return cells if len(cohort.rows) > 1 else []


def _columns_axis(cohort: Cohort, names: Sequence[str]) -> alt.X:
    axis = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, titleAnchor="start", titlePadding=8)
    return alt.X("column:N", sort=list(names), scale=alt.Scale(domain=list(names)), title=_later(cohort), axis=axis)


def _later(cohort: Cohort) -> str:
    return f"{cohort.grain}s later"


def _legend_of_cells(cohort: Cohort, cells: Sequence[dict[str, Any]], counts: bool) -> list[str]:
    share = f"percent of the row's actors who did '{cohort.then}'"
    said = [f"number of actors who did '{cohort.then}', colour: {share}" if counts else share]
    if any(cell["is_open"] for cell in cells):
        said.append(
            f"dashed outline{'' if cohort.may_change else ' and *'}: the {cohort.grain} is {why_not_whole(cohort.gaps)}"
        )
    if cohort.may_change:
        said.append(f"*: {cohort.why_it_may_change}")
    if any(not cell["has_fill"] for cell in cells):
        said.append(f"{GAP} no actors")
    if not counts and len(cohort.rows) > 1:
        said.append(f"average: weighted by size, finished {cohort.grain}s only")
    return said


def _tooltips() -> list[Any]:
    return [
        alt.Tooltip("row:N", title="cohort"),
        alt.Tooltip("size:Q", title="actors", format=","),
        alt.Tooltip("column:N", title="column"),
        alt.Tooltip("count:Q", title="came back", format=","),
        alt.Tooltip("share:N", title="share"),
    ]


# --- curves


def _curves(cohort: Cohort, look: Look) -> tuple[alt.LayerChart, float, list[str]]:
    """A line per cohort, stronger for newer ones, and the average of all; dashed where a period is not over."""
    if cohort.columns < 2:
        raise QueryError("one column makes no curve: ask for more columns, or a heat map.")
    theme, width = look.theme, look.width or _CURVES_WIDTH
    first = _first_column(cohort)
    rows = [row for row in cohort.rows if row.size and len(row.counts) > first]
    if len(rows) > _MOST_CURVES:
        raise QueryError(
            f"{len(rows)} curves are too many to distinguish; a chart has at most {_MOST_CURVES}: ask for fewer rows, or a heat map."
        )
    names = [row.period.label for row in rows]
    # The palest colours of the ramp are made for areas: a line of them could not be seen.
    colours = [mix(theme.ramp, 0.4 + 0.6 * n / max(1, len(rows) - 1)) for n in range(len(rows))]
    data = [datum for row in rows for datum in _strokes(cohort, row, first)]
    average = [
        {"series": _AVERAGE, "column": k, "value": share, "is_settled": True, "stroke": _AVERAGE}
        for k, share in enumerate(cohort.averages)
        if share is not None and k >= first and cohort.is_average_broad(k)
    ]
    names, colours = [*names, *([_AVERAGE] if average else [])], [*colours, *([theme.strong] if average else [])]
    x, y = _curve_axes(cohort, first)
    named = names if len(names) <= _MOST_NAMED else [*names[:1], *names[-2:]]
    legend = alt.Legend(
        title=None, symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, values=named, **legend_place(look)
    )
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=legend)
    chart = alt.Chart(inline(data), width=width, height=look.height or _CURVES_HEIGHT)
    dash = alt.condition("datum.is_settled", alt.value([1, 0]), alt.value([4, 3]))
    layers = [
        chart.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, detail="stroke:N", strokeDash=dash),
        chart.transform_filter(
            _DOTS if cohort.columns <= _MOST_DOTS else f"{_DOTS} && (!datum.is_settled || datum.is_alone)"
        )
        .mark_point(size=26, strokeWidth=1.4, opacity=1)
        .encode(x=x, y=y, color=colour, fill=_filled(names, colours, theme), tooltip=_curve_tooltips()),
    ]
    if average:
        line = alt.Chart(inline(average)).mark_line(strokeWidth=3.5, point={"size": 40})
        layers.append(line.encode(x=x, y=y, color=colour, tooltip=_curve_tooltips()))
    return alt.LayerChart(layer=layers), width, _legend_of_curves(cohort, rows, data, len(named) < len(names))


def _strokes(cohort: Cohort, row: CohortRow, first: int) -> list[dict[str, Any]]:
    """The finished cells as one stroke; the last one, if not over, as a second stroke that continues the first."""
    points = [
        {
            "series": row.period.label,
            "column": k,
            "value": row.percent(k),
            "count": count,
            "is_settled": not cohort.is_open(row, k),
            "stroke": row.period.label,
            "is_alone": len(row.counts) == first + 1,
        }
        for k, count in enumerate(row.counts)
        if k >= first
    ]
    settled = [point for point in points if point["is_settled"]]
    open_ = [point for point in points if not point["is_settled"]]
    link = [settled[-1] | {"is_settled": False, "is_link": True}] if settled and open_ else []
    return [*settled, *(point | {"stroke": f"{row.period.label} provisional"} for point in [*link, *open_])]


def _first_column(cohort: Cohort) -> int:
    """Column 0 is left out where it is 100 % by definition and would flatten all the others."""
    is_whole = all(row.counts[0] == row.size for row in cohort.rows) and cohort.columns > 2
    return int(is_whole and cohort.peak < _FLAT)


def _curve_axes(cohort: Cohort, first: int) -> tuple[alt.X, alt.Y]:
    last = cohort.columns - 1
    ticks = alt.Axis(grid=False, values=list(range(first, last + 1, -(-last // 16))), format="d")
    scale = alt.Scale(domain=[first, max(last, first + 1)], nice=False, padding=8)
    x = alt.X("column:Q", title=_later(cohort), scale=scale, axis=ticks)
    form = alt.Axis(domain=False, ticks=False, tickCount=6, labelExpr="format(datum.value, '~f') + ' %'")
    y = alt.Y("value:Q", title="percent of the cohort", scale=alt.Scale(zero=True, nice=6), axis=form)
    return x, y


def _filled(names: Sequence[str], colours: Sequence[str], theme: Theme) -> Any:
    """Dots are full where the period is over, and hollow where it is not."""
    full = alt.Fill("series:N", scale=alt.Scale(domain=list(names), range=list(colours)), legend=None)
    return alt.condition("datum.is_settled", full, alt.value(theme.background))


def _curve_tooltips() -> list[Any]:
    return [
        alt.Tooltip("series:N", title="cohort"),
        alt.Tooltip("column:Q", title="column"),
        alt.Tooltip("value:Q", title="percent", format=".1f"),
    ]


def _legend_of_curves(
    cohort: Cohort, rows: Sequence[CohortRow], data: Sequence[dict[str, Any]], is_cut: bool
) -> list[str]:
    said = [f"percent of each cohort's actors who did '{cohort.then}'"]
    if len(rows) > 1:
        said.append("newer cohorts are darker" if is_cut else f"one line per {cohort.grain}")
        said.append(f"average: weighted by size, finished {cohort.grain}s only, at least two cohorts")
    if any(not point["is_settled"] for point in data):
        said.append(f"dashed, hollow: the {cohort.grain} is {why_not_whole(cohort.gaps)}")
    if cohort.may_change and str(cohort.retention) == "unbounded":
        said.append("values below 100 % may still grow, as actors may come back later")
    if cohort.may_change and cohort.revisable:
        said.append(f"values since {cohort.revisable[0].start:%Y-%m-%d} may still be revised by their source")
    if _first_column(cohort):
        said.append(f"column 0, the same {cohort.grain}, is 100 % and left out")
    if empty := sum(not row.size for row in cohort.rows):
        said.append(f"{counted(empty, 'cohort')} without actors left out")
    return said
