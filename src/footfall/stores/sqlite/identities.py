"""Names of actors and their dense ids, in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pyroaring import BitMap64

from footfall.stores.forgotten import Forgotten
from footfall.stores.ids import NAMED, Actors
from footfall.stores.members import bitmap_of

PARAMETERS = 10_000
"""The number of values per statement."""


def bitmaps_of(connection: sqlite3.Connection, marks: Mapping[int, Actors]) -> dict[int, BitMap64]:
    """A bitmap of the actors of each slot; new names get ids."""
    names = list(dict.fromkeys(name for actors in marks.values() for name in actors.names))
    known = _identities(connection, names)
    if len(known) < len(names):
        new = ((name,) for name in names if name not in known)
        connection.executemany("INSERT INTO identities (name) VALUES (?) ON CONFLICT DO NOTHING", new)
        known = _identities(connection, names)
    bitmaps = {}
    for slot, actors in marks.items():
        bitmaps[slot] = bitmap_of(actors.numbers)
        bitmaps[slot].update(known[name] + NAMED for name in actors.names)
    return bitmaps


def _identities(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for at in range(0, len(names), PARAMETERS):
        part = names[at : at + PARAMETERS]
        marks = ",".join("?" * len(part))
        known.update(connection.execute(f"SELECT name, id FROM identities WHERE name IN ({marks})", part))
    return known


def ids_of(connection: sqlite3.Connection, names: Sequence[str]) -> list[int | None]:
    known = _identities(connection, names)
    return [known[name] + NAMED if name in known else None for name in names]


def forgotten_in(connection: sqlite3.Connection) -> Forgotten:
    [(salt,)] = connection.execute("SELECT value FROM facts WHERE name = 'salt'")
    return Forgotten(frozenset(mark for (mark,) in connection.execute("SELECT mark FROM forgotten")), bytes(salt))
