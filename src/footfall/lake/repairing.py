"""Repairing a lake: damaged files are moved aside, and the ledger is corrected to match the rest.

Nothing is deleted, and intact files are not touched:

- A damaged or missing file is removed from its table, and its time span counts as not collected.
- A damaged log is truncated to the last version before the damage; what was recorded since counts as not collected.
- A rollup is rebuilt.
- A ledger that cannot be read at all is rebuilt from the rows: a day that has rows counts as collected.

The next run collects these time spans again, as far as upstream still has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from footfall.errors import LakeError, LakeStorageError
from footfall.formats import counted
from footfall.lake.delta import DataFile, DeltaFolder, log_files
from footfall.lake.disclaiming import disclaim_behind, disclaim_file
from footfall.lake.examining import Examined, current_files, examine_lake, examine_table, first_fault
from footfall.lake.files import read_as
from footfall.lake.lake import Lake
from footfall.lake.rollups import refresh
from footfall.lake.storage import storage_of
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import EPOCH, Window
from footfall.sql import quote
from footfall.tables import Table

REBUILT = "rebuilt from the stored rows; days without rows count as not collected"


@dataclass(frozen=True)
class Repaired:
    """What was done for one table, in a sentence, and what could not be done."""

    table: str
    said: str
    is_repaired: bool = True


def repair_lake(lake: Lake, tables: Mapping[str, Sequence[Table]], *, dry_run: bool = False) -> Iterator[Repaired]:
    """Repair what `examine_lake` finds; damaged files are kept in `damaged-…` next to the tables.

    Args:
        tables: The tables of each source, by its name.
        dry_run: Only report what is wrong.

    Raises:
        LakeError: If the lake cannot be written.
    """
    all_tables = [table for each in tables.values() for table in each]
    aside = lake.root / f"damaged-{lake.now():%Y-%m-%dt%H-%M-%S}"
    for found in examine_lake(lake, all_tables):
        if found.is_intact:
            continue
        if dry_run:
            yield Repaired(found.table.name, found.said, is_repaired=False)
        elif found.table is LEDGER:
            yield from _repair_ledger(lake, found, tables, aside)
        elif found.sums is not None:
            yield _rebuild(lake, found, found.sums, aside)
        else:
            yield from _repair_table(lake, found, aside)


def _repair_table(lake: Lake, found: Examined, aside: Path) -> Iterator[Repaired]:
    name, folder = found.table.name, lake.root / found.table.name
    if found.is_behind:
        yield Repaired(name, disclaim_behind(lake, found.table))
    elif found.log:
        version = _cut_back(folder, found.table, aside)
        if version is None and folder.exists():
            yield Repaired(
                name, f"{found.said} It cannot be repaired: restore the lake from a backup.", is_repaired=False
            )
            return
        said = "; ".join(filter(None, (_cut(version), disclaim_behind(lake, found.table))))
        yield Repaired(name, f"{said}.")
        found = examine_table(lake, found.table)
    if found.damaged:
        files = _take_out(lake, found, aside)
        windows = sum(disclaim_file(lake, name, file) for file in files)
        rows, months = sum(file.rows or 0 for file in files), ", ".join(sorted({file.month for file in files}))
        yield Repaired(
            name,
            f"{counted(len(files), 'file')} with {rows:,} rows of {months} removed; {counted(windows, 'window')} of that "
            "time count as not collected.",
        )
    refresh(lake, found.table)


def _take_out(lake: Lake, found: Examined, aside: Path) -> list[DataFile]:
    """Move damaged files aside and remove them from the table."""
    files = [file for file, _ in found.damaged]
    delta = DeltaFolder.open(lake.root / found.table.name, found.table.time)
    assert delta is not None, "it was examined"
    for file in files:
        _move(delta.folder / file.path, aside / found.table.name / file.path)
    delta.commit([], files)
    return files


def _repair_ledger(
    lake: Lake, found: Examined, tables: Mapping[str, Sequence[Table]], aside: Path
) -> Iterator[Repaired]:
    folder = lake.root / LEDGER.name
    version = found.version
    if found.log:
        version = _cut_back(folder, LEDGER, aside)
        if version is not None:
            yield Repaired(LEDGER.name, f"{_cut(version)}; later entries are lost.")
    if version is None or not folder.exists():
        entries = [
            entry for source, each in tables.items() for table in each for entry in _from_rows(lake, source, table)
        ]
        lake.record(entries)
        yield Repaired(LEDGER.name, f"{REBUILT}: {counted(len(entries), 'day')} of {counted(len(tables), 'source')}.")
        return
    ledger = examine_table(lake, LEDGER)
    if ledger.damaged:
        files = _take_out(lake, ledger, aside)
        yield Repaired(LEDGER.name, f"{counted(len(files), 'file')} removed; their entries are lost.")


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
    except LakeStorageError:
        raise
    except LakeError:
        return []  # reported for the table itself
    entries = []
    for name, day, count in found:
        start = datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo)
        window = Window(start, start + timedelta(days=1))
        entries.append(Entry(source, table.name, name, window, Status.COMPLETE, window.end, rows=count, reason=REBUILT))
    return entries


def _rebuild(lake: Lake, found: Examined, table: Table, aside: Path) -> Repaired:
    _move(lake.root / found.table.name, aside / found.table.name)
    refresh(lake, table)
    return Repaired(found.table.name, f"rebuilt from {table.name}.")


def _cut(version: int | None) -> str:
    return "moved aside whole" if version is None else f"its log is cut back to version {version}"


def _cut_back(folder: Path, table: Table, aside: Path) -> int | None:
    """Truncate the log to before its first damage; returns the version it is then at.

    None if it cannot be read at all and the table is moved aside, or if no damage is found and nothing is changed.
    """
    fault = first_fault(folder)
    if fault is None and _opens(folder, table):
        return None
    if fault is not None:
        _move_log(folder, fault, aside)
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
    except LakeStorageError:
        raise
    except LakeError:
        return False


def _move_log(folder: Path, since: int, aside: Path) -> None:
    """Move aside the log files of the versions since `since`, including checkpoints."""
    for path in sorted((folder / "_delta_log").iterdir()):
        version = path.name[:20]
        if (version.isdigit() and int(version) >= since) or path.name == "_last_checkpoint":
            _move(path, aside / folder.name / "_delta_log" / path.name)


def _move(path: Path, to: Path) -> None:
    """Move a file or a folder, if it exists."""
    storage_of(path).move(path, to)
