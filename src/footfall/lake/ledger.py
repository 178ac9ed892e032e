"""The ledger's entries as rows, and back: what was collected when, with which outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from footfall.lake.files import literal
from footfall.periods import Window
from footfall.tables import LEDGER, Entry, Status

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def rows_of(entries: Sequence[Entry], observed_at: datetime) -> pa.Table:
    """Entries as rows of the ledger, stamped with `observed_at` where they carry no moment of their own."""
    import pyarrow as pa

    rows = [
        {
            **{name: getattr(entry, name) for name in LEDGER.names if hasattr(entry, name)},
            "window_start": entry.window.start,
            "window_end": entry.window.end,
            "observed_at": entry.observed_at or observed_at,
        }
        for entry in entries
    ]
    return pa.Table.from_pylist(rows, schema=LEDGER.arrow_schema())


def entries_in(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], as_of: datetime | None = None
) -> tuple[Entry, ...]:
    """Of every window the newest entry, and when that one failed, the newest successful one before it too."""
    until = f"WHERE observed_at <= {literal(as_of)}" if as_of else ""
    key = 'source, "table", scope, window_start, window_end'
    listed = ", ".join(literal(file) for file in files)
    rows = connection.sql(
        f"""
        WITH seen AS (
            SELECT *, status IN ('complete', 'provisional') AS is_success
            FROM read_parquet([{listed}], hive_partitioning = false) {until}
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY observed_at DESC, is_success DESC) AS age,
                   row_number() OVER (PARTITION BY {key}, is_success ORDER BY observed_at DESC) AS age_of_its_kind
            FROM seen
        )
        SELECT {", ".join(f'"{name}"' for name in LEDGER.names)} FROM ranked
        WHERE age = 1 OR (is_success AND age_of_its_kind = 1)
        ORDER BY {key}, observed_at
        """
    ).to_arrow_table()
    return tuple(_entry(row) for row in rows.to_pylist())


def _entry(row: dict[str, Any]) -> Entry:
    window = Window(row.pop("window_start"), row.pop("window_end"))
    return Entry(**{**row, "status": Status(row["status"])}, window=window)
