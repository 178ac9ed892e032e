"""Retracting ledger entries: rows that the ledger vouches for are gone, and their windows must be collected again."""

from __future__ import annotations

from contextlib import suppress

from footfall.errors import ConflictError
from footfall.formats import counted
from footfall.lake.delta import LIVE, PAST, CommitConflictError, Cursor, DataFile, DeltaFolder, attempts, newest_version
from footfall.lake.files import read_files, write_month
from footfall.lake.lake import BUILT_FROM, UNBUILT, Lake
from footfall.lake.ledger import KEY
from footfall.lake.vouching import behind, taken_back
from footfall.ledger import LEDGER
from footfall.sql import literal
from footfall.tables import Table


def disclaim_behind(lake: Lake, table: Table) -> str:
    """If a table is behind its ledger, retract what was recorded since its newest version; returns a description.

    Empty if the table is not behind. Retracted windows are unknown again, so `collect` requests them again.
    """
    ledger = lake.snapshot([]).ledger  # pinned once for all tables
    if ledger is None or ledger.cursor is None:
        return ""
    found = behind(ledger.cursor, table.name, newest_version(lake.root / table.name))
    if not found:
        return ""
    for rollup in table.rollups:  # the table's versions may later differ from those that it was built from
        rolled = DeltaFolder.open(lake.root / rollup.name, table.time)
        if rolled is not None:
            rolled.commit([], rolled.files(), cursors=[Cursor(BUILT_FROM, UNBUILT)])
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    since = "true" if delta is None else f"observed_at > {literal(delta.committed_at)}"
    windows = counted(disclaim(lake, table.name, since), "window")
    return f"the table {table.name} {found}: the ledger's entries for {windows} were withdrawn; they will be collected again"


def disclaim_file(lake: Lake, table: str, file: DataFile) -> int:
    """Retract the ledger entries for the time span of a file; returns the number of windows."""
    if file.first is None or file.last is None:
        return disclaim(lake, table, "true")
    return disclaim(lake, table, f"window_start <= {literal(file.last)} AND window_end > {literal(file.first)}")


def disclaim(lake: Lake, table: str, condition: str, *, dry_run: bool = False) -> int:
    """Retract the entries of a table for which `condition` (SQL) holds; returns the number of their windows.

    Raises ConflictError when other processes keep writing.
    """
    doomed = f'"table" = {literal(table)} AND ({condition})'
    for _ in attempts():
        ledger = DeltaFolder.open(lake.root / LEDGER.name, LEDGER.time)
        if ledger is None or not ledger.files():
            return 0
        about = f"SELECT DISTINCT {KEY} FROM {read_files(ledger.folder, ledger.files())} WHERE {doomed}"
        windows = len(lake.cursor().execute(about).fetchall())
        if dry_run:
            return windows
        added, removed = left_out(lake, ledger, LEDGER, doomed)
        with suppress(CommitConflictError):
            ledger.commit(added, removed, cursors=[Cursor(LEDGER.name, 0), *taken_back(lake.root, table)])
            return windows
    raise ConflictError("other processes kept writing the ledger; nothing was changed, run the same command again.")


def left_out(lake: Lake, delta: DeltaFolder, table: Table, doomed: str) -> tuple[list[DataFile], list[DataFile]]:
    """Files without the rows for which `doomed` (SQL) holds, and the files that they replace."""
    files, connection = delta.files(), lake.cursor()
    found = f"SELECT DISTINCT filename FROM {read_files(delta.folder, files, is_named=True)} WHERE {doomed}"
    touched = {filename for (filename,) in connection.execute(found).fetchall()}
    removed = [file for file in files if str(delta.folder / file.path) in touched]
    with delta.staging() as added:
        for file in removed:
            prefix = LIVE if file.is_live else PAST if file.is_past else ""
            kept = f"SELECT * FROM {read_files(delta.folder, [file])} WHERE ({doomed}) IS NOT TRUE"
            if written := write_month(delta.folder, table, file.month, connection.sql("SELECT 1"), kept, prefix):
                added.append(written)
    return added, removed
