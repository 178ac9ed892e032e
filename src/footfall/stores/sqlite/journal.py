"""The journal of the embedded store: marks as they came, until they are folded into the bitmaps.

A row is either one actor, or a batch: a bitmap, with how many marks it stands for as its actor, negative where the
bitmap is taken out. Rows of one set amount to a `Change`, which holds their whole effect.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap64

from footfall.stores.members import bytes_of, decoded_bitmap, encoded
from footfall.stores.sqlite.database import within

STEP_BYTES = 4 << 20
"""About how much one transaction of a fold writes, so that no process waits long."""

_BATCH = "INSERT INTO journal (event, slot, actor, bitmap) VALUES (?, ?, ?, ?)"

_Set = tuple[int, int]
"""An event's number and a slot."""


@dataclass(slots=True)
class Change:
    """What rows do to a set, in whatever order they came: first some are taken out, then some added."""

    added: BitMap64 = field(default_factory=BitMap64)
    removed: BitMap64 = field(default_factory=BitMap64)
    marks: int = 0
    """Occurrences; taking out leaves them."""

    def then(self, later: Change) -> None:
        if later.removed:
            self.removed |= later.removed
            self.added -= later.removed
        self.added |= later.added
        self.marks += later.marks

    def applied_to(self, bitmap: BitMap64) -> BitMap64:
        return ((bitmap - self.removed) if self.removed else bitmap) | self.added


Changes = dict[_Set, Change]


def append(connection: sqlite3.Connection, event: int, batches: Mapping[int, tuple[BitMap64, int]]) -> int:
    """Append a batch for each slot: a bitmap, and how many marks it stands for (-1: it is taken out); bytes it took."""
    rows = [(event, slot, count, encoded(bitmap)) for slot, (bitmap, count) in batches.items()]
    connection.executemany(_BATCH, rows)
    return sum(len(row[3]) for row in rows)


def changes_of(rows: Iterable[tuple[int, int, int, int, bytes | None]]) -> Changes:
    changes: Changes = defaultdict(Change)
    for _, event, slot, actor, blob in rows:
        change = changes[event, slot]
        if blob is None:
            change.added.add(actor)
            change.marks += 1
        elif actor >= 0:
            change.added |= decoded_bitmap(blob)
            change.marks += actor
        else:
            change.then(Change(removed=decoded_bitmap(blob)))
    return changes


def rows_after(connection: sqlite3.Connection, row: int) -> list[tuple[int, int, int, int, bytes | None]]:
    """Rows of the journal in the order they were written: number, event, slot, actor, bitmap."""
    return connection.execute(
        "SELECT id, event, slot, actor, bitmap FROM journal WHERE id > ? ORDER BY id", (row,)
    ).fetchall()


def append_changes(connection: sqlite3.Connection, changes: Changes) -> None:
    """Append what single marks amount to, a batch a set."""
    for (event, slot), change in changes.items():
        append(connection, event, {slot: (change.added, change.marks)})


def fold_number(connection: sqlite3.Connection) -> int:
    """How often sets were written; bitmaps and journal belong together as long as it stays."""
    [(fold,)] = connection.execute("SELECT value FROM facts WHERE name = 'fold'")
    return int(fold)


def fold(connection: sqlite3.Connection) -> None:
    """Make every row that is there part of the bitmaps.

    Bitmaps are made without blocking other processes; only writing them blocks, a few megabytes at a time. When another
    process writes sets meanwhile, what was made is thrown away and the rest starts again.
    """
    while not _fold_rows(connection):
        pass


def _fold_rows(connection: sqlite3.Connection) -> bool:
    with within(connection, "BEGIN"):
        number, rows = fold_number(connection), rows_after(connection, 0)
    changes = changes_of(rows)
    last = rows[-1][0] if rows else 0
    portion: dict[_Set, BitMap64] = {}
    size = 0
    left = len(changes)
    for at, change in changes.items():
        portion[at] = change.applied_to(_held(connection, at))
        size += bytes_of(portion[at])
        left -= 1
        if size >= STEP_BYTES or not left:
            is_all = len(portion) == len(changes)
            ids = None if is_all else [(row[0],) for row in rows if (row[1], row[2]) in portion]
            if not _write_portion(connection, number, portion, changes, ids, last):
                return False
            portion, size, number = {}, 0, number + 1
    return True


def _held(connection: sqlite3.Connection, at: _Set) -> BitMap64:
    found = connection.execute("SELECT bitmap FROM sets WHERE event = ? AND slot = ?", at).fetchone()
    return decoded_bitmap(found[0]) if found and found[0] is not None else BitMap64()


def _write_portion(
    connection: sqlite3.Connection,
    number: int,
    portion: Mapping[_Set, BitMap64],
    changes: Changes,
    ids: list[tuple[int]] | None,
    last: int,
) -> bool:
    """Write some sets and delete the rows they are made of; False when others have written sets since `number`."""
    with within(connection, "BEGIN IMMEDIATE"):
        if fold_number(connection) != number:
            return False
        write_sets(connection, portion, {at: changes[at].marks for at in portion})
        if ids is None:
            connection.execute("DELETE FROM journal WHERE id <= ?", (last,))
        else:
            connection.executemany("DELETE FROM journal WHERE id = ?", ids)
    return True


def write_sets(connection: sqlite3.Connection, sets: Mapping[_Set, BitMap64], marks: Mapping[_Set, int]) -> None:
    """Write bitmaps as one fold, count marks, and delete the unions that the sets belong to.

    An empty set stays as a row without a bitmap, from which readers learn that it was emptied.
    """
    connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'fold'")
    number = fold_number(connection)
    connection.executemany(
        "INSERT OR REPLACE INTO sets VALUES (?, ?, ?, ?)",
        ((*at, number, encoded(bitmap) if bitmap else None) for at, bitmap in sets.items()),
    )
    connection.executemany(
        "DELETE FROM unions WHERE event = ? AND start <= ? AND stop > ?", ((event, s, s) for event, s in sets)
    )
    connection.executemany(
        "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET marks = marks + excluded.marks",
        ((*at, count) for at, count in marks.items() if count),
    )
