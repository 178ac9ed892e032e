"""How answers look in the terminal: numbers that line up, sparklines, and what a reader must know below them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from footfall import wording
from footfall.metrics import Kind, Metric
from footfall.periods import Grain
from footfall.plain import spell_plainly
from footfall.wording import GAP, number

if TYPE_CHECKING:
    from footfall.activity.activity import EventSummary
    from footfall.result import Result
    from footfall.tables import Table

KINDS = {
    Kind.SUM: "adds up over time and over groups",
    Kind.DISTINCT: "counted anew for every period and group: the parts do not add up to the whole",
    Kind.LEVEL: "a gauge: not added over time, but read",
    Kind.LATEST: "a moment: the last time it happened",
}
"""What each kind of metric means for adding up."""

_SPARKS = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 60
_BAR_WIDTH = 24
_MOST_COLUMNS = 8

_Row = Mapping[str, Any]


# --- answers


def answer(result: Result, *, width: int = 100, most_rows: int | None = None) -> RenderableType:
    """The answer as people enjoy it: headline, sparkline, table, and what shaped the numbers.

    `most_rows` keeps a long table from scrolling away: the last ones are shown, and how to get all.
    """
    rows = result.rows.to_pylist()
    query, name = result.query, result.metric.name
    parts: list[RenderableType] = [
        Text(wording.title_of(result), style="bold"),
        Text(wording.span_of(result), style="dim"),
        Text(),
    ]
    if not rows:
        is_known = result.query.since is not None
        parts.append(Text("No rows: nothing matches." if is_known else "Nothing was collected yet.", style="yellow"))
    elif query.grain is Grain.TOTAL:
        parts.append(_ranking(rows[:most_rows], result, width) if query.by else _single(rows[0], result))
        parts.extend(_left_out(len(rows), most_rows, "first"))
        parts.extend(_collected_part(rows))
    else:
        if not query.by and len(rows) > 2 and result.metric.kind is not Kind.LATEST:
            parts += [_spark_line([row[name] for row in rows]), Text()]
        groups, rows = _pivoted(rows, result, width)
        parts.append(_series(rows[-most_rows:] if most_rows else rows, result, width, groups))
        parts.extend(_left_out(len(rows), most_rows, "last"))
    parts.append(_footer(result))
    return Group(*parts)


def sparkline(values: Sequence[float | None], width: int = _SPARK_WIDTH) -> str:
    """One character a value, from zero to the largest; a gap is a dot. Longer series are averaged to `width`."""
    buckets = _averaged(values, width) if len(values) > width else values
    top = max((v for v in buckets if v is not None), default=0.0)
    heights = (None if v is None else v / top if top > 0 else 0.0 for v in buckets)
    return "".join("·" if h is None else _SPARKS[max(0, round(h * (len(_SPARKS) - 1)))] for h in heights)


def _averaged(values: Sequence[float | None], width: int) -> list[float | None]:
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    parts = ([v for v in values[a:b] if v is not None] for a, b in pairwise(edges))
    return [sum(part) / len(part) if part else None for part in parts]


def _spark_line(values: Sequence[Any]) -> Text:
    known = [float(v) for v in values if v is not None]
    if not known:
        return Text("nothing was collected of this time", style="yellow")
    line = Text("  ")
    line.append(sparkline(values), style="cyan")
    line.append(f"  lowest {number(min(known))}, highest {number(max(known))}", style="dim")
    return line


def _single(row: _Row, result: Result) -> Text:
    """One number needs no table."""
    name = result.metric.name
    text = Text("  ")
    if row[name] is None:
        return text.append("not collected" if row["coverage"] < 1 else "never", style="yellow")
    decimals = None if isinstance(row[name], datetime) else _decimals([row[name]])
    text.append(_value(row, name, decimals).strip(), style="bold cyan")
    text.append(f" {result.metric.unit}" if result.metric.kind is not Kind.LATEST else "")
    if row.get(f"{name}_previous") is not None:
        before = number(row[f"{name}_previous"], decimals)
        text.append(f"   {_percent(row['change_percent'])} on {wording.compared_with(result)} ({before})", style="dim")
    return text


def _ranking(rows: Sequence[_Row], result: Result, width: int) -> Grid:
    """Groups without time: the value, and where it adds up, its share and a bar."""
    name = result.metric.name
    columns = _columns(rows, result)
    whole = sum(row[name] or 0 for row in rows) if result.metric.kind is Kind.SUM else 0
    # What is shown is the whole only where `other` holds the rest or nothing was cut off.
    if whole > 0 and 1 < len(rows) == result.rows.num_rows and not result.query.compare:
        named = [0 if result.query.top and _is_rest(row, result) else row[name] or 0 for row in rows]
        columns += [
            Column("share", [f"{(row[name] or 0) / whole:.1%}" for row in rows], "dim", goes=3),
            Column("", [_bar(value / max(1, *named)) for value in named], "cyan", is_left=True, goes=4),
        ]
    return filled(result.query.by, [[_label(row[d]) for d in result.query.by] for row in rows], columns, width)


def _is_rest(row: _Row, result: Result) -> bool:
    return all(row[d] in wording.OTHERS for d in result.query.by)


def _series(rows: Sequence[_Row], result: Result, width: int, groups: Sequence[str] = ()) -> Grid:
    """One line a period, or a period and group; `groups` have a column each."""
    by = () if groups else result.query.by
    columns = _columns(rows, result, groups)
    labels = [[Text(wording.period_of(result, row["period"]).label), *(_label(row[d]) for d in by)] for row in rows]
    grid = filled((str(result.query.grain), *by), labels, columns, width)
    grid.columns[0].no_wrap = True
    if groups and len(rows) > 2 and result.metric.kind is not Kind.LATEST:
        grid.add_section()
        widths = [len(column.cells[0]) for column in columns]
        sparks = [sparkline([row[n] for row in rows], min(w, 12)) for n, w in zip(groups, widths, strict=False)]
        grid.add_row("", *(Text(spark, style="cyan") for spark in sparks))
    return grid


def filled(heads: Sequence[str], labels: Sequence[Sequence[Text]], columns: Sequence[Column], width: int) -> Grid:
    """Labels and values side by side; what can be done without goes first where the terminal is too narrow."""
    grid = grid_of(*heads)
    taken = [max(map(len, (head, *cells))) for head, cells in zip(heads, zip(*labels, strict=True), strict=True)]
    columns = list(columns)
    while sum(each + 3 for each in (*taken, *(column.width for column in columns))) - 1 > width:
        least = max(columns, key=lambda column: column.goes)
        if not least.goes:
            break
        columns.remove(least)
    for column in columns:
        column.add_to(grid)
    for line, values in zip(labels, zip(*(column.cells for column in columns), strict=True), strict=True):
        grid.add_row(*line, *values)
    return grid


_FACTS = ("period", "coverage", "is_provisional")


def _pivoted(rows: Sequence[_Row], result: Result, width: int) -> tuple[list[str], Sequence[_Row]]:
    """Groups as columns, largest first, when there is one dimension with few values and they fit; else as it was."""
    query, name = result.query, result.metric.name
    if len(query.by) != 1 or query.compare:
        return [], rows
    groups = list(dict.fromkeys(wording.label_of(row[query.by[0]]) for row in rows))
    if not 1 < len(groups) <= _MOST_COLUMNS or set(groups) & set(_FACTS):
        return [], rows
    if 26 + sum(max(len(g), 10) + 2 for g in groups) > width:
        return [], rows
    periods: dict[datetime, dict[str, Any]] = {}
    for row in rows:
        line = periods.setdefault(row["period"], dict.fromkeys(groups))
        line[wording.label_of(row[query.by[0]])] = row[name]
        line["period"] = row["period"]
        line["coverage"] = min(row["coverage"], line.get("coverage", 1.0))
        line["is_provisional"] = row["is_provisional"] or line.get("is_provisional", False)
    sizes = {g: sum(_size(line[g]) for line in periods.values()) for g in groups}
    order = sorted(groups, key=lambda g: (g in wording.OTHERS, -sizes[g]))
    return order, list(periods.values())


def _size(value: Any) -> float:
    return 0.0 if value is None else value.timestamp() if isinstance(value, datetime) else float(value)


def grid_of(*labels: str) -> Grid:
    grid = Grid(box=SIMPLE_HEAD, header_style="bold", pad_edge=True, show_edge=False, padding=(0, 1))
    for label in labels:
        grid.add_column(label, overflow="fold")
    return grid


@dataclass(frozen=True)
class Column:
    """A column of values as text, padded here: rich would strip the blank that keeps digits below digits."""

    head: str
    cells: list[str]
    style: str = ""
    is_left: bool = False
    goes: int = 0
    """Where there is no room the column with the highest number goes first; 0 stays."""

    @property
    def width(self) -> int:
        return max(len(text) for text in (self.head, *self.cells))

    def add_to(self, grid: Grid) -> None:
        width = self.width
        pad = str.ljust if self.is_left else str.rjust
        grid.add_column(pad(self.head, width), style=self.style, no_wrap=True)
        self.cells[:] = [pad(text, width) for text in self.cells]


def _columns(rows: Sequence[_Row], result: Result, names: Sequence[str] = ()) -> list[Column]:
    """The values of `rows`, with as many decimals in all columns as the largest value deserves.

    Coverage has a column where it differs; the same for all groups of a total is said once below.
    """
    names = names or [result.metric.name]
    decimals = _decimals([row[n] for row in rows for n in names])
    columns = [Column(f"{n} ", [_value(row, n, decimals) for row in rows]) for n in names]
    if result.query.compare:
        previous = [row[f"{result.metric.name}_previous"] for row in rows]
        changes = [row["change"] for row in rows]
        columns += [
            Column(wording.compared_with(result), [_number(v, decimals) for v in previous], "dim"),
            Column("change", [_number(v, decimals, sign="+") for v in changes], goes=1),
            Column("%", [_percent(row["change_percent"]) for row in rows], goes=2),
        ]
    differs = result.query.grain is not Grain.TOTAL or len({row["coverage"] for row in rows}) > 1
    if differs and _has_holes(rows):
        shares = ["" if row["coverage"] >= 1 else _share(row["coverage"]) for row in rows]
        columns.append(Column("collected", shares, "yellow"))
    return columns


def _value(row: _Row, name: str, decimals: int | None) -> str:
    """Every value leaves room for the mark, so that digits stay below digits."""
    value = row[name]
    if value is None:
        return f"{GAP} "
    shown = wording.moment_of(value) if isinstance(value, datetime) else number(value, decimals)
    return f"{shown}{'*' if row['is_provisional'] else ' '}"


def _decimals(values: Iterable[Any]) -> int | None:
    numbers = [v for v in values if v is not None and not isinstance(v, datetime)]
    if all(float(v).is_integer() for v in numbers):
        return 0
    return wording.decimals_for(max(abs(v) for v in numbers))


def _has_holes(rows: Sequence[_Row]) -> bool:
    return any(row["coverage"] < 1 for row in rows)


def _number(value: float | None, decimals: int | None, sign: str = "") -> str:
    return GAP if value is None else f"{value:{sign},.{decimals or 0}f}"


def _share(part: float) -> str:
    """A share that is not whole never rounds to 100 %, one that is not nothing never to 0 %."""
    return "nothing" if part <= 0 else f"{min(99, max(1, math.floor(part * 100)))} %"


def _percent(percent: float | None) -> str:
    return GAP if percent is None else f"{percent:+,.1f} %"


def _label(value: Any) -> Text:
    return Text(wording.label_of(value), style="dim" if value in (None, "", *wording.OTHERS) else "")


def _bar(part: float) -> str:
    """Eighths of a character, so that small differences show."""
    eighths = round(part * _BAR_WIDTH * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _left_out(rows: int, most: int | None, which: str) -> list[Text]:
    if most is None or rows <= most:
        return []
    return [Text(f"  the {which} {most} of {rows:,} lines; all of them: --format csv, or -o FILE", style="yellow")]


def _collected_part(rows: Sequence[_Row]) -> list[Text]:
    """Of a total: how much of the time is in it, once where it is the same for every group."""
    shares = {row["coverage"] for row in rows}
    if len(shares) > 1 or shares == {1.0}:
        return []
    return [Text(f"  {_share(shares.pop())} of the time was collected", style="yellow")]


def _footer(result: Result) -> Text:
    """Definition, policies and notes: what shaped the number, and what it is not."""
    metric = result.metric
    lines = [f"{metric.name}: {metric.description}"]
    if metric.kind is Kind.DISTINCT:
        lines.append(f"{metric.name} is {KINDS[Kind.DISTINCT]}.")
    rows = result.rows
    known = (value is not None for value in rows[metric.name].to_pylist())
    if any(
        is_known and may_change for is_known, may_change in zip(known, rows["is_provisional"].to_pylist(), strict=True)
    ):
        lines.append("* provisional: its source may still revise it, or the period is not over")
    if any(value is None for value in rows[metric.name].to_pylist()):
        lines.append(f"{GAP} not collected: neither zero nor known")
    return Text("\n".join(["", *lines, *wording.remarks(result)]), style="dim")


# --- what can be asked


def metric_list(metrics: Mapping[str, Metric], tables: Mapping[str, Table]) -> RenderableType:
    """A line a metric, then by what the metrics of each table can be split: that is long and the same for all of them."""
    grid = grid_of("metric", "what it is", "unit", "adds up")
    grid.columns[0].style = "cyan"
    grid.columns[0].no_wrap = True
    for metric in metrics.values():
        grid.add_row(metric.name, metric.title, metric.unit, str(metric.kind))
    names = dict.fromkeys(metric.table for metric in metrics.values())
    split = (
        Text.assemble(
            ("\n" + ", ".join(m.name for m in metrics.values() if m.table == name), "cyan"),
            f" by {wording.listed(tables[name].dimensions)}",
        )
        for name in names
        if tables[name].dimensions
    )
    hint = Text("\nOne in full: footfall metrics NAME", style="dim")
    return Group(grid, *split, hint)


def event_list(events: Sequence[EventSummary]) -> RenderableType:
    """A line an event: since when it is done, until when, by how many, how often."""
    grid = grid_of("event", "first day", "last day")
    grid.columns[0].style = "cyan"
    numbers = [
        Column("actors", [f"{e.actors:,}" for e in events]),
        Column("marks", [GAP if e.actors and not e.marks else f"{e.marks:,}" for e in events]),
    ]
    for column in numbers:
        column.add_to(grid)
    grid.add_column("", style="dim", overflow="fold")
    for at, event in enumerate(events):
        days = (f"{day:%Y-%m-%d}" if day else "no day" for day in (event.first_day, event.last_day))
        grid.add_row(event.name, *days, *(column.cells[at] for column in numbers), event.description)
    return grid


def metric_details(metric: Metric, table: Table) -> RenderableType:
    """The whole definition: what is counted, how it adds up, by what it can be split, which policies it applies."""
    facts = facts_of(
        ("unit", metric.unit),
        ("kind", f"{metric.kind}: {KINDS[metric.kind]}" + _within(metric)),
        ("table", f"{table.name}: {table.description}"),
        ("version", str(metric.version)),
    )
    parts: list[RenderableType] = [
        Text.assemble((metric.name, "bold cyan"), (f"  {metric.title}", "bold")),
        Text(metric.description),
        Text(),
        facts,
        Text("\nSplit or choose by", style="bold"),
        facts_of(*((name, table.column(name).description) for name in table.dimensions), style="cyan"),
    ]
    for policy in metric.policies:
        parts.append(Text.assemble("\nPolicy ", (policy.name, "cyan"), f": {policy.description}", style="bold"))
        parts.append(facts_of(*(_choice(name, policy.choices[name], policy.default) for name in policy.choices)))
    example = f"footfall query {metric.name} --grain month --last 12"
    return Group(*parts, Text(f"\nFor example: {example}", style="dim"))


def _within(metric: Metric) -> str:
    return f" (the {metric.within} of each period)" if metric.kind is Kind.LEVEL else ""


def _choice(name: str, kept: Any, default: str) -> tuple[str, str]:
    what = "keeps everything" if kept is None else f"keeps {kept}"
    return name, f"{what}{' (default)' if name == default else ''}"


def facts_of(*facts: tuple[str, RenderableType], style: str = "dim") -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 2))
    grid.add_column(style=style, no_wrap=True)
    grid.add_column(overflow="fold")
    for fact in facts:
        grid.add_row(*fact)
    return grid


def console(*, is_error: bool = False, file: IO[str] | None = None) -> Console:
    """Where to print: no markup and no guessing of numbers in what users and upstreams wrote.

    A pipe or a file has no width of its own; it gets enough for long names. What an encoding lacks is spelled
    plainly, lest a table end in the middle.
    """
    spell_plainly(file or (sys.stderr if is_error else sys.stdout))
    seen = Console(stderr=is_error, file=file, markup=False, highlight=False, emoji=False)
    if not seen.is_terminal:
        seen.width = 160
    return seen
