"""Tables of the lake: columns and their roles, the two write rules, rollups and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from footfall.errors import UnknownNameError
from footfall.periods import Grain

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Rows: TypeAlias = "pa.Table | duckdb.DuckDBPyRelation"
"""Rows of a table: in memory, or a DuckDB relation that is read when it is written."""


class Role(StrEnum):
    """What a column is for."""

    TIME = "time"
    DIMENSION = "dimension"
    MEASURE = "measure"
    ATTRIBUTE = "attribute"
    """Kept and readable, but not split or filtered by (a checksum, a free text)."""


ColumnType = Literal["timestamp", "string", "integer", "number", "boolean"]
"""timestamp: microseconds in UTC; integer: 64 bits; number: a double."""


Labels: TypeAlias = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Code → label; as a function it is read when it is first needed (from a file, say)."""


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

    def __post_init__(self) -> None:
        is_text = self.role is Role.DIMENSION and self.type == "string"
        if not is_text and (self.folds_case or self.labels is not None):
            raise ValueError(f"column {self.name}: only a dimension of texts folds case or has labels")

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return (self.labels() if callable(self.labels) else self.labels) or {}

    @property
    def codes(self) -> Mapping[str, str]:
        """Code → label, empty where values speak for themselves."""
        return self._labels

    def code_of(self, text: str) -> str:
        """The code that `text` means: itself, or that of the label it is, whatever the case."""
        if text in self.codes:
            return text
        folded = text.lower()
        return next((code for code, label in self.codes.items() if label.lower() == folded), text)


@dataclass(frozen=True)
class Replace:
    """The source states a window whole; a commit replaces exactly that window (of one scope)."""

    scope: str | None = None
    """The column that tells scopes apart (a repository, a package), where there is one."""


@dataclass(frozen=True)
class Observe:
    """The source gives revisable values; only changed ones are appended, with `observed_at`.

    `key` names the columns that identify a value (the time column among them). Readers see one row
    a key: per measure the largest ever seen (`max`), or the row observed last (`latest`).
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
    """An event that the rows of a table tell: who stands in a column did it on the day of the row."""

    name: str
    actor: str
    """The column that says who; rows without one are nobody's."""
    description: str
    without: tuple[tuple[str, str | int | bool], ...] = ()
    """Rows that do not count: those whose column has this value."""

    @property
    def actors(self) -> str:
        """What those who did it are called: the description up to its first stop, "launched repositories"."""
        words = self.description.split(",")[0].removesuffix(".")
        return words[:1].lower() + words[1:]


@dataclass(frozen=True)
class Table:
    """Rows of one shape in the lake: one time column, dimensions and measures."""

    name: str
    description: str
    columns: tuple[Column, ...]
    rule: Replace | Observe
    rollups: tuple[Rollup, ...] = ()
    events: tuple[TableEvent, ...] = ()
    sort: tuple[str, ...] = ()
    """The order of rows within a file; what compresses best goes first."""
    resolution: Grain = Grain.HOUR
    """The finest grain that the time column tells apart: a table of days cannot be asked by hour."""

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
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

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
