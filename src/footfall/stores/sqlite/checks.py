"""Checksums of the embedded store's data, and the errors when one does not match.

A mark has a check over its three numbers, in the intake and in the journal. Batches, sets and cached unions have the
CRC-32 of their bytes. Each set has a row in two tables, `sets` and `counts`, so a row lost to damage in one is noticed
through the other.
"""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import Any
from zlib import crc32

from footfall.errors import DamagedStoreError
from footfall.stores.ids import NAMED
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, start_of

WAY_ON = "restore a backup, or run `footfall repair` to keep intact data."

_EVENTS, _SLOTS, CHECK_OF_ACTOR, CHECK_MODULUS = 1_000_003, 8_191, 65_599, 2_147_483_647
_OFFSET = -FIRST * _SLOTS + 1  # slots may be negative, checks are positive
CHECK_OF_NAMED = f"(?1 * {_EVENTS} + ?2 * {_SLOTS} + (id + {NAMED}) * {CHECK_OF_ACTOR} + {_OFFSET}) % {CHECK_MODULUS}"
"""`check_of_mark` in SQL, for an event, a slot, and the id in a row of `identities`."""

_RANGE = struct.Struct("<qqq")
_COUNTS = struct.Struct("<qqqqq")


def check_of_mark(event: Any, slot: Any, actor: Any) -> Any:
    """The check of a mark, or of each mark in arrays. The modulus is prime, so any single bit flip is detected."""
    return (check_before(event, slot) + actor * CHECK_OF_ACTOR) % CHECK_MODULUS


def check_before(event: Any, slot: Any) -> Any:
    """The contribution of event and slot to the check of a mark."""
    return event * _EVENTS + slot * _SLOTS + _OFFSET


def crc_of_range(event: int, start: int, stop: int, blob: bytes) -> int:
    """The CRC of a cached union, or of a batch of the journal, whose number of marks is passed as `stop`."""
    return crc32(blob, crc32(_RANGE.pack(event, start, stop)))


def crc_of_counts(event: int, slot: int, marks: int, actors: int, crc: int) -> int:
    """The CRC of the numbers in a row of `counts`."""
    return crc32(_COUNTS.pack(event, slot, marks, actors, crc))


def damaged(connection: sqlite3.Connection, what: str) -> DamagedStoreError:
    return DamagedStoreError(f"{_file_of(connection)} is damaged: {what}; {WAY_ON}")


def damaged_set(connection: sqlite3.Connection, event: int, slot: int, what: str) -> DamagedStoreError:
    return damaged(connection, f"the set of {name_of(connection, event)} on {label_of(slot)} {what}")


def name_of(connection: sqlite3.Connection, event: int) -> str:
    found = connection.execute("SELECT name FROM events WHERE id = ?", (event,)).fetchone()
    return repr(found[0]) if found else f"event {event}"


def label_of(slot: int) -> str:
    """A slot in readable form.

    Example:
        >>> label_of(20_000 * 32), label_of(20_000 * 32 + 7)
        ('2024-10-04', '2024-10-04 at 06:00')
    """
    if slot == UNDATED:
        return "no date"
    try:
        moment = start_of(slot)
    except (OverflowError, ValueError):
        return f"slot {slot}"
    return f"{moment:%Y-%m-%d}" if slot % PER_DAY == 0 else f"{moment:%Y-%m-%d at %H:%M}"


def is_slot(slot: object) -> bool:
    """Whether a value can be a slot."""
    return isinstance(slot, int) and FIRST <= slot < LAST


def _file_of(connection: sqlite3.Connection) -> str:
    [(_, _, file), *_] = connection.execute("PRAGMA database_list")
    return str(Path(file)) if file else "the store of marks"
