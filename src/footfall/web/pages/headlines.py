"""The headline metrics of a workspace, with a card for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup

from footfall.charts.sparklines import sparkline
from footfall.errors import FootfallError
from footfall.formats import GAP
from footfall.metrics import Kind, Metric
from footfall.web.pages import words
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.spans import Span
from footfall.workspace import Workspace

if TYPE_CHECKING:
    from footfall.web.site import Site

MOST = 8
"""The most cards on a page."""
_WHOLE = 100
"""From here on a mean is shown without its decimals."""
_A_TABLE = 2
"""So many metrics of one table, unless there is room for more."""


@dataclass(frozen=True)
class Card:
    """One number of the last complete days: what it is, how it changed, its past, and where to go from there."""

    metric: str
    label: str
    value: str
    change: words.Change
    caption: str
    sparkline: Markup
    href: str
    is_current: bool = False
    is_open: bool = False
    """Whether the number may still change."""


def headlines(workspace: Workspace, freshness: Freshness) -> list[Metric]:
    """The metrics that stand for a workspace: the first of every table in turn, then the events that it marks itself."""
    measured = [m for m in workspace.metrics.values() if m.kind is not Kind.LATEST and freshness.is_collected(m)]
    by_table: dict[str, list[Metric]] = {}
    for metric in _different(measured):
        by_table.setdefault(metric.tables[0] if metric.tables else "", []).append(metric)
    tables = [each[:_A_TABLE] for each in by_table.values()]
    kept = {m.name for each in tables for m in each} if len(tables) * _A_TABLE <= MOST else set()
    if not kept:
        kept = {m.name for rank in zip_longest(*tables) for m in rank if m is not None}
    chosen = [m for m in measured if m.name in kept]
    chosen += [m for m in workspace.event_metrics.values() if _is_marked(workspace, m)]
    return chosen[:MOST]


def _different(metrics: Sequence[Metric]) -> list[Metric]:
    """Of several that count the same, such as users and users by the size of their community, the one with the fewest choices."""
    chosen: dict[object, Metric] = {}
    for metric in metrics:
        key = (metric.kind, metric.facts) if metric.facts else metric.name
        if key not in chosen or len(metric.policies) < len(chosen[key].policies):
            chosen[key] = metric
    kept = {metric.name for metric in chosen.values()}
    return [metric for metric in metrics if metric.name in kept]


def _is_marked(workspace: Workspace, metric: Metric) -> bool:
    """Whether an event is marked by an application: events of tables have their own metrics."""
    return metric.event is not None and workspace.activity.owners.table_of(metric.event) is None


async def cards(
    site: Site, metrics: Sequence[Metric], freshness: Freshness, span: Span, current: str, root: str
) -> list[Card]:
    """A card for each metric, asked all at once; those without a value are left out where others have one."""
    made = await asyncio.gather(
        *(_card(site, metric, freshness, span, metric.name == current, root) for metric in metrics)
    )
    has_values = any(card.value != GAP for card in made)
    return [card for card in made if not has_values or card.value != GAP or card.is_current]


async def _card(site: Site, metric: Metric, freshness: Freshness, span: Span, is_current: bool, root: str) -> Card:
    until = freshness.complete_until(metric)
    total, daily = await asyncio.gather(
        rows_of(site, {"metric": metric.name, "grain": "total", **span.ending(until), **compared(metric, span)}),
        rows_of(site, {"metric": metric.name, "grain": "day", **span.ending(until)}),
    )
    row = total[0] if total else {}
    values = [r.get(metric.name) if r.get("coverage", 0) > 0 else None for r in daily]
    address = {**span.address, "metric": metric.name}
    return Card(
        metric=metric.name,
        label=metric.title,
        value=value_of(row, metric.name),
        change=words.change_of(row, metric.name, span.before),
        caption=_caption(metric, until, freshness),
        sparkline=Markup(sparkline(values[-364:])) if any(v is not None for v in values) else Markup(""),
        href=f"{root}/?{urlencode(address)}",
        is_current=is_current,
        is_open=bool(row.get("is_provisional")),
    )


def compared(metric: Metric, span: Span) -> dict[str, str]:
    """What asks for the change; of counts that a source made only a range may be known, which has none."""
    return {} if metric.kind is Kind.REPORTED else {"compare": span.compare}


async def rows_of(site: Site, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an answer; none where the question has no answer."""
    try:
        return (await site.ask("query", options)).to_dicts()
    except FootfallError:
        return []


def value_of(row: dict[str, Any], metric: str) -> str:
    """The value of a row, or what is known of it."""
    if row.get(metric) is not None:
        value = row[metric]
        return words.figure(round(value) if abs(value) >= _WHOLE else value)
    least, most = row.get(f"{metric}_least"), row.get(f"{metric}_most")
    if least is None:
        return GAP
    return f"≥ {words.figure(least)}" if most is None else f"{words.figure(least)}–{words.figure(most)}"


def _caption(metric: Metric, until: datetime, freshness: Freshness) -> str:
    """What is counted; of what is older than yesterday, to when."""
    said = words.capitalised(words.first_sentence(metric.description)).replace("`", "")
    today = freshness.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return said if until >= today else f"To {words.short_day(until - timedelta(days=1))}. {said}"
