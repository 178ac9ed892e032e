"""Maintenance: small files become one a month, versions that nobody may ask for any more go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from footfall.lake.delta import CommitConflictError, Cursor, DataFile, DeltaFolder
from footfall.lake.files import read_files, write_month
from footfall.lake.lake import BUILT_FROM, Lake
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER
from footfall.tables import Table

KEEP = timedelta(days=30)
"""How long older versions can be read (`as_of`) before they expire."""

CROWDED = 40
"""Files a month may hold before collecting compacts it unasked: a month of days, and a few restatements."""


@dataclass(frozen=True)
class Maintained:
    """What was done to one table."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    expired_files: int
    expired_bytes: int


def maintain(lake: Lake, tables: Iterable[Table], keep: timedelta = KEEP) -> list[Maintained]:
    """Compact every table and its rollups, then expire what no version younger than `keep` needs."""
    done = []
    for table in _with_rollups(tables):
        delta = DeltaFolder.open(lake.root / table.name, table.time)
        if delta is None:
            continue
        before = delta.files()
        compact(lake, table, crowded=1)
        delta = delta.reopen()
        after = delta.files()
        files, size = delta.expire(keep)
        sizes = sum(f.size for f in before), sum(f.size for f in after)
        done.append(Maintained(table.name, len(before), len(after), *sizes, files, size))
        refresh(lake, table)
    return done


def compact(lake: Lake, table: Table, crowded: int = CROWDED) -> None:
    """Join the files of each month that holds more than `crowded`; the rows stay the same.

    Readers go on with the version they have. When another writer changes a month meanwhile, it is left for the next time.
    """
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    if delta is None:
        return
    months: dict[str, list[DataFile]] = defaultdict(list)
    for file in delta.files():
        months[file.month].append(file)
    for month, files in months.items():
        if len(files) > crowded:
            _join(lake, table, delta.reopen(), month, files)


def _join(lake: Lake, table: Table, delta: DeltaFolder, month: str, files: list[DataFile]) -> None:
    nothing = lake.cursor().sql("SELECT 1")
    joined = write_month(delta.folder, table, month, nothing, f"SELECT * FROM {read_files(delta.folder, files)}")
    added = [joined] if joined else []
    try:
        after = delta.commit(added, files, is_rearrangement=True)
    except CommitConflictError:
        return
    if after == delta.version + 1:
        _carry_rollups_over(lake, table, delta.version, after)


def _carry_rollups_over(lake: Lake, table: Table, before: int, after: int) -> None:
    """The rows are the same, so what was built from the version before stands for the one after."""
    for rollup in table.rollups:
        target = DeltaFolder.open(lake.root / rollup.name, table.time)
        if target is not None and target.cursor(BUILT_FROM) == before:
            try:
                target.commit([], [], cursors=[Cursor(BUILT_FROM, after)])
            except CommitConflictError:
                return


def _with_rollups(tables: Iterable[Table]) -> list[Table]:
    all_tables: list[Table] = []
    for table in tables:
        all_tables += [table, *(table.rolled(rollup) for rollup in table.rollups)]
    return [*all_tables, LEDGER]
