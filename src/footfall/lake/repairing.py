"""Mending a lake: what is damaged is moved aside, and the ledger claims no more than is there.

Nothing is deleted, and nothing that is sound is touched:

- A damaged or missing file goes out of its table, and the ledger no longer claims its time.
- A damaged log is cut back to the last version before the damage, and the ledger no longer claims what was recorded since.
- A rollup is built anew.
- A ledger that cannot be read at all is built anew from the rows: a day that has some counts as collected.

What the ledger no longer claims is collected again by the next run, as far as upstream still has it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from footfall.errors import LakeError
from footfall.formats import counted
from footfall.lake.delta import DeltaFolder, log_files
from footfall.lake.disclaiming import disclaim, disclaim_behind, disclaim_window
from footfall.lake.examining import Examined, current_files, examine_lake, first_fault
from footfall.lake.files import read_as
from footfall.lake.lake import Lake
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import EPOCH, Window
from footfall.sql import quote
from footfall.tables import Table

REBUILT = "rebuilt from the rows that are stored; days without rows count as not collected"


@dataclass(frozen=True)
class Mended:
    """What was done about one table, in a sentence, and what could not be done."""

    table: str
    said: str
    is_mended: bool = True


def repair_lake(lake: Lake, tables: Mapping[str, Sequence[Table]], *, dry_run: bool = False) -> Iterator[Mended]:
    """Mend what `examine_lake` finds; what was damaged lies in `damaged-…` beside the tables afterwards.

    Args:
        tables: The tables of each source, by its name.
        dry_run: Only say what is wrong.

    Raises:
        LakeError: When the lake cannot be written.
    """
    all_tables = [table for each in tables.values() for table in each]
    aside = lake.root / f"damaged-{lake.now():%Y-%m-%dt%H-%M-%S}"
    for found in examine_lake(lake, all_tables):
        if found.is_sound:
            continue
        if dry_run:
            yield Mended(found.table.name, found.said, is_mended=False)
        elif found.table is LEDGER:
            yield from _mend_ledger(lake, found, tables, aside)
        elif found.sums is not None:
            yield _build_again(lake, found, found.sums, aside)
        else:
            yield from _mend_table(lake, found, aside)


def _mend_table(lake: Lake, found: Examined, aside: Path) -> Iterator[Mended]:
    name, folder = found.table.name, lake.root / found.table.name
    if found.is_behind:
        yield Mended(name, disclaim_behind(lake, found.table))
    elif found.log:
        version = _cut_back(folder, found.table, aside)
        if version is None and first_fault(folder) is None and folder.exists():
            yield Mended(name, f"{found.said} It cannot be mended: restore the lake from a backup.", is_mended=False)
            return
        windows = disclaim_behind(lake, found.table)
        yield Mended(name, f"{_cut(version)}{f'; {windows}' if windows else ''}.")
    delta = DeltaFolder.open(folder, found.table.time)
    again = [one for one in examine_lake(lake, [found.table]) if one.table is found.table]
    for one in again:
        if delta is not None and one.damaged:
            yield _without_damaged(lake, one, delta, aside)
    refresh(lake, found.table)


def _without_damaged(lake: Lake, found: Examined, delta: DeltaFolder, aside: Path) -> Mended:
    files = [file for file, _ in found.damaged]
    for file in files:
        _move(delta.folder / file.path, aside / found.table.name / file.path)
    delta.commit([], files)
    if found.table is LEDGER:
        return Mended(LEDGER.name, f"{counted(len(files), 'file')} taken out; what they said is unknown again.")
    windows = 0
    for file in files:
        whole = file.first is None or file.last is None
        span = None if whole else Window(file.first or EPOCH, (file.last or EPOCH) + timedelta(microseconds=1))
        windows += (
            disclaim(lake, found.table.name, "true") if span is None else disclaim_window(lake, found.table.name, span)
        )
    rows = sum(file.rows or 0 for file in files)
    days = ", ".join(sorted({file.month for file in files}))
    return Mended(
        found.table.name,
        f"{counted(len(files), 'file')} with {rows:,} rows of {days} taken out; {counted(windows, 'window')} of that time "
        "count as not collected.",
    )


def _mend_ledger(lake: Lake, found: Examined, tables: Mapping[str, Sequence[Table]], aside: Path) -> Iterator[Mended]:
    folder = lake.root / LEDGER.name
    version = found.version
    if found.log:
        version = _cut_back(folder, LEDGER, aside)
        if version is not None:
            yield Mended(LEDGER.name, f"{_cut(version)}; what it said since is unknown again.")
    if version is None or not folder.exists():
        entries = [
            entry for source, each in tables.items() for table in each for entry in _from_rows(lake, source, table)
        ]
        lake.record(entries)
        yield Mended(LEDGER.name, f"{REBUILT}: {counted(len(entries), 'day')} of {counted(len(tables), 'source')}.")
        return
    delta = DeltaFolder.open(folder, LEDGER.time)
    ledger = next(iter(examine_lake(lake, [])))
    if delta is not None and ledger.damaged:
        yield _without_damaged(lake, ledger, delta, aside)


def _from_rows(lake: Lake, source: str, table: Table) -> list[Entry]:
    """An entry for every day of a scope that has rows."""
    try:
        files = [lake.root / table.name / file.path for file in current_files(lake, table)]
        scope = quote(table.rule.scope) if table.rule.scope else "''"
        moment = f"make_timestamp(epoch_us({quote(table.time)}))"
        rows = lake.cursor().execute(
            f"SELECT coalesce({scope}::VARCHAR, ''), date_trunc('day', {moment})::DATE, count(*) "
            f"FROM {read_as(table, files)} WHERE {quote(table.time)} IS NOT NULL GROUP BY ALL ORDER BY ALL"
        )
        found = rows.fetchall()
    except LakeError:
        return []  # said of the table
    entries = []
    for name, day, count in found:
        start = datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo)
        window = Window(start, start + timedelta(days=1))
        entries.append(Entry(source, table.name, name, window, Status.COMPLETE, window.end, rows=count, reason=REBUILT))
    return entries


def _build_again(lake: Lake, found: Examined, table: Table, aside: Path) -> Mended:
    _move(lake.root / found.table.name, aside / found.table.name)
    refresh(lake, table)
    return Mended(found.table.name, f"built again from {table.name}.")


def _cut(version: int | None) -> str:
    return "moved aside whole" if version is None else f"its log is cut back to version {version}"


def _cut_back(folder: Path, table: Table, aside: Path) -> int | None:
    """Cut the log back to before its first damage; the version it is at then.

    None where nothing of it can be read, and the table is moved aside; or where no fault can be found, and nothing is changed.
    """
    fault = first_fault(folder)
    if fault is None and _opens(folder, table):
        return None
    if fault is not None:
        _move_log(folder, lambda version: version >= fault, aside)
    while not _opens(folder, table):
        files = log_files(folder)
        checkpoints = sorted((folder / "_delta_log").glob("*.checkpoint*"))
        if checkpoints:
            _move(checkpoints[-1], aside / table.name / "_delta_log" / checkpoints[-1].name)
            _move(folder / "_delta_log" / "_last_checkpoint", aside / table.name / "_delta_log" / "_last_checkpoint")
        elif files:
            newest = max(files)
            _move(files[newest], aside / table.name / "_delta_log" / files[newest].name)
        else:
            _move(folder, aside / table.name / "rest")
            return None
    delta = DeltaFolder.open(folder, table.time)
    return delta.version if delta else None


def _opens(folder: Path, table: Table) -> bool:
    try:
        delta = DeltaFolder.open(folder, table.time)
        return delta is not None and delta.files() is not None
    except LakeError:
        return False


def _move_log(folder: Path, goes: Callable[[int], bool], aside: Path) -> None:
    """Move aside the files of the log that say something of versions that go; a checkpoint of them as well."""
    for path in sorted((folder / "_delta_log").iterdir()):
        version = path.name[:20]
        if (version.isdigit() and goes(int(version))) or path.name == "_last_checkpoint":
            _move(path, aside / folder.name / "_delta_log" / path.name)


def _move(path: Path, to: Path) -> None:
    """Move a file or a folder, where it is there."""
    if path.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)
