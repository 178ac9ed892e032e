"""Breakdowns of a metric: for each dimension its largest groups, and across them what changed most."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from footfall.answer import Answer
from footfall.errors import FootfallError
from footfall.metrics import Kind, Metric, Subject
from footfall.result import Result
from footfall.web.pages import words
from footfall.web.pages.headlines import compared, value_of
from footfall.web.pages.spans import Span
from footfall.workspace import Workspace

if TYPE_CHECKING:
    from footfall.web.site import Site

MOST = 3
"""The number of lists; what changed is one more."""
_ROWS = 8
_MOST_LINES = 12
"""A dimension of more groups is a ranking, not a few lines of one chart."""
_DOMINANT = 0.9
"""A group that is nearly everything leaves nothing to see next to it."""
_CHANGES = 8
_LEAST_SHARE = 0.005
_LEAST = 20
"""Changes of groups below this size in both times are random."""


@dataclass(frozen=True)
class Row:
    """One group: its name, value, share and change."""

    name: str
    value: str
    share: str
    part: float
    """Of the longest bar, 0 to 1."""
    change: words.Change
    href: str = ""


@dataclass(frozen=True)
class Listed:
    """A list of groups with bars."""

    id: str
    title: str
    of: str
    unit: str
    rows: tuple[Row, ...]
    more: str = ""
    href: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Breakdown:
    """A metric by one dimension, over one span of time, largest group first."""

    metric: Metric
    dimension: str
    description: str
    answer: Result
    rows: list[dict[str, Any]] = field(repr=False)

    @property
    def total(self) -> float:
        return float(sum(self.value(row) for row in self.rows)) - self.answer.overlaps.get(self.metric.name, 0)

    @property
    def is_telling(self) -> bool:
        """Whether it has groups to compare."""
        return len(self.rows) > 1

    @property
    def suits_lines(self) -> bool:
        """Whether its groups can be the lines of one chart: few, and none that is nearly everything."""
        few = 2 <= len(self.rows) <= _MOST_LINES
        return few and self.total > 0 and self.value(self.rows[0]) / self.total < _DOMINANT

    def value(self, row: dict[str, Any]) -> float:
        return float(row[self.metric.name] or 0)

    def name(self, row: dict[str, Any]) -> str:
        return self.answer.label(self.dimension, row[self.dimension])


def dimensions_of(workspace: Workspace, metric: Metric) -> dict[str, str]:
    """The dimensions that a page can split a metric by, with their descriptions: texts that are known, and that none of
    its policies decides on; where its tables have rollups, those that these are made for."""
    if metric.event is not None:
        return {}
    subject = Subject.of(metric, workspace.tables)
    decided = {kept.dimension for policy in metric.policies for kept in policy.choices.values() if kept}
    kept = {name for table in subject.tables for rollup in table.rollups for name in rollup.dimensions}
    return {
        name: column.description
        for name, column in subject.dimensions.items()
        if column.type == "string"
        and name not in subject.unknown
        and name not in decided
        and (not kept or name in kept)
    }


async def breakdowns(
    site: Site, metric: Metric, dimensions: dict[str, str], until: datetime, span: Span
) -> list[Breakdown]:
    """The metric by each of some dimensions, those that have groups to compare."""
    asked = {"metric": metric.name, "grain": "total", **span.ending(until), **compared(metric, span)}
    found = await asyncio.gather(*(_ask(site, {**asked, "by": [name]}) for name in dimensions))
    made = []
    for (name, description), answer in zip(dimensions.items(), found, strict=True):
        if isinstance(answer, Result):
            rows = sorted(answer.to_dicts(), key=lambda row: -(row[metric.name] or 0))
            made.append(Breakdown(metric, name, description, answer, [r for r in rows if _is_there(r, metric.name)]))
    return [each for each in made if each.is_telling]


def _is_there(row: dict[str, Any], metric: str) -> bool:
    return bool(row[metric] or row.get(f"{metric}_previous"))


async def _ask(site: Site, options: dict[str, Any]) -> Answer | None:
    try:
        return await site.ask("query", options)
    except FootfallError:
        return None


def best_for_lines(found: Sequence[Breakdown]) -> Breakdown | None:
    """The one whose groups make the clearest chart: few groups; of equally few the one declared last is the coarsest."""
    fitting = [each for each in found if each.suits_lines]
    return min(fitting, key=lambda each: (len(each.rows), -list(found).index(each)), default=None)


def lists_of(found: Sequence[Breakdown], span: Span, root: str) -> list[Listed]:
    """The lists of a page: dimensions that say the same as another one are left out; the longest ranking comes
    first, then what the timeline is split by."""
    kept: list[Breakdown] = []
    for each in reversed(found):
        values = [each.value(row) for row in each.rows]
        if not any(values == [other.value(row) for row in other.rows] for other in kept):
            kept.append(each)
    best = best_for_lines(found)
    longest = max(kept, key=lambda each: len(each.rows), default=None)
    ranked = sorted(kept, key=lambda each: (each is not longest, each is not best, list(found).index(each)))
    return [_list_of(each, span, root) for each in ranked[:MOST]]


def _list_of(one: Breakdown, span: Span, root: str) -> Listed:
    until = one.answer.query.until
    assert until is not None
    asked = {"metric": one.metric.name, "grain": "total", **span.ending(until), "by": one.dimension}
    has_shares = one.metric.kind in (Kind.SUM, Kind.COUNTER, Kind.LEVEL)
    longest = one.value(one.rows[0]) or 1.0
    rows = tuple(
        Row(
            one.name(row),
            value_of(row, one.metric.name),
            words.share(one.value(row) / one.total) if has_shares and one.total else "",
            one.value(row) / longest,
            words.change_of(row, one.metric.name, span.before),
        )
        for row in one.rows[:_ROWS]
    )
    return Listed(
        id=f"by-{one.dimension.replace('_', '-')}",
        title=f"By {one.dimension.replace('_', ' ')}",
        of=words.first_sentence(one.description),
        unit=words.capitalised(one.metric.unit),
        rows=rows,
        more=f"All {words.figure(len(one.rows))}" if len(one.rows) > _ROWS else "In full",
        href=f"{root}/explore?{urlencode({**asked, 'top': 50} if len(one.rows) > 50 else asked)}",
    )


def what_changed(found: Sequence[Breakdown], span: Span) -> Listed | None:
    """Across the dimension with the most groups: those that changed most, without very small ones."""
    if not found:
        return None
    one = max(found, key=lambda each: len(each.rows))
    name = one.metric.name
    least = max(_LEAST, _LEAST_SHARE * one.total)
    known = [r for r in one.rows if r.get("change") is not None and max(one.value(r), r[f"{name}_previous"]) >= least]
    moved = sorted((r for r in known if r["change"]), key=lambda row: -abs(row["change"]))[:_CHANGES]
    if not moved:
        return None
    largest = max(abs(row["change"]) for row in moved)
    rows = tuple(_moved(one, row, largest, span) for row in sorted(moved, key=lambda row: -row["change"]))
    return Listed(
        id="what-changed",
        title=f"What changed, by {one.dimension.replace('_', ' ')}",
        of=words.first_sentence(one.description),
        unit="Difference",
        rows=rows,
    )


def _moved(one: Breakdown, row: dict[str, Any], largest: float, span: Span) -> Row:
    change = row["change"]
    sign = "+" if change > 0 else "−"
    return Row(
        one.name(row),
        f"{sign}{words.figure(abs(change))}",
        "",
        abs(change) / largest,
        words.change_of(row, one.metric.name, span.before),
    )
