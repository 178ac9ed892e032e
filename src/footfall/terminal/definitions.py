"""How metrics are explained in the terminal: all in a list, one in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from footfall.formats import listed
from footfall.metrics import KINDS, Kind, Metric
from footfall.terminal.grids import facts_of, grid_of

if TYPE_CHECKING:
    from footfall.tables import Table


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
            f" by {listed(tables[name].dimensions)}",
        )
        for name in names
        if tables[name].dimensions
    )
    hint = Text("\nOne in full: footfall metrics NAME", style="dim")
    return Group(grid, *split, hint)


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
