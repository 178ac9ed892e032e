"""The rows of a small table, as readers see them: for annotations and known events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from footfall.lake.files import read_as
from footfall.lake.resolving import resolved
from footfall.lake.snapshot import Snapshot
from footfall.tables import Table

if TYPE_CHECKING:
    from footfall.lake.lake import Lake


def rows_of(lake: Lake, snapshot: Snapshot, table: Table) -> list[dict[str, Any]]:
    """The rows of `table` in `snapshot`, one per key if it is observed, with the current names of ids."""
    pinned = snapshot.tables.get(table.name)
    if pinned is None or not pinned.current:
        return []
    asked = resolved(table, read_as(table, pinned.current))
    rows: list[dict[str, Any]] = lake.cursor().sql(asked).to_arrow_table().to_pylist()
    for column in table.named:
        assert column.names is not None
        names = snapshot.names_in(column.names).current
        rows = [row | {column.name: names.get(row[column.name], row[column.name])} for row in rows]
    return rows
