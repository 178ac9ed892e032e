"""The tables of the embedded store: created, upgraded from an earlier format, and checked when the file is opened."""

from __future__ import annotations

import sqlite3
from zlib import crc32

from footfall.stores.members import as_bitmap, decoded
from footfall.stores.sqlite.checks import crc_of_counts, damaged

FORMAT = 2
"""The format that this Footfall writes; a store of a newer format is refused, an older one is upgraded when opened.

1: 0.1.0. 2: checksums for sets, unions, the journal, and the `facts` that readers rely on.
"""
APPLICATION_ID = 0x466F6F74
"""Distinguishes a store from other SQLite files: "Foot"."""

_COUNTS = (
    "CREATE TABLE counts (event INTEGER, slot INTEGER, marks INTEGER, actors INTEGER, crc INTEGER, row_crc INTEGER, "
    "PRIMARY KEY (event, slot)) WITHOUT ROWID"
)
_UNIONS = (
    "CREATE TABLE unions (event INTEGER, start INTEGER, stop INTEGER, bitmap BLOB, crc INTEGER, "
    "PRIMARY KEY (event, start, stop))"
)
_SEEN_TWICE = ("fold", "generation")
_TRIGGER = (
    "CREATE TRIGGER facts_twice AFTER UPDATE OF value ON facts WHEN new.name IN ('fold', 'generation') "
    "BEGIN UPDATE facts SET value = new.value WHERE name = new.name || '_again'; END"
)
_TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE sets (event INTEGER, slot INTEGER, fold INTEGER, bitmap BLOB, PRIMARY KEY (event, slot))",
    "CREATE INDEX sets_by_fold ON sets (fold)",
    _COUNTS,
    _UNIONS,
    "CREATE TABLE journal (id INTEGER PRIMARY KEY, event INTEGER, slot INTEGER, actor INTEGER, bitmap BLOB, crc INTEGER)",
    "CREATE TABLE identities (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE forgotten (mark BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE cursors (name TEXT PRIMARY KEY, position INTEGER)",
    _TRIGGER,
)
_AGAIN = "INSERT INTO facts SELECT name || '_again', value FROM facts WHERE name IN ('fold', 'generation', 'salt')"
"""The facts that would hide marks or sets if they were wrong; stored twice."""


def create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO facts VALUES ('fold', 0), ('folding_until', 0), ('generation', 0)")
    connection.execute("INSERT INTO facts VALUES ('salt', randomblob(32))")
    connection.execute(_AGAIN)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def upgrade(connection: sqlite3.Connection) -> None:
    """Upgrade a store of format 1, in a transaction: every set gets a checksum of its current content."""
    columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(counts)")}
    if "crc" in columns:
        raise damaged(connection, "its format is not the one that its tables have")
    marks = {(event, slot): many for event, slot, many in connection.execute("SELECT event, slot, marks FROM counts")}
    connection.execute("DROP TABLE counts")
    connection.execute(_COUNTS)
    connection.execute("DROP TABLE unions")
    connection.execute(_UNIONS)
    connection.execute("ALTER TABLE journal ADD COLUMN crc INTEGER")
    places = connection.execute("SELECT event, slot FROM sets").fetchall()
    for event, slot in places:
        [(blob,)] = connection.execute("SELECT bitmap FROM sets WHERE event = ? AND slot = ?", (event, slot))
        actors = 0 if blob is None else len(as_bitmap(decoded(blob)))
        count = marks.pop((event, slot), 0), actors, crc32(blob or b"")
        _count(connection, event, slot, *count)
    for (event, slot), many in marks.items():
        _count(connection, event, slot, many, 0, 0)
    connection.execute(_AGAIN)
    connection.execute(_TRIGGER)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _count(connection: sqlite3.Connection, event: int, slot: int, *count: int) -> None:
    row = (event, slot, *count, crc_of_counts(event, slot, *count))
    connection.execute("INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?)", row)


_SMALL = ("events", "facts", "journal", "cursors", "forgotten")
_MOST_NAMES = 50_000
"""The number of names checked whenever a store is opened, which takes about 20 ms; a deep check covers the rest."""
_EXPECTED = {" ".join(statement.split()) for statement in _TABLES}


def examine(connection: sqlite3.Connection) -> None:
    """Check the small tables that determine where everything else is found. Raises DamagedStoreError."""
    present = {
        " ".join(str(sql).split())
        for (sql,) in connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        )
    }
    if present != _EXPECTED:
        raise damaged(connection, "its tables are not those of a store")
    [(names,)] = connection.execute("SELECT coalesce(max(id), 0) FROM identities")
    for table in (*_SMALL, *(("identities",) if names <= _MOST_NAMES else ())):
        [(result, *_), *_] = connection.execute(f"PRAGMA integrity_check({table})")
        if result != "ok":
            raise damaged(connection, f"the table {table} is corrupt ({' '.join(str(result).split())})")
    facts = dict(connection.execute("SELECT name, value FROM facts"))
    for name in (*_SEEN_TWICE, "salt"):
        if name not in facts or facts[name] != facts.get(f"{name}_again"):
            raise damaged(connection, f"the two copies of {name!r} differ")
