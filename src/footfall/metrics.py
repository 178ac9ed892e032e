"""Metrics: named, versioned definitions of numbers. The command line, API, docs and checks derive from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, get_args

from footfall.errors import DeclarationError, QueryError, UnknownNameError
from footfall.filters import Filter
from footfall.periods import Grain, Window
from footfall.tables import Column, Table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


Within = Literal["mean", "max", "last"]
"""How the steps of a period of a level are combined."""


class Kind(StrEnum):
    """How a metric adds up."""

    SUM = "sum"
    """Adds over time and over dimensions."""
    DISTINCT = "distinct"
    """Recounted for every period and group; never added."""
    LEVEL = "level"
    """A gauge: within a period its mean, largest or last sample, as declared."""
    COUNTER = "counter"
    """A value that only grows, per series, until it is reset: increases between observations are added."""
    REPORTED = "reported"
    """A distinct count made by the source for a span of time: never added; for other spans only a range is known."""
    LATEST = "latest"
    """The last moment something happened."""


KINDS = {
    Kind.SUM: "adds up over time and over groups",
    Kind.DISTINCT: "counted separately for every period and group: the parts do not add up to the whole",
    Kind.LEVEL: "a gauge: its series are added up, but not over time",
    Kind.COUNTER: "a running count: increases between observations add up",
    Kind.REPORTED: "a distinct count made by its source for a span: never added; for other spans only a range is known",
    Kind.LATEST: "a moment: the last time it happened",
}
"""How each kind of metric adds up."""


@dataclass(frozen=True)
class Policy:
    """A named decision about what is counted; shown with every number it affects."""

    name: str
    description: str
    choices: dict[str, Filter | None] = field(hash=False)
    """What each choice keeps; None keeps everything."""
    default: str = ""

    def choose(self, choice: str | None) -> str:
        """`choice` when it is valid, the default when none was made."""
        chosen = self.default if choice is None else choice
        if chosen not in self.choices:
            reason = self.description if len(self.choices) == 1 else ""
            raise UnknownNameError(f"choice of policy {self.name}", chosen, self.choices, reason)
        return chosen

    @property
    def open_choice(self) -> str | None:
        """The choice that keeps everything, where there is one."""
        return next((choice for choice, kept in self.choices.items() if kept is None), None)


@dataclass(frozen=True)
class Fact:
    """One table that a metric can be measured from, and what is read of it.

    `columns` names what is read, so that a rollup that holds them can stand in for the table. `expression` maps the
    table to the values that are added up (sum), counted without repeats (distinct), sampled (level) or
    whose greatest is asked (latest); without one it is the only column itself. `time` names the column that says when a
    row counts, where that is not the table's own time.

    >>> Fact("launches", ("launches",))
    Fact(table='launches', columns=('launches',), expression=None, ends='', time='')
    """

    table: str
    columns: tuple[str, ...]
    expression: Callable[[ir.Table], ir.Column] | None = None
    ends: str = ""
    """Of reported counts: the column that says when the span of a row ends; without it that is one step of the table."""
    time: str = ""
    """The column of moments that rows count at, where it is another one than the table's time; rows without one do not count."""

    def __post_init__(self) -> None:
        if self.expression is None and len(self.columns) != 1:
            raise DeclarationError(
                f"a fact of {self.table} reads {len(self.columns)} columns; it needs an expression of them"
            )

    def values(self, rows: ir.Table) -> ir.Column:
        """What is measured of `rows`."""
        return rows[self.columns[0]] if self.expression is None else self.expression(rows)


@dataclass(frozen=True)
class EventFact:
    """The actors of an event, counted from its sets: the fact of a metric of the kind distinct that no table tells."""

    event: str


@dataclass(frozen=True)
class Shared:
    """What several groups of a dimension may hold, as several repositories hold a commit: it counts in each, once in a total.

    Args:
        by: The dimension.
        id: The column that identifies what is counted, in every table of the metric.

    >>> Shared("repo", id="sha").by
    'repo'
    """

    by: str
    id: str


_DAY = timedelta(days=1)
_PEOPLE = [[unit] for unit in ("actors", "users", "people", "visitors", "cloners", "authors", "members", "accounts")]
_THINGS = [[unit] for unit in ("repositories", "names", "communities", "hubs", "clusters", "views", "packages")]
"""Units of distinct counts that are never people; other distinct counts may be people."""


