"""Rollups: narrower sums beside a table, rebuilt month by month where the table changed."""

from __future__ import annotations

import random
import time

from footfall.errors import LakeError
from footfall.lake.delta import CommitConflictError, Cursor, DataFile, DeltaFolder
from footfall.lake.files import quote, read_files, write_month
from footfall.lake.lake import ATTEMPTS, BUILT_FROM, Lake
from footfall.periods import Grain
from footfall.tables import Replace, Rollup, Table


def refresh(lake: Lake, table: Table) -> None:
    """Bring every rollup of `table` up to its newest version; what is up to date costs nothing.

    When other writers keep winning, their refresh stands for ours: a stale rollup is only slower, never wrong.
    """
    for rollup in table.rollups:
        for attempt in range(ATTEMPTS):
            try:
                _refresh_one(lake, table, rollup)
                break
            except CommitConflictError:
                time.sleep(random.uniform(0, 0.02 * (attempt + 1)))


def _refresh_one(lake: Lake, table: Table, rollup: Rollup) -> None:
    if not isinstance(table.rule, Replace) or not Grain.MONTH.holds(rollup.grain):
        raise ValueError(f"{rollup.name}: a rollup sums a Replace table by hour, day or month")
    source = DeltaFolder.open(lake.root / table.name, table.time)
    if source is None:
        return
    target = lake.open_for_writing(table.rolled(rollup))
    built_from = target.cursor(BUILT_FROM)
    if built_from is not None and built_from >= source.version:
        return
    files = source.files()
    months = _changed_months(source, files, built_from)
    removed = [file for file in target.files() if months is None or file.month in months]
    with target.staging() as added:
        for month in sorted({file.month for file in files if months is None or file.month in months}):
            of_month = [file for file in files if file.month == month]
            if written := _sum_month(lake, table, rollup, target, source, month, of_month):
                added.append(written)
    target.commit(added, removed, cursor=Cursor(BUILT_FROM, source.version))


def _changed_months(source: DeltaFolder, files: list[DataFile], built_from: int | None) -> set[str] | None:
    """The months whose files are not those the rollup was built from; None when that is not known any more."""
    if built_from is None:
        return None
    try:
        before = DeltaFolder.open(source.folder, source.time_column, built_from)
    except LakeError:
        return None
    if before is None:
        return None
    then, now = ({(file.month, file.path) for file in state} for state in (before.files(), files))
    return {month for month, _ in then ^ now}


def _sum_month(
    lake: Lake,
    table: Table,
    rollup: Rollup,
    target: DeltaFolder,
    source: DeltaFolder,
    month: str,
    files: list[DataFile],
) -> DataFile | None:
    # Through a plain timestamp, which is UTC here: truncating moments with a zone costs several times as much.
    moment = f"date_trunc('{rollup.grain}', make_timestamp(epoch_us({quote(table.time)}))) AS {quote(table.time)}"
    groups = [moment, *map(quote, rollup.dimensions)]
    sums = [f"sum({quote(m)}) AS {quote(m)}" for m in table.measures]
    summed = f"SELECT {', '.join(groups + sums)} FROM {read_files(source.folder, files)} GROUP BY ALL"
    nothing = lake.cursor().sql("SELECT 1")
    return write_month(target.folder, table.rolled(rollup), month, nothing, summed)
