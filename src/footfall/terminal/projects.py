"""A project on one screen: a line per metric, with its timeline as a sparkline."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from footfall.formats import GAP, number, share_of
from footfall.projects.facets import Span
from footfall.terminal.grids import GridColumn, filled, sparkline

if TYPE_CHECKING:
    from footfall.projects.answer import Project
    from footfall.projects.numbers import Facet, Number

_SPARK_WIDTH = 24
_MOST_NOTES = 6
_MOST_RELEASES = 3


def project(answer: Project, *, width: int = 100) -> RenderableType:
    """Title, a line per metric, the last releases, and what a reader must know."""
    parts: list[RenderableType] = [Text(answer.title, style="bold"), Text(answer.span, style="dim"), Text()]
    if answer.facets:
        labels = [[Text(facet.metric.title)] for facet in answer.facets]
        parts.append(filled(["metric"], labels, _columns(answer), width))
    footer = [answer.description, *_legend(answer), *_releases(answer), *_policies(answer), *_notes(answer)]
    return Group(*parts, Text("\n".join(["", *footer]), style="dim"))


def _columns(answer: Project) -> list[GridColumn]:
    months = len(answer.month_starts)
    columns = [
        GridColumn("so far ", [_cell(_whole(facet)) for facet in answer.facets]),
        GridColumn("30 days ", [_cell(facet.number(Span.LAST_30_DAYS), " ") for facet in answer.facets]),
        GridColumn(
            f"{months} months" if months > 1 else "1 month",
            [_spark(facet) for facet in answer.facets],
            "cyan",
            is_left=True,
            goes=1,
        ),
        GridColumn(f"{answer.month_starts[-1]:%b %Y} ", [_cell(_last_month(f), " ") for f in answer.facets], goes=2),
    ]
    collected = [_collected(facet) for facet in answer.facets]
    if any(collected):
        columns.append(GridColumn("collected", collected, "yellow"))
    return columns


def _whole(facet: Facet) -> Number | None:
    """Of all time, or the latest of what does not add up."""
    return facet.number(Span.TOTAL) or facet.number(Span.LATEST)


def _last_month(facet: Facet) -> Number | None:
    return facet.months[-1] if facet.months else None


def _cell(found: Number | None, without: str = f"{GAP} ") -> str:
    """A number with its mark; `without` if there is no number of that span."""
    if found is None:
        return without
    mark = "*" if found.is_provisional else " "
    match found.value:
        case None:
            return f"{GAP} "
        case datetime() as moment:
            return f"{moment:%Y-%m-%d}{mark}"
        case int() | float() as value:
            return f"{number(value)}{mark}"
        case other:
            return f"{other}{mark}"


def _spark(facet: Facet) -> str:
    values = [float(each.value) if isinstance(each.value, int | float) else None for each in facet.months]
    return sparkline(values, _SPARK_WIDTH) if values else ""


def _collected(facet: Facet) -> str:
    """How much of the last 30 days, or of what is shown first, was collected; empty where all of it was."""
    found = facet.number(Span.LAST_30_DAYS) or _whole(facet)
    if found is None or found.coverage >= 1:
        return ""
    return share_of(found.coverage) if found.coverage else "nothing"


def _legend(answer: Project) -> list[str]:
    numbers = [each for facet in answer.facets for each in facet.numbers]
    lines = ["* it may still change"] if any(n.is_provisional and n.value is not None for n in numbers) else []
    return lines + ([f"{GAP} not collected: unknown, not zero"] if any(n.value is None for n in numbers) else [])


def _releases(answer: Project) -> list[str]:
    said = [f"{one.text} ({one.window.start:%Y-%m-%d})" for one in answer.releases[-_MOST_RELEASES:]]
    return [f"Last releases: {', '.join(reversed(said))}"] if said else []


def _policies(answer: Project) -> list[str]:
    """The choices made, with the metrics that they are of."""
    made: dict[str, list[str]] = {}
    for facet in answer.facets:
        if facet.policies and not facet.is_silent:
            choices = ", ".join(f"{name} = {choice}" for name, choice in facet.policies.items())
            made.setdefault(choices, []).append(facet.metric.title)
    return [f"{', '.join(titles)}: {choices}" for choices, titles in made.items()]


def _notes(answer: Project) -> list[str]:
    more = len(answer.notes) - _MOST_NOTES
    left = [f"and {more} more remarks: --format json"] if more > 0 else []
    return [*answer.notes[:_MOST_NOTES], *left]
