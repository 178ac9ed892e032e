"""The queries of a project: one for each metric of its sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from footfall.metrics import Fact, Kind, Metric


class Span(StrEnum):
    """The time span of a number of a project."""

    TOTAL = "total"
    """All time that was collected."""
    LAST_30_DAYS = "last_30_days"
    """The last 30 days that are over, in UTC."""
    LATEST = "latest"
    """The last value that is known."""
    MONTH = "month"
    """One month of the timeline; all of them are over."""


LAST_DAYS = timedelta(days=30)
"""The length of `Span.LAST_30_DAYS`."""

METRICS = (
    "installs",
    "downloads",
    "commits",
    "latest_commit",
    "authors",
    "views",
    "clones",
    "stars",
    "forks",
    "release_downloads",
    "launches",
    "hub_users",
    "hub_unique_users",
    "server_starts",
)
"""In the order in which they are shown; other metrics come after them."""


def shown(metrics: Iterable[Metric]) -> list[Metric]:
    """The metrics that say something of a project, in the order in which they are shown.

    What counts the same facts by another date is left out. Distinct and reported counts are shown where they stand in `METRICS`. Others count different things within the
    project (its repositories, its hubs), or are of spans of their source's own.
    """
    by_name = {metric.name: metric for metric in metrics}
    others = (
        m
        for m in by_name.values()
        if m.name not in METRICS
        and m.kind not in (Kind.DISTINCT, Kind.REPORTED)
        and not any(isinstance(fact, Fact) and fact.time for fact in m.facts)
    )
    return [*(by_name[name] for name in METRICS if name in by_name), *others]


def spans_of(metric: Metric) -> tuple[Span, ...]:
    """The spans that a number of this kind is asked for."""
    match metric.kind:
        case Kind.SUM | Kind.COUNTER | Kind.DISTINCT:
            return Span.TOTAL, Span.LAST_30_DAYS, Span.MONTH
        case Kind.LEVEL:
            return Span.LATEST, Span.MONTH
        case Kind.LATEST:
            return (Span.LATEST,)
        case Kind.REPORTED:
            return (Span.MONTH,)
