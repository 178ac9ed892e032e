"""Events, cohorts, funnels, stickiness and growth in the terminal; plain text in a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from footfall.formats import GAP, number, percent
from footfall.retention.spans import why_not_whole
from footfall.terminal.grids import GridColumn, facts_of, filled, sparkline

if TYPE_CHECKING:
    from footfall.activity.activity import EventSummary
    from footfall.retention.cohorts import Cohort, CohortRow
    from footfall.retention.funnels import Funnel
    from footfall.retention.growth import Growth
    from footfall.retention.stickiness import Stickiness

# Cividis (Nuñez, Anderton and Renslow 2018), without its ends: readable with any colour vision, and unlike the background of a
# light terminal as well as of a dark one. Each has its own text colour.
_CIVIDIS = ("#32456b", "#4f576c", "#696970", "#838079", "#9d9876", "#bab06d", "#d8c95d", "#f2e04a")
_WHITE_ON = 3
"""The first colours, with white text."""
_BAR_WIDTH = 28


# --- cohorts


def cohort(cohort: Cohort, *, counts: bool = False, width: int = 100) -> RenderableType:
    """A heat map of percentages (or counts) that fits the terminal; left-out columns are named."""
    cells, shown = _fitting(cohort, counts, width)
    lines = [*_legend(cohort, counts), *_left_out(cohort, shown), *cohort.notes]
    return Group(
        Text(cohort.title, style="bold"),
        Text(cohort.span, style="dim"),
        Text(),
        _heatmap(cohort, cells, shown, counts),
        Text("\n".join(["", *lines]), style="dim"),
    )


def _heatmap(cohort: Cohort, cells: Sequence[Sequence[str]], shown: int, counts: bool) -> Grid:
    """Cells are padded here: rich would strip the blank that keeps digits below digits."""
    size = max(len(cell) for row in cells for cell in row)
    grid = Grid(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, padding=0)
    sizes = [
        "actors ",
        *(f"{number(row.size)}{'*' if cohort.is_size_provisional(row) else ' '}" for row in cohort.rows),
    ]
    widest = max(map(len, sizes)) + 1
    grid.add_column(f" {cohort.grain}", no_wrap=True)
    for head in (sizes[0].rjust(widest), *(f"{column} ".rjust(size) for column in range(shown))):
        grid.add_column(head, no_wrap=True)
    for row, actors, texts in zip(cohort.rows, sizes[1:], cells, strict=True):
        colours = (_colour(cohort, row, column) for column in range(shown))
        shades = (Text(text.rjust(size), style=colour) for text, colour in zip(texts, colours, strict=False))
        grid.add_row(f" {row.period.label}", actors.rjust(widest), *shades)
    if not counts and len(cohort.rows) > 1:
        grid.add_section()
        decimals = int(any("." in cell for row in cells for cell in row))
        averages = ("" if share is None else f"{percent(share, decimals)} " for share in cohort.averages[:shown])
        grid.add_row(" average", "", *(Text(text.rjust(size), style="bold") for text in averages))
    return grid


def _fitting(cohort: Cohort, counts: bool, width: int) -> tuple[list[list[str]], int]:
    """The cells with a decimal where there is room, then without, then fewer columns."""
    left = (
        max(len(row.period.label) for row in cohort.rows) + max(7, *(len(number(r.size)) + 2 for r in cohort.rows)) + 3
    )
    cells: list[list[str]] = []
    for decimals in (0,) if counts else (1, 0):
        cells = [[_cell(cohort, row, k, counts, decimals) for k in range(len(row.counts))] for row in cohort.rows]
        room = (width - left) // (max(len(cell) for row in cells for cell in row) + 1)
        if room >= cohort.columns:
            break
    shown = max(1, min(room, cohort.columns))
    return [row[:shown] for row in cells], shown


def _cell(cohort: Cohort, row: CohortRow, column: int, counts: bool, decimals: int) -> str:
    """A blank before, and the mark or a blank behind, so that digits stay below digits."""
    share = row.percent(column)
    if share is None:
        return f" {GAP} "
    shown = (
        number(row.counts[column]) if counts else "100" if share == 100 and not decimals else percent(share, decimals)
    )
    return f" {shown}{_mark(cohort, row, column)}"


def _mark(of: Cohort, row: CohortRow, column: int) -> str:
    return "*" if of.is_provisional(row, column) else " "


def _colour(cohort: Cohort, row: CohortRow, column: int) -> str:
    """Missing cells are dim; unfinished ones have a mark and no colour."""
    share = row.percent(column)
    if share is None or cohort.is_open(row, column):
        return "dim" if share is None else ""
    n = min(len(_CIVIDIS) - 1, int((share / 100) ** 0.5 * len(_CIVIDIS)))
    return f"{'#ffffff' if n < _WHITE_ON else '#000000'} on {_CIVIDIS[n]}"


def _legend(cohort: Cohort, counts: bool) -> list[str]:
    lines = [cohort.description]
    lines += (
        [] if counts else ["Percent of the row's actors; the average is weighted by size, without unfinished cells."]
    )
    if any(cohort.is_provisional(row, k) for row in cohort.rows for k in range(len(row.counts))):
        lines.append(f"* provisional: {cohort.why_provisional}")
    if any(not row.size for row in cohort.rows):
        lines.append(f"{GAP} no actors, so no share; this does not mean 0 %")
    return lines


def _left_out(cohort: Cohort, shown: int) -> list[str]:
    if shown == cohort.columns:
        return []
    return [f"Columns {shown} to {cohort.columns - 1} do not fit; use a wider terminal, or a file (-o) for all."]


# --- funnels, stickiness, growth


def funnel(funnel: Funnel, *, width: int = 100) -> RenderableType:
    """One line per step: count, share of the first and of the previous step, and a bar."""
    mark = "*" if funnel.is_provisional else " "
    bars = ["█" * round((step.of_first or 0) / 100 * _BAR_WIDTH) or "▏" * bool(step.actors) for step in funnel.steps]
    columns = [
        GridColumn("actors ", [f"{number(step.actors)}{mark}" for step in funnel.steps]),
        GridColumn("of first", [_share(step.of_first) for step in funnel.steps]),
        GridColumn("of previous", [_share(step.of_previous) for step in funnel.steps], goes=1),
        GridColumn("", bars, "cyan", is_left=True, goes=2),
    ]
    steps = [[Text(f"{n}. {step.event}")] for n, step in enumerate(funnel.steps, 1)]
    lines = [funnel.description]
    if funnel.is_provisional:
        lines.append(f"* provisional: {funnel.why_open}")
    span = funnel.span
    return _whole(funnel.title, span, filled(["step"], steps, columns, width), [*lines, *funnel.notes])


def stickiness(stickiness: Stickiness, *, width: int = 100) -> RenderableType:
    """A line per day or month: DAU, WAU, MAU and their ratios, with a sparkline of DAU / MAU above."""
    rows, decimals = stickiness.rows, int(stickiness.windows == "calendar")
    marks = ["*" if stickiness.is_provisional(row) else " " for row in rows]
    columns = [
        GridColumn("DAU ", [f"{number(row.daily, decimals)}{mark}" for row, mark in zip(rows, marks, strict=True)]),
        GridColumn(
            "WAU ", [f"{number(row.weekly, decimals)}{mark}" for row, mark in zip(rows, marks, strict=True)], goes=2
        ),
        GridColumn("MAU ", [f"{number(row.monthly)}{mark}" for row, mark in zip(rows, marks, strict=True)]),
        GridColumn("DAU/MAU", [_share(row.daily_of_monthly) for row in rows]),
        GridColumn("WAU/MAU", [_share(row.weekly_of_monthly) for row in rows], goes=1),
    ]
    lines = [stickiness.description, *_not_over(any(map(stickiness.is_provisional, rows)), stickiness)]
    if any(row.daily_of_monthly is None for row in rows):
        lines.append(f"{GAP} no active actors, so no share; this does not mean 0 %")
    labels = [[Text(row.period.label)] for row in rows]
    grid = filled(["month" if decimals else "day"], labels, columns, width)
    title, span = stickiness.title, stickiness.span
    return _whole(title, span, grid, [*lines, *stickiness.notes], _spark(stickiness))


def _spark(stickiness: Stickiness) -> list[RenderableType]:
    shares = [row.daily_of_monthly for row in stickiness.rows]
    known = [share for share in shares if share is not None]
    if len(known) < 3:
        return []
    line = Text.assemble("  ", (sparkline(shares), "cyan"))
    line.append(f"  DAU/MAU lowest {percent(min(known))} %, highest {percent(max(known))} %", style="dim")
    return [line, Text()]


def growth(growth: Growth, *, width: int = 100) -> RenderableType:
    """One line per period: active actors by group, and dormant actors."""

    def cells(name: str, sign: str = "") -> list[str]:
        values = [(getattr(row, name), "*" if growth.is_provisional(row) else " ") for row in growth.rows]
        return [f"{sign if value else ''}{number(value)}{mark}" for value, mark in values]

    columns = [GridColumn(f"{name} ", cells(name)) for name in ("active", "new", "returning", "resurrected")]
    columns.append(GridColumn("dormant ", cells("dormant", "−")))
    lines = [growth.description, *_not_over(any(map(growth.is_provisional, growth.rows)), growth)]
    grid = filled([str(growth.grain)], [[Text(row.period.label)] for row in growth.rows], columns, width)
    return _whole(growth.title, growth.span, grid, [*lines, *growth.notes])


def _share(share: float | None) -> str:
    return GAP if share is None else f"{percent(share)} %"


def _not_over(is_any: bool, answer: Growth | Stickiness) -> list[str]:
    return [f"* provisional: {why_not_whole(answer.gaps, answer.revisable)}"] if is_any else []


def _whole(
    title: str, span: str, grid: Grid, lines: Sequence[str], above: Sequence[RenderableType] = ()
) -> RenderableType:
    footer = Text("\n".join(["", *lines]), style="dim")
    return Group(Text(title, style="bold"), Text(span, style="dim"), Text(), *above, grid, footer)


def event_list(events: Sequence[EventSummary], *, width: int = 100) -> RenderableType:
    """One line per event: first and last day, actors, marks; and its description below."""
    days = [[f"{day:%Y-%m-%d}" if day else "no day" for day in (e.first_day, e.last_day)] for e in events]
    columns = [
        GridColumn("first day", [first for first, _ in days], is_left=True, goes=2),
        GridColumn("last day", [last for _, last in days], is_left=True, goes=1),
        GridColumn("actors", [f"{e.actors:,}" for e in events]),
        GridColumn("marks", [GAP if e.actors and not e.marks else f"{e.marks:,}" for e in events], goes=3),
    ]
    grid = filled(["event"], [[Text(e.name, style="cyan")] for e in events], columns, width)
    grid.columns[0].no_wrap = True
    described = [(e.name, e.description) for e in events if e.description]
    return Group(grid, Text(), facts_of(*described, style="cyan")) if described else grid
