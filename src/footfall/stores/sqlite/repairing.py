"""Rebuilds a damaged store from everything intact in it. The original files are kept next to it.

Every row that can be read and matches its checksum is written to a new file, which then replaces the old one. If a page
cannot be read, rows are searched from both ends of their table, and each set by its key.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

from pyroaring import BitMap64

from footfall.errors import ActivityError, DamagedStoreError, StoreBusyError
from footfall.formats import counted
from footfall.stores.members import as_bitmap, decoded, ids_in
from footfall.stores.problems import Repair
from footfall.stores.sqlite import journal, schema
from footfall.stores.sqlite.checks import crc_of_counts, is_slot, label_of
from footfall.stores.sqlite.database import Database, within
from footfall.stores.sqlite.examining import problems_in
from footfall.stores.sqlite.intake import intact_records
from footfall.stores.sqlite.log import is_in_use, lost_after
from footfall.stores.sqlite.sets import write_sets
from footfall.stores.store import UNREAD

_BESIDE = ("-wal", "-shm", "-marks-*")
_MOST = 50
"""The number of losses listed individually."""


def repair(database: Database, now: datetime, *, is_dry_run: bool) -> Repair:
    """Rebuild the store from its intact rows; in a dry run only report what that would give.

    Raises:
        StoreBusyError: If another process has the store open.
        DamagedStoreError: If nothing can be read.
    """
    path = database.path
    with database.folding, database.lock:
        database.release()
        if path.exists() and is_in_use(path):
            raise StoreBusyError(f"another process has {path} open; stop it, and run the same command again.")
        passing = path.with_name(f".{path.name}.repairing-{secrets.token_hex(4)}")
        try:
            passing.mkdir(0o700)
            for file in _files_of(path):
                shutil.copy2(file, passing / file.name)
            work = _Work(passing / path.name, passing / "repaired.db")
            work.run()
            for problem in problems_in(work.target):
                raise DamagedStoreError(f"{path} cannot be repaired ({problem.what}); restore a backup.")
            if is_dry_run:
                return Repair(tuple(work.repaired), tuple(work.losses()))
            kept = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
            kept.mkdir(0o700)
            for file in _files_of(path):
                shutil.copy2(file, kept / file.name)
            shutil.copymode(path, work.target)
            for file in _files_of(path)[1:]:  # the old file's log must not be applied to the new one
                file.unlink()
            work.target.replace(path)
            return Repair(tuple(work.repaired), tuple(work.losses()), kept)
        except OSError as error:
            raise ActivityError(f"{path} cannot be repaired: {error.strerror or error}.") from None
        finally:
            shutil.rmtree(passing, ignore_errors=True)


def _files_of(path: Path) -> list[Path]:
    """The database, and the files next to it."""
    return [path, *(file for end in _BESIDE for file in sorted(path.parent.glob(f"{path.name}{end}")))]


class _Work:
    """One repair, on a copy of the files."""

    def __init__(self, source: Path, target: Path) -> None:
        self._path = source
        self.target = target
        self.repaired: list[str] = []
        self._lost: list[str] = []
        self._names: dict[int, str] = {}
        self._of_tables: set[str] = set()

    def losses(self) -> list[str]:
        more = len(self._lost) - _MOST
        return self._lost[:_MOST] + ([f"and {counted(more, 'other loss', 'other losses')}"] if more > 0 else [])

    def run(self) -> None:
        if (frames := lost_after(self._path)) is not None:
            self._lost.append(f"marks after frame {frames} of the log that were not yet in the database")
        with closing(self._opened()) as source, closing(sqlite3.connect(self.target, isolation_level=None)) as target:
            target.execute("PRAGMA page_size = 2048")
            target.execute("PRAGMA journal_mode = WAL")
            with within(target, "BEGIN IMMEDIATE"):
                schema.create(target)
                self._copy_facts(source, target)
                self._copy_names(source, target)
                self._copy_sets(source, target)
                self._copy_journal(source, target)
                self._take_intake(target)
                self._forget_cursors(target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.text_factory = bytes  # invalid UTF-8 is handled row by row
        try:
            tables = {name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "events" in tables and "sets" in tables:
                return connection
            raise DamagedStoreError(f"{self._path.name} has no tables of a store; restore a backup.")
        except (sqlite3.Error, UnicodeDecodeError, DamagedStoreError) as error:
            connection.close()
            raise DamagedStoreError(f"nothing of {self._path.name} can be read ({error}); restore a backup.") from None

    def _copy_facts(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        facts = {bytes(name).decode(errors="replace"): value for name, value in _rows(source, "facts", "name, value")}
        salts = [
            facts[name]
            for name in ("salt", "salt_again")
            if isinstance(facts.get(name), bytes) and len(facts[name]) == 32
        ]
        generations = [facts[n] for n in ("generation", "generation_again") if isinstance(facts.get(n), int)]
        self._generation = max(generations, default=0)
        self._salt = self._chosen(salts)
        if len(set(salts)) != 1:
            self.repaired.append("the key that forgotten actors are recognised by, as far as it can be known")
        target.execute("UPDATE facts SET value = ? WHERE name IN ('salt', 'salt_again')", (self._salt,))
        folds = [facts[name] for name in ("fold", "fold_again") if isinstance(facts.get(name), int)]
        target.execute("UPDATE facts SET value = ? WHERE name = 'fold'", (max(folds, default=0) + 1,))
        target.execute("UPDATE facts SET value = ? WHERE name = 'generation'", (self._generation + 1,))

    def _chosen(self, salts: list[bytes]) -> bytes:
        """The salt that the intake uses, otherwise the first one."""
        for salt in salts:
            for intake in self._path.parent.glob(f"{self._path.name}-marks-*"):
                if intake.read_bytes()[1:32] == blake2b(salt, digest_size=31).digest():
                    return salt
        return salts[0] if salts else secrets.token_bytes(32)

    def _copy_names(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        for table, what in (("events", "event"), ("identities", "name of an actor")):
            bad = 0
            for id, name in _rows(source, table, "id, name"):
                try:
                    target.execute(f"INSERT INTO {table} (id, name) VALUES (?, ?)", (int(id), bytes(name).decode()))
                except (ValueError, TypeError, UnicodeDecodeError, sqlite3.Error):
                    bad += 1
            if bad:
                self._lost.append(f"{bad:,} × {what}")
        self._names = dict(target.execute("SELECT id, name FROM events"))
        for (mark,) in _rows(source, "forgotten", "mark", "mark DESC"):
            target.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (mark,))
        for name, position in _rows(source, "cursors", "name, position"):
            with suppress(UnicodeDecodeError, TypeError):
                at = position if isinstance(position, int) else bytes(position).decode()
                target.execute("INSERT OR IGNORE INTO cursors VALUES (?, ?)", (bytes(name).decode(), at))

    def _event(self, target: sqlite3.Connection, event: int) -> str:
        """The name of an event; if it is lost, a new one."""
        if event not in self._names:
            self._names[event] = name = f"recovered_{event}"
            target.execute("INSERT INTO events VALUES (?, ?)", (event, name))
            self.repaired.append(f"an event whose name is lost; it is called {name!r} now")
        return self._names[event]

    def _copy_sets(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        counts: dict[tuple[int, int], tuple[Any, ...]] = {}
        columns = "event, slot, marks, actors, crc, row_crc"
        for event, slot, *row in _rows(source, "counts", columns, "event DESC, slot DESC"):
            if isinstance(event, int) and is_slot(slot):
                counts[event, slot] = tuple(row)
        done: set[tuple[int, int]] = set()
        seen: set[tuple[int, int]] = set()
        for event, slot, blob in _sets_in(source, counts):
            place = (event, slot)
            seen.add(place)
            if place not in done and self._write_set(target, place, blob, counts.get(place)):
                done.add(place)
        for place in sorted((seen | counts.keys()) - done):
            actors = counts[place][1] if place in counts and isinstance(counts[place][1], int) else None
            self._lose_set(target, place, actors)

    def _write_set(
        self, target: sqlite3.Connection, place: tuple[int, int], blob: Any, row: tuple[Any, ...] | None
    ) -> bool:
        """Write a set that matches its checksum, or lost its checksum but decodes. Returns whether it was written."""
        event, slot = place
        marks = None
        if row is not None:
            with suppress(Exception):  # values may be of any type
                if crc_of_counts(event, slot, *row[:3]) == row[3]:
                    marks = int(row[0])
            if blob is None and marks is not None and row[1] == 0:
                write_sets(target, {place: BitMap64()}, {place: marks})
                return True
            if not isinstance(blob, bytes) or crc32(blob) != row[2]:
                return False
        elif not isinstance(blob, bytes):
            return False
        try:
            members = decoded(blob)
            ids = ids_in(members)
            if not len(ids) or not (ids[1:] > ids[:-1]).all():
                return False
        except (DamagedStoreError, ValueError):
            return False
        name = self._event(target, event)
        if marks is None:
            kept = "its occurrences are no longer known and count as one per actor"
            self.repaired.append(f"the count of {name!r} on {label_of(slot)}; {kept}")
        write_sets(target, {place: as_bitmap(members)}, {place: len(ids) if marks is None else marks})
        return True

    def _lose_set(self, target: sqlite3.Connection, place: tuple[int, int], actors: int | None) -> None:
        event, slot = place
        if actors == 0:
            return
        name = self._event(target, event)
        many = "an unknown number of actors" if actors is None else counted(actors, "actor")
        if target.execute("SELECT 1 FROM cursors WHERE name = ?", (name,)).fetchone():
            self._of_tables.add(name)
        else:
            self._lost.append(f"{many} of {name!r} on {label_of(slot)}")

    def _copy_journal(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        bad = Counter[str]()
        for _, event, slot, actor, blob, crc in sorted(
            _rows(source, "journal", "id, event, slot, actor, bitmap, crc"), key=lambda row: row[0]
        ):
            if not journal.is_row(event, slot, actor, blob, crc):
                bad[self._names.get(event, "an unknown event") if isinstance(event, int) else "an unknown event"] += 1
                continue
            self._event(target, event)
            statement = "INSERT INTO journal (event, slot, actor, bitmap, crc) VALUES (?, ?, ?, ?, ?)"
            target.execute(statement, (event, slot, actor, blob, crc))
        self._lost += [f"{counted(rows, 'entry', 'entries')} of the journal, of {name!r}" for name, rows in bad.items()]

    def _take_intake(self, target: sqlite3.Connection) -> None:
        file = self._path.with_name(f"{self._path.name}-marks-{self._generation}")
        changes, bad = intact_records(file, self._salt) if file.exists() else ({}, 0)
        for event, _ in changes:
            self._event(target, event)
        journal.append_changes(target, changes)
        if bad:
            self._lost.append(f"{counted(bad, 'mark')} not yet merged into the store")

    def _forget_cursors(self, target: sqlite3.Connection) -> None:
        """Mark events of tables for rereading if one of their sets is lost."""
        for name in sorted(self._of_tables):
            # The table keeps the name; only its position is reset.
            target.execute("UPDATE cursors SET position = ? WHERE name = ?", (UNREAD, name))
            target.execute("DELETE FROM cursors WHERE substr(name, 1, ?) = ?", (len(name) + 1, f"{name}/"))
            self.repaired.append(f"{name!r}, which is read again from the table that reports it")


def _rows(connection: sqlite3.Connection, table: str, columns: str, key: str = "rowid DESC") -> list[tuple[Any, ...]]:
    """The readable rows of a table: from its start and, if that stops early, from its end."""
    found: dict[tuple[Any, ...], None] = {}
    for order in ("", f" ORDER BY {key}"):
        try:
            for row in connection.execute(f"SELECT {columns} FROM {table} NOT INDEXED{order}"):
                found[row] = None
            break
        except sqlite3.Error:
            continue
    return list(found)


def _sets_in(connection: sqlite3.Connection, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, Any]]:
    """Every set that can be read, possibly more than once: from both ends of the table, and each by its key."""
    wanted = "SELECT event, slot, bitmap FROM sets"
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            for event, slot, blob in connection.execute(f"{wanted} NOT INDEXED ORDER BY rowid {order}"):
                if isinstance(event, int) and is_slot(slot):
                    yield event, slot, blob
    for place in places:
        with suppress(sqlite3.Error):
            for row in connection.execute(f"{wanted} WHERE event = ? AND slot = ?", place):
                yield (*place, row[2])
