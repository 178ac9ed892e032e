"""A project in the shape of napari hub's activity API.

The keys are those of its public API. Unknown values are null, where that API has 0, and `coverage` says how much of
the last 30 days was collected. Moments are milliseconds in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from footfall.periods import micros_of
from footfall.projects.facets import Span
from footfall.projects.numbers import Facet

if TYPE_CHECKING:
    from footfall.projects.answer import Project

INSTALLS = ("installs", "plugin_installs")
"""The metrics that may stand for installs, the first that the project has."""


def activity_of(project: Project) -> dict[str, Any]:
    """What `Project.to_napari_hub` gives."""
    facets = {facet.metric.name: facet for facet in project.facets}
    installs = next((facets[name] for name in INSTALLS if name in facets), None)
    commits, latest = facets.get("commits"), facets.get("latest_commit")
    return {
        "usage": {
            "timeline": _timeline(project, installs, "installs"),
            "stats": {
                "total_installs": _value(installs, Span.TOTAL),
                "installs_in_last_30_days": _value(installs, Span.LAST_30_DAYS),
            },
            "coverage": _coverage(installs),
        },
        "maintenance": {
            "timeline": _timeline(project, commits, "commits"),
            "stats": {
                "total_commits": _value(commits, Span.TOTAL),
                "latest_commit_timestamp": _value(latest, Span.LATEST),
            },
            "coverage": _coverage(commits),
        },
    }


def _milliseconds(moment: datetime) -> int:
    return micros_of(moment) // 1000


def _plain(value: Any) -> Any:
    """Moments as milliseconds, whole numbers without a fraction."""
    if isinstance(value, datetime):
        return _milliseconds(value)
    return int(value) if value is not None and float(value).is_integer() else value


def _value(facet: Facet | None, span: Span) -> Any:
    found = facet.number(span) if facet else None
    return _plain(found.value) if found else None


def _coverage(facet: Facet | None) -> float:
    found = facet.number(Span.LAST_30_DAYS) if facet else None
    return found.coverage if found else 0.0


def _timeline(project: Project, facet: Facet | None, name: str) -> list[dict[str, Any]]:
    """Every month of the project's timeline, oldest first."""
    known = {each.start: _plain(each.value) for each in (facet.months if facet else ())}
    return [{"timestamp": _milliseconds(start), name: known.get(start)} for start in project.month_starts]
