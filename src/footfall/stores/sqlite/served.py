"""The embedded store as a server for marks uses it: many marks per write, synced to disk if requested."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pyroaring import BitMap64

from footfall.stores.ids import NAMED
from footfall.stores.members import Members, kept_form
from footfall.stores.sqlite import journal
from footfall.stores.sqlite.checks import check_before
from footfall.stores.sqlite.folding import FOLD_ROWS
from footfall.stores.sqlite.intake import RECORD_BYTES, changes_in, record
from footfall.stores.sqlite.sets import union_with
from footfall.stores.sqlite.store import SqliteStore
from footfall.stores.store import HIDDEN, UNDATED


class Place(NamedTuple):
    """A set to mark, as `mark_each` takes it."""

    event: int
    slot: int
    check: int


class ServedStore(SqliteStore):
    """One process marks for many clients; other processes may read the file at the same time, and mark too."""

    def __init__(
        self, path: str | Path, *, is_synced: bool = False, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """With `is_synced`, marks are on disk when a call returns, not only safe from process crashes."""
        super().__init__(path, now=now)
        self._is_synced = is_synced
        if is_synced:
            self._file.synchronous = "FULL"
        self._rows = 0

    def place(self, event: str, slot: int) -> Place:
        """The place for marks of an event and a slot; a new event is created."""
        with self._file.lock:
            number = self._made(event)
        return Place(number, slot, check_before(number, slot))

    def mark_each(self, marks: Sequence[tuple[Place, int]]) -> None:
        """Add an actor (a number below 2^32) to a set for each mark, with one occurrence each.

        Raises:
            ActivityError: If they cannot be written; some of them may have been.
        """
        with self._file.lock:
            intake = self._state.intake or self._state.opened_intake()
            records = b"".join([record(event, slot, actor, check) for (event, slot, check), actor in marks])
            if intake is None or not intake.append_records(records):
                self._state.take_intake()
                with self._state.writing() as connection:
                    journal.append_changes(connection, changes_in(records))
            elif self._is_synced:
                intake.sync()
        self._rows += len(marks)

    def read(self, event: str, start: int, stop: int) -> Members:
        """The numeric actors of [start, stop); not cached by the store, as the caller does that."""
        with self._state.reading() as connection:
            number = self._number(event)
            if number is None:
                return BitMap64()
            key = (number, start, stop)
            ids = union_with(connection, key, self._state.memory.pending_in(key))
        if ids and ids.max() >= NAMED:
            ids = BitMap64(ids)
            ids.remove_range(NAMED, 1 << 63)
        return kept_form(ids)

    def hidden_keys(self) -> list[bytes]:
        """The keys of non-empty sets that do not belong to an event of an application."""
        with self._state.reading() as connection:
            found = connection.execute("SELECT name, id FROM events WHERE substr(name, 1, 1) = ?", (HIDDEN,)).fetchall()
            held = [name for name, number in found if self._slots_in(connection, number, UNDATED, UNDATED + 1)]
        return [name.removeprefix(HIDDEN).encode("latin-1") for name in held]

    def state(self) -> tuple[int, int, int]:
        """Changes when another process writes; the last part grows with every single mark, including this process's."""
        file = self._file
        with file.lock:
            try:
                [(version,)] = (file.connection or file.open()).execute("PRAGMA data_version")
            except sqlite3.Error as error:
                raise file.failure(error) from None
            intake = self._state.intake or self._state.opened_intake()
            return (int(version), intake.generation, intake.size // RECORD_BYTES) if intake else (int(version), 0, 0)

    def fold_if_long(self) -> bool:
        """Fold the marks into the bitmaps if there are many; returns whether it did."""
        if self._rows < 2 * FOLD_ROWS:
            return False
        self._rows = 0
        self.fold()
        return True

    def sync(self) -> None:
        """Wait until all marks are on disk. Others mark in the meantime."""
        with ExitStack() as opened:
            with self._file.lock:
                files = [self._state.intake.descriptor()] if self._state.intake else []
                with suppress(FileNotFoundError):
                    files.append(os.open(f"{self._file.path}-wal", os.O_RDONLY))
                for file in files:
                    opened.callback(os.close, file)
            for file in files:
                os.fdatasync(file)
