"""Questions about projects, as Python asks them: a workspace has these methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from footfall.errors import QueryError

if TYPE_CHECKING:
    from footfall.filters import Filter
    from footfall.metrics import Metric, Subject
    from footfall.projects.answer import Project
    from footfall.projects.asking import Knowledge
    from footfall.projects.beside import Beside
    from footfall.projects.names import NamedProject
    from footfall.projects.ranking import Ranking
    from footfall.result import Result
    from footfall.settings import Settings
    from footfall.sources import Source
    from footfall.tables import Table


class ProjectQuestions(Protocol):
    """What is known of the projects that footfall.toml sets up."""

    settings: Settings
    now: Callable[[], datetime]

    if TYPE_CHECKING:

        def query(self, *args: Any, **kwargs: Any) -> Result:
            """The answer to a query."""

    @property
    def sources(self) -> dict[str, Source]: ...

    @property
    def metrics(self) -> dict[str, Metric]: ...

    @property
    def tables(self) -> dict[str, Table]: ...

    @property
    def projects(self) -> Mapping[str, NamedProject]:
        """The projects of footfall.toml by name, in its order.

        Raises:
            SettingsError: For two projects of one name, or a source that does not name projects.
            UnknownNameError: For names in a source that does not exist.

        Example:
            >>> list(ff.projects)
            ['tool']
        """
        from footfall.projects.names import read_projects

        return read_projects(self.settings.projects, self.sources)

    def project(self, name: str, *, months: int = 12) -> Project:
        """What every source knows of a project: totals, the last 30 days that are over, a timeline by month.

        Args:
            name: Of the project in footfall.toml; upper and lower case, and - _ . are one.
            months: The length of the timeline, which ends with the last month that is over; 1 to 600.

        Raises:
            UnknownNameError: For a project that footfall.toml does not set up.
            QueryError: For a number of months that is not possible.

        Example:
            >>> ff.project("Tool")["commits"].number("total").value
            4
        """
        from footfall.options import count_of
        from footfall.projects.asking import MONTHS, MOST_MONTHS, ask_project
        from footfall.projects.names import project_named

        length = count_of("months", months, MOST_MONTHS) or MONTHS
        return ask_project(project_named(name, self.projects), self._knowledge(), length)

    def projects_by(self, metric: str | None = None) -> Ranking:
        """All projects by one metric: the last 30 days that are over, and all time.

        Args:
            metric: What to rank by; by default the first that a project has, installs before commits before views.

        Raises:
            UnknownNameError: For a metric that no project has.
            QueryError: Where no project is set up.

        Example:
            >>> ff.projects_by("commits").to_dicts()[0]["total"]
            4.0
        """
        from footfall.projects.placing import rank

        return rank(self.projects, self._knowledge(), metric)

    def beside(self, metric: str, projects: Sequence[str], *, months: int | None = None, align: str = "date") -> Beside:
        """Projects side by side by one metric, month by month.

        Args:
            metric: What to compare.
            projects: Their names in footfall.toml, at most 8.
            months: The length of the timeline, which ends with the last month that is over; 24 by default, at most 600.
            align: "date", or "age": each from its first month with a number.

        Raises:
            UnknownNameError: For a metric, a project or an alignment that does not exist.
            QueryError: For no project, too many, or a metric that is not known by project.

        Example:
            >>> ff.beside("commits", ["tool"], months=6).names
            ('tool',)
        """
        from footfall.errors import UnknownNameError
        from footfall.options import count_of
        from footfall.projects.asking import MOST_MONTHS
        from footfall.projects.beside import ask_beside
        from footfall.projects.names import project_named

        if metric not in self.metrics:
            raise UnknownNameError("metric", str(metric), self.metrics)
        given = [projects] if isinstance(projects, str) else projects
        if not isinstance(given, Iterable):
            raise QueryError(f"projects is {projects!r}; give the names of projects, such as ['icepyx'].")
        names = dict.fromkeys(project_named(name, self.projects).name for name in given)
        length = count_of("months", months, MOST_MONTHS) or 24
        return ask_beside(self.metrics[metric], list(names), length, align, self.now(), self.query)

    def filter_of_project(self, name: str, subjects: Sequence[Subject]) -> Filter:
        """What keeps a project's part of the metrics of a question.

        Raises:
            UnknownNameError: For a project that footfall.toml does not set up.
            QueryError: Where a metric has no part of the project, or the metrics name it differently.
        """
        from footfall.projects.names import project_named

        project = project_named(name, self.projects)
        found: dict[Filter, str] = {}
        for subject in subjects:
            kept = project.filter_of(subject, self.sources)
            if kept is None:
                raise QueryError(
                    f"{subject.metric.name} cannot be filtered by project: none of its sources has a name of {project.name}; query it "
                    f"without project, or add the name to [[projects]]."
                )
            found.setdefault(kept, subject.metric.name)
        if len(found) > 1:
            said = " and ".join(f"{metric} by {kept}" for kept, metric in found.items())
            raise QueryError(f"the metrics use different names for the project ({said}); query them one by one.")
        return next(iter(found))

    def _knowledge(self) -> Knowledge:
        from footfall.projects.asking import Knowledge

        return Knowledge(self.sources, self.metrics, self.tables, self.query, self.now())
