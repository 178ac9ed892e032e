"""A workspace → a folder of plain files: tables, the ledger, marks, and a manifest of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.collect.buffer import cursor_id
from footfall.errors import FootfallError
from footfall.lake.files import read_as
from footfall.ledger import LEDGER
from footfall.moving.manifest import Form, Manifest, Part, declared, stamp
from footfall.moving.marks import MARKS, OCCURRENCES, marks_of
from footfall.moving.rows import Typed, hash_of, write
from footfall.tables import Table

if TYPE_CHECKING:
    from footfall.lake import Lake
    from footfall.stores.store import Store


def export(
    folder: Path,
    lake: Lake,
    tables: Iterable[Table],
    store: Store,
    events: Iterable[str],
    now: datetime,
    form: Form = "parquet",
    *,
    is_for_spreadsheets: bool = False,
) -> Manifest:
    """Write everything of a workspace into an empty folder; observed values with all that was known of them before.

    Raises FootfallError when the folder holds something, or cannot be written.
    """
    from footfall import __version__

    _prepare(folder)
    snapshot = lake.snapshot(list(tables))
    pinned = {**snapshot.tables, **({LEDGER.name: snapshot.ledger} if snapshot.ledger else {})}
    found: Mapping[str, Table] = {table.name: table for table in (*tables, LEDGER)}
    connection = lake.cursor()
    parts = {}
    for name, table in sorted(found.items()):
        if name not in pinned:
            continue
        columns: Typed = [(c.name, c.type) for c in table.columns]
        rows = read_as(table, pinned[name].files)
        file = folder / f"{name}.{form}"
        write(connection, rows, file, form, columns, is_safe=is_for_spreadsheets)
        cursors = {} if table is LEDGER else _cursors(lake, table)
        parts[name] = Part(file.name, *hash_of(connection, rows, columns), table=declared(table), cursors=cursors)
    marks, occurrences = marks_of(store, events)
    for name, columns, rows in (("marks", MARKS, marks), ("occurrences", OCCURRENCES, occurrences)):
        file = folder / f"activity.{name}.{form}"
        connection.register(name, rows)
        write(connection, name, file, form, columns, is_safe=is_for_spreadsheets)
        parts[f"activity.{name}"] = Part(file.name, *hash_of(connection, name, columns))
    manifest = Manifest(stamp(now), f"footfall {__version__}", form, parts, is_for_spreadsheets)
    manifest.write(folder)
    return manifest


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FootfallError(f"{folder} is not empty; name a new or an empty folder.")
    except OSError as error:
        raise FootfallError(f"{folder} cannot be written: {error.strerror}.") from None


def _cursors(lake: Lake, table: Table) -> dict[str, int]:
    """How far each scope was read by each source."""
    position = lake.cursors_of(table)
    held = {(entry.source, entry.scope) for entry in lake.known() if entry.table == table.name}
    found = {name: position(name) for name in (cursor_id(source, table.name, scope) for source, scope in sorted(held))}
    return {name: at for name, at in found.items() if at}