@dataclass(frozen=True)
class Metric:
    """One number's definition: its facts in order of preference, how it adds up, and which policies it applies.

    Where two facts know the same time of the same scope, the first is taken, never their sum.
    """

    name: str
    title: str
    description: str
    kind: Kind
    unit: str
    facts: tuple[Fact, ...] | tuple[EventFact]
    version: int = 1
    policies: tuple[Policy, ...] = ()
    within: Within = "mean"
    """Of a level: what stands for the steps of one period."""
    step: timedelta | None = None
    """Of a level: within it samples count as simultaneous. It divides a day; about as long as from sample to sample."""
    series: tuple[str, ...] | None = None
    """Of levels, counters and reported counts: the dimensions that tell series apart; all of the table by default."""
    ends_after: timedelta | None = None
    """Of a level: a series that is silent for longer has ended; by default a day, or three steps."""
    shared: Shared | None = None
    """Of a sum or a distinct count: what several groups of a dimension may hold. The table itself is read then, no rollup."""
    breakdowns: tuple[Fact, ...] = ()
    """Facts that split the same number by a dimension which the tables of `facts` do not know; they have a column for
    each policy. A question that names such a dimension is read from the first of them that knows all that it names."""

    def __post_init__(self) -> None:
        if not self.facts:
            raise DeclarationError(f"{self.name} has no facts; name the tables that it is measured from")
        for policy in self.policies:
            if policy.default not in policy.choices:
                valid = ", ".join(policy.choices)
                raise DeclarationError(
                    f"{self.name}: the default {policy.default!r} of policy {policy.name} is not one of its choices; valid: {valid}"
                )
        names = [policy.name for policy in self.policies]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DeclarationError(f"{self.name} has two policies named {twice[0]}; give each a unique name")
        if self.within not in get_args(Within):
            valid = ", ".join(get_args(Within))
            raise DeclarationError(f"{self.name}: within is {self.within!r}; valid: {valid}")
        if self.kind is Kind.LEVEL and (self.step is None or self.step <= timedelta() or _DAY % self.step):
            raise DeclarationError(
                f"{self.name} is a level and needs a step that divides a day, such as timedelta(minutes=5)"
            )
        if self.kind is not Kind.LEVEL and self.step is not None:
            raise DeclarationError(f"{self.name} is not a level and has no step")
        if self.series is not None and self.kind not in (Kind.LEVEL, Kind.COUNTER, Kind.REPORTED):
            raise DeclarationError(f"{self.name} is of the kind {self.kind}, which has no series")
        if self.shared is not None and self.kind not in (Kind.SUM, Kind.DISTINCT):
            raise DeclarationError(
                f"{self.name} is of the kind {self.kind}, which cannot be shared; only sums and distinct counts can"
            )

    @property
    def counts_actors(self) -> bool:
        """Whether it is a number of actors, such as users: small ones may have to be hidden."""
        unit = self.unit.lower().split()[-1:]
        if self.event is not None or unit in _PEOPLE:
            return True
        return self.kind in (Kind.DISTINCT, Kind.REPORTED) and unit not in _THINGS

    @property
    def adds_up(self) -> str:
        """How its numbers add up, in words."""
        if self.kind is Kind.SUM and self.shared is not None:
            return f"adds up over time; what several groups of {self.shared.by} hold counts in each, and once in their total"
        return KINDS[self.kind]

    def may_overlap(self, by: Collection[str]) -> bool:
        """Whether it is a sum whose groups by these dimensions may add up to more than their total."""
        return self.kind is Kind.SUM and self.shared is not None and self.shared.by in by

    @property
    def step_length(self) -> timedelta:
        """The step of a level."""
        assert self.step is not None, "checked when a level is made"
        return self.step

    @property
    def silence(self) -> timedelta:
        """For how long a series of a level may be silent without having ended."""
        return self.ends_after or max(_DAY, 3 * self.step_length)

    def policy(self, name: str) -> Policy:
        for policy in self.policies:
            if policy.name == name:
                return policy
        raise UnknownNameError(f"policy of {self.name}", name, (p.name for p in self.policies))

    @property
    def event(self) -> str | None:
        """The event whose distinct actors it counts, where it is not measured from tables."""
        return next((fact.event for fact in self.facts if isinstance(fact, EventFact)), None)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that it is measured from; those of breakdowns are not among them."""
        return tuple(dict.fromkeys(fact.table for fact in self.facts if isinstance(fact, Fact)))


class ActorCounts(Protocol):
    """Counts the distinct actors of one event from its sets: see `footfall.activity.counts.EventCounts`."""

    @property
    def table(self) -> str | None:
        """The table that reports the event; None of one that is marked by an application."""
        ...

    def known(self) -> Window | None:
        """The time of which the actors are known."""
        ...

    def per_window(self, windows: Sequence[Window], *, is_calendar: bool = True) -> list[int]:
        """The distinct actors of each window."""
        ...

    def running(self, windows: Sequence[Window]) -> list[int]:
        """The distinct actors from the start of the first window to the end of each."""
        ...


Tables: TypeAlias = Mapping[str, Table]
"""Tables by name."""


@dataclass(frozen=True)
class Subject:
    """What a question is about: a metric, with the tables of its facts, or with what counts the actors of its event."""

    metric: Metric
    tables: tuple[Table, ...]
    actors: ActorCounts | None = field(default=None, compare=False)
    breakdowns: tuple[tuple[Fact, Table], ...] = ()
    """The breakdowns of the metric, each with its table."""

    @classmethod
    def of(cls, metric: Metric, tables: Tables, read_event: Callable[[str], ActorCounts] | None = None) -> Subject:
        """The subject of a question; facts of tables without a configured source are left out."""
        actors = read_event(metric.event) if read_event is not None and metric.event is not None else None
        if not all(name in tables for name in metric.tables):
            there = tuple(fact for fact in metric.facts if isinstance(fact, Fact) and fact.table in tables)
            metric = replace(metric, facts=there)
        breakdowns = tuple((fact, tables[fact.table]) for fact in metric.breakdowns if fact.table in tables)
        return cls(metric, tuple(tables[name] for name in metric.tables), actors, breakdowns)

    def naming(self, dimensions: Collection[str]) -> Subject:
        """The subject of a question that names `dimensions`: the facts that know them, or else a breakdown that does.

        Raises QueryError where dimensions are known apart only.
        """
        if all(name in self.own_dimensions for name in dimensions):
            return self
        for fact, table in self.breakdowns:
            if set(dimensions) <= known_dimensions(table).keys():
                return replace(self, metric=replace(self.metric, facts=(fact,)), tables=(table,))
        raise QueryError(
            f"{self.metric.name} can be split by {' or by '.join(sorted(dimensions))}, but not by both; use one at a time."
        )

    @cached_property
    def facts(self) -> tuple[tuple[Fact, Table], ...]:
        """The facts that are read from tables, each with its table."""
        by_name = {table.name: table for table in self.tables}
        return tuple((fact, by_name[fact.table]) for fact in self.metric.facts if isinstance(fact, Fact))

    @cached_property
    def own_dimensions(self) -> dict[str, Column]:
        """The dimensions that all of the tables of its facts know, as the first describes them."""
        if not self.tables:
            return {}
        first, *others = self.tables
        known = known_dimensions(first)
        return {name: column for name, column in known.items() if all(_has(table, column) for table in others)}

    @cached_property
    def dimensions(self) -> dict[str, Column]:
        """What it can be split and filtered by: its own dimensions, and those of breakdowns."""
        more = (column for _, table in self.breakdowns for column in known_dimensions(table).values())
        return self.own_dimensions | {column.name: column for column in more if column.name not in self.own_dimensions}

    @cached_property
    def unknown(self) -> dict[str, str]:
        """Dimensions that sources, as they are set up, do not fill, with the reason of each."""
        columns = (column for table in self.tables for column in table.columns if column.unknown)
        return {column.name: column.unknown for column in columns if column.name not in self.dimensions}

    def __post_init__(self) -> None:
        """Facts that are collected by different scopes could not stand in for each other."""
        if len({table.rule.scope for table in self.tables}) > 1:
            named = ", ".join(f"{table.name} by {table.rule.scope or 'nothing'}" for table in self.tables)
            raise DeclarationError(f"the facts of {self.metric.name} are collected by different scopes: {named}")

    @property
    def schema(self) -> pa.Schema:
        """The types of its dimensions."""
        import pyarrow as pa

        fields = self.tables[0].arrow_schema() if self.tables else ()
        return pa.schema([field for field in fields if field.name in self.own_dimensions])

    @property
    def series(self) -> tuple[str, ...]:
        """The dimensions that tell its series apart."""
        return tuple(self.own_dimensions) if self.metric.series is None else self.metric.series

    @property
    def scope(self) -> str | None:
        """The dimension by which its tables are collected, where there is one."""
        return next((table.rule.scope for table in self.tables), None)

    @property
    def resolution(self) -> Grain:
        """The finest grain that all of its tables tell apart."""
        order = list(Grain)
        return max((table.resolution for table in self.tables), key=order.index, default=Grain.HOUR)


def known_dimensions(table: Table) -> dict[str, Column]:
    """The dimensions of a table that its source fills, by name."""
    columns = (table.column(name) for name in table.dimensions)
    return {column.name: column for column in columns if not column.unknown}


def _has(table: Table, dimension: Column) -> bool:
    found = known_dimensions(table).get(dimension.name)
    return found is not None and found.type == dimension.type
