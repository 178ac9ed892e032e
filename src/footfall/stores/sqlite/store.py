"""The embedded store: one SQLite file (WAL) with an append-only journal that folds into Roaring bitmaps.

A single mark of a number is appended to the intake, any other to the journal, and is durable when the call returns.
When they have grown, a thread of a marking process folds them into the bitmaps, one per event and slot, in short
transactions that others hardly notice. A reader sees bitmaps, journal and intake in one consistent state, so a set is
always exact.
"""

from __future__ import annotations

import atexit
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pyroaring import BitMap64

from footfall.errors import ActivityError, DamagedStoreError
from footfall.stores.forgotten import Forgotten, tombstone
from footfall.stores.ids import NAMED, Actors
from footfall.stores.members import Members, as_bitmap, bitmap_of
from footfall.stores.problems import Problem, Repair
from footfall.stores.sqlite import journal
from footfall.stores.sqlite.checks import CHECK_OF_NAMED, WAY_ON, check_of_mark
from footfall.stores.sqlite.examining import problems_in
from footfall.stores.sqlite.folding import Folding
from footfall.stores.sqlite.identities import PARAMETERS, bitmaps_of, forgotten_in, ids_of
from footfall.stores.sqlite.intake import RECORD_BYTES
from footfall.stores.sqlite.journal import Change
from footfall.stores.sqlite.repairing import repair
from footfall.stores.sqlite.requests import is_first
from footfall.stores.sqlite.sets import (
    RangeKey,
    counts_in,
    keep_union,
    kept_union,
    looks_in,
    set_of,
    sets_in,
    slots_in,
    union_with,
    write_sets,
)
from footfall.stores.sqlite.state import StoreState
from footfall.stores.store import FIRST, HIDDEN, LAST, PER_DAY, Request, day_slot

_APPEND = "INSERT INTO journal (event, slot, actor, crc) VALUES (?, ?, ?, ?)"
_APPEND_NAMED = (
    "INSERT INTO journal (event, slot, actor, crc) "
    f"SELECT ?1, ?2, id + {NAMED}, {CHECK_OF_NAMED} FROM identities WHERE name = ?3"
)


_STORES: weakref.WeakSet[SqliteStore] = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    """At exit, close stores that are still open, so that the database file alone has all marks."""
    for store in list(_STORES):
        with suppress(ActivityError, OSError):
            store.close()


