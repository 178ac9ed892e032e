"""Tables of the lake: columns and their roles, the two write rules, rollups and events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, get_args

from footfall.errors import DeclarationError, UnknownNameError
from footfall.periods import Grain

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Rows: TypeAlias = "pa.Table | duckdb.DuckDBPyRelation"
"""Rows of a table: in memory, or a DuckDB relation that is read when it is written."""


class Role(StrEnum):
    """The role of a column."""

    TIME = "time"
    DIMENSION = "dimension"
    MEASURE = "measure"
    ATTRIBUTE = "attribute"
    """Stored and readable, but not for splitting or filtering (a checksum, a free text)."""


ColumnType = Literal["timestamp", "string", "integer", "number", "boolean"]
"""timestamp: microseconds in UTC; integer: 64 bits; number: a double."""


Labels: TypeAlias = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Code → label; as a function it is read when it is first needed (from a file, say)."""


@dataclass(frozen=True)
class Names:
    """Where the names of ids are stored. A column of such ids is read as the current name of each id.

    A row of `table` states that an id has, or had, a name. It is observed, so that former names stay known.
    No two ids may have one name at a time. An id without a name is read as it is.

    Args:
        table: An observed table with the columns that the others name.
        id: Its column of ids, texts.
        name: Its column of names, texts.
        is_current: Its column that says whether the id still has the name.
    """

    table: Table
    id: str
    name: str
    is_current: str


@dataclass(frozen=True)
class Column:
    """A column of a table. One of the role DIMENSION is what metrics are split and filtered by.

    >>> Column("country", "string", Role.DIMENSION, "Where from.", labels={"DE": "Germany"}).code_of("germany")
    'DE'
    """

    name: str
    type: ColumnType
    role: Role
    description: str
    folds_case: bool = False
    """Of a text dimension: upper and lower case are one when it is filtered; rows keep their spelling."""
    labels: Labels | None = field(default=None, hash=False, compare=False)
    """Of a text dimension: what its codes mean. Filters take code or label; people see labels, programs codes."""
    names: Names | None = None
    """For a text dimension of permanent ids, such as repositories: readers and filters use only the names.
    Rows and the ledger's scopes keep the ids."""
    unknown: str = ""
    """Why the configured source cannot fill a dimension, in a clause; queries that use it are rejected with this."""
    spelled: Callable[[str], str] | None = field(default=None, hash=False, compare=False)
    """Of a text dimension: a value as rows spell it; filters spell theirs alike."""
    is_version: bool = False
    """Of a text dimension of version numbers: 3.9 comes before 3.10, in answers and in ranges of filters."""

    def __post_init__(self) -> None:
        is_text = self.role is Role.DIMENSION and self.type == "string"
        if not is_text and (self.folds_case or self.labels is not None or self.names is not None or self.is_version):
            raise DeclarationError(
                f"column {self.name}: only a dimension of texts folds case, has labels or names, or is a version"
            )
        if self.names is not None:
            _check_names(self.name, self.names)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return (self.labels() if callable(self.labels) else self.labels) or {}

    @property
    def codes(self) -> Mapping[str, str]:
        """Code → label, empty if values need no labels."""
        return self._labels

    def code_of(self, text: str) -> str:
        """The code that `text` means: itself, or that of the label it is, whatever the case."""
        if self.spelled is not None:
            return self.spelled(text)
        if text in self.codes:
            return text
        folded = text.lower()
        return next((code for code, label in self.codes.items() if label.lower() == folded), text)


OBSERVED_AT = "observed_at"
"""The column of an observed table with the time of observation."""


@dataclass(frozen=True)
class Replace:
    """The source states a window whole; a commit replaces exactly that window (of one scope)."""

    scope: str | None = None
    """The column of the scope (a repository, a package), if there is one."""


@dataclass(frozen=True)
class Observe:
    """The source gives revisable values; only changed ones are appended, with the moment they were observed.

    `key` names the columns that identify a value (the time column among them). Readers see one row
    a key: per measure the largest ever seen (`max`), or the row observed last (`latest`). Of two values that were
    observed at one moment the larger stands.

    The moment is in the column `observed_at`, which every such table has, declared or not. A source may fill it in;
    rows without one get the moment they are stored at. A commit replaces nothing.
    """

    key: tuple[str, ...]
    resolve: Literal["max", "latest"]
    scope: str | None = None


