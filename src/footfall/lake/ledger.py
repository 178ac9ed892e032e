"""The ledger's entries as rows, and back: what was collected when, with which outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.lake.files import literal, quote
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import EPOCH, Window

if TYPE_CHECKING:
    import duckdb

MOMENTS = tuple(column.name for column in LEDGER.columns if column.type == "timestamp")


def rows_of(
    connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry], observed_at: datetime
) -> duckdb.DuckDBPyRelation:
    """Entries as rows of the ledger, stamped with `observed_at` where they carry no moment of their own."""
    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name, None) for entry in entries] for name in LEDGER.names if name not in MOMENTS
    }
    moments = {
        "window_start": [entry.window.start for entry in entries],
        "window_end": [entry.window.end for entry in entries],
        "covered_until": [entry.covered_until for entry in entries],
        "observed_at": [entry.observed_at or observed_at for entry in entries],
    }
    columns |= {name: [(moment - EPOCH) // timedelta(microseconds=1) for moment in moments[name]] for name in moments}
    columns["status"] = [str(entry.status) for entry in entries]
    unnested = ", ".join(f"unnest(${name}) AS {quote(name)}" for name in columns)
    typed = ", ".join(f"make_timestamptz({quote(name)}) AS {quote(name)}" for name in MOMENTS)
    return connection.sql(f"SELECT * REPLACE ({typed}) FROM (SELECT {unnested})", params=columns)


def entries_in(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], as_of: datetime | None = None
) -> tuple[Entry, ...]:
    """Of every window the newest entry, and when that one failed, the newest successful one before it too."""
    until = f"WHERE observed_at <= {literal(as_of)}" if as_of else ""
    key = 'source, "table", scope, window_start, window_end'
    return _entries(
        connection,
        files,
        f"""
        (
            SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY observed_at DESC, is_success DESC) AS age,
                   row_number() OVER (PARTITION BY {key}, is_success ORDER BY observed_at DESC) AS age_of_its_kind
            FROM (SELECT *, status IN ('complete', 'provisional') AS is_success FROM recorded {until})
        )
        WHERE age = 1 OR (is_success AND age_of_its_kind = 1)
        ORDER BY {key}, observed_at
        """,
    )


def entries_since(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], source: str, moment: datetime
) -> tuple[Entry, ...]:
    """Every entry of a source learnt after `moment`, those that newer ones stand for included."""
    chosen = f"recorded WHERE source = {literal(source)} AND observed_at > {literal(moment)}"
    return _entries(connection, files, chosen)


def _entries(connection: duckdb.DuckDBPyConnection, files: Sequence[str], chosen: str) -> tuple[Entry, ...]:
    """The entries that the SQL `chosen` takes from `recorded`, which is all that the files hold."""
    listed = ", ".join(literal(file) for file in files)
    asked = ", ".join(f"epoch_us({name})" if name in MOMENTS else quote(name) for name in LEDGER.names)
    rows = connection.execute(
        f"WITH recorded AS (FROM read_parquet([{listed}], hive_partitioning = false)) SELECT {asked} FROM {chosen}"
    ).fetchall()
    return tuple(_entry(dict(zip(LEDGER.names, row, strict=True))) for row in rows)


def _entry(row: dict[str, Any]) -> Entry:
    row |= {name: EPOCH + timedelta(microseconds=row[name]) for name in MOMENTS}
    window = Window(row.pop("window_start"), row.pop("window_end"))
    return Entry(**{**row, "status": Status(row["status"])}, window=window)
