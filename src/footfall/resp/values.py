"""Everything that clients store except bits: strings, hashes, sets, expiry times. One SQLite file next to the store.

bitmapist does not need it; the store that several machines share (`stores.redis`) stores counts and names this way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from footfall.errors import ActivityError, StoreWriteError

Kind = Literal["string", "hash", "set"]

_TABLES = """
CREATE TABLE IF NOT EXISTS kinds (key BLOB PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fields (key BLOB, field BLOB, value BLOB, PRIMARY KEY (key, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expiries (key BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""


def values_beside(store: Path) -> Path:
    """The file of values that belongs to a store.

    Example:
        >>> values_beside(Path("usage/activity.db")).name
        'activity.values.db'
    """
    return store.with_suffix(f".values{store.suffix}")


class Values:
    """Keys with values. Writes are durable after `commit`, like the marks of the store."""

    def __init__(self, file: Path, *, is_synced: bool = False) -> None:
        self._file, self._is_synced = file, is_synced
        self._connection: sqlite3.Connection | None = None
        self.expiries: dict[bytes, float] = {}
        self.kinds: dict[bytes, Kind] = {}
        if file.exists():
            self.expiries = dict(self._open().execute("SELECT key, at FROM expiries"))
            self.kinds = dict(self._open().execute("SELECT key, kind FROM kinds"))

    def _open(self) -> sqlite3.Connection:
        """The file, created on first write."""
        if self._connection is None:
            with self._translating_errors():
                connection = sqlite3.connect(self._file, isolation_level=None)
                connection.executescript(
                    f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {'FULL' if self._is_synced else 'NORMAL'}; {_TABLES}"
                )
            self._connection = connection
        return self._connection

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            kind = StoreWriteError if isinstance(error, sqlite3.OperationalError) else ActivityError
            raise kind(f"{self._file} cannot be used ({error}); check the disk and the file's permissions.") from None

    def _write(self, sql: str, *given: object) -> int:
        connection = self._open()
        with self._translating_errors():
            if not connection.in_transaction:
                connection.execute("BEGIN IMMEDIATE")
            return connection.execute(sql, given).rowcount

    def _ask(self, sql: str, *given: object) -> list[tuple[bytes, ...]]:
        if self._connection is None:
            return []
        with self._translating_errors():
            return self._connection.execute(sql, given).fetchall()

    def commit(self) -> None:
        """Commit the writes since the last commit."""
        if self._connection is not None and self._connection.in_transaction:
            with self._translating_errors():
                self._connection.execute("COMMIT")

    def keys(self) -> Iterable[bytes]:
        return self.kinds.keys()

    def kind(self, key: bytes) -> Kind | None:
        return self.kinds.get(key)

    def delete(self, key: bytes) -> bool:
        if self.kinds.pop(key, None) is None:
            return False
        self._write("DELETE FROM kinds WHERE key = ?", key)
        self._write("DELETE FROM fields WHERE key = ?", key)
        return True

    def expire(self, key: bytes, at: float | None) -> None:
        """Set when a key expires, in seconds since 1970; None means never."""
        if at is None:
            if self.expiries.pop(key, None) is not None:
                self._write("DELETE FROM expiries WHERE key = ?", key)
            return
        self.expiries[key] = at
        self._write("INSERT OR REPLACE INTO expiries VALUES (?, ?)", key, at)

    # Fields: those of a hash, the members of a set, or the one unnamed field of a string

    def put(self, kind: Kind, key: bytes, fields: Iterable[tuple[bytes, bytes]]) -> int:
        """Set fields. Returns how many are new."""
        if key not in self.kinds:
            self.kinds[key] = kind
            self._write("INSERT INTO kinds VALUES (?, ?)", key, kind)
        new = 0
        for field, value in fields:
            if self._write("UPDATE fields SET value = ? WHERE key = ? AND field = ?", value, key, field) == 0:
                self._write("INSERT INTO fields VALUES (?, ?, ?)", key, field, value)
                new += 1
        return new

    def take_out(self, key: bytes, fields: Iterable[bytes]) -> int:
        """Delete fields. Returns how many existed. A key without fields is deleted."""
        gone = sum(self._write("DELETE FROM fields WHERE key = ? AND field = ?", key, field) for field in fields)
        if gone and not self._ask("SELECT 1 FROM fields WHERE key = ? LIMIT 1", key):
            self.delete(key)
        return gone

    def get(self, key: bytes, field: bytes = b"") -> bytes | None:
        found = self._ask("SELECT value FROM fields WHERE key = ? AND field = ?", key, field)
        return found[0][0] if found else None

    def fields(self, key: bytes) -> list[tuple[bytes, bytes]]:
        return [(row[0], row[1]) for row in self._ask("SELECT field, value FROM fields WHERE key = ?", key)]

    def rename(self, key: bytes, to: bytes) -> None:
        self._write("UPDATE kinds SET key = ? WHERE key = ?", to, key)
        self._write("UPDATE fields SET key = ? WHERE key = ?", to, key)
        self.kinds[to] = self.kinds.pop(key)

    def close(self) -> None:
        self.commit()
        if self._connection is not None:
            self._connection.close()
