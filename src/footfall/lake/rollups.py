"""Rollups: narrower sums next to a table, rebuilt month by month where the table changed.

For an observed table they aggregate what readers see, one row per key. Queries as of an earlier moment read the table.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime

from footfall.errors import LakeError, LakeStorageError
from footfall.lake.delta import CommitConflictError, Cursor, DataFile, DeltaFolder, attempts
from footfall.lake.files import read_as, read_files, write_month
from footfall.lake.lake import BUILT_FROM, UNBUILT, Lake
from footfall.lake.resolving import resolved
from footfall.periods import Grain
from footfall.sql import literal, quote
from footfall.tables import Rollup, Table


def refresh(lake: Lake, table: Table) -> None:
    """Update every rollup of `table` to its newest version; up-to-date ones cost nothing.

    If other writers keep winning, their refresh is used: a stale rollup is slower, never wrong.
    """
    if not table.rollups:
        return
    source = DeltaFolder.open(lake.root / table.name, table.time)
    if source is None:
        return
    for rollup in table.rollups:
        for attempt in attempts():
            with suppress(CommitConflictError):
                source = source.reopen() if attempt else source
                _refresh_one(lake, table, rollup, source)
                break


def _refresh_one(lake: Lake, table: Table, rollup: Rollup, source: DeltaFolder) -> None:
    target = lake.open_for_writing(table.rolled(rollup))
    built_from = target.cursor(BUILT_FROM)
    if built_from is not None and built_from > source.version:
        source = source.reopen()  # another process may have built it from a newer version than the one opened
        if built_from > source.version:
            built_from = UNBUILT  # the table was restored from an older copy, or recreated
    if built_from == source.version:
        return
    changed = _changed_months(source, _current(source), built_from)
    spans = None if changed is None else {_span(rollup, month) for month in changed}
    summed = _finer(lake, table, rollup, source.version) or source
    files: dict[str, list[DataFile]] = defaultdict(list)
    for file in _current(summed):
        files[_span(rollup, file.month)].append(file)
    removed = [file for file in target.files() if spans is None or file.month in spans]
    with target.staging() as added:
        for span in sorted(files if spans is None else files.keys() & spans):
            rows = read_files(summed.folder, files[span])
            if summed is source:
                rows = f"({resolved(table, read_as(table, [source.folder / file.path for file in files[span]]))})"
            if written := _sum(lake, table, rollup, target, rows, span):
                added.append(written)
    target.commit(added, removed, cursors=[Cursor(BUILT_FROM, source.version)])


def _current(delta: DeltaFolder) -> list[DataFile]:
    return [file for file in delta.files() if not file.is_past]


def _span(rollup: Rollup, month: str) -> str:
    """The month in which rows of `month` are aggregated: the same month, or the first one of its year."""
    return f"{month[:4]}-01" if rollup.grain is Grain.YEAR else month


def _finer(lake: Lake, table: Table, rollup: Rollup, version: int) -> DeltaFolder | None:
    """An earlier rollup of the same version of the table from which `rollup` can be computed: it has fewer rows."""
    for other in table.rollups[: table.rollups.index(rollup)]:
        if rollup.grain.holds(other.grain) and set(rollup.dimensions) <= set(other.dimensions):
            delta = DeltaFolder.open(lake.root / other.name, table.time)
            if delta is not None and delta.cursor(BUILT_FROM) == version:
                return delta
    return None


def _changed_months(source: DeltaFolder, files: list[DataFile], built_from: int | None) -> set[str] | None:
    """The months whose files differ from those the rollup was built from; None if that is no longer known."""
    if built_from is None or built_from == UNBUILT:
        return None
    try:
        before = DeltaFolder.open(source.folder, source.time_column, built_from)
    except LakeStorageError:
        raise
    except LakeError:
        return None
    if before is None:
        return None
    then, now = ({(file.month, file.path) for file in state} for state in (_current(before), files))
    return {month for month, _ in then ^ now}


def _sum(lake: Lake, table: Table, rollup: Rollup, target: DeltaFolder, rows: str, month: str) -> DataFile | None:
    if rollup.grain.holds(Grain.MONTH):  # then all rows of the file are in one span
        moment = literal(datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC))
    else:  # as a plain timestamp, which is UTC here: truncating moments with a zone is several times slower
        moment = f"date_trunc('{rollup.grain}', make_timestamp(epoch_us({quote(table.time)})))"
    groups = [f"{moment} AS {quote(table.time)}", *map(quote, rollup.dimensions)]
    sums = [f"sum({quote(m)}) AS {quote(m)}" for m in table.measures]
    summed = f"SELECT {', '.join(groups + sums)} FROM {rows} GROUP BY ALL"
    nothing = lake.cursor().sql("SELECT 1")
    return write_month(target.folder, table.rolled(rollup), month, nothing, summed)
