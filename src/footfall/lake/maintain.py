"""Maintenance: compact small files into one per month, and expire old versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from footfall.lake.compaction import compact, forget
from footfall.lake.delta import DeltaFolder
from footfall.lake.lake import Lake
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER
from footfall.periods import in_utc
from footfall.tables import Table

KEEP = timedelta(days=30)
"""How long older versions can be read (`as_of`) before they expire."""


@dataclass(frozen=True)
class Maintained:
    """What was done for one table."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    expired_files: int
    expired_bytes: int


def maintain(lake: Lake, tables: Iterable[Table], keep: timedelta = KEEP) -> list[Maintained]:
    """Compact every table and its rollups, then expire versions older than `keep`.

    Expires versions of tables, and observed values and ledger entries that newer ones replace.
    """
    done: list[Maintained] = []
    for table in _with_rollups(tables):
        if table is LEDGER:
            lake.vouch(each.table for each in done)
        delta = DeltaFolder.open(lake.root / table.name, table.time)
        if delta is None:
            continue
        before = delta.files()
        compact(lake, table, crowded=1)
        forget(lake, table, in_utc(lake.now()) - keep)
        delta = delta.reopen()
        after = delta.files()
        files, size = delta.expire(keep)
        sizes = sum(f.size for f in before), sum(f.size for f in after)
        done.append(Maintained(table.name, len(before), len(after), *sizes, files, size))
        refresh(lake, table)
    return done


def _with_rollups(tables: Iterable[Table]) -> list[Table]:
    all_tables: list[Table] = []
    for table in tables:
        all_tables += [table, *(table.rolled(rollup) for rollup in table.rollups)]
    return [*all_tables, LEDGER]
