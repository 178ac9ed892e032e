"""SQL text: names, values, typed columns and lists of Parquet files. The one place that writes them.

quote("my column")                → "my column"            an identifier
literal("it's")                   → 'it''s'                a text or a moment as a value
read_parquet(["a.parquet"])       → read_parquet([…], …)   rows of files, by the names of their columns
DUCKDB.select(table)              → CAST("day" AS TIMESTAMPTZ) AS "day", …
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from footfall.tables import Column, ColumnType, Table


@dataclass(frozen=True)
class Dialect:
    """How an engine writes identifiers and the types of columns."""

    mark: str
    types: Mapping[ColumnType, str]

    def quote(self, name: str) -> str:
        """An identifier."""
        return self.mark + name.replace(self.mark, self.mark * 2) + self.mark

    def select(self, table: Table, present: Collection[str] | None = None) -> str:
        """What stands after SELECT for the columns of a table; see `columns`."""
        return ", ".join(self.columns(table, present))

    def columns(self, table: Table, present: Collection[str] | None = None) -> list[str]:
        """The columns of a table, each cast to its type; those not among `present`, where that is given, are null."""
        return [self._column(c, is_null=present is not None and c.name not in present) for c in table.columns]

    def _column(self, column: Column, *, is_null: bool) -> str:
        name = self.quote(column.name)
        return f"CAST({'NULL' if is_null else name} AS {self.types[column.type]}) AS {name}"


DUCKDB = Dialect(
    '"',
    {
        "timestamp": "TIMESTAMPTZ",
        "string": "VARCHAR",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
    },
)
SPARK = Dialect(
    "`",
    {
        "timestamp": "TIMESTAMP",
        "string": "STRING",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
    },
)


def quote(name: str) -> str:
    """An identifier for DuckDB."""
    return DUCKDB.quote(name)


def literal(value: str | datetime) -> str:
    """A text or a moment (aware, in UTC) as a value for DuckDB."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value:%Y-%m-%d %H:%M:%S.%f}+00'"
    return "'" + value.replace("'", "''") + "'"


def read_parquet(paths: Iterable[str | Path], *, is_named: bool = False) -> str:
    """What DuckDB selects from to read Parquet files, with `filename` as a column more where `is_named`.

    By name, as older files may lack columns that were added later.
    """
    listed = ", ".join(literal(str(path)) for path in paths)
    more = ", filename = true" if is_named else ""
    return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true{more})"
