"""Reach: what a viewer of some projects may ask for. No answer and no error message names anything else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from footfall.access.viewer import Viewer
from footfall.errors import FootfallError, NotAllowedError, QueryError, UnknownNameError, UnknownValueError
from footfall.filters import Filter, parse_filter
from footfall.metrics import Metric, Subject
from footfall.projects.names import NamedProject, SilentProjectError, folded

if TYPE_CHECKING:
    from footfall.workspace import Workspace


class Reach:
    """What viewers of some projects may ask a workspace for.

    Args:
        workspace: What is asked.

    Example:
        >>> reach = Reach(ff)
        >>> viewer = Viewer("hub", frozenset({Scope.READ}), ("tool",))
        >>> sorted(reach.metrics(viewer))[:2]
        ['authors', 'commits']
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._parts: dict[tuple[str, ...], dict[str, tuple[Metric, list[Filter]]]] = {}

    def metrics(self, viewer: Viewer) -> dict[str, Metric]:
        """The metrics that have a part of one of the viewer's projects."""
        return {name: metric for name, (metric, _) in self._parts_for(viewer).items()}

    def check(self, viewer: Viewer, command: str, asked: Mapping[str, Any]) -> None:
        """A viewer of some projects sees their part of a metric and their pages, and nothing else.

        Raises:
            NotAllowedError: For anything else.
            UnknownNameError: For a metric that has no part of their projects, whether or not there is one.
        """
        if not viewer.is_limited:
            return
        named = {"query": asked.get("project"), "project": asked.get("name")}.get(command)
        if named is None or folded(str(named)) not in map(folded, viewer.projects):
            raise NotAllowedError(
                f"this token may read only {', '.join(viewer.projects)}; ask for it, such as project={viewer.projects[0]}."
            )
        if command == "query":
            self._check_metrics(viewer, _texts(asked.get("metric")), _texts(asked.get("where")))

    def _check_metrics(self, viewer: Viewer, metrics: Iterable[str], where: Collection[str]) -> None:
        parts = self._parts_for(viewer)
        for name in metrics:
            if name not in parts:
                raise UnknownNameError("metric", name, parts)
            metric, kept = parts[name]
            dimensions = Subject.of(metric, self._workspace.tables).dimensions
            for text in where:
                _check_filter(parse_filter(text, dimensions, name, self._workspace.now()), kept)

    def _parts_for(self, viewer: Viewer) -> dict[str, tuple[Metric, list[Filter]]]:
        """By metric, what keeps the viewer's projects; settings stay as they are while a workspace is open."""
        if viewer.projects not in self._parts:
            workspace = self._workspace
            mine = set(map(folded, viewer.projects))
            projects = [project for name, project in workspace.projects.items() if folded(name) in mine]
            found = {metric.name: (metric, self._kept(metric, projects)) for metric in workspace.metrics.values()}
            self._parts[viewer.projects] = {name: part for name, part in found.items() if part[1]}
        return self._parts[viewer.projects]

    def _kept(self, metric: Metric, projects: Iterable[NamedProject]) -> list[Filter]:
        subject = Subject.of(metric, self._workspace.tables)
        found = (project.filter_of(subject, self._workspace.sources) for project in projects)
        return [kept for kept in found if kept is not None]

    def mistake(self, viewer: Viewer, error: FootfallError) -> FootfallError:
        """An error as the viewer may read it: of a value that is unknown nothing near is named."""
        if not viewer.is_limited:
            return error
        if isinstance(error, UnknownValueError):
            said = ", ".join(f"{error.dimension}={value}" for value in error.values)
            return QueryError(f"{said} does not occur; check its spelling, or leave it out.")
        if isinstance(error, SilentProjectError):
            return QueryError(error.short)
        if isinstance(error, UnknownNameError) and error.what == "project":
            return UnknownNameError(
                "project", error.name, [n for n in self._workspace.projects if n in viewer.projects]
            )
        return error


def _check_filter(given: Filter, kept: Collection[Filter]) -> None:
    """By the dimension that names projects, only names of theirs are asked for: any other would say whether it exists."""
    names = [str(name) for each in kept if each.dimension == given.dimension for name in each.values]
    if not names:
        return
    known = {name.lower() for name in names}
    if given.is_range or not all(str(value).lower() in known for value in given.values):
        raise NotAllowedError(
            f"this token may read only {given.dimension}={','.join(names)}; give one of them, or leave {given.dimension} out."
        )


def _texts(given: Any) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else [str(each) for each in given]
