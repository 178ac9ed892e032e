"""The journal of the embedded store: marks in order of arrival, until they are folded into the bitmaps.

A row is either one actor or a batch: a bitmap whose actor column holds the number of marks, negative if the bitmap is
removed from the set. The rows of one set add up to a `Change`, their net effect.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyroaring import BitMap64

from footfall.stores.members import as_bitmap, bytes_of, decoded_bitmap, encoded
from footfall.stores.sqlite.checks import check_of_mark, crc_of_range, damaged, is_slot
from footfall.stores.sqlite.database import within
from footfall.stores.sqlite.sets import set_of, write_sets

STEP_BYTES = 4 << 20
"""Approximate bytes per transaction of a fold, so that no process waits long."""

_BATCH = "INSERT INTO journal (event, slot, actor, bitmap, crc) VALUES (?, ?, ?, ?, ?)"

_Set = tuple[int, int]
"""An event's number and a slot."""


@dataclass(slots=True)
class Change:
    """The net effect of rows on a set: first remove some ids, then add some."""

    added: BitMap64 = field(default_factory=BitMap64)
    removed: BitMap64 = field(default_factory=BitMap64)
    marks: int = 0
    """Occurrences; removing does not lower them."""

    def then(self, later: Change) -> None:
        if later.removed:
            self.removed |= later.removed
            self.added -= later.removed
        self.added |= later.added
        self.marks += later.marks

    def applied_to(self, bitmap: BitMap64) -> BitMap64:
        return ((bitmap - self.removed) if self.removed else bitmap) | self.added


Changes = dict[_Set, Change]


Row = tuple[int, int, int, int, bytes | None]
"""Number, event, slot, actor, bitmap."""


def append(connection: sqlite3.Connection, event: int, batches: Mapping[int, tuple[BitMap64, int]]) -> int:
    """Append a batch per slot: a bitmap and its number of marks (-1 removes it). Returns the bytes written."""
    rows = [(event, slot, count, encoded(bitmap)) for slot, (bitmap, count) in batches.items()]
    connection.executemany(_BATCH, ((*row, crc_of_range(*row)) for row in rows))
    return sum(len(row[3]) for row in rows)


def changes_of(rows: Iterable[Row]) -> Changes:
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


def rows_after(connection: sqlite3.Connection, row: int) -> list[Row]:
    """Rows of the journal in the order they were written. Raises DamagedStoreError."""
    found = connection.execute(
        "SELECT id, event, slot, actor, bitmap, crc FROM journal WHERE id > ? ORDER BY id", (row,)
    ).fetchall()
    for number, *values in found:
        if not is_row(*values):
            raise damaged(connection, f"row {number} of its journal does not match its checksum")
    return [row[:5] for row in found]


def is_row(event: Any, slot: Any, actor: Any, blob: Any, crc: int | None) -> bool:
    """Whether the values of a row match its checksum; rows written by an earlier Footfall have none."""
    if not isinstance(event, int) or not is_slot(slot) or not isinstance(actor, int):
        return False
    if blob is None:
        return actor >= 0 and crc in (None, check_of_mark(event, slot, actor))
    return isinstance(blob, bytes) and crc in (None, crc_of_range(event, slot, actor, blob))


def append_changes(connection: sqlite3.Connection, changes: Changes) -> None:
    """Append the net effect of single marks, a batch per set."""
    for (event, slot), change in changes.items():
        append(connection, event, {slot: (change.added, change.marks)})


def fold_number(connection: sqlite3.Connection) -> int:
    """The number of times that sets were written; while it is unchanged, bitmaps and journal match."""
    [(fold,)] = connection.execute("SELECT value FROM facts WHERE name = 'fold'")
    return int(fold)


def fold(connection: sqlite3.Connection) -> None:
    """Fold every existing row into the bitmaps.

    Computing the bitmaps does not block other processes; writing them does, a few megabytes at a time. If another
    process writes sets in the meantime, the result is discarded and the fold restarts with the remaining rows.
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
        portion[at] = change.applied_to(as_bitmap(set_of(connection, *at)))
        size += bytes_of(portion[at])
        left -= 1
        if size >= STEP_BYTES or not left:
            is_all = len(portion) == len(changes)
            ids = None if is_all else [(row[0],) for row in rows if (row[1], row[2]) in portion]
            if not _write_portion(connection, number, portion, changes, ids, last):
                return False
            portion, size, number = {}, 0, number + 1
    return True


def _write_portion(
    connection: sqlite3.Connection,
    number: int,
    portion: Mapping[_Set, BitMap64],
    changes: Changes,
    ids: list[tuple[int]] | None,
    last: int,
) -> bool:
    """Write some sets and delete the rows folded into them; False if another process wrote sets since `number`."""
    with within(connection, "BEGIN IMMEDIATE"):
        if fold_number(connection) != number:
            return False
        write_sets(connection, portion, {at: changes[at].marks for at in portion})
        if ids is None:
            connection.execute("DELETE FROM journal WHERE id <= ?", (last,))
        else:
            connection.executemany("DELETE FROM journal WHERE id = ?", ids)
    return True
