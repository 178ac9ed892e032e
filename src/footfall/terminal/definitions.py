"""Metrics in the terminal: a list of all, or one in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from footfall.formats import listed
from footfall.metrics import Kind, Metric, Subject
from footfall.terminal.grids import facts_of, grid_of

if TYPE_CHECKING:
    from footfall.tables import Column, Table


def metric_list(
    metrics: Mapping[str, Metric], events: Mapping[str, Metric], tables: Mapping[str, Table]
) -> RenderableType:
    """A line per metric, then by what the metrics of each table can be split: that list is long and shared by them.

    The actors of events come last; they cannot be split.
    """
    grid = grid_of("metric", "what it is", "unit", "adds up")
    grid.columns[0].style = "cyan"
    grid.columns[0].no_wrap = True
    for metric in (*metrics.values(), *events.values()):
        grid.add_row(metric.name, metric.title, metric.unit, str(metric.kind))
    split_by: dict[tuple[str, ...], list[str]] = {}
    for metric in metrics.values():
        split_by.setdefault(tuple(Subject.of(metric, tables).dimensions), []).append(metric.name)
    split = (
        Text.assemble(("\n" + ", ".join(names), "cyan"), f" by {listed(dimensions)}")
        for dimensions, names in split_by.items()
        if dimensions
    )
    hint = Text("\nOne in full: footfall metrics NAME", style="dim")
    return Group(grid, *split, hint)


def metric_details(metric: Metric, tables: Mapping[str, Table]) -> RenderableType:
    """The whole definition: what is counted, how it adds up, by what it can be split, which policies it applies."""
    subject = Subject.of(metric, tables)
    facts = facts_of(
        ("unit", metric.unit),
        ("kind", f"{metric.kind}: {metric.adds_up}" + _within(metric)),
        *(("table" if n == 0 else "else", f"{t.name}: {t.description}") for n, t in enumerate(subject.tables)),
        ("version", str(metric.version)),
    )
    parts: list[RenderableType] = [
        Text.assemble((metric.name, "bold cyan"), (f"  {metric.title}", "bold")),
        Text(metric.description),
        Text(),
        facts,
    ]
    if subject.dimensions:
        parts.append(Text("\nSplit or choose by", style="bold"))
        parts.append(facts_of(*((name, _described(c)) for name, c in subject.dimensions.items()), style="cyan"))
    for policy in metric.policies:
        parts.append(Text.assemble("\nPolicy ", (policy.name, "cyan"), f": {policy.description}", style="bold"))
        parts.append(facts_of(*(_choice(name, policy.choices[name], policy.default) for name in policy.choices)))
    example = f"footfall query {metric.name} --grain month --last 12"
    return Group(*parts, Text(f"\nFor example: {example}", style="dim"))


_MOST_LABELS = 12


def _described(dimension: Column) -> str:
    """What a dimension is, what its codes mean, and whether upper and lower case are one."""
    words = [dimension.description]
    if codes := dimension.codes:
        named = ", ".join(f"{code} ({label})" for code, label in list(codes.items())[:_MOST_LABELS])
        more = f" and {len(codes) - _MOST_LABELS:,} more" if len(codes) > _MOST_LABELS else ""
        words.append(f"Values: {named}{more}.")
    if dimension.folds_case:
        words.append("Case does not matter.")
    return " ".join(words)


def _within(metric: Metric) -> str:
    return f" (the {metric.within} of each period)" if metric.kind is Kind.LEVEL else ""


def _choice(name: str, kept: Any, default: str) -> tuple[str, str]:
    what = "keeps everything" if kept is None else f"keeps {kept}"
    return name, f"{what}{' (default)' if name == default else ''}"
