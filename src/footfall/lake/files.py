"""Parquet files of a table: sorted, one per month, readable by any tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from footfall.lake.delta import PARTITION, DataFile, storage_errors
from footfall.lake.storage import storage_of
from footfall.lake.sums import fresh_name, settle, verify
from footfall.periods import EPOCH
from footfall.sql import DUCKDB, literal, quote, read_parquet
from footfall.tables import Rows, Table

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_LIMIT = "1GB"
ROW_GROUP = 122_880
"""Rows per row group, which is read or skipped as a whole: as many as DuckDB writes."""


def connect() -> duckdb.DuckDBPyConnection:
    """In-process DuckDB, in UTC, with limits that do not grow with the lake."""
    connection = duckdb.connect()
    connection.execute(
        f"SET timezone = 'UTC'; SET preserve_insertion_order = false; SET memory_limit = '{MEMORY_LIMIT}'"
    )
    return connection


def read_files(folder: Path, files: Sequence[DataFile], is_named: bool = False) -> str:
    """The SQL that reads these files; columns missing from a file are null, and `filename` is an optional extra column.

    Raises DamagedLakeError.
    """
    paths = [folder / file.path for file in files]
    verify(paths)
    return read_parquet(paths, is_named=is_named)


def read_as(table: Table, paths: Sequence[str | Path]) -> str:
    """The SQL of all columns of `table` from some of its files: columns that are in none of the files are null.

    Raises DamagedLakeError.
    """
    verify(paths)
    nothing = f"SELECT {DUCKDB.select(table, present=())} LIMIT 0"
    return f"(({nothing}) UNION ALL BY NAME SELECT * FROM {read_parquet(paths)})" if paths else f"({nothing})"


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
    folder: Path, table: Table, month: str, incoming: duckdb.DuckDBPyRelation, select: str, prefix: str = ""
) -> DataFile | None:
    """Write the rows of `select` (which may read `incoming`), all of one month, to one new file named with `prefix`.

    None if there are no rows. The file is part of no version until it is committed.
    """
    file = folder / f"{PARTITION}={month}" / fresh_name()
    order = ", ".join(quote(name) for name in table.sort or (table.time,))
    with storage_errors(folder):
        file.parent.mkdir(parents=True, exist_ok=True)
        [(_, rows, size, _, statistics, *_)] = ask(
            incoming,
            f"COPY (SELECT {DUCKDB.select(table)} FROM (SELECT * FROM ({select}) ORDER BY {order})) "
            f"TO {literal(str(file))} "
            "(FORMAT parquet, COMPRESSION zstd, RETURN_STATS)",
        )
        if rows == 0:
            file.unlink()
            return None
        settled = settle(file, prefix)
        _keep(settled)
        path = str(settled.relative_to(folder))
    span = statistics[quote(table.time)]
    return DataFile(path, month, rows, size, datetime.fromisoformat(span["min"]), datetime.fromisoformat(span["max"]))


def write_months(
    folder: Path,
    table: Table,
    incoming: duckdb.DuckDBPyRelation,
    select: str,
    prefixes: Mapping[str, str] | None = None,
) -> Iterator[DataFile]:
    """Write the rows of `select` (which may read `incoming`) to one new file per month, in one pass.

    If there are few rows, a statement per month costs more than writing them. `prefixes` are those of months.
    """
    import pyarrow.compute as pc

    moment = f"make_timestamp(epoch_us({quote(table.time)}))"
    order = ", ".join(quote(name) for name in table.sort or (table.time,))
    answer = incoming.query(
        "incoming",
        f"SELECT (year({moment}) * 12 + month({moment}) - 1)::INTEGER AS __month, {DUCKDB.select(table)} "
        f"FROM ({select}) ORDER BY __month, {order}",
    )
    assert answer is not None, "a statement with rows"
    found = answer.to_arrow_table()
    runs = pc.value_counts(found["__month"]).to_pylist()
    start = 0
    for run in sorted(runs, key=lambda run: run["values"]):
        year, number = divmod(run["values"], 12)
        month, part = f"{year:04}-{number + 1:02}", found.slice(start, run["counts"])
        start += run["counts"]
        yield write_sorted(folder, table, month, part, (prefixes or {}).get(month, ""))


def write_sorted(folder: Path, table: Table, month: str, rows: pa.Table, prefix: str = "") -> DataFile:
    """Write in-memory rows, of one month and in the table's order, to one new file named with `prefix`.

    Arrow writes dictionary-encoded columns unchanged: DuckDB would decode, sort and encode them again.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = folder / f"{PARTITION}={month}" / fresh_name()
    rows = rows.select(table.names).combine_chunks()
    with storage_errors(folder):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with pq.ParquetWriter(file, rows.schema, compression="zstd", store_schema=False) as writer:
                for start in range(0, rows.num_rows, ROW_GROUP):
                    writer.write_table(_trimmed(rows.slice(start, ROW_GROUP)))
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        size = file.stat().st_size
        settled = settle(file, prefix)
        _keep(settled)
        path = str(settled.relative_to(folder))
    span = pc.min_max(rows[table.time].cast("int64")).as_py()
    first, last = (EPOCH + timedelta(microseconds=span[end]) for end in ("min", "max"))
    return DataFile(path, month, rows.num_rows, size, first, last)


def _keep(file: Path) -> None:
    """Hand a written file over to the storage; its copy here goes if that fails."""
    try:
        storage_of(file).store(file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _trimmed(rows: pa.Table) -> pa.Table:
    """The rows with each dictionary trimmed to the range from first to last value used: it is written whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for column in (column.chunk(0) for column in rows.columns):
        if isinstance(column, pa.DictionaryArray) and column.null_count < len(column):
            span = pc.min_max(column.indices)
            first, last = span["min"].as_py(), span["max"].as_py()
            codes = pc.subtract(column.indices, span["min"])
            column = pa.DictionaryArray.from_arrays(codes, column.dictionary.slice(first, last - first + 1))
        columns.append(column)
    return pa.table(columns, schema=rows.schema)


def is_writable_as_is(table: Table, rows: Rows | None) -> bool:
    """Whether rows are in memory, not empty, and have the columns and types of the table, perhaps as dictionaries."""
    import pyarrow as pa

    if not isinstance(rows, pa.Table) or not rows.num_rows:
        return False
    kinds = {f.name: f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in rows.schema}
    return all(kinds.get(field.name) == field.type for field in table.arrow_schema())
