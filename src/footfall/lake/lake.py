"""Lake: commits under the two write rules, the ledger, and immutable snapshots."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from footfall.errors import ConflictError, LakeError, NewerLakeError, NotALakeError, SourceError
from footfall.forking import ForkSafeLock, hold, record_use
from footfall.lake.collected import Collected, read_collected
from footfall.lake.delta import (
    ATTEMPTS,
    CommitConflictError,
    Cursor,
    DataFile,
    DeltaFolder,
    attempts,
    newest_version,
    storage_errors,
)
from footfall.lake.files import connect
from footfall.lake.known import StoredEntries
from footfall.lake.ledger import disputed, entry_rows, recorded
from footfall.lake.names import KnownNames, read_names
from footfall.lake.observing import observed
from footfall.lake.snapshot import KNOWN_SINCE, Pinned, Snapshot
from footfall.lake.storage import Folder, Storage, open_storage
from footfall.lake.vouching import check, state_of, vouched
from footfall.lake.writing import Incoming, Restated, Spans, replaced
from footfall.ledger import LEDGER, Entries, Entry
from footfall.periods import EPOCH, Window, from_micros, in_utc, utc_now
from footfall.tables import Names, Observe, Replace, Rows, Table

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 2
"""The format that this version writes. A lake with a higher one is not touched; a lower one is upgraded on commit.