class SqliteStore:
    """A store in one file. Threads share it; each process opens it separately."""

    def __init__(self, path: str | Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.address = str(path)
        self._state = StoreState(path)
        self._file = self._state.file
        self._now = now
        self._folding = Folding(self._state, now)
        self._events: dict[str, int] = {}
        _STORES.add(self)

    # Marking

    def mark_one(self, event: str, slot: int, actor: int | str) -> None:
        file = self._file
        with file.lock:
            number = self._events.get(event) or self._made(event)
            intake = self._state.intake or self._state.opened_intake()
            if type(actor) is not int:
                self._mark_named(event, number, slot, str(actor))
            elif intake is None or not intake.append(number, slot, actor):
                self._mark_slowly(number, slot, actor)
            self._folding.note_one()
        self._folding.start_if_long()

    def _mark_named(self, event: str, number: int, slot: int, name: str) -> None:
        """The marking statement also looks up the id of the name, so that no actor is marked while being forgotten."""
        with self._file.translating_errors():
            is_known = self._file.open().execute(_APPEND_NAMED, (number, slot, name)).rowcount
        self._state.changed()
        if not is_known:
            self._append(event, {slot: Actors((), [name])})

    def _mark_slowly(self, event: int, slot: int, actor: int) -> None:
        """Mark when the intake is sealed, and so must be taken, or when there cannot be one."""
        self._state.take_intake()
        with self._file.translating_errors():
            self._file.open().execute(_APPEND, (event, slot, actor, check_of_mark(event, slot, actor)))
        self._state.changed()

    def mark(self, event: str, marks: Mapping[int, Actors]) -> None:
        self._append(event, marks)
        self._folding.start_if_long()

    def _append(self, event: str, marks: Mapping[int, Actors]) -> None:
        with self._state.writing() as connection:
            number = self._made(event)
            bitmaps = bitmaps_of(connection, marks)
            batches = {slot: (bitmaps[slot], len(who)) for slot, who in marks.items() if len(who)}
            self._folding.note(journal.append(connection, number, batches))

    def mark_batch(self, marks: Mapping[str, Mapping[int, Actors]], request: Request | None = None) -> bool:
        with self._state.writing() as connection:
            if request is not None and not is_first(connection, request):
                return False
            for event, by_slot in marks.items():
                self._append(event, by_slot)
        self._folding.start_if_long()
        return True

    def unmark(self, event: str, marks: Mapping[int, Actors]) -> None:
        with self._state.stating() as connection:
            number = self._number(event)
            if number is None:
                return
            batches: dict[int, tuple[BitMap64, int]] = {}
            for slot, actors in marks.items():
                gone = bitmap_of(actors.numbers)
                gone.update(id for id in ids_of(connection, actors.names) if id is not None)
                hours = self._slots_in(connection, number, slot + 1, slot + PER_DAY) if slot % PER_DAY == 0 else ()
                for each in (slot, *hours):
                    before, _ = batches.get(each, (BitMap64(), 0))
                    batches[each] = (before | gone, -1)
            self._folding.note(journal.append(connection, number, batches))
        self._folding.start_if_long()

    # Reading

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        return as_bitmap(self.members(event, start, stop, is_kept=is_kept))

    def count(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> int:
        return len(self.members(event, start, stop, is_kept=is_kept))

    def contains(self, event: str, start: int, stop: int, actor: int) -> bool:
        return actor in self.members(event, start, stop)

    def members(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> Members:
        with self._file.lock:
            number = self._number(event)
            if number is None:
                return BitMap64()
            key = (number, start, stop)
            self._state.look()
            found = self._state.memory.get(key)
            return found if found is not None else self._made_union(key, is_kept)

    def occurrences(self, event: str, start: int, stop: int) -> int:
        with self._state.reading() as connection:
            number = self._number(event)
            if number is None:
                return 0
            key = (number, start, stop)
            folded = sum(count.marks for count in counts_in(connection, key).values())
            return folded + sum(change.marks for change in self._state.memory.pending_in(key).values())

    def slots(self, event: str) -> list[int]:
        with self._state.reading() as connection:
            number = self._number(event)
            return [] if number is None else sorted(self._slots_in(connection, number, FIRST, LAST))

    def looks(self, event: str) -> dict[int, str]:
        """From the checksums of the sets, or those that they will have once their marks are folded."""
        with self._state.reading() as connection:
            key = (self._number(event) or 0, FIRST, LAST)  # no event has the number 0
            pending = self._state.memory.pending_in(key)
            return looks_in(connection, key, {slot: self.members(event, slot, slot + 1) for slot in pending})

    @property
    def _is_absent(self) -> bool:
        """Whether there is no file yet. Listing events does not create it: the folder may not even be writable."""
        if self._file.connection is not None or self._file.path.exists():
            return False
        self._file.check_beside()
        return True

    def events(self) -> list[str]:
        if self._is_absent:
            return []
        with self._state.reading() as connection:
            names = connection.execute(
                "SELECT name, id FROM events WHERE substr(name, 1, 1) != ? ORDER BY name", (HIDDEN,)
            ).fetchall()
            return [name for name, number in names if self._slots_in(connection, number, FIRST, LAST)]

    def is_in_use(self, event: str) -> bool:
        return not self._is_absent and bool(self.slots(event))

    def everyone(self) -> BitMap64:
        return BitMap64.union(BitMap64(), *(self.union(event, FIRST, LAST) for event in self.events()))

    def _made_union(self, key: RangeKey, is_kept: bool) -> Members:
        """The union of a range, from one state of the file; cached in the file if it is over and that pays off."""
        stop = key[2]
        with self._state.reading() as connection:
            pending = self._state.memory.pending_in(key)
            slots = slots_in(connection, key) | pending.keys()
            if len(slots) == 1:
                return self._made_slot(connection, key, slots.pop(), pending)
            is_kept = is_kept and stop <= day_slot(self._now()) and len(slots) > 1
            if is_kept and not any(change.removed for change in pending.values()):
                kept = kept_union(connection, key)
                if kept is not None:
                    added = (change.added for change in pending.values())
                    return self._state.memory.keep(key, BitMap64.union(kept, *added))
            result = union_with(connection, key, pending)
            fold, _ = self._state.memory.state
        if is_kept and not pending:
            self._keep(key, result, fold)
        return self._state.memory.keep(key, result)

    def _made_slot(
        self, connection: sqlite3.Connection, key: RangeKey, slot: int, pending: Mapping[int, Change]
    ) -> Members:
        """The set of a slot, shared by every range in which only that slot holds actors: a day, its week, its month."""
        own = (key[0], slot, slot + 1)
        members = self._state.memory.get(own)
        if members is None:
            members = set_of(connection, key[0], slot)
            if change := pending.get(slot):
                members = change.applied_to(as_bitmap(members))
            members = self._state.memory.keep(own, members)
        return members if own == key else self._state.memory.keep(key, members, is_shared=True)

    def _keep(self, key: RangeKey, result: BitMap64, fold: int) -> None:
        """Store a union, unless a fold came in between. A process that may not write goes without it and reads more."""
        with suppress(sqlite3.Error), self._file.impatient() as connection:
            keep_union(connection, key, result, fold)

    def _slots_in(self, connection: sqlite3.Connection, event: int, start: int, stop: int) -> set[int]:
        """The slots of [start, stop) that hold actors."""
        held = slots_in(connection, (event, start, stop))
        for slot, change in self._state.memory.pending_in((event, start, stop)).items():
            if change.added or (slot in held and self._is_held(connection, event, slot, change)):
                held.add(slot)
            else:
                held.discard(slot)
        return held

    def _is_held(self, connection: sqlite3.Connection, event: int, slot: int, change: Change) -> bool:
        return not change.removed or bool(union_with(connection, (event, slot, slot + 1), {slot: change}))

    def waiting(self) -> int:
        """The number of rows that are not folded yet: single marks, and batches."""
        if self._is_absent:
            return 0
        with self._state.reading() as connection:
            [(rows,)] = connection.execute("SELECT count(*) FROM journal")
            return int(rows) + self._state.memory.taken_in // RECORD_BYTES

    def fold(self) -> None:
        """Fold every mark into the bitmaps now, while others read and mark."""
        self._folding.run()

    def copy_to(self, path: Path) -> None:
        """Write every mark made so far into a new file and check it, while others read and mark.

        Raises ActivityError, including when the store is damaged.
        """
        self._state.copy_to(path)
        for problem in problems_in(path):
            raise DamagedStoreError(f"{self.address} is damaged: {problem.what}; {WAY_ON}")

    def problems(self) -> Iterator[Problem]:
        with self._file.folding:
            yield from self._state.problems()

    def repair(self, *, is_dry_run: bool = False) -> Repair:
        problems = list(self.problems())
        if all(problem.is_derived for problem in problems):
            if problems and not is_dry_run:
                self._file.ask("DELETE FROM unions")  # they are rebuilt on demand
            return Repair(tuple(problem.what for problem in problems))
        done = repair(self._file, self._now(), is_dry_run=is_dry_run)
        self._events = {}
        return done

    # Whole sets

    def delete(self, event: str, start: int = FIRST, stop: int = LAST) -> None:
        with self._state.stating() as connection:
            number = self._number(event)
            if number is not None:
                self._restate(connection, number, start, stop, {})

    def replace(
        self, event: str, start: int, stop: int, marks: Mapping[int, Actors], cursors: Mapping[str, int]
    ) -> None:
        with self._state.stating() as connection:
            forgotten = forgotten_in(connection)
            marks = {slot: forgotten.left_of(actors) for slot, actors in marks.items()}
            self._restate(connection, self._made(event), start, stop, marks)
            connection.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?)", cursors.items())

    def _restate(
        self, connection: sqlite3.Connection, event: int, start: int, stop: int, marks: Mapping[int, Actors]
    ) -> None:
        """Make [start, stop) of an event hold `marks` and nothing else."""
        span = (event, start, stop)
        within_span = "WHERE event = ? AND slot >= ? AND slot < ?"
        old = {slot for (slot,) in connection.execute(f"SELECT slot FROM sets {within_span}", span)}
        old.update(self._state.memory.pending_in(span))
        for table in ("journal", "counts"):
            connection.execute(f"DELETE FROM {table} {within_span}", span)
        sets = {(event, slot): BitMap64() for slot in old}
        sets.update({(event, slot): bitmap for slot, bitmap in bitmaps_of(connection, marks).items()})
        write_sets(connection, sets, {(event, slot): len(actors) for slot, actors in marks.items()})

    def cursor(self, name: str) -> int | None:
        rows = () if self._is_absent else self._file.ask("SELECT position FROM cursors WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else None

    # Identities

    def ids_of(self, names: Sequence[str]) -> list[int | None]:
        with self._file.lock, self._file.translating_errors():
            return ids_of(self._file.open(), names)

    def names_of(self, ids: Sequence[int]) -> list[str]:
        known: dict[int, str] = {}
        for at in range(0, len(ids), PARAMETERS):
            wanted = ",".join(str(int(id) - NAMED) for id in ids[at : at + PARAMETERS])
            known.update(self._file.ask(f"SELECT id, name FROM identities WHERE id IN ({wanted})"))
        return [known.get(int(id) - NAMED, f"forgotten:{int(id) - NAMED}") for id in ids]

    def forget(self, actor: int | str) -> int:
        with self._state.stating() as connection:
            mark = tombstone(actor, forgotten_in(connection).salt)
            connection.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (mark,))
            id = actor if isinstance(actor, int) else ids_of(connection, [actor])[0]
            held = [] if id is None else self._holding(connection, id)
            for event, slot in held:
                journal.append(connection, event, {slot: (BitMap64([id or 0]), -1)})
            if isinstance(actor, str):
                connection.execute("DELETE FROM identities WHERE name = ?", (actor,))
            connection.execute("INSERT OR REPLACE INTO facts VALUES ('erasing', 1)")
        self.fold()  # the bitmaps are then complete without the journal
        return len(held)

    def forgotten(self) -> Forgotten:
        with self._file.lock, self._file.translating_errors():
            return forgotten_in(self._file.open())

    def _holding(self, connection: sqlite3.Connection, id: int) -> list[tuple[int, int]]:
        """The sets that an actor is in, the journal's rows included."""
        held = set()
        for (event,) in connection.execute("SELECT id FROM events").fetchall():
            held |= {(event, slot) for slot, members in sets_in(connection, (event, FIRST, LAST)) if id in members}
        for at, change in self._state.memory.pending.items():
            if id in change.added:
                held.add(at)
            elif id in change.removed:
                held.discard(at)
        return sorted(held)

    def close(self) -> None:
        """Release the file; the next use reopens it."""
        try:
            self._folding.wait()
        finally:
            self._state.close()
            self._events = {}

    def _number(self, event: str) -> int | None:
        """The number of an event; None if it was never marked."""
        if event not in self._events:
            rows = self._file.ask("SELECT id FROM events WHERE name = ?", (event,))
            if not rows:
                return None
            self._events[event] = rows[0][0]
        return self._events[event]

    def _made(self, event: str) -> int:
        """The number of an event, assigned if it is new."""
        number = self._number(event)
        if number is None:
            self._file.ask("INSERT INTO events (name) VALUES (?) ON CONFLICT DO NOTHING", (event,))
            [(number,)] = self._file.ask("SELECT id FROM events WHERE name = ?", (event,))
            if not self._file.open().in_transaction:  # otherwise it may be rolled back
                self._events[event] = number
        return int(number)
