"""Converting the ledger's entries to rows and back: what was collected when, with which outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.lake.delta import is_live
from footfall.lake.files import read_as
from footfall.lake.resolving import SUCCESS, in_force
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import Window, from_micros, micros_of
from footfall.sql import literal, quote

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MOMENTS = tuple(column.name for column in LEDGER.columns if column.type == "timestamp")
KEY = 'source, "table", scope, window_start, window_end'


def entry_rows(entries: Sequence[Entry], observed_at: datetime) -> pa.Table:
    """Entries as rows of the ledger, stamped with `observed_at` if they have no moment of their own."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name, None) for entry in entries] for name in LEDGER.names if name not in MOMENTS
    }
    columns["status"] = [str(entry.status) for entry in entries]
    columns |= {
        "window_start": [micros_of(entry.window.start) for entry in entries],
        "window_end": [micros_of(entry.window.end) for entry in entries],
        "covered_until": [micros_of(entry.covered_until) for entry in entries],
        "observed_at": [micros_of(entry.observed_at or observed_at) for entry in entries],
        "settles_at": [entry.settles_at and micros_of(entry.settles_at) for entry in entries],
    }
    schema = LEDGER.arrow_schema()
    return pa.table([pa.array(columns[field.name], _stored(field.type)).cast(field.type) for field in schema], schema)


def _stored(kind: pa.DataType) -> pa.DataType:
    """Moments are passed as microseconds, which is ten times faster than as Python objects."""
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
    """The SQL of all entries in some files that overlap `window` and were recorded after `since` and up to `as_of`."""
    asked = {
        f"source = {literal(source or '')}": source is not None,
        f'"table" = {literal(table or "")}': table is not None,
        f"window_start < {literal(window.end)} AND window_end > {literal(window.start)}" if window else "": window,
        f"observed_at <= {literal(as_of)}" if as_of else "": as_of,
        f"observed_at > {literal(since)}" if since else "": since,
    }
    kept = " AND ".join(condition for condition, is_asked in asked.items() if is_asked) or "true"
    return f"SELECT * FROM {read_as(LEDGER, files)} WHERE {kept}"


def standing(files: Sequence[str], as_of: datetime | None = None, **asked: Any) -> str:
    """The SQL of the entries in force: for every window the newest, and the newest success if the newest is a failure.

    Adds the column `is_success`. A month whose only file has exactly the rows in force needs no resolving.
    """
    alone = [] if as_of else _alone(files)
    rest = [file for file in files if file not in set(alone)]
    found = [f"SELECT *, {SUCCESS} AS is_success FROM ({recorded(alone, **asked)})"] if alone else []
    if rest or not alone:
        among = recorded(rest, as_of=as_of, **asked)
        found.append(f"SELECT *, {SUCCESS} AS is_success FROM ({among}) QUALIFY {in_force(LEDGER)}")
    return " UNION ALL BY NAME ".join(f"({one})" for one in found)


def _alone(files: Sequence[str]) -> list[str]:
    """The files that hold exactly the entries in force of a month, and are its only files."""
    months = Counter(Path(file).parent for file in files)
    return [file for file in files if months[Path(file).parent] == 1 and is_live(file)]


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
    row |= {name: from_micros(row[name]) for name in MOMENTS if row[name] is not None}
    window = Window(row.pop("window_start"), row.pop("window_end"))
    return Entry(**{**row, "status": Status(row["status"])}, window=window)
