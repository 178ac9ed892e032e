"""Which projects footfall.toml sets up, and what each is called in every source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.errors import (
    FootfallError,
    QueryError,
    SettingsError,
    UnknownNameError,
    UnknownValueError,
    did_you_mean,
)
from footfall.filters import Filter
from footfall.sources import ProjectNames, installed_sources

if TYPE_CHECKING:
    from footfall.metrics import Subject
    from footfall.settings import ProjectSettings
    from footfall.sources import Source


@dataclass(frozen=True)
class NamedProject:
    """A project, and how the configured sources spell its names."""

    name: str
    description: str
    spelled: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Of each configured source that knows the project: its name, the dimension, and the names as it spells them."""

    def filter_of(self, subject: Subject, sources: Mapping[str, Source]) -> Filter | None:
        """What keeps the project's part of a metric; None where no source with names of it fills the metric's tables."""
        tables = set(subject.tables)
        found = [
            (dimension, names)
            for source, dimension, names in self.spelled
            if dimension in subject.dimensions and tables & set(sources[source].tables)
        ]
        if not found:
            return None
        dimension = found[0][0]
        names = dict.fromkeys(name for other, names in found if other == dimension for name in names)
        return Filter(dimension, tuple(names))


def read_projects(given: Sequence[ProjectSettings], sources: Mapping[str, Source]) -> dict[str, NamedProject]:
    """The projects of footfall.toml by name, in its order.

    A key is the name of a configured source, or a kind of source: then it is meant for every source of that kind.

    Raises:
        SettingsError: For two projects of one name, or a source that does not name projects.
        UnknownNameError: For a key that is not a source.
    """
    found: dict[str, NamedProject] = {}
    for project in given:
        if any(folded(project.name) == folded(other) for other in found):
            raise SettingsError(f"[[projects]] has {project.name} twice; give each project a unique name.")
        spelled = [each for key, names in project.names.items() for each in _spell(project.name, key, names, sources)]
        found[project.name] = NamedProject(project.name, project.description, tuple(spelled))
    return found


def project_named(name: str, projects: Mapping[str, NamedProject]) -> NamedProject:
    """The project of that name; upper and lower case, and - _ . are one, as in names of packages."""
    if not isinstance(name, str):
        raise QueryError(f"a project is {name!r}; give the name of one as text.")
    found = next((project for each, project in projects.items() if folded(each) == folded(name)), None)
    if found is None:
        hint = "" if projects else "Set one up in footfall.toml under [[projects]]."
        raise UnknownNameError("project", name, projects, hint)
    return found


class SilentProjectError(QueryError):
    """There is no data for a project: its names do not occur.

    `short` says so without naming others.
    """

    def __init__(self, project: str, error: UnknownValueError) -> None:
        said = ", ".join(f"{error.dimension}={name}" for name in error.values)
        begin, end = (
            f"there is no data yet for the project {project}: {said} does not occur",
            "Collect it, or correct its names",
        )
        self.short = f"{begin}. {end} in footfall.toml."
        super().__init__(f"{begin}{did_you_mean(error.values[0], error.valid)}. {end} under [[projects]].")


def of_silence(error: UnknownValueError, project: str | None, where: Sequence[Filter]) -> FootfallError:
    """`error`, or what it means where the values that do not occur are names of the project that was asked for."""
    names = {str(name) for kept in where[-1:] if kept.dimension == error.dimension for name in kept.values}
    if project is None or not names.intersection(error.values):
        return error
    return SilentProjectError(project, error)


def _spell(
    project: str, key: str, names: Sequence[str], sources: Mapping[str, Source]
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """The names under `key` as every source that it means spells them."""
    meant = {key: sources[key]} if key in sources else {n: s for n, s in sources.items() if s.name == key}
    if not meant:
        if key not in (installed := installed_sources()):
            hint = f"It is in footfall.toml under [[projects]], in {project}."
            raise UnknownNameError("source", key, dict.fromkeys([*sources, *installed]), hint)
        return  # a source that may be enabled later
    for name, source in meant.items():
        naming = getattr(source, "project_names", None)
        if not isinstance(naming, ProjectNames):
            raise SettingsError(
                f"[[projects]], {project}: the source {name} does not say which of its dimensions names a project; "
                f"leave {key} out."
            )
        yield name, naming.dimension, tuple(dict.fromkeys(naming.normalise(each.strip()) for each in names))


def folded(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")
