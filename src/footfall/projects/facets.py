"""What is asked about a project: one line a metric that a source which is set up has."""

from __future__ import annotations

from enum import StrEnum

from footfall.metrics import Kind, Metric


class Span(StrEnum):
    """Which time a number of a project is of."""

    TOTAL = "total"
    """All time that was collected."""
    LAST_30_DAYS = "last_30_days"
    """The last 30 days that are over, in UTC."""
    LATEST = "latest"
    """The last value that is known."""
    MONTH = "month"
    """One month of the timeline; all of them are over."""


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
"""In the order in which they are shown."""


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
