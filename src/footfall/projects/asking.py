"""A project's facets: a question for each span of each metric, put together into one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import QueryError, UnknownNameError
from footfall.metrics import Metric, Subject
from footfall.periods import EPOCH, Grain, floor, shift
from footfall.projects.answer import Facet, Number, Project
from footfall.projects.facets import METRICS, Span, spans_of
from footfall.projects.names import NamedProject
from footfall.states import State

if TYPE_CHECKING:
    from footfall.filters import Filter
    from footfall.result import Result
    from footfall.sources import Source
    from footfall.tables import Table

MONTHS = 12
"""Of the timeline, by default."""
MOST_MONTHS = 600
LAST_DAYS = timedelta(days=30)
_LATEST_DAYS = 35
"""How far back the last value of a level is looked for: a month and some days."""


@dataclass(frozen=True)
class Knowledge:
    """What a question about projects is answered from."""

    sources: Mapping[str, Source]
    metrics: Mapping[str, Metric]
    tables: Mapping[str, Table]
    ask: Callable[..., Result]
    """`Workspace.query`."""
    now: datetime

    def parts(self, project: NamedProject) -> dict[str, Filter]:
        """By metric, what keeps the project's part of it; only metrics that a source with names of it has."""
        found = {}
        for name in METRICS:
            if (metric := self.metrics.get(name)) is None:
                continue
            kept = project.filter_of(Subject.of(metric, self.tables), self.sources)
            if kept is not None:
                found[name] = kept
        return found

    def asked(self, metric: str, kept: Filter, **question: Any) -> Result | None:
        """The answer about the names that the source knows; None where it knows none of them."""
        while True:
            try:
                return self.ask(metric, where=[kept], **question)
            except UnknownNameError as error:
                known = tuple(name for name in kept.values if _is_other(name, error))
                if not known or len(known) == len(kept.values):
                    if error.what != f"value of {kept.dimension}":
                        raise
                    return None
                kept = replace(kept, values=known)


def _is_other(name: object, error: UnknownNameError) -> bool:
    return str(name).lower() != str(error.name).lower()


def ask_project(project: NamedProject, knowledge: Knowledge, months: int = MONTHS) -> Project:
    """Everything that is known of a project."""
    if not 1 <= months <= MOST_MONTHS:
        raise QueryError(f"months is {months}; it must be a whole number from 1 to {MOST_MONTHS}.")
    until = floor(Grain.MONTH, knowledge.now)
    since = shift(Grain.MONTH, until, -months)
    parts = knowledge.parts(project)
    facets = [_facet(knowledge, knowledge.metrics[name], kept, since, until) for name, kept in parts.items()]
    return Project(project.name, project.description, tuple(facets), since, until, knowledge.now)


def _facet(knowledge: Knowledge, metric: Metric, kept: Filter, since: datetime, until: datetime) -> Facet:
    numbers: list[Number] = []
    notes: dict[str, None] = {}
    versions: list[str] = []
    happened = []
    for span in spans_of(metric):
        question = _question(span, metric, since, until, knowledge.now)
        result = knowledge.asked(metric.name, kept, **question)
        if result is None:
            numbers += _unknown(span, since, until)
            continue
        numbers += _numbers(span, metric, result)
        notes |= dict.fromkeys(result.notes)
        versions.append(result.version)
        happened += result.annotations
    return Facet(metric, str(kept), tuple(numbers), tuple(notes), tuple(versions), tuple(dict.fromkeys(happened)))


def _question(span: Span, metric: Metric, since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
    today = floor(Grain.DAY, now)
    match span:
        case Span.TOTAL:
            return {"grain": "total"}
        case Span.LAST_30_DAYS:
            return {"grain": "total", "since": today - LAST_DAYS, "until": today}
        case Span.MONTH:
            return {"grain": "month", "since": since, "until": until}
        case Span.LATEST if metric.step is None:
            return {"grain": "total"}
        case Span.LATEST:
            return {"grain": "day", "since": today - timedelta(days=_LATEST_DAYS)}


def _numbers(span: Span, metric: Metric, result: Result) -> list[Number]:
    rows = result.rows.to_pylist()
    if span is Span.LATEST and metric.step is not None:
        rows = [row for row in rows if row[metric.name] is not None][-1:]
    made = [
        Number(span, row["period"], row[metric.name], row["coverage"], row["is_provisional"], State(row["state"]))
        for row in rows
    ]
    if not made:
        return _unknown(span, result.window.start, result.window.end)
    return made


def _unknown(span: Span, since: datetime, until: datetime) -> list[Number]:
    """The source said nothing: no value, nothing collected. It is not 0."""
    starts = [since]
    if span is Span.MONTH:
        while (after := shift(Grain.MONTH, starts[-1], 1)) < until:
            starts.append(after)
    elif span is not Span.LAST_30_DAYS:
        starts = [EPOCH]
    return [Number(span, start, None, 0.0, False, State.LOST) for start in starts]
