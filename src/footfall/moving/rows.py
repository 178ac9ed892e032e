"""Rows of files and of tables, and the hash that tells whether two of them hold the same rows, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.errors import FootfallError
from footfall.frames import FORMULA
from footfall.moving.manifest import Form
from footfall.sql import DUCKDB, literal, quote, read_parquet
from footfall.tables import ColumnType

if TYPE_CHECKING:
    import duckdb

Typed = Sequence[tuple[str, ColumnType]]
"""Columns: their names and types."""


def read_form(file: Path, form: Form, columns: Typed) -> str:
    """The SQL that reads what `write` wrote."""
    if form == "parquet":
        return f"(SELECT * FROM {read_parquet([file])})"
    texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name, _ in columns)
    casts = ", ".join(_cast(name, kind) for name, kind in columns)
    return (
        f"(SELECT {casts} FROM read_csv({literal(str(file))}, columns = {{{texts}}}, auto_detect = false, header = true, "
        "delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, parallel = false, "
        "max_line_size = 100000000))"
    )


def _cast(name: str, kind: ColumnType) -> str:
    return f"CAST({quote(name)} AS {DUCKDB.types[kind]}) AS {quote(name)}"


def write(
    connection: duckdb.DuckDBPyConnection, rows: str, file: Path, form: Form, columns: Typed, *, is_safe: bool = False
) -> None:
    """Write the rows of `rows` (SQL), in an order that is the same each time.

    In CSV texts are quoted and null is an empty cell without quotes; `is_safe` puts ' before texts that look like formulas.
    """
    names = ", ".join(quote(name) for name, _ in columns)
    shown = ", ".join(_shown(name, kind, form, is_safe) for name, kind in columns)
    texts = ", ".join(quote(name) for name, kind in columns if kind == "string")
    options = "FORMAT parquet, COMPRESSION zstd"
    if form == "csv":
        options = f"FORMAT csv, HEADER, NULLSTR ''{f', FORCE_QUOTE ({texts})' if texts else ''}"
    try:
        connection.execute(f"COPY (SELECT {shown} FROM {rows} ORDER BY {names}) TO {literal(str(file))} ({options})")
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror or error}.") from None


def _shown(name: str, kind: ColumnType, form: Form, is_safe: bool) -> str:
    column = quote(name)
    if form == "csv" and kind == "timestamp":
        return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"
    if is_safe and kind == "string":
        return f"CASE WHEN regexp_matches({column}, {literal(f'^{FORMULA}')}) THEN '''' || {column} ELSE {column} END AS {column}"
    return column


def hash_of(connection: duckdb.DuckDBPyConnection, rows: str, columns: Typed) -> tuple[int, str]:
    """How many rows there are, and a hash of them that does not depend on their order."""
    cells = ", ".join(f"epoch_us({quote(n)})" if kind == "timestamp" else quote(n) for n, kind in columns)
    row_hash = f"md5_number_lower(CAST(to_json(row({cells})) AS VARCHAR))"
    found = connection.execute(f"SELECT count(*), coalesce(sum(CAST({row_hash} AS HUGEINT)), 0) FROM {rows}").fetchall()
    [(count, total)] = found
    return int(count), f"{int(total) % (1 << 64):016x}"
