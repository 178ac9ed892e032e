"""What a report is about: a whole workspace, one project, or one community."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from footfall.errors import FootfallError, QueryError
from footfall.filters import Filter
from footfall.metrics import Kind, Metric
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import headlines
from footfall.web.pages.hub_numbers import TIMESCALES, USERS, dimensions_of, has_timescales
from footfall.workspace import Workspace

PAGES = ("/", "/hubs", "/projects", "/retention", "/sources")
"""What is not there, or has nothing to show, is left out."""


@dataclass(frozen=True)
class Asked:
    """A number of the summary: its metric, its label, and the options of its question next to the time."""

    metric: Metric
    label: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Example:
        >>> Subject(project="tool").title
        'tool'
    """

    project: str = ""
    community: str = ""

    @classmethod
    def read(cls, workspace: Workspace, project: str | None, community: str | None) -> Subject:
        """The subject, under the names that the workspace has for it.

        Raises:
            UnknownNameError: For a project or community that there is not.
            QueryError: For both at once.
        """
        if project is not None and community is not None:
            raise QueryError("a report covers a project or a community, not both; write two reports, into two folders.")
        if project is not None:
            return cls(project=workspace.project(project, months=1).name)
        if community is not None:
            return cls(community=workspace.communities().named(community).name)
        return cls()

    @property
    def title(self) -> str:
        """What stands before the month in the report's title."""
        return self.project or self.community or "Usage"

    @property
    def words(self) -> str:
        """What it is, within a sentence."""
        if self.project:
            return f"the project {self.project!r}"
        return f"the community {self.community!r}" if self.community else "everything"

    def pages(self, workspace: Workspace) -> Iterator[str]:
        """The paths of its pages."""
        if self.project:
            yield f"/projects/{quote(self.project, safe='')}"
        elif self.community:
            yield f"/hubs/community/{quote(self.community, safe='')}"
        else:
            yield from PAGES
            yield from (f"/projects/{quote(name, safe='')}" for name in workspace.projects)
            yield from (f"/hubs/community/{quote(name, safe='')}" for name in _communities(workspace))

    def numbers(self, workspace: Workspace) -> Iterator[Asked]:
        """What its summary says, in this order."""
        if self.project:
            freshness = Freshness.of(workspace)
            for facet in workspace.project(self.project, months=1).facets:
                if facet.metric.kind is not Kind.LATEST and freshness.is_collected(facet.metric):
                    yield Asked(facet.metric, facet.metric.title, {"project": self.project})
        elif self.community:
            yield from _of_community(workspace, self.community)
        else:
            for metric in headlines(workspace, Freshness.of(workspace)):
                yield Asked(metric, metric.title, {})


def _of_community(workspace: Workspace, name: str) -> Iterator[Asked]:
    metric = workspace.metrics.get(USERS)
    if metric is None or "community" not in dimensions_of(workspace, metric):
        return
    where = {"where": [str(Filter("community", (name,)))]}
    if not has_timescales(metric):
        yield Asked(metric, metric.title, where)
        return
    for key, label in TIMESCALES.items():
        yield Asked(metric, f"{label} users", {**where, "policies": {"timescale": key}})


def _communities(workspace: Workspace) -> list[str]:
    try:
        return [each.name for each in workspace.communities().communities]
    except FootfallError:  # without a list of communities there is none
        return []
