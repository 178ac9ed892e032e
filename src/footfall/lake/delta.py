"""One Delta table in a folder: its files, its cursors, its commits. The only user of `deltalake`."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, DeltaProtocolError, TableNotFoundError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from footfall.errors import DamagedLakeError, LakeError, LakeStorageError, LakeWriteError, NewerLakeError
from footfall.forking import record_use
from footfall.lake.storage.finding import storage_of
from footfall.lake.storage.seam import LOG
from footfall.lake.sums import REMEDY
from footfall.periods import Window, short
from footfall.tables import Column, Table

PARTITION = "month"
"""Every table is partitioned by the month of its time column, as text: 2026-11."""

LIVE, PAST = "live-", "past-"
"""Name prefixes of the compacted files of an observed table: rows in force, and superseded rows."""


def is_live(path: str) -> bool:
    """Whether the file has exactly the rows that were in force when it was written."""
    return Path(path).name.startswith(LIVE)


def is_past(path: str) -> bool:
    """Whether the file is needed only by readers as of an earlier moment."""
    return Path(path).name.startswith(PAST)


CHANGES_DATA = True

COUNTED = "footfall.actions"
"""The first line of a commit says how many lines follow, so that a truncated log file is detected."""


ATTEMPTS = 30


class CommitConflictError(Exception):
    """Another writer changed what this commit was built on: it must be built again."""


def attempts() -> Iterator[int]:
    """Attempts to rebuild a commit after a conflict, with an increasing pause before each."""
    for attempt in range(ATTEMPTS):
        yield attempt
        time.sleep(random.uniform(0, 0.02 * (attempt + 1)))


@dataclass(frozen=True)
class Cursor:
    """How far a source has been read: a Delta application transaction, committed with the rows."""

    app_id: str
    position: int


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table: path, size, and its first and last time (both inclusive)."""

    path: str
    month: str
    rows: int
    size: int
    first: datetime | None
    last: datetime | None

    @property
    def is_past(self) -> bool:
        return is_past(self.path)

    @property
    def is_live(self) -> bool:
        return is_live(self.path)

    def overlaps(self, window: Window) -> bool:
        """Whether it may contain a row of `window`; without statistics it may contain anything."""
        return self.first is None or self.last is None or (self.first < window.end and window.start <= self.last)


