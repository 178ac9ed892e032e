"""Ranking: all projects by one metric."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.answer import Answer
from footfall.errors import QueryError, UnknownNameError
from footfall.formats import GAP, listed, number, share_of
from footfall.frames import digest_of
from footfall.metrics import Kind, Metric
from footfall.periods import Grain, floor
from footfall.projects.facets import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from footfall.projects.asking import Knowledge
    from footfall.projects.names import NamedProject
    from footfall.result import Result

DAYS = 30
_RANKED = (Kind.SUM, Kind.COUNTER, Kind.DISTINCT)


@dataclass(frozen=True)
class Place:
    """One project of a ranking."""

    project: str
    total: float | None
    last_days: float | None
    """Of the last 30 days that are over; None where the source said nothing of them."""
    coverage: float
    """Of these days."""


@dataclass(frozen=True, repr=False)
class Ranking(Answer):
    """All projects by one metric: the last 30 days that are over, then all time; unknown ones are last.

    Example:
        >>> [place.project for place in ff.projects_by("commits").places]
        ['tool']
    """

    command: ClassVar[str] = "projects"
    chart_by: ClassVar[str] = "footfall.charts.projects:draw_ranking"

    metric: Metric
    places: tuple[Place, ...]
    left_out: tuple[str, ...]
    """Projects that have no name in a source of the metric."""
    span: str = ""
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"Projects by {self.metric.title.lower()}"

    @property
    def description(self) -> str:
        return f"{self.metric.name}: {self.metric.description}"

    @property
    def question(self) -> dict[str, Any]:
        return {"metric": self.metric.name}

    def definition(self) -> dict[str, Any]:
        return {"metric": self.metric.name, "unit": self.metric.unit, "kind": str(self.metric.kind)}

    @property
    def coverage(self) -> float:
        return sum(each.coverage for each in self.places) / len(self.places) if self.places else 0.0

    @property
    def version(self) -> str:
        return digest_of(self.command, self.question, [*self.notes, *self.versions], self.to_arrow())

    def to_arrow(self) -> pa.Table:
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        names = ("project", "last_30_days", "total", "coverage")
        types = (pa.string(), pa.float64(), pa.float64(), pa.float64())
        values = ([p.project, p.last_days, p.total, p.coverage] for p in self.places)
        rows = [dict(zip(names, each, strict=True)) for each in values]
        return pa.Table.from_pylist(rows, pa.schema(list(zip(names, types, strict=True))))

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        def cell(value: float | None) -> str:
            if value is None:
                return GAP if is_marked else ""
            return number(value) if is_marked else repr(float(value)).removesuffix(".0")

        share = share_of if is_marked else lambda part: repr(part).removesuffix(".0")
        heads = ["project", "last 30 days" if is_marked else "last_30_days", "total", "coverage"]
        return heads, [[p.project, cell(p.last_days), cell(p.total), share(p.coverage)] for p in self.places]


def rank(projects: Mapping[str, NamedProject], knowledge: Knowledge, metric: str | None = None) -> Ranking:
    """The projects by `metric`, or by the first that one of them has."""
    parts = {name: knowledge.parts(project) for name, project in projects.items()}
    rankable = [
        m for m in METRICS if m in knowledge.metrics and knowledge.metrics[m].kind in _RANKED and _occurs(m, parts)
    ]
    if not projects:
        raise QueryError("no project is set up; set one up in footfall.toml under [[projects]].")
    if not rankable:
        raise QueryError(f"no source that is set up knows a number of {listed(projects)}; see `footfall doctor`.")
    if metric is not None and metric not in rankable:
        raise UnknownNameError("metric of projects", metric, rankable)
    chosen = metric or rankable[0]
    today = floor(Grain.DAY, knowledge.now)
    since = today - timedelta(days=DAYS)
    places, asked = [], list[Result]()
    for name, kept in ((name, found[chosen]) for name, found in parts.items() if chosen in found):
        total = knowledge.asked(chosen, kept, grain="total")
        recent = knowledge.asked(chosen, kept, grain="total", since=since, until=today)
        asked += [each for each in (total, recent) if each is not None]
        places.append(Place(name, _value(total), _value(recent), recent.coverage if recent else 0.0))
    places.sort(key=lambda p: (p.last_days is None, -(p.last_days or 0), p.total is None, -(p.total or 0), p.project))
    notes = tuple(dict.fromkeys(note for each in asked for note in each.notes))
    left_out = tuple(name for name, found in parts.items() if chosen not in found)
    if left_out:
        notes = (*notes, f"No source of {chosen} has a name of {listed(left_out)}.")
    span = f"{since:%Y-%m-%d} to {today - timedelta(days=1):%Y-%m-%d} (UTC)"
    versions = tuple(each.version for each in asked)
    return Ranking(knowledge.metrics[chosen], tuple(places), left_out, span, notes, versions)


def _occurs(metric: str, parts: Mapping[str, Mapping[str, object]]) -> bool:
    return any(metric in found for found in parts.values())


def _value(result: Result | None) -> float | None:
    if result is None or not len(result):
        return None
    value = result.rows[result.metric.name][0].as_py()
    return None if value is None else float(value)
