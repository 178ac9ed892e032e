"""The file of the embedded store: opening (other files are refused), transactions, and SQLite's errors as sentences.

Durable means that a crash of a process loses no mark. The file is synced at checkpoints (`PRAGMA synchronous = NORMAL`
in WAL mode): a power cut may lose the most recent marks, but does not damage the file.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from footfall import forking
from footfall.errors import ActivityError, DamagedStoreError, NewerStoreError, StoreBusyError, StoreWriteError
from footfall.formats import counted
from footfall.stores.sqlite import schema
from footfall.stores.sqlite.checks import WAY_ON
from footfall.stores.sqlite.log import lost_after
from footfall.stores.sqlite.schema import APPLICATION_ID, FORMAT

PATIENCE = 60.0
"""Seconds to wait for another process that is writing."""
_BREATH = 0.01
"""Seconds between retries where SQLite does not wait itself."""
_CHECKPOINT_PAGES = 32_000
"""Pages in the log before a checkpoint: more than SQLite's 1,000, as marks rewrite the same pages."""


class Database:
    """One file, opened on first use. Threads share its connection under `lock`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.lock = threading.RLock()
        self.folding = threading.RLock()
        """Held by the folding thread, which has its own connection; always acquired before `lock`."""
        self.connection: sqlite3.Connection | None = None
        self.when_closed: Callable[[], None] = lambda: None
        self.synchronous = "NORMAL"
        """When SQLite syncs to disk: NORMAL at checkpoints, FULL at every transaction."""
        self.is_within = False
        """Whether a transaction is open."""
        _IN_USE.add(self)

    def open(self) -> sqlite3.Connection:
        if self.connection is None:
            with self.translating_errors():
                self.check_files()
                connection = self.connect()
                try:
                    schema.examine(connection)
                except BaseException:
                    connection.close()
                    raise
                self.connection = connection
        return self.connection

    def connect(self) -> sqlite3.Connection:
        """A connection to a file that is verified to be a store; a new or empty file becomes one."""
        if not self.path.parent.is_dir():
            raise StoreWriteError(f"{self.path} cannot be made: there is no folder {self.path.parent}.")
        if self.path.is_dir():
            raise DamagedStoreError(f"{self.path} is a folder, and a store of marks is a file; set another path.")
        try:
            return self._connected(str(self.path))
        except sqlite3.OperationalError:
            if not self._can_be_read_as_it_is():
                raise
        return self._connected(f"{self.path.absolute().as_uri()}?immutable=1", is_uri=True)

    def check_files(self) -> None:
        """Refuse a database that the files next to it do not belong to. Raises DamagedStoreError."""
        self.check_beside()
        if not self._is_open_here() and (frames := lost_after(self.path)) is not None:
            raise DamagedStoreError(
                f"{self.path}-wal is damaged after {counted(frames, 'frame')}, and what was marked later would be missing; {WAY_ON}"
            )

    def check_beside(self) -> None:
        """Refuse to create a database if files next to it hold marks of a lost one. Raises DamagedStoreError."""
        beside = self.path.parent.glob(f"{glob.escape(self.path.name)}-*")
        marks = [file for file in beside if file.name.endswith("-wal") or "-marks-" in file.name]
        held = [file for file in marks if _size_of(file) > _HEAD]  # before the database, which is created first
        if held and not _size_of(self.path):
            is_there = "is empty" if self.path.exists() else "is not there"
            raise DamagedStoreError(
                f"{self.path} {is_there}, and {held[0].name} next to it holds marks; restore a backup, or move that file away to "
                "start over."
            )

    def _is_open_here(self) -> bool:
        """Whether this process already has the file open."""
        here = str(self.path.absolute())
        return any(one.connection is not None and str(one.path.absolute()) == here for one in list(_IN_USE))

    def _can_be_read_as_it_is(self) -> bool:
        """Whether file and folder are read-only and the file is complete: a backup, or another user's store."""
        may_write = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        log = self.path.with_name(f"{self.path.name}-wal")
        return self.path.is_file() and not may_write and not (log.is_file() and log.stat().st_size)

    def _connected(self, name: str, *, is_uri: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(name, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=is_uri)
        try:
            with within(connection, "BEGIN"):  # read application id, format and tables in one snapshot
                is_ours = self._is_ours(connection)
            if not is_ours:
                self._create(connection)
            if self._format_of(connection) < FORMAT:
                connection = self._upgraded(connection, is_aside=is_uri)
            connection.execute(f"PRAGMA synchronous = {self.synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute("PRAGMA secure_delete = ON")  # overwrite deleted content
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        """Whether it is a store; False for an empty file. Any other file, or a newer store, is refused."""
        [(application,)] = connection.execute("PRAGMA application_id")
        version = self._format_of(connection)
        if application == APPLICATION_ID:
            if version > FORMAT:
                raise NewerStoreError(
                    f"{self.path} was written by a newer Footfall (format {version}; this one knows up to {FORMAT}); "
                    "upgrade Footfall to use it."
                )
            return True
        [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
        if tables:
            raise DamagedStoreError(
                f"{self.path} is a database of something else, not a store of marks; set another path for activity."
            )
        return False

    @staticmethod
    def _format_of(connection: sqlite3.Connection) -> int:
        [(version,)] = connection.execute("PRAGMA user_version")
        return int(version)

    def _create(self, connection: sqlite3.Connection) -> None:
        # Small pages: a mark then writes 2 KB to the log instead of 4.
        connection.execute("PRAGMA page_size = 2048")
        _write_ahead(connection)
        with within(connection, "BEGIN IMMEDIATE"):
            if not self._is_ours(connection):  # another process may have just created it
                schema.create(connection)

    def _upgraded(self, connection: sqlite3.Connection, *, is_aside: bool) -> sqlite3.Connection:
        """Upgrade an older store to this format: in its file, or in memory if the file is read-only."""
        if is_aside:
            memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            connection.backup(memory)
            connection.close()
            connection = memory
        with within(connection, "BEGIN IMMEDIATE"):
            if self._format_of(connection) < FORMAT:  # another process may have just done it
                schema.upgrade(connection)
        return connection

    @contextmanager
    def transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        """A new transaction, or the one that is already open; committed completely or not at all."""
        with self.lock:
            connection = self.open()
            if self.is_within:
                yield connection
                return
            if connection.in_transaction:  # an interrupt may arrive between its steps
                connection.execute("ROLLBACK")
            with self.translating_errors(), within(connection, begin):
                self.is_within = True
                try:
                    yield connection
                finally:
                    self.is_within = False

    @contextmanager
    def impatient(self) -> Iterator[sqlite3.Connection]:
        """Statements that run only if no other process is writing."""
        with self.lock:
            connection = self.open()
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                yield connection
            finally:
                connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")

    def ask(self, sql: str, given: Sequence[Any] = ()) -> list[Any]:
        with self.lock, self.translating_errors():
            return self.open().execute(sql, given).fetchall()

    @contextmanager
    def translating_errors(self) -> Iterator[None]:
        """Convert errors of SQLite or of a broken bitmap to one sentence that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.failure(error) from None
        except UnicodeDecodeError:  # in an SQLite message, or in a name
            raise DamagedStoreError(f"{self.path} is damaged: it has text that is not valid UTF-8; {WAY_ON}") from None

    def failure(self, error: sqlite3.Error) -> ActivityError:
        message, where = str(error), self.path
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreBusyError(
                    f"{where} was kept locked by another process for {PATIENCE:.0f} s, nothing was marked; "
                    "find out who holds it, and try again."
                )
            case sqlite3.SQLITE_FULL:
                return StoreWriteError(
                    f"{where} cannot be written: the disk is full; free some space; stored marks are safe."
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                return StoreWriteError(
                    f"{where} cannot be written ({message}); check the permissions of file and folder."
                )
            case sqlite3.SQLITE_IOERR:
                return StoreWriteError(f"{where} cannot be read or written ({message}); check the disk.")
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return DamagedStoreError(
                    f"{where} is damaged or not a store of marks ({message}); set another path, {WAY_ON}"
                )
        return ActivityError(f"{where} cannot be used: {message}.")

    def release(self) -> None:
        """Close the connection and call `when_closed`; the next use reopens it."""
        connection, self.connection = self.connection, None
        self.when_closed()
        if connection is not None:
            connection.close()


_HEAD = 32
"""The size in bytes of a log or an intake without records."""


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Enable WAL mode. SQLite does not wait if two processes do so at once, so this retries."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > give_up_at:
                raise
            time.sleep(_BREATH)


@contextmanager
def within(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """One transaction on a connection, committed completely or not at all, even if interrupted."""
    try:
        connection.execute(begin)
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# Forking: SQLite tracks its locks per process, and a child that inherited that state would not acquire its own. So
# nothing is open, and no thread folds, while a process forks.

_IN_USE: weakref.WeakSet[Database] = weakref.WeakSet()
_LOCKED: list[Database] = []


def _before_fork() -> None:
    for database in list(_IN_USE):
        database.folding.acquire()
        database.lock.acquire()
        database.release()
        _LOCKED.append(database)


def _after_fork_in_parent() -> None:
    for database in _LOCKED:
        database.lock.release()
        database.folding.release()
    _LOCKED.clear()


def _after_fork_in_child() -> None:
    for database in _LOCKED:
        database.lock, database.folding = threading.RLock(), threading.RLock()
    _LOCKED.clear()


forking.handle(forking.Handler(_before_fork, _after_fork_in_parent, _after_fork_in_child))
