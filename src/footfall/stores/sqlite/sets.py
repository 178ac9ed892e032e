"""The sets in the database, verified by checksum when read.

`counts` has a row per set: its number of marks and of actors, the CRC of its bitmap, and the CRC of these numbers.
`sets` has the bitmap. A set that is in only one of the two is damaged.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from pyroaring import BitMap64

from footfall.errors import DamagedStoreError
from footfall.stores.members import Members, as_bitmap, decoded, encoded
from footfall.stores.sqlite.checks import crc_of_counts, crc_of_range, damaged_set
from footfall.stores.store import PER_DAY, UNDATED

if TYPE_CHECKING:
    from footfall.stores.sqlite.journal import Change

RangeKey = tuple[int, int, int]
"""Event, start, stop: a range of slots."""

_WITHIN = "WHERE event = ? AND slot >= ? AND slot < ?"


class Counted(NamedTuple):
    """The row of `counts` for a set; an emptied set keeps its number of marks."""

    marks: int
    actors: int
    crc: int


def counts_in(connection: sqlite3.Connection, key: RangeKey) -> dict[int, Counted]:
    """The counts of each set of a range, by slot."""
    event = key[0]
    found = {}
    for slot, marks, actors, crc, row_crc in connection.execute(
        f"SELECT slot, marks, actors, crc, row_crc FROM counts {_WITHIN} ORDER BY slot", key
    ):
        try:
            is_intact = crc_of_counts(event, slot, marks, actors, crc) == row_crc
        except Exception:  # a value that is not a number
            is_intact = False
        if not is_intact:
            raise damaged_set(connection, event, slot, "has a count that does not match its checksum")
        found[slot] = Counted(marks, actors, crc)
    return found


def looks_in(connection: sqlite3.Connection, key: RangeKey, pending: Mapping[int, Members]) -> dict[int, str]:
    """What tells whether the sets of a day have changed, for each day of a range, given the sets that are not folded."""
    sums = {slot: (count.actors, count.crc) for slot, count in counts_in(connection, key).items()}
    for slot, members in pending.items():
        sums[slot] = len(members), crc32(encoded(BitMap64(as_bitmap(members))))
    found: dict[int, list[str]] = defaultdict(list)
    for slot, (actors, crc) in sorted(sums.items()):
        if slot != UNDATED and actors:
            found[slot // PER_DAY].append(f"{slot % PER_DAY}:{actors}:{crc:x}")
    return {day: " ".join(of_day) for day, of_day in found.items()}


def slots_in(connection: sqlite3.Connection, key: RangeKey) -> set[int]:
    """The slots of a range whose sets hold actors."""
    held = {slot for (slot,) in connection.execute(f"SELECT slot FROM sets {_WITHIN} AND bitmap IS NOT NULL", key)}
    counted = {slot for slot, count in counts_in(connection, key).items() if count.actors}
    for slot in sorted(held ^ counted)[:1]:
        raise damaged_set(connection, key[0], slot, "is missing" if slot in counted else "is not counted")
    return held


def sets_in(connection: sqlite3.Connection, key: RangeKey) -> Iterator[tuple[int, Members]]:
    """The sets of a range that hold actors, by slot, one at a time."""
    event, left = key[0], {slot: count for slot, count in counts_in(connection, key).items() if count.actors}
    for slot, blob in connection.execute(
        f"SELECT slot, bitmap FROM sets {_WITHIN} AND bitmap IS NOT NULL ORDER BY slot", key
    ):
        count = left.pop(slot, None)
        if count is None:
            raise damaged_set(connection, event, slot, "is not counted")
        if not isinstance(blob, bytes) or crc32(blob) != count.crc:
            raise damaged_set(connection, event, slot, "does not match its checksum")
        members = decoded(blob)
        if len(members) != count.actors:
            raise damaged_set(
                connection, event, slot, f"holds {len(members):,} actors, and {count.actors:,} were counted"
            )
        yield slot, members
    for slot in sorted(left)[:1]:
        raise damaged_set(connection, event, slot, "is missing")


def set_of(connection: sqlite3.Connection, event: int, slot: int) -> Members:
    """One set, which may be empty."""
    for _, members in sets_in(connection, (event, slot, slot + 1)):
        return members
    return BitMap64()


def union_with(connection: sqlite3.Connection, key: RangeKey, pending: Mapping[int, Change]) -> BitMap64:
    left = dict(pending)
    result, is_own = BitMap64(), False
    for slot, members in sets_in(connection, key):
        part = as_bitmap(members)
        if change := left.pop(slot, None):
            part = change.applied_to(part)
        if is_own:
            result |= part
        else:
            result, is_own = part, True
    return BitMap64.union(result, *(change.added for change in left.values())) if left else result


def kept_union(connection: sqlite3.Connection, key: RangeKey) -> BitMap64 | None:
    """The cached union of a range; None if there is none or it is damaged, and must be rebuilt."""
    found = connection.execute("SELECT bitmap, crc FROM unions WHERE event = ? AND start = ? AND stop = ?", key)
    row = found.fetchone()
    if row is None or not isinstance(row[0], bytes) or crc_of_range(*key, row[0]) != row[1]:
        return None
    try:
        return as_bitmap(decoded(row[0]))
    except DamagedStoreError:
        return None


def keep_union(connection: sqlite3.Connection, key: RangeKey, union: BitMap64, fold: int) -> None:
    """Cache the union of a range, unless sets were written since the fold of that number."""
    blob = encoded(union)
    connection.execute(
        "INSERT OR REPLACE INTO unions SELECT ?, ?, ?, ?, ? FROM facts WHERE name = 'fold' AND value = ?",
        (*key, blob, crc_of_range(*key, blob), fold),
    )


def write_sets(
    connection: sqlite3.Connection, sets: Mapping[tuple[int, int], BitMap64], marks: Mapping[tuple[int, int], int]
) -> None:
    """Write bitmaps as one fold, count marks, and delete the cached unions that include the sets.

    An empty set remains as a row without a bitmap, which tells readers that it was emptied.
    """
    connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'fold'")
    [(number,)] = connection.execute("SELECT value FROM facts WHERE name = 'fold'")
    for (event, slot), bitmap in sets.items():
        blob = encoded(bitmap) if bitmap else None
        before = counts_in(connection, (event, slot, slot + 1)).get(slot)
        count = Counted((before.marks if before else 0) + marks.get((event, slot), 0), len(bitmap), crc32(blob or b""))
        connection.execute("INSERT OR REPLACE INTO sets VALUES (?, ?, ?, ?)", (event, slot, number, blob))
        connection.execute(
            "INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?, ?)",
            (event, slot, *count, crc_of_counts(event, slot, *count)),
        )
    connection.executemany(
        "DELETE FROM unions WHERE event = ? AND start <= ? AND stop > ?", ((event, s, s) for event, s in sets)
    )