class DeltaFolder:
    """A Delta table at one version; `reopen` returns the newest."""

    def __init__(self, folder: Path, table: DeltaTable, time_column: str) -> None:
        self.folder = folder
        self.time_column = time_column
        self._table = table

    @classmethod
    def open(
        cls, folder: Path, time_column: str, version: int | None = None, *, is_fresh: bool = False
    ) -> DeltaFolder | None:
        """The table in `folder`, or None if there is none yet.

        Args:
            is_fresh: Whether the storage was asked for the newest version just now.
        """
        if not is_fresh:
            storage_of(folder).refresh(folder, whole=version is not None)
        if not (folder / LOG).is_dir():
            return None
        record_use()
        _check_log(folder)
        try:
            with _reading(folder):
                return cls(folder, DeltaTable(folder, version=version), time_column)
        except TableNotFoundError:
            return None

    @classmethod
    def create(cls, folder: Path, table: Table) -> DeltaFolder:
        """An empty table; if another writer was faster, theirs."""
        record_use()
        fields = [*_fields(table.columns), Field(PARTITION, PrimitiveType("string"))]

        def make(at: Path) -> None:
            DeltaTable.create(
                at,
                Schema(fields),
                mode="ignore",
                partition_by=[PARTITION],
                description=table.description,
                # Opening a table reads the log since the last checkpoint; one day's collecting opens it a dozen times.
                configuration={"delta.checkpointInterval": "10"},
            )

        with storage_errors(folder):
            storage_of(folder).change(folder, make)
        created = cls.open(folder, table.time)
        assert created is not None, "this writer made it, or another one"
        return created

    def reopen(self) -> DeltaFolder:
        newest = self.open(self.folder, self.time_column)
        assert newest is not None
        return newest

    @property
    def version(self) -> int:
        return int(self._table.version())

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self._table.schema().fields if field.name != PARTITION)

    def cursor(self, app_id: str) -> int | None:
        with _reading(self.folder):
            position = self._table.transaction_version(app_id)
        return None if position is None else int(position)

    def files(self) -> list[DataFile]:
        """The files of this version, by path."""
        with _reading(self.folder):
            actions = self._table.get_add_actions(flatten=True)
        there = set(actions.column_names)
        names = ("path", f"partition.{PARTITION}", "num_records", "size_bytes")
        span = (f"min.{self.time_column}", f"max.{self.time_column}")
        nothing = [None] * actions.num_rows
        columns = [actions[name].to_pylist() if name in there else nothing for name in (*names, *span)]
        return sorted((DataFile(*values) for values in zip(*columns, strict=True)), key=lambda file: file.path)

    def add_columns(self, table: Table) -> DeltaFolder:
        """This table with the missing columns of `table` added; in older rows they are null."""
        lacking = [column for column in table.columns if column.name not in self.columns]
        if not lacking:
            return self
        with storage_errors(self.folder):
            storage_of(self.folder).change(
                self.folder, lambda at: self._table_at(at).alter.add_columns(_fields(lacking))
            )
        return self.reopen()

    def _table_at(self, folder: Path) -> DeltaTable:
        """This version, as a commit is written to it: here or in a copy of the log."""
        return self._table if folder == self.folder else DeltaTable(folder, version=self.version)

    def commit(
        self,
        added: Sequence[DataFile],
        removed: Sequence[DataFile],
        *,
        cursors: Sequence[Cursor] = (),
    ) -> int:
        """Add and remove files and move cursors, all or nothing; returns the newest version afterwards.

        Raises CommitConflictError when another writer removed one of these files or moved one of these cursors since
        this version. Added files are deleted again only if it is certain that the commit did not land.

        Every file is marked as a data change, even if rows are only joined: otherwise another writer's commit would
        not notice that its files are gone, and their rows would be in the table twice.
        """
        now = int(time.time() * 1000)
        actions: list[AddAction | RemoveAction] = [
            RemoveAction(f.path, CHANGES_DATA, now, size=f.size, partition_values={PARTITION: f.month}) for f in removed
        ]
        actions += [AddAction(f.path, f.size, {PARTITION: f.month}, now, CHANGES_DATA, self._stats(f)) for f in added]
        moved = [Transaction(cursor.app_id, cursor.position, now) for cursor in cursors]
        counted = {COUNTED: str(len(actions) + len(moved))}
        properties = CommitProperties(counted, app_transactions=moved, max_commit_retries=100)

        def write(at: Path) -> None:
            self._table_at(at).create_write_transaction(
                actions,
                mode="append",
                schema=self._table.schema(),
                partition_by=[PARTITION],
                commit_properties=properties,
            )

        try:
            with storage_errors(self.folder):
                written = storage_of(self.folder).change(self.folder, write)
        except (CommitConflictError, LakeWriteError, LakeStorageError):
            if not added or added[0].path not in {file.path for file in self.reopen().files()}:
                self.discard(added)
                raise
        newest = newest_version(self.folder) if written is None else written
        assert newest is not None
        return newest

    @contextmanager
    def staging(self) -> Iterator[list[DataFile]]:
        """Files written for a commit; deleted again if writing fails."""
        staged: list[DataFile] = []
        try:
            yield staged
        except BaseException:
            self.discard(staged)
            raise

    def discard(self, files: Sequence[DataFile]) -> None:
        """Delete files that are in no version."""
        for file in files:
            storage_of(self.folder).remove(self.folder / file.path)

    def _stats(self, file: DataFile) -> str:
        low = {self.time_column: _stamp(file.first)} if file.first else {}
        high = {self.time_column: _stamp(file.last)} if file.last else {}
        return json.dumps({"numRecords": file.rows, "minValues": low, "maxValues": high, "nullCount": {}})

    def version_at(self, moment: datetime) -> int | None:
        """The version that was newest at `moment`; None before the table was created."""
        storage_of(self.folder).refresh(self.folder, whole=True)
        stamps = sorted((int(entry["version"]), int(entry["timestamp"])) for entry in self._table.history())
        reached = [version for version, stamp in stamps if stamp <= moment.timestamp() * 1000]
        if reached:
            return reached[-1]
        if stamps and stamps[0][0] > 0:
            oldest = datetime.fromtimestamp(stamps[0][1] / 1000, UTC)
            raise LakeError(
                f"the lake no longer has {self.folder.name} as of {short(moment)}: "
                f"its versions go back to {short(oldest)}; use a later time."
            )
        return None

    @property
    def committed_at(self) -> datetime:
        """When this version was created."""
        with _reading(self.folder):
            [newest] = self._table.history(1)
        return datetime.fromtimestamp(int(newest["timestamp"]) / 1000, UTC)

    def expire(self, keep: timedelta, *, of_versions_only: bool = False) -> tuple[int, int]:
        """Drop what no version younger than `keep` needs; returns the number of files and of bytes.

        With `of_versions_only` files that no version ever had stay: another process may be about to commit them.
        """
        hours = int(keep.total_seconds() // 3600)
        options: Mapping[str, Any] = {"retention_hours": hours, "enforce_retention_duration": False}
        options = {**options, "full": not of_versions_only}
        storage = storage_of(self.folder)
        with storage_errors(self.folder):
            address, access = storage.upkeep(self.folder)
            table = self._table if access is None else DeltaTable(address, storage_options=dict(access))
            doomed = table.vacuum(dry_run=True, **options)
            size = storage.sizes(self.folder, doomed)
            if doomed:
                table.vacuum(dry_run=False, **options)
            table.create_checkpoint()
            table.cleanup_metadata()
            storage.tidy(self.folder)
        return len(doomed), size


def newest_version(folder: Path) -> int | None:
    """The newest version of the table in `folder`, from the file names in its log alone; None if there is none."""
    storage_of(folder).refresh(folder)
    try:
        names = os.listdir(folder / LOG)
    except OSError:
        return None
    return max((int(name[:20]) for name in names if name[20:] == ".json" and name[:20].isdigit()), default=None)


def log_files(folder: Path) -> dict[int, Path]:
    """The log files of the table in `folder`, by version."""
    storage_of(folder).refresh(folder, whole=True)
    found = (path for path in (folder / LOG).glob("*.json") if path.stem.isdigit() and len(path.stem) == 20)
    return {int(path.stem): path for path in found}


def _check_log(folder: Path) -> None:
    """Reject a log with an empty file: it would be read as a commit without changes."""
    sizes: dict[str, int] = {}
    checkpoint = -1
    with os.scandir(folder / LOG) as entries:
        for entry in entries:
            version, rest = entry.name[:20], entry.name[20:]
            if not version.isdigit():
                continue
            if rest.startswith(".checkpoint") and rest.endswith(".parquet"):
                checkpoint = max(checkpoint, int(version))
            elif rest == ".json":
                sizes[version] = entry.stat().st_size
    for version, size in sizes.items():
        if size < _LEAST_LOG and int(version) > checkpoint:
            raise DamagedLakeError(
                f"{storage_of(folder).shown(folder / LOG / version)}.json is damaged: it is empty, and the rows of its commit would be "
                f"missing; {REMEDY}"
            )


_LEAST_LOG = len("{}")
"""Minimum size of a log file in bytes."""


_TYPES = {"timestamp": "timestamp", "string": "string", "integer": "long", "number": "double", "boolean": "boolean"}


def _fields(columns: Iterable[Column]) -> list[Field]:
    return [Field(column.name, PrimitiveType(_TYPES[column.type]), nullable=True) for column in columns]


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def first_line(error: BaseException) -> str:
    """The error's first line without its full stop, for use in a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """What is wrong with the log of a table, in one sentence."""
    try:
        yield
    except TableNotFoundError:
        raise
    except (DeltaError, OSError) as error:
        if isinstance(error, DeltaProtocolError) or "unsupported" in str(error).lower():
            raise NewerLakeError(
                f"the table {folder.name} was written by a newer version of Footfall; upgrade Footfall."
            ) from None
        raise DamagedLakeError(
            f"the table in {storage_of(folder).shown(folder)} cannot be read: {first_line(error)}; {REMEDY}"
        ) from None


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Errors of the storage become one sentence; what was stored before is intact."""
    import duckdb

    try:
        yield
    except (OSError, duckdb.IOException, DeltaError) as error:
        text = str(error)
        if isinstance(error, CommitFailedError) and ("oncurrent" in text or "onflict" in text):
            raise CommitConflictError(text) from None
        causes = {
            "No space left": "the disk is full; free some space",
            "Disk quota": "the disk quota is used up; free some space",
            "File too large": "the file is larger than the limit; raise the limit",
            "Read-only file system": "the file system is read-only; use another folder or mount it for writing",
            "ermission denied": "permission is denied; make the folder writable",
        }
        cause = next((said for sign, said in causes.items() if sign in text), first_line(error))
        raise LakeWriteError(
            f"cannot write to {storage_of(folder).shown(folder)}: {cause}, then run the same command again; stored data is intact."
        ) from None
