"""The ledger and the cursors, as one source sees them."""

from __future__ import annotations

from collections.abc import Callable

from footfall.collect.buffer import cursor_id
from footfall.lake import Lake
from footfall.ledger import Entries, Known
from footfall.periods import Window
from footfall.sources import Source


def known_to(lake: Lake, name: str, source: Source, entries: Entries, recheck: Window | None = None) -> Known:
    """What is known to the source called `name`; `entries` is its part of the ledger, `recheck` what to fetch again."""
    tables = {table.name: table for table in source.tables}
    opened: dict[str, Callable[[str], int | None]] = {}

    def position(table: str, scope: str) -> int | None:
        if table not in opened:
            opened[table] = lake.cursors_of(tables[table])
        return opened[table](cursor_id(name, table, scope))

    return Known(entries.about_windows(), position, recheck)