@dataclass(frozen=True)
class Rollup:
    """Narrower sums of a table: its measures added up by a coarser grain and fewer dimensions."""

    name: str
    grain: Grain
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class TableEvent:
    """An event from the rows of a table: the actor in a column did it on the day of the row."""

    name: str
    actor: str
    """The column of the actor; rows without one do not count."""
    description: str
    without: tuple[tuple[str, str | int | bool], ...] = ()
    """Rows that do not count: those whose column has this value."""
    again: str = ""
    """Those who did it again: "repositories launched again"."""
    action: str = ""
    """One occurrence of it: "launch"."""

    @property
    def actors(self) -> str:
        """The name of its actors: the description up to its first stop, "launched repositories"."""
        words = self.description.split(",")[0].removesuffix(".")
        return words[:1].lower() + words[1:]


@dataclass(frozen=True)
class Table:
    """Rows of one shape in the lake: one time column, dimensions and measures.

    Checked when it is made: raises DeclarationError, which says what is wrong and what is valid.
    """

    reserved: ClassVar[frozenset[str]] = frozenset({"ledger"})
    """Reserved table names."""

    name: str
    description: str
    columns: tuple[Column, ...]
    rule: Replace | Observe
    rollups: tuple[Rollup, ...] = ()
    events: tuple[TableEvent, ...] = ()
    sort: tuple[str, ...] = ()
    """The order of rows within a file; what compresses best goes first."""
    resolution: Grain = Grain.HOUR
    """The finest grain of the time column: a table of days cannot be queried by hour."""

    def __post_init__(self) -> None:
        if isinstance(self.rule, Observe) and OBSERVED_AT not in self.names:
            observed = Column(OBSERVED_AT, "timestamp", Role.ATTRIBUTE, "When the value was observed.")
            object.__setattr__(self, "columns", (*self.columns, observed))
        for fault in faults_of(self):
            raise DeclarationError(f"table {self.name!r}: {fault}")

    @property
    def time(self) -> str:
        return next(c.name for c in self.columns if c.role is Role.TIME)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.role is Role.DIMENSION)

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.role is Role.MEASURE)

    @property
    def tie_breakers(self) -> tuple[str, ...]:
        """In which order columns decide between rows of one key that were observed at one moment, larger values first."""
        assert isinstance(self.rule, Observe)
        rest = [
            c.name for c in self.columns if c.role is not Role.MEASURE and c.name not in (*self.rule.key, OBSERVED_AT)
        ]
        return (*self.measures, *rest)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def named(self) -> tuple[Column, ...]:
        """Its columns of ids that are read as names."""
        return tuple(column for column in self.columns if column.names is not None)

    @property
    def scope_names(self) -> Names | None:
        """Where the names of its scopes are kept, where scopes are ids."""
        return None if self.rule.scope is None else self.column(self.rule.scope).names

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownNameError(f"column of {self.name}", name, self.names)

    def arrow_schema(self) -> pa.Schema:
        """The schema rows must have: these columns, in this order, all nullable but the time."""
        import pyarrow as pa

        types = {
            "timestamp": pa.timestamp("us", "UTC"),
            "string": pa.string(),
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
        }
        return pa.schema([pa.field(c.name, types[c.type], nullable=c.role is not Role.TIME) for c in self.columns])

    def rolled(self, rollup: Rollup) -> Table:
        """The table that holds `rollup`: the same names, fewer of them."""
        kept = {self.time, *rollup.dimensions, *self.measures}
        return Table(
            name=rollup.name,
            description=f"{self.name} by {rollup.grain} and {', '.join(rollup.dimensions)}",
            columns=tuple(c for c in self.columns if c.name in kept),
            rule=Replace(),
            sort=(*rollup.dimensions, self.time),
        )


# Checks


_ID = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN = frozenset({"period", "coverage", "state", "is_provisional", "change", "change_percent"})
"""Columns of every answer: a dimension must not have such a name."""
_GRAINS = (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.YEAR)


def faults_of(table: Table) -> Iterator[str]:
    """What is wrong with a declaration, a sentence each."""
    for check in CHECKS:
        yield from check(table)


def _check_ids(table: Table) -> Iterator[str]:
    named = [("table", table.name), *(("column", c.name) for c in table.columns)]
    named += [("rollup", r.name) for r in table.rollups] + [("event", e.name) for e in table.events]
    for what, name in named:
        if not _ID.fullmatch(name):
            yield f"{what} {name!r} is not a valid name; use lower-case letters, digits and _, with a letter first."


