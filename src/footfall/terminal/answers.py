"""Answers in the terminal: aligned numbers, sparklines, and notes below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from footfall.formats import GAP, OTHERS, number, unit_of
from footfall.metrics import KINDS, Kind
from footfall.periods import Grain
from footfall.states import State, worst
from footfall.terminal.cells import collected_of, decimals_of, percent_of, share_in_words, value_of
from footfall.terminal.grids import GridColumn, filled, sparkline
from footfall.terminal.several import side_by_side

if TYPE_CHECKING:
    from footfall.result import Result


_BAR_WIDTH = 24
_MOST_COLUMNS = 8

_Row = Mapping[str, Any]


def answer(result: Result, *, width: int = 100, most_rows: int | None = None) -> RenderableType:
    """The answer for reading: headline, sparkline, table, and the policies and notes.

    `most_rows` limits a long table to its last rows, with a hint how to get all.
    """
    rows = result.rows.to_pylist()
    query, name = result.query, result.metric.name
    parts: list[RenderableType] = [
        Text(result.title, style="bold"),
        Text(result.span, style="dim"),
        Text(),
    ]
    if not rows:
        parts.append(Text(_why_empty(result), style="yellow"))
    elif len(result.metrics) > 1:
        kept = rows[:most_rows] if query.grain is Grain.TOTAL else rows[-most_rows:] if most_rows else rows
        parts.append(side_by_side(kept, result, width))
        parts.extend(_left_out(len(rows), most_rows, "first" if query.grain is Grain.TOTAL else "last"))
    elif query.grain is Grain.TOTAL:
        parts.append(_ranking(rows[:most_rows], result, width) if query.by else _single(rows[0], result))
        parts.extend(_left_out(len(rows), most_rows, "first"))
        parts.extend(_collected_part(rows))
    else:
        if not query.by and len(rows) > 2 and result.metric.kind is not Kind.LATEST:
            parts += _sparked(rows, name)
        groups, rows = _pivoted(rows, result, width)
        parts.append(_series(rows[-most_rows:] if most_rows else rows, result, width, groups))
        parts.extend(_left_out(len(rows), most_rows, "last"))
    parts.append(_footer(result))
    return Group(*parts)


def _why_empty(result: Result) -> str:
    """Why there are no rows: "nothing matches" only if something was collected."""
    if result.query.since is None:
        return "Nothing was collected yet." if result.query.as_of is None else "There was no data at that time."
    return "No rows: nothing matches." if result.coverage > 0 else "No rows: nothing was collected for this time."


def _sparked(rows: Sequence[_Row], name: str) -> list[RenderableType]:
    """The sparkline above the table; none if only ranges are known."""
    if all(row[name] is None for row in rows) and any(row.get(f"{name}_least") is not None for row in rows):
        return []
    return [_spark_line([row[name] for row in rows]), Text()]


def _spark_line(values: Sequence[Any]) -> Text:
    known = [float(v) for v in values if v is not None]
    if not known:
        return Text("nothing was collected for this time", style="yellow")
    line = Text("  ")
    line.append(sparkline(values), style="cyan")
    line.append(f"  lowest {number(min(known))}, highest {number(max(known))}", style="dim")
    return line


def _single(row: _Row, result: Result) -> Text:
    """One number needs no table."""
    name = result.metric.name
    text = Text("  ")
    if row[name] is None and row.get(f"{name}_least") is None:
        return text.append("not collected" if row["coverage"] < 1 else "never", style="yellow")
    decimals = None if isinstance(row[name], datetime) else decimals_of([row[name]])
    text.append(value_of(row, name, decimals).strip(), style="bold cyan")
    text.append(f" {unit_of(row[name], result.metric.unit)}" if result.metric.kind is not Kind.LATEST else "")
    if row.get(f"{name}_previous") is not None:
        before = number(row[f"{name}_previous"], decimals)
        text.append(f"   {percent_of(row['change_percent'])} on {result.compared_with} ({before})", style="dim")
    return text


def _ranking(rows: Sequence[_Row], result: Result, width: int) -> Grid:
    """Groups without time: the value and, if it adds up, its share and a bar."""
    name = result.metric.name
    columns = _columns(rows, result)
    whole = sum(row[name] or 0 for row in rows) if result.metric.kind is Kind.SUM else 0
    whole -= result.overlaps.get(name, 0)
    # The rows are the whole only if `other` holds the rest or nothing was cut off.
    if whole > 0 and 1 < len(rows) == result.rows.num_rows and not result.query.compare:
        named = [0 if result.query.top and _is_rest(row, result) else row[name] or 0 for row in rows]
        columns += [
            GridColumn("share", [f"{(row[name] or 0) / whole:.1%}" for row in rows], "dim", goes=3),
            GridColumn("", [_bar(value / max(1, *named)) for value in named], "cyan", is_left=True, goes=4),
        ]
    return filled(
        result.query.by, [[_label(result, d, row[d]) for d in result.query.by] for row in rows], columns, width
    )


def _is_rest(row: _Row, result: Result) -> bool:
    return all(row[d] in OTHERS for d in result.query.by)


def _series(rows: Sequence[_Row], result: Result, width: int, groups: Sequence[str] = ()) -> Grid:
    """One line per period, or a period and group; `groups` have one column each."""
    by = () if groups else result.query.by
    columns = _columns(rows, result, groups)
    labels = [[Text(result.period_of(row["period"]).label), *(_label(result, d, row[d]) for d in by)] for row in rows]
    grid = filled((str(result.query.grain), *by), labels, columns, width)
    grid.columns[0].no_wrap = True
    if groups and len(rows) > 2 and result.metric.kind is not Kind.LATEST:
        grid.add_section()
        widths = [len(column.cells[0]) for column in columns]
        sparks = [sparkline([row[n] for row in rows], min(w, 12)) for n, w in zip(groups, widths, strict=False)]
        grid.add_row("", *(Text(spark, style="cyan") for spark in sparks))
    return grid


_FACTS = ("period", "coverage", "is_provisional", "state")


def _pivoted(rows: Sequence[_Row], result: Result, width: int) -> tuple[list[str], Sequence[_Row]]:
    """Groups as columns, largest first, if there is one dimension with few values and they fit; else unchanged."""
    query, name = result.query, result.metric.name
    if len(query.by) != 1 or query.compare:
        return [], rows
    groups = list(dict.fromkeys(result.label(query.by[0], row[query.by[0]]) for row in rows))
    if not 1 < len(groups) <= _MOST_COLUMNS or set(groups) & set(_FACTS):
        return [], rows
    if 26 + sum(max(len(g), 10) + 2 for g in groups) > width:
        return [], rows
    periods: dict[datetime, dict[str, Any]] = {}
    for row in rows:
        line = periods.setdefault(row["period"], dict.fromkeys(groups))
        group = result.label(query.by[0], row[query.by[0]])
        line[group] = row[name]
        line |= {f"{group}_{end}": row[f"{name}_{end}"] for end in ("least", "most") if f"{name}_{end}" in row}
        line["period"] = row["period"]
        line["coverage"] = min(row["coverage"], line.get("coverage", 1.0))
        line["is_provisional"] = row["is_provisional"] or line.get("is_provisional", False)
        line["state"] = worst(State(each["state"]) for each in (row, line) if "state" in each)
    sizes = {g: sum(_size(line[g]) for line in periods.values()) for g in groups}
    order = sorted(groups, key=lambda g: (g in OTHERS, -sizes[g]))
    return order, list(periods.values())


def _size(value: Any) -> float:
    return 0.0 if value is None else value.timestamp() if isinstance(value, datetime) else float(value)


def _columns(rows: Sequence[_Row], result: Result, names: Sequence[str] = ()) -> list[GridColumn]:
    """The values of `rows`, with as many decimals in all columns as the largest value deserves.

    Coverage has a column where it differs; if it is the same for all groups of a total, it is shown once below.
    """
    names = names or [result.metric.name]
    decimals = decimals_of([row[n] for row in rows for n in names])
    columns = [GridColumn(f"{n} ", [value_of(row, n, decimals) for row in rows]) for n in names]
    if result.query.compare:
        previous = [row[f"{result.metric.name}_previous"] for row in rows]
        changes = [row["change"] for row in rows]
        columns += [
            GridColumn(result.compared_with, [_number(v, decimals) for v in previous], "dim"),
            GridColumn("change", [_number(v, decimals, sign="+") for v in changes], goes=1),
            GridColumn("%", [percent_of(row["change_percent"]) for row in rows], goes=2),
        ]
        words = [row["compared"] or GAP for row in rows]
        if set(words) - {"whole", GAP}:
            columns.append(GridColumn("compared", words, "yellow", goes=3))
    differs = result.query.grain is not Grain.TOTAL or len({row["coverage"] for row in rows}) > 1
    if differs and _has_holes(rows):
        columns.append(GridColumn("collected", [collected_of(row) for row in rows], "yellow"))
    return columns


def _has_holes(rows: Sequence[_Row]) -> bool:
    return any(row["coverage"] < 1 for row in rows)


def _number(value: float | None, decimals: int | None, sign: str = "") -> str:
    return GAP if value is None else f"{value:{sign},.{decimals or 0}f}"


def _label(result: Result, dimension: str, value: Any) -> Text:
    return Text(result.label(dimension, value), style="dim" if value in (None, "", *OTHERS) else "")


def _bar(part: float) -> str:
    """Eighths of a character, so that small differences show."""
    eighths = round(part * _BAR_WIDTH * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _left_out(rows: int, most: int | None, which: str) -> list[Text]:
    if most is None or rows <= most:
        return []
    return [Text(f"  the {which} {most} of {rows:,} lines; for all: --format csv, or -o FILE", style="yellow")]


def _collected_part(rows: Sequence[_Row]) -> list[Text]:
    """For a total: the share of the time it covers, once if it is the same for every group."""
    shares = {row["coverage"] for row in rows}
    if len(shares) > 1 or shares == {1.0}:
        return []
    if worst(State(row["state"]) for row in rows) is State.NOT_OVER:
        return [Text("  not over yet: everything so far was collected", style="yellow")]
    return [Text(f"  {share_in_words(shares.pop())} of the time was collected", style="yellow")]


_WHY_OPEN = {
    State.COMPLETE: "it may still change",
    State.PROVISIONAL: "provisional: its source may still revise it",
    State.NOT_OVER: "the period is not over",
    State.LOST: "partly collected, and may still change",
    State.KNOWN_WRONG: "partly known to be wrong, and may still change",
}


def _why_absent(states: set[State], result: Result) -> str:
    """The meaning of a dash: an unfinished period has lost nothing."""
    if states == {State.NOT_OVER}:
        return "no value yet: not over"
    if states <= {State.COMPLETE, State.PROVISIONAL}:
        is_latest = any(metric.kind is Kind.LATEST for metric in result.metrics)
        return "none in this time, which was completely collected" if is_latest else "no value"
    return "not collected: unknown, not zero" + (", or not over" if State.NOT_OVER in states else "")


def _footer(result: Result) -> Text:
    """Definition, policies and notes of the number."""
    lines = [result.description]
    lines += [f"{m.name} is {KINDS[m.kind]}." for m in result.metrics if m.kind in (Kind.DISTINCT, Kind.REPORTED)]
    rows = result.rows.to_pylist()
    names = [metric.name for metric in result.metrics]
    marked = {State(row["state"]) for row in rows if row["is_provisional"] and any(row[n] is not None for n in names)}
    if marked:
        lines.append(f"* {', or '.join(_WHY_OPEN[state] for state in State if state in marked)}")
    absent = {State(row["state"]) for row in rows for n in names if row[n] is None and row.get(f"{n}_least") is None}
    if absent:
        lines.append(f"{GAP} {_why_absent(absent, result)}")
    if any(row[name] is None and row.get(f"{name}_least") is not None for row in rows for name in names):
        lines.append("a…b: a range, as the source reported other spans")
    return Text("\n".join(["", *lines, *result.notes, *result.chosen]), style="dim")
