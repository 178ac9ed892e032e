"""Parquet files of a table, written by DuckDB: sorted, one a month, readable by everyone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from footfall.lake.delta import PARTITION, DataFile, storage_errors
from footfall.tables import Table

MEMORY_LIMIT = "1GB"


def connect() -> duckdb.DuckDBPyConnection:
    """DuckDB in process, in UTC, within bounds that do not grow with the lake."""
    connection = duckdb.connect()
    connection.execute(
        f"SET timezone = 'UTC'; SET preserve_insertion_order = false; SET memory_limit = '{MEMORY_LIMIT}'"
    )
    return connection


def quote(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | datetime) -> str:
    """A text or a moment in SQL."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value:%Y-%m-%d %H:%M:%S.%f}+00'"
    return "'" + value.replace("'", "''") + "'"


def read_files(folder: Path, files: Sequence[DataFile]) -> str:
    """The SQL that reads these files; columns that a file lacks are null."""
    listed = ", ".join(literal(str(folder / file.path)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"


def ask(incoming: duckdb.DuckDBPyRelation, sql: str) -> list[tuple[Any, ...]]:
    """The rows of `sql`, which may read `incoming` by that name."""
    answer = incoming.query("incoming", sql)
    assert answer is not None, "a statement with rows"
    return answer.fetchall()


def months_of(table: Table, incoming: duckdb.DuckDBPyRelation) -> list[str]:
    """The months that `incoming` has rows in, oldest first."""
    month = f"strftime({quote(table.time)}, '%Y-%m')"
    return sorted(row[0] for row in ask(incoming, f"SELECT DISTINCT {month} FROM incoming"))


def write_month(
    folder: Path, table: Table, month: str, incoming: duckdb.DuckDBPyRelation, select: str
) -> DataFile | None:
    """Write the rows of `select` (which may read `incoming`), all of one month, to one new file.

    None when there is no row. The file is part of no version until it is committed.
    """
    path = f"{PARTITION}={month}/{uuid.uuid4().hex}.parquet"
    order = ", ".join(quote(name) for name in table.sort or (table.time,))
    with storage_errors(folder):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        [(_, rows, size, _, statistics, *_)] = ask(
            incoming,
            f"COPY (SELECT {_typed(table)} FROM (SELECT * FROM ({select}) ORDER BY {order})) "
            f"TO {literal(str(folder / path))} "
            "(FORMAT parquet, COMPRESSION zstd, RETURN_STATS)",
        )
    if rows == 0:
        (folder / path).unlink()
        return None
    span = statistics[quote(table.time)]
    return DataFile(path, month, rows, size, datetime.fromisoformat(span["min"]), datetime.fromisoformat(span["max"]))


_TYPES = {
    "timestamp": "TIMESTAMPTZ",
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}


def _typed(table: Table) -> str:
    return ", ".join(f"CAST({quote(c.name)} AS {_TYPES[c.type]}) AS {quote(c.name)}" for c in table.columns)


def nulls(table: Table) -> str:
    """The columns of a table, each null and of its type."""
    return ", ".join(f"CAST(NULL AS {_TYPES[c.type]}) AS {quote(c.name)}" for c in table.columns)
