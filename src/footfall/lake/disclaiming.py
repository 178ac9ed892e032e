"""Taking back what the ledger claims: rows that it vouches for are gone, and their windows are to be collected again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from footfall.errors import ConflictError
from footfall.lake.delta import LIVE, PAST, CommitConflictError, Cursor, DeltaFolder, newest_version
from footfall.lake.files import read_files, write_month
from footfall.lake.lake import ATTEMPTS, BUILT_FROM, UNBUILT, Lake
from footfall.lake.vouching import behind, taken_back
from footfall.ledger import LEDGER
from footfall.periods import Window
from footfall.sql import literal, quote
from footfall.tables import Table


def disclaim_behind(lake: Lake, table: Table) -> str:
    """Where a table is behind its ledger, take back what was recorded since its newest version; says what was found.

    Empty where the table is not behind. What is taken back is unknown again, so `collect` asks for it anew.
    """
    ledger = DeltaFolder.open(lake.root / LEDGER.name, LEDGER.time)
    found = "" if ledger is None else behind(ledger.cursor, table.name, newest_version(lake.root / table.name))
    if not found:
        return ""
    for rollup in table.rollups:  # the table's versions may come to be others than those that it was built from
        rolled = DeltaFolder.open(lake.root / rollup.name, table.time)
        if rolled is not None:
            rolled.commit([], rolled.files(), cursors=[Cursor(BUILT_FROM, UNBUILT)])
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    since = "true" if delta is None else f"observed_at > {literal(delta.committed_at)}"
    count = disclaim(lake, table.name, since)
    windows = "1 window" if count == 1 else f"{count:,} windows"
    return (
        f"the table {table.name} {found}: what the ledger said of {windows} is taken back, and they are collected again"
    )


def disclaim_window(lake: Lake, table: str, window: Window) -> int:
    """Take back what the ledger says of a table's windows that touch `window`; how many windows that is."""
    return disclaim(lake, table, f"window_start < {literal(window.end)} AND window_end > {literal(window.start)}")


def disclaim(lake: Lake, table: str, condition: str) -> int:
    """Take back the entries of a table for which `condition` (SQL) holds; how many windows they were about.

    Raises ConflictError when other processes keep writing.
    """
    doomed = f'"table" = {literal(table)} AND ({condition})'
    for attempt in range(ATTEMPTS):
        ledger = DeltaFolder.open(lake.root / LEDGER.name, LEDGER.time)
        if ledger is None:
            return 0
        try:
            return _rewritten(lake, ledger, doomed, lambda: taken_back(lake.root, table))
        except CommitConflictError:
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))
    raise ConflictError("other processes kept writing the ledger; nothing was changed, run the same command again.")


def _rewritten(lake: Lake, ledger: DeltaFolder, doomed: str, cursors: Callable[[], list[Cursor]]) -> int:
    files = ledger.files()
    keys = ", ".join(map(quote, ("source", "scope", "window_start", "window_end")))
    connection = lake.cursor()
    rows = f"SELECT * FROM {read_files(ledger.folder, files, is_named=True)} WHERE {doomed}"
    touched = (
        {name for (name,) in connection.execute(f"SELECT DISTINCT filename FROM ({rows})").fetchall()}
        if files
        else set()
    )
    [(count,)] = (
        connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM ({rows}))").fetchall()
        if files
        else [(0,)]
    )
    removed = [file for file in files if str(ledger.folder / file.path) in touched]
    with ledger.staging() as added:
        for file in removed:
            prefix = LIVE if file.is_live else PAST if file.is_past else ""
            kept = f"SELECT * FROM {read_files(ledger.folder, [file])} WHERE NOT ({doomed})"
            if written := write_month(ledger.folder, LEDGER, file.month, connection.sql("SELECT 1"), kept, prefix):
                added.append(written)
    ledger.commit(added, removed, cursors=[Cursor(LEDGER.name, 0), *cursors()])
    return int(count)