def _check_reserved(table: Table) -> Iterator[str]:
    for name in [table.name, *(r.name for r in table.rollups)]:
        if name in table.reserved:
            yield f"the name {name!r} is reserved for a table of Footfall; choose another."
    for column in table.columns:
        if column.name == "month":
            yield "the column name 'month' is reserved: it names the monthly partitions; choose another."
        if column.role is Role.DIMENSION and column.name in _SHOWN:
            yield f"the dimension name {column.name!r} is reserved for a column of every answer; choose another."


def _check_distinct(table: Table) -> Iterator[str]:
    columns, tables = list(table.names), [table.name, *(r.name for r in table.rollups)]
    for what, names in (("columns", columns), ("rollups", tables), ("events", [e.name for e in table.events])):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"two of its {what} are called {name!r}; each needs a unique name."


def _check_types(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.type not in get_args(ColumnType):
            yield f"column {column.name!r} has the type {column.type!r}; valid: {', '.join(get_args(ColumnType))}."
        elif column.role is Role.MEASURE and column.type not in ("integer", "number"):
            yield f"measure {column.name!r} has the type {column.type!r}; a measure is an integer or a number."


def _check_time(table: Table) -> Iterator[str]:
    times = [c for c in table.columns if c.role is Role.TIME]
    if len(times) != 1:
        yield f"it has {len(times)} columns with the role time; a table has exactly one."
    elif times[0].type != "timestamp":
        yield f"its time column {times[0].name!r} has the type {times[0].type!r}; it must be a timestamp."


def _check_rule(table: Table) -> Iterator[str]:
    rule = table.rule
    if rule.scope is not None and rule.scope not in table.dimensions:
        yield f"its scope {rule.scope!r} is not one of its dimensions; {_valid(table.dimensions)}"
    if not isinstance(rule, Observe):
        return
    kinds = {c.name: c.role for c in table.columns if c.role is not Role.MEASURE and c.name != OBSERVED_AT}
    for name in rule.key:
        if name not in kinds:
            yield f"its key {name!r} is not a column that can identify a value; {_valid(kinds)}"
    if not any(kinds.get(name) is Role.TIME for name in rule.key):
        yield f"its key lacks the time column; write key=({', '.join(map(repr, [*_times(table), *rule.key]))})."
    if rule.resolve not in ("max", "latest"):
        yield f"it resolves by {rule.resolve!r}; valid: max, latest."
    observed = next(c for c in table.columns if c.name == OBSERVED_AT)
    if observed.type != "timestamp" or observed.role is not Role.ATTRIBUTE:
        yield "its column 'observed_at' must be a timestamp with the role attribute; or leave it out: it is added."
    if rule.resolve == "max" and not table.measures:
        yield "it resolves by the largest value but has no measure; use resolve='latest'."


def _check_names(column: str, names: Names) -> None:
    table = names.table
    if not isinstance(table.rule, Observe):
        raise DeclarationError(f"column {column}: its names are in {table.name}, which must be an observed table")
    wanted = {names.id: "string", names.name: "string", names.is_current: "boolean"}
    for name, kind in wanted.items():
        if name not in table.names or table.column(name).type != kind:
            raise DeclarationError(
                f"column {column}: its names need a column {name!r} of the type {kind} in {table.name}"
            )


def _times(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.role is Role.TIME]


def _check_columns_named(table: Table) -> Iterator[str]:
    for name in table.sort:
        if name not in table.names:
            yield f"it is sorted by {name!r}, which is not one of its columns; {_valid(table.names)}"
    for rollup in table.rollups:
        for name in rollup.dimensions:
            if name not in table.dimensions:
                yield f"rollup {rollup.name!r} has the dimension {name!r}; {_valid(table.dimensions)}"
        if rollup.grain not in _GRAINS:
            yield f"rollup {rollup.name!r} sums by {rollup.grain}; {_valid(_GRAINS)}"
    for event in table.events:
        for name in (event.actor, *(name for name, _ in event.without)):
            if name not in table.names:
                yield f"event {event.name!r} reads the column {name!r}; {_valid(table.names)}"


def _valid(names: Iterable[str]) -> str:
    return f"valid: {', '.join(map(str, names)) or 'none'}."


CHECKS = (
    _check_ids,
    _check_distinct,
    _check_types,
    _check_time,
    _check_reserved,
    _check_rule,
    _check_columns_named,
)
