"""The ledger's entries as rows, and back: what was collected when, with which outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import EPOCH, Window
from footfall.sql import DUCKDB, literal, quote, read_parquet

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MOMENTS = tuple(column.name for column in LEDGER.columns if column.type == "timestamp")
KEY = 'source, "table", scope, window_start, window_end'
NEWEST = "observed_at DESC, is_success DESC, rows DESC, fingerprint DESC"
"""What comes after the moment breaks ties, so that compacting picks the entry that readers pick."""


def entry_rows(entries: Sequence[Entry], observed_at: datetime) -> pa.Table:
    """Entries as rows of the ledger, stamped with `observed_at` where they carry no moment of their own."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name, None) for entry in entries] for name in LEDGER.names if name not in MOMENTS
    }
    columns["status"] = [str(entry.status) for entry in entries]
    columns |= {
        "window_start": [_micros(entry.window.start) for entry in entries],
        "window_end": [_micros(entry.window.end) for entry in entries],
        "covered_until": [_micros(entry.covered_until) for entry in entries],
        "observed_at": [_micros(entry.observed_at or observed_at) for entry in entries],
        "settles_at": [entry.settles_at and _micros(entry.settles_at) for entry in entries],
    }
    schema = LEDGER.arrow_schema()
    return pa.table([pa.array(columns[field.name], _stored(field.type)).cast(field.type) for field in schema], schema)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _stored(kind: pa.DataType) -> pa.DataType:
    """Moments go in as microseconds, which is ten times quicker than as Python's objects."""
    import pyarrow as pa

    return pa.int64() if pa.types.is_timestamp(kind) else kind


def recorded(
    files: Sequence[str],
    *,
    source: str | None = None,
    table: str | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    since: datetime | None = None,
) -> str:
    """The SQL of all entries in some files that touch `window` and were recorded after `since` and up to `as_of`."""
    asked = {
        f"source = {literal(source or '')}": source is not None,
        f'"table" = {literal(table or "")}': table is not None,
        f"window_start < {literal(window.end)} AND window_end > {literal(window.start)}" if window else "": window,
        f"observed_at <= {literal(as_of)}" if as_of else "": as_of,
        f"observed_at > {literal(since)}" if since else "": since,
    }
    kept = " AND ".join(condition for condition, is_asked in asked.items() if is_asked) or "true"
    # files of an earlier version lack columns, perhaps all of them
    rows = f"SELECT {DUCKDB.select(LEDGER, present=())} LIMIT 0"
    if files:
        rows = f"({rows}) UNION ALL BY NAME SELECT * FROM {read_parquet(files)}"
    return f"SELECT * FROM ({rows}) WHERE {kept}"


def in_force(recorded: str) -> str:
    """Of every window the newest entry, and when that one is no success, the newest success before it too.

    Two columns more: `is_success`, and `has_success`, whether its window has an entry that is.
    """
    return f"""
        SELECT * EXCLUDE (age, age_of_its_kind), bool_or(is_success) OVER (PARTITION BY {KEY}) AS has_success
        FROM (
            SELECT *, row_number() OVER (PARTITION BY {KEY} ORDER BY {NEWEST}) AS age,
                   row_number() OVER (PARTITION BY {KEY}, is_success ORDER BY {NEWEST}) AS age_of_its_kind
            FROM (SELECT *, status IN ('complete', 'provisional') AS is_success FROM ({recorded}))
        )
        WHERE age = 1 OR (is_success AND age_of_its_kind = 1)
    """


def disputed(recorded: str) -> str:
    """Table, scope and ends (in microseconds) of windows that were collected with more than one fingerprint."""
    return f"""
        SELECT "table", scope, epoch_us(window_start), epoch_us(window_end) FROM ({recorded})
        WHERE status IN ('complete', 'provisional') AND fingerprint <> ''
        GROUP BY ALL HAVING count(DISTINCT fingerprint) > 1
    """


def entries_of(rows: duckdb.DuckDBPyRelation) -> tuple[Entry, ...]:
    """Rows of the ledger as entries, in their order."""
    asked = ", ".join(f"epoch_us({name})" if name in MOMENTS else quote(name) for name in LEDGER.names)
    return tuple(_entry(dict(zip(LEDGER.names, row, strict=True))) for row in rows.project(asked).fetchall())


def _entry(row: dict[str, Any]) -> Entry:
    row |= {name: EPOCH + timedelta(microseconds=row[name]) for name in MOMENTS if row[name] is not None}
    window = Window(row.pop("window_start"), row.pop("window_end"))
    return Entry(**{**row, "status": Status(row["status"])}, window=window)
