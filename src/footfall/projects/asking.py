"""A project's facets: a question for each span of each metric, put together into one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.annotations import Annotation
from footfall.errors import UnknownValueError
from footfall.formats import listed
from footfall.metrics import Metric, Subject
from footfall.periods import Grain, Window, floor, periods_in, shift
from footfall.projects.answer import Project
from footfall.projects.facets import LAST_DAYS, Span, shown, spans_of
from footfall.projects.names import NamedProject
from footfall.projects.numbers import Facet, Number
from footfall.states import State, worst

if TYPE_CHECKING:
    from footfall.filters import Filter
    from footfall.result import Result
    from footfall.sources import Source
    from footfall.tables import Table

MONTHS = 12
"""Of the timeline, by default."""
MOST_MONTHS = 600
_LATEST_DAYS = 35
"""How far back the last value of a level is looked for: a month and some days."""


@dataclass(frozen=True)
class Asked:
    """The answer about the names of a project that the source knows."""

    result: Result | None
    """None where it knows none of them."""
    kept: Filter
    """All of its names."""
    silent: tuple[str, ...] = ()
    """Names that the source has said nothing about."""

    @property
    def share(self) -> float:
        """The part of the names that is known."""
        return 1 - len(self.silent) / len(self.kept.values)


@dataclass(frozen=True)
class Knowledge:
    """What a question about projects is answered from."""

    sources: Mapping[str, Source]
    metrics: Mapping[str, Metric]
    tables: Mapping[str, Table]
    ask: Callable[..., Result]
    """`Workspace.query`."""
    now: datetime

    @property
    def today(self) -> datetime:
        return floor(Grain.DAY, self.now)

    def parts(self, project: NamedProject) -> dict[str, Filter]:
        """By metric, what keeps the project's part of it; only metrics that a source with names of it has."""
        found = ((m.name, self.part(project, m)) for m in shown(self.metrics.values()))
        return {name: kept for name, kept in found if kept is not None}

    def part(self, project: NamedProject, metric: Metric) -> Filter | None:
        """What keeps the project's part of a metric; None where no source with names of it has the metric."""
        return project.filter_of(Subject.of(metric, self.tables), self.sources)

    def asked(self, metric: str, kept: Filter, **question: Any) -> Asked:
        """The answer about the names that the source knows."""
        try:
            return Asked(self.ask(metric, where=[kept], **question), kept)
        except UnknownValueError as error:
            if error.dimension != kept.dimension:
                raise
            silent = tuple(str(name) for name in kept.values if name in error.values)
            known = tuple(name for name in kept.values if name not in error.values)
            if not known or not silent:
                return Asked(None, kept, tuple(map(str, kept.values)))
            return Asked(self.ask(metric, where=[replace(kept, values=known)], **question), kept, silent)


def ask_project(project: NamedProject, knowledge: Knowledge, months: int = MONTHS) -> Project:
    """Everything that is known of a project.

    Args:
        project: Its names.
        knowledge: What is asked.
        months: The length of the timeline, which ends with the last month that is over; 1 to 600.
    """
    until = floor(Grain.MONTH, knowledge.now)
    timeline = Window(shift(Grain.MONTH, until, -months), until)
    parts = knowledge.parts(project)
    facets = [_facet(knowledge, knowledge.metrics[name], kept, timeline) for name, kept in parts.items()]
    return Project(project.name, project.description, tuple(facets), timeline.start, until, knowledge.now)


def _facet(knowledge: Knowledge, metric: Metric, kept: Filter, timeline: Window) -> Facet:
    numbers: list[Number] = []
    results: list[Result] = []
    silent: tuple[str, ...] = ()
    for span in spans_of(metric):
        asked = knowledge.asked(metric.name, kept, **_question(span, metric, timeline, knowledge.today))
        silent = silent or asked.silent
        numbers += _numbers(span, metric, asked) or _unknown(span, timeline, knowledge.today)
        results += [] if asked.result is None else [asked.result]
    notes = _on_silent(silent, kept) + [note for result in results for note in result.notes]
    happened: list[Annotation] = [one for result in results for one in result.annotations]
    return Facet(
        metric,
        str(kept),
        tuple(numbers),
        results[0].policies if results else {},
        tuple(dict.fromkeys(notes)),
        tuple(result.version for result in results),
        tuple(dict.fromkeys(happened)),
    )


def _on_silent(silent: tuple[str, ...], kept: Filter) -> list[str]:
    """What has to be said of names that the source does not know; of all of them the answer says it."""
    if not silent or len(silent) == len(kept.values):
        return []
    return [f"the source has no data for {listed(silent)}; the numbers do not include it."]


def _question(span: Span, metric: Metric, timeline: Window, today: datetime) -> dict[str, Any]:
    match span:
        case Span.TOTAL:
            return {"grain": "total"}
        case Span.LAST_30_DAYS:
            return {"grain": "total", "since": today - LAST_DAYS, "until": today}
        case Span.MONTH:
            return {"grain": "month", "since": timeline.start, "until": timeline.end}
        case Span.LATEST if metric.step is None:
            return {"grain": "total"}
        case Span.LATEST:
            return {"grain": "day", "since": today - timedelta(days=_LATEST_DAYS)}


def _numbers(span: Span, metric: Metric, asked: Asked) -> list[Number]:
    """What the answer says; of a level that is asked day by day the last day with a value."""
    if asked.result is None:
        return []
    rows = asked.result.rows.to_pylist()
    if span is Span.LATEST and metric.step is not None:
        rows = [row for row in rows if row[metric.name] is not None][-1:]
    return [_number(span, row, row[metric.name], asked) for row in rows]


def _number(span: Span, row: Mapping[str, Any], value: Any, asked: Asked) -> Number:
    """If the source knows only some of the names, the coverage is lower."""
    state = State(row["state"])
    return Number(
        span,
        row["period"],
        value,
        row["coverage"] * asked.share,
        row["is_provisional"],
        worst((state, State.LOST)) if asked.silent else state,
    )


def _unknown(span: Span, timeline: Window, today: datetime) -> list[Number]:
    """No data: no value and no coverage, not 0."""
    starts: list[datetime | None] = [None]
    if span is Span.MONTH:
        starts = [period.start for period in periods_in(Grain.MONTH, timeline)]
    elif span is Span.LAST_30_DAYS:
        starts = [today - LAST_DAYS]
    return [Number(span, start, None, 0.0, False, State.LOST) for start in starts]
