"""A full check of a lake: every log, every file and every checksum, and the tables against the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import DamagedLakeError, LakeError, LakeStorageError
from footfall.formats import counted
from footfall.lake.delta import COUNTED, DataFile, DeltaFolder, log_files, newest_version
from footfall.lake.files import read_as
from footfall.lake.lake import BUILT_FROM, Lake
from footfall.lake.resolving import resolved
from footfall.lake.storage.finding import storage_of
from footfall.lake.storage.seam import LOG
from footfall.lake.sums import fault_of
from footfall.lake.vouching import behind, check, state_of
from footfall.ledger import LEDGER
from footfall.sql import quote
from footfall.tables import Table


@dataclass(frozen=True)
class Examined:
    """The findings for one table of the lake."""

    table: Table
    sums: Table | None = None
    """For a rollup: the table that it aggregates."""
    files: int = 0
    rows: int = 0
    version: int | None = None
    """None if the table does not exist."""
    log: str = ""
    """What is wrong with its log, in a sentence; empty if nothing is."""
    damaged: tuple[tuple[DataFile, str], ...] = ()
    """Missing or damaged files, and what is wrong with each."""
    is_behind: bool = False
    """Whether it lacks commits that are recorded in the ledger."""

    @property
    def is_intact(self) -> bool:
        return not (self.log or self.damaged)

    @property
    def said(self) -> str:
        """The findings as text for users."""
        if self.log:
            return self.log
        if self.damaged:
            file, fault = self.damaged[0]
            more = f", and {counted(len(self.damaged) - 1, 'other file')}" if len(self.damaged) > 1 else ""
            return f"{self.table.name}/{file.path} {fault}{more}"
        return f"{counted(self.files, 'file')}, {self.rows:,} rows, version {self.version}"


def examine_lake(lake: Lake, tables: Iterable[Table]) -> Iterator[Examined]:
    """Check the ledger, every existing table and its rollups; reads every byte of them.

    Args:
        tables: Those of the sources. Tables in the folder that belong to no source are skipped.
    """
    ledger = examine_table(lake, LEDGER)
    yield ledger
    for table in tables:
        for one in (table, *(table.rolled(rollup) for rollup in table.rollups)):
            found = examine_table(lake, one, None if one is table else table, is_ledger_intact=ledger.is_intact)
            if found.version is not None or found.log:
                yield found


def examine_table(lake: Lake, table: Table, sums: Table | None = None, *, is_ledger_intact: bool = False) -> Examined:
    """Check one table; reads every byte of it.

    Args:
        sums: For a rollup: the table that it aggregates.
        is_ledger_intact: Whether it is checked against the ledger as well.
    """
    folder = lake.root / table.name
    lake.storage.refresh(folder, whole=True, again=True)
    newest = newest_version(folder)
    try:
        delta = DeltaFolder.open(folder, table.time)
        files = delta.files() if delta else []
    except LakeStorageError:
        raise
    except LakeError as error:
        return Examined(table, sums, version=newest, log=str(error))
    rows = sum(file.rows or 0 for file in files)
    log, is_behind = faulty_log(folder), False
    if not log and sums is None and is_ledger_intact:
        log, is_behind = _against_ledger(lake, folder, newest, files)
    lake.storage.fetch([folder / file.path for file in files], again=True)
    faults = ((file, fault_of(folder / file.path, is_deep=True)) for file in files)
    damaged = tuple((file, fault) for file, fault in faults if fault)
    if sums is not None and delta is not None and not log and not damaged:
        log = _against_table(lake, sums, table, delta)
    return Examined(table, sums, len(files), rows, newest, log, damaged, is_behind)


def _against_ledger(lake: Lake, folder: Path, newest: int | None, files: Iterable[DataFile]) -> tuple[str, bool]:
    ledger = DeltaFolder.open(lake.root / LEDGER.name, LEDGER.time)
    if ledger is None:
        return "", False
    try:
        check(ledger.cursor, folder, newest, state_of(files))
    except DamagedLakeError as error:
        return str(error), bool(behind(ledger.cursor, folder.name, newest))
    return "", False


def _against_table(lake: Lake, table: Table, rollup: Table, delta: DeltaFolder) -> str:
    """What is wrong with a rollup: it was built from a version that does not exist, or its sums differ."""
    built_from, newest = delta.cursor(BUILT_FROM), newest_version(lake.root / table.name)
    if built_from is None or newest is None or built_from < newest:
        return ""  # it is behind, so it is not read
    if built_from > newest:
        return f"the rollup {rollup.name} sums up version {built_from} of {table.name}, which is at version {newest}."
    summed = ", ".join(f"coalesce(sum({quote(name)}), 0)" for name in table.measures)
    found = []
    for one in (rollup, table):
        files = [lake.root / one.name / file.path for file in current_files(lake, one)]
        try:
            found.append(
                lake.cursor().execute(f"SELECT {summed} FROM ({resolved(one, read_as(one, files))})").fetchall()
            )
        except DamagedLakeError:
            return ""  # reported for the table itself
    return "" if found[0] == found[1] else f"the sums in the rollup {rollup.name} are not those of {table.name}."


def current_files(lake: Lake, table: Table) -> list[DataFile]:
    """The files that current readers of a table need."""
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    return [file for file in delta.files() if not file.is_past] if delta else []


def faulty_log(folder: Path) -> str:
    """What is wrong with the log of the table in `folder`, in a sentence; empty if nothing is."""
    fault = first_fault(folder)
    return (
        f"{storage_of(folder).shown(folder / LOG / f'{fault:020}.json')} is damaged or missing."
        if fault is not None
        else ""
    )


def first_fault(folder: Path) -> int | None:
    """The first version whose log file is missing, or has fewer lines than its first line says."""
    files = log_files(folder)
    expected = min(files, default=0)
    for version in sorted(files):
        if version != expected or not _is_whole(files[version]):
            return expected
        expected = version + 1
    return None


def _is_whole(file: Path) -> bool:
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
        said = next((line["commitInfo"] for line in lines if "commitInfo" in line), None)
    except (OSError, ValueError, TypeError):
        return False
    if said is None:
        return False
    expected = said.get(COUNTED)
    actions = sum(1 for line in lines if {"add", "remove", "txn"} & line.keys())
    return expected is None or str(actions) == str(expected)
