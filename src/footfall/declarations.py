"""What several sources declare, checked against each other: a name means one thing in a workspace.

Each declaration by itself is checked when it is made; this is for when a workspace is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from footfall.errors import DeclarationError
from footfall.metrics import Fact, Metric, Subject
from footfall.tables import Table


class Declares(Protocol):
    """The declarations of a source."""

    @property
    def tables(self) -> Sequence[Table]: ...

    @property
    def metrics(self) -> Sequence[Metric]: ...


class _Declared(NamedTuple):
    """One name, as one source means it."""

    what: str
    name: str
    meaning: Any
    source: str
    kind: type


def check_together(sources: Mapping[str, Declares]) -> None:
    """Raise DeclarationError when two sources give one name to different things.

    Two sources may declare the very same table or metric; those of one kind usually do, and those whose tables are settings
    may not.
    """
    found: dict[tuple[str, str], _Declared] = {}
    for declared in (one for name, source in sources.items() for one in _declared(name, source)):
        # a rollup is kept as a table is
        space = "table" if declared.what == "rollup" else declared.what
        first = found.setdefault((space, declared.name), declared)
        if _differ(first, declared):
            raise DeclarationError(
                f"the sources {first.source} and {declared.source} both declare the {declared.what} {declared.name!r}, "
                f"with different meanings; disable one of them in footfall.toml, or rename it there."
            )


def _differ(first: _Declared, other: _Declared) -> bool:
    """Whether one name means two things; expressions of two sources of one kind are the same, though made twice."""
    if first.what == other.what == "metric" and first.kind is other.kind:
        return bool((first.meaning.kind, first.meaning.tables) != (other.meaning.kind, other.meaning.tables))
    return (first.what, first.meaning) != (other.what, other.meaning)


def _declared(source: str, declares: Declares) -> Iterator[_Declared]:
    kind = type(declares)
    for table in declares.tables:
        yield _Declared("table", table.name, table, source, kind)
        for rollup in table.rollups:
            yield _Declared("rollup", rollup.name, (table, rollup), source, kind)
        for event in table.events:
            yield _Declared("event", event.name, (table, event), source, kind)
    for metric in declares.metrics:
        yield _Declared("metric", metric.name, metric, source, kind)


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN = frozenset({"period", "coverage", "state", "is_provisional", "change", "change_percent", "compared"})
"""Columns that every answer has: that of a metric stands next to them."""


def check_metrics(sources: Mapping[str, Declares]) -> None:
    """Raise DeclarationError for a metric that the tables of the sources cannot answer."""
    tables = {table.name: table for declares in sources.values() for table in declares.tables}
    for name, declares in sources.items():
        names = [metric.name for metric in declares.metrics]
        for metric in declares.metrics:
            if names.count(metric.name) > 1:
                raise DeclarationError(
                    f"the source {name} declares the metric {metric.name!r} twice; rename one of them."
                )
            for fault in _faults_of(metric, tables):
                raise DeclarationError(f"metric {metric.name!r} of the source {name}: {fault}.")


def _faults_of(metric: Metric, tables: Mapping[str, Table]) -> Iterator[str]:
    if not _NAME.fullmatch(metric.name):
        yield "its name is not valid; use lower-case letters, digits and _, with a letter first"
    if metric.name in _SHOWN:
        yield "its name is reserved for a column of every answer; choose another"
    if metric.tables and not any(name in tables for name in metric.tables):
        yield f"it reads the table {metric.tables[0]!r}, which no configured source has; valid: {_named(tables)}"
    for fact in (*metric.facts, *metric.breakdowns):
        if isinstance(fact, Fact) and fact.table in tables:
            yield from _faults_of_fact(fact, tables[fact.table], metric)
            yield from _faults_of_time(fact, tables[fact.table])
    events = [event.name for table in tables.values() for event in table.events]
    if metric.event is not None and metric.event not in events:
        yield f"it counts the actors of {metric.event!r}, which no table reports; valid: {_named(events)}"
    yield from _faults_of_dimensions(metric, Subject.of(metric, tables))


def _faults_of_fact(fact: Fact, table: Table, metric: Metric) -> Iterator[str]:
    policies = (kept.dimension for policy in metric.policies for kept in policy.choices.values() if kept)
    more = [fact.ends, fact.time, metric.shared.id if metric.shared else ""]
    for column in (*fact.columns, *filter(None, more), *policies):
        if column not in table.names:
            yield f"it reads the column {column!r}, which the table {table.name} does not have; valid: {_named(table.names)}"


def _faults_of_time(fact: Fact, table: Table) -> Iterator[str]:
    if fact.time in table.names and table.column(fact.time).type != "timestamp":
        yield f"its time {fact.time!r} is a column of the type {table.column(fact.time).type}, not timestamp"


def _faults_of_dimensions(metric: Metric, subject: Subject) -> Iterator[str]:
    for dimension in metric.series or ():
        if dimension not in subject.dimensions:
            yield f"its series {dimension!r} is not one of its dimensions; valid: {_named(subject.dimensions)}"
    if metric.shared and metric.shared.by not in subject.dimensions:
        yield f"it is shared by {metric.shared.by!r}, which is not one of its dimensions; valid: {_named(subject.dimensions)}"
    if metric.name in subject.dimensions:
        yield "one of its dimensions has the same name; rename one of them"


def _named(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
