"""Removing what was collected for a scope: its rows and its ledger entries."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from footfall.errors import ConflictError
from footfall.lake.delta import CommitConflictError, DeltaFolder, attempts
from footfall.lake.disclaiming import disclaim, left_out
from footfall.lake.files import read_files
from footfall.lake.lake import Lake
from footfall.lake.rollups import refresh
from footfall.sql import literal, quote
from footfall.tables import Table


class Removed(NamedTuple):
    """How much of a scope was removed, or would be."""

    rows: int
    windows: int
    """Windows in the ledger."""


def discard(lake: Lake, table: Table, scope: str, *, dry_run: bool = False) -> Removed:
    """Remove the rows of a scope, then its ledger entries. `scope` is as stored in rows: an id if rows have ids.

    If interrupted in between, the scope is still in the ledger, and a repeated call continues. Earlier versions of the
    table keep the rows until they expire.

    Raises ConflictError when other processes keep writing.
    """
    assert table.rule.scope is not None, "checked by who asks"
    doomed = f"{quote(table.rule.scope)} = {literal(scope)}"
    rows = _remove(lake, table, doomed, dry_run=dry_run)
    claims = f"scope = {literal(scope)}"
    if not dry_run:
        refresh(lake, table)
    return Removed(rows, disclaim(lake, table.name, claims, dry_run=dry_run))


def _remove(lake: Lake, table: Table, doomed: str, *, dry_run: bool) -> int:
    for _ in attempts():
        delta = DeltaFolder.open(lake.root / table.name, table.time)
        if delta is None or not delta.files():
            return 0
        counted = f"SELECT count(*) FROM {read_files(delta.folder, delta.files())} WHERE {doomed}"
        ((rows,),) = lake.cursor().execute(counted).fetchall()
        if dry_run or not rows:
            return int(rows)
        added, removed = left_out(lake, delta, table, doomed)
        with suppress(CommitConflictError):
            delta.commit(added, removed)
            return int(rows)
    raise ConflictError(f"other processes kept writing {table.name}; nothing was removed, run the same command again.")