1: 0.1.0. 2: the ledger has additional columns, and superseded rows are in separate files.
"""

MARKER = "footfall-lake.json"
_MOST_KEPT = 64
"""Cached readings of one version of the ledger."""


class Lake:
    """A folder of Delta tables. Several processes may read and write it at once."""

    def __init__(self, root: Path | Storage, now: Callable[[], datetime] = utc_now) -> None:
        self.storage: Storage = Folder(root) if isinstance(root, Path) else root
        self.root = self.storage.root
        self.now = now
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._pins: dict[str, Pinned] = {}
        self._collected: dict[tuple[int, str, Window | None, datetime | None], Collected] = {}
        self._names: dict[Names, tuple[int, KnownNames]] = {}
        self._format = 0
        self._stamped = EPOCH
        self._stamped_version: int | None = None
        self._lock = ForkSafeLock()
        self.lock = threading.RLock()
        hold(self)

    @classmethod
    def open(
        cls,
        address: str,
        *,
        now: Callable[[], datetime] = utc_now,
        options: Mapping[str, str] | None = None,
        copies: Path | None = None,
    ) -> Lake:
        """The lake at `address`, validated; an absent or empty folder becomes one with its first commit.

        Args:
            options: What the object store of a bucket needs, such as `endpoint`; what is missing, the environment has.
            copies: The folder for the working copy of a lake in a bucket.

        Raises NotALakeError, NewerLakeError, LakeError.
        """
        lake = cls(open_storage(address, options, copies), now)
        lake._check()
        return lake

    def _check(self) -> None:
        address = self.storage.address
        try:
            text = self.storage.read(MARKER)
            if text is None:
                strangers = [name for name in self.storage.names() if not name.startswith(f".{MARKER}")]
                if strangers and not self.storage.has(MARKER):  # another process may have created the lake just now
                    raise NotALakeError(
                        f"{address} holds files and is not a Footfall lake (it has no {MARKER}); "
                        "set lake to an empty or a new folder."
                    )
                return
            found = json.loads(text.decode())
            number = self._format = int(found["format"])
        except OSError as error:
            raise LakeError(f"{address} cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError):
            raise NotALakeError(
                f"{self.storage.shown(self.root / MARKER)} is damaged; restore it from a backup, or set another lake."
            ) from None
        if number > FORMAT:
            raise NewerLakeError(
                f"{address} was written by a newer Footfall ({found.get('written_by', 'unknown')}, format {number}; "
                f"this one knows up to {FORMAT}); upgrade Footfall to read it."
            )

    def _prepare(self) -> None:
        """The folder with its marker, of this format: an older Footfall will not touch a lake written from now on."""
        if self._format == FORMAT and self.storage.has(MARKER):
            return
        self._check()
        if self._format == FORMAT and self.storage.has(MARKER):
            return
        from footfall import __version__

        with storage_errors(self.root):
            marker = json.dumps({"format": FORMAT, "written_by": f"footfall {__version__}"}) + "\n"
            self.storage.write(MARKER, marker.encode())

    # Writing

    def commit(
        self,
        table: Table,
        rows: Rows | Sequence[pa.Table] | None,
        *,
        replaces: Sequence[Restated] = (),
        cursors: Sequence[Cursor] = (),
        is_sorted: bool = False,
        more: Callable[[DeltaFolder], Sequence[Cursor]] = lambda delta: (),
    ) -> int:
        """Write rows and cursors as one commit, by the table's rule; returns the table's version afterwards.

        Under `Replace` exactly the windows `replaces` (each of its scope) are replaced by `rows`, which must lie in
        them; a window without rows becomes empty. Under `Observe` the rows that differ from the stored ones are
        appended. After a conflict with another writer it is retried from the newest version.

        In-memory rows may come in several parts. `is_sorted` says that each part is in the table's order already,
        which can avoid a sort. `more` returns cursors that depend on the version that the commit is built on.

        Raises SourceError for a row outside of what is replaced, and if something is to be replaced under `Observe`.
        """
        if isinstance(table.rule, Observe) and replaces:
            raise SourceError(f"values of {table.name} are observed and cannot replace a window; nothing was written.")
        for _ in attempts():
            delta = self.open_for_writing(table)
            moved = [*self._moved(delta, cursors or _cursors_of(table, replaces)), *more(delta)]
            added: list[DataFile]
            removed: list[DataFile] = []
            if isinstance(table.rule, Observe):
                incoming = Incoming(table, rows, Spans(table, {}), self.cursor).relation
                added = observed(delta, table, incoming, in_utc(self.now()))
            else:
                added, removed = replaced(delta, table, rows, replaces, is_sorted, self.cursor)
            if not added and not removed and all(delta.cursor(one.app_id) == one.position for one in moved):
                return delta.version
            with suppress(CommitConflictError):
                return delta.commit(added, removed, cursors=moved)
        raise ConflictError(
            f"other processes kept writing {table.name} while this one tried {ATTEMPTS} times; nothing was written, "
            "run the same command again."
        )

    def open_for_writing(self, table: Table) -> DeltaFolder:
        self._prepare()
        folder = self.root / table.name
        delta = DeltaFolder.open(folder, table.time)
        if delta is None:
            delta = DeltaFolder.create(folder, table)
        return delta.add_columns(table)

    @staticmethod
    def _moved(delta: DeltaFolder, cursors: Sequence[Cursor]) -> list[Cursor]:
        """A cursor never moves back: restating an old day leaves it unchanged."""
        return [Cursor(one.app_id, max(one.position, delta.cursor(one.app_id) or 0)) for one in cursors]

    # The ledger

    def record(self, entries: Sequence[Entry]) -> None:
        """Add outcomes to the ledger; the newest wins, so a stamp never decreases, whatever the clock does."""
        if not entries:
            return
        ledger = self._pin(LEDGER)[0]
        if ledger is not None and ledger.version != self._stamped_version:  # others have written in the meantime
            self._stamped = max(self._stamped, self._newest_stamp(ledger))
        self._stamped = max(in_utc(self.now()), self._stamped + timedelta(microseconds=1))
        rows = entry_rows(entries, self._stamped)
        self._stamped_version = self._write_ledger(rows, {entry.table for entry in entries if entry.is_success})

    def vouch(self, tables: Iterable[str]) -> None:
        """Record tables in the ledger as they are now: their files have changed, but their content has not."""
        ledger = DeltaFolder.open(self.root / LEDGER.name, LEDGER.time)
        if ledger is not None and vouched(ledger, self.root, names := list(tables)):
            self._write_ledger(None, names)

    def _write_ledger(self, rows: pa.Table | None, tables: Iterable[str]) -> int:
        more = partial(vouched, root=self.root, tables=tables)
        return self.commit(LEDGER, rows, cursors=[Cursor(LEDGER.name, 0)], more=more)

    def _newest_stamp(self, ledger: Pinned) -> datetime:
        newest = f"SELECT epoch_us(max(observed_at)) FROM ({recorded(ledger.current)})"
        [(micros,)] = self.cursor().execute(newest).fetchall()
        return EPOCH + timedelta(microseconds=micros or 0)

    def known(self, source: str | None = None) -> Entries:
        """The entries currently in force, for one source or for all: see `footfall.lake.ledger.standing`."""
        ledger = self._pin(LEDGER)[0]
        return StoredEntries(self.cursor(), ledger.current if ledger else (), source)

    def disputed(self, source: str, since: datetime) -> set[tuple[str, str, Window]]:
        """Table, scope and window of a source's entries after `since` that have more than one fingerprint."""
        ledger = self._pin(LEDGER)[0]
        found = disputed(recorded(ledger.files if ledger else (), source=source, since=since))
        rows = self.cursor().sql(found).fetchall()
        moment = {us: EPOCH + timedelta(microseconds=us) for row in rows for us in row[2:]}
        return {(table, scope, Window(moment[start], moment[end])) for table, scope, start, end in rows}

    def _read_ledger(self, ledger: Pinned, table: str, window: Window | None, as_of: datetime | None) -> Collected:
        """What the ledger records about a table; cached while its version is the same."""
        key = (ledger.version, table, window, as_of)
        found = self._collected.get(key)
        if found is None:
            found = read_collected(self.cursor(), ledger.files_as_of(as_of), table, window, as_of)
            with self._lock:  # threads may share a lake
                is_older = any(version != ledger.version for version, *_ in self._collected)
                if is_older or len(self._collected) >= _MOST_KEPT:
                    self._collected = {}
                self._collected[key] = found
        return found

    def _read_first(self, ledger: Pinned, table: str) -> datetime | None:
        """When a table was first recorded in the ledger."""
        first = f"SELECT epoch_us(min(observed_at)) FROM ({recorded(ledger.files, table=table)})"
        [(micros,)] = self.cursor().execute(first).fetchall()
        return None if micros is None else EPOCH + timedelta(microseconds=micros)

    def _read_names(self, pinned: Pinned, names: Names, as_of: datetime | None) -> KnownNames:
        """The names of ids; current ones are cached while the version of their table is the same."""
        if as_of is not None:
            return read_names(self.cursor(), pinned.files_as_of(as_of), names, as_of)
        kept = self._names.get(names)
        if kept is None or kept[0] != pinned.version:
            kept = self._names[names] = pinned.version, read_names(self.cursor(), pinned.current, names, None)
        return kept[1]

    # Reading

    def cursors_of(self, table: Table) -> Callable[[str], int | None]:
        """The current position of each cursor of a table, by its id: the table is opened once for all."""
        delta = DeltaFolder.open(self.root / table.name, table.time)
        return delta.cursor if delta else lambda _: None

    def cursor_position(self, table: Table, app_id: str) -> int | None:
        """How far `app_id` has been read into the table."""
        delta = DeltaFolder.open(self.root / table.name, table.time)
        return delta.cursor(app_id) if delta else None

    def snapshot(self, tables: Sequence[Table], as_of: datetime | None = None) -> Snapshot:
        """One version of each of `tables`, their rollups and the ledger; as of `as_of`, if given.

        The ledger is pinned first: so it never claims a window whose rows the snapshot lacks.
        """
        record_use()
        self._check()
        ledger = self._pin(LEDGER)[0]
        found: list[Pinned | None] = []
        named = {column.names.table: None for table in tables for column in table.named if column.names}
        for table in dict.fromkeys([*tables, *named]):
            found += [self._pin(table.rolled(rollup), as_of)[0] for rollup in table.rollups]
            pinned_table, newest = self._pin(table, as_of)
            found.append(pinned_table)
            self._check_vouched(ledger, table.name, pinned_table, newest)
        pinned = {one.name: one for one in found if one is not None}
        scopes = {table.name: names for table in tables if (names := table.scope_names)}
        known = (self._read_ledger, self._read_first, scopes, self._read_names)
        return Snapshot(pinned, as_of and in_utc(as_of), ledger, *known)

    def _check_vouched(self, ledger: Pinned | None, name: str, pinned: Pinned | None, newest: int | None) -> None:
        if ledger is not None and ledger.cursor is not None:
            state = pinned.state if pinned and pinned.version == newest else None
            check(ledger.cursor, self.root / name, newest, state)

    def _pin(self, table: Table, as_of: datetime | None = None) -> tuple[Pinned | None, int | None]:
        """A version of a table, by default its newest; and the newest that there was when it was asked for."""
        folder = self.root / table.name
        newest = newest_version(folder)
        known = self._pins.get(table.name)
        if as_of is None and known is not None and known.version == newest:
            return known, newest
        delta = DeltaFolder.open(folder, table.time, is_fresh=True)
        if delta is not None and as_of is not None and isinstance(table.rule, Replace):
            version = delta.version_at(in_utc(as_of))
            delta = None if version is None else DeltaFolder.open(folder, table.time, version)
        if delta is None:
            return None, newest
        files = delta.files()
        known_since = delta.cursor(KNOWN_SINCE)
        pinned = Pinned(
            table.name,
            self.storage.shown(folder),
            delta.version,
            tuple(str(folder / file.path) for file in files),
            delta.columns,
            delta.cursor(BUILT_FROM),
            None if known_since is None else from_micros(known_since),
            state_of(files),
            delta.cursor,
        )
        if as_of is None:
            self._pins[table.name] = pinned
        return pinned, newest

    # One DuckDB for all, a cursor per caller: threads may share a lake.

    def release(self) -> None:
        """Before a fork: the database closes with the last cursor."""
        self._connection = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self.lock:
            if self._connection is None:
                self._connection = connect()
            return self._connection.cursor()


BUILT_FROM = "built_from"
"""The cursor of a rollup: the version of its table that it aggregates; UNBUILT if that is unreliable."""
UNBUILT = -1


def _cursors_of(table: Table, replaces: Sequence[Restated]) -> list[Cursor]:
    """Cursors that do not move, one per scope: two writers of one scope must conflict."""
    scopes = {one.scope for one in replaces} or {""}
    return [Cursor(f"{table.name}/{scope}", 0) for scope in sorted(scopes)]
