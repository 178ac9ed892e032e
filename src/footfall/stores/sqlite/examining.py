"""Checks that everything in a store's file is as it was written: structure, checksums, and consistency."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from pyroaring import BitMap64

from footfall.errors import ActivityError
from footfall.stores.ids import NAMED
from footfall.stores.members import as_bitmap, ids_in
from footfall.stores.problems import Problem
from footfall.stores.sqlite import schema
from footfall.stores.sqlite.checks import label_of, name_of
from footfall.stores.sqlite.journal import is_row
from footfall.stores.sqlite.sets import kept_union, set_of, sets_in

_MOST = 20
"""The number of structural faults that are listed; there are often many."""


def problems_in(path: Path) -> Iterator[Problem]:
    """Every problem in a file that is not being written."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
        yield from problems_of(connection)


def problems_of(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Every problem in one snapshot of a file."""
    connection.execute("BEGIN")
    try:
        for look in (_structure, _tables, _sets, _journal, _unions):
            yield from _problems(connection, look)
    finally:
        connection.execute("ROLLBACK")


def _problems(
    connection: sqlite3.Connection, look: Callable[[sqlite3.Connection], Iterator[Problem]]
) -> Iterator[Problem]:
    """The problems that a check finds, and one more if the check cannot continue."""
    try:
        yield from look(connection)
    except (ActivityError, sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, OverflowError) as error:
        yield Problem(inner(str(error)))


def inner(message: str) -> str:
    """The fault, extracted from a whole error message."""
    return message.split(" is damaged: ", 1)[-1].split("; restore a backup", 1)[0].rstrip(".")


def _structure(connection: sqlite3.Connection) -> Iterator[Problem]:
    for fault, *_ in connection.execute(f"PRAGMA integrity_check({_MOST})"):
        if fault != "ok":
            yield Problem(f"its structure: {' '.join(str(fault).replace('*** in database main ***', '').split())}")


def _tables(connection: sqlite3.Connection) -> Iterator[Problem]:
    schema.examine(connection)
    yield from ()


def _sets(connection: sqlite3.Connection) -> Iterator[Problem]:
    known = {event for (event,) in connection.execute("SELECT id FROM events")}
    names = np.array(sorted(id for (id,) in connection.execute("SELECT id FROM identities")), dtype=np.uint64) + NAMED
    places = {
        (event, slot)
        for table in ("sets", "counts")
        for event, slot in connection.execute(f"SELECT event, slot FROM {table}")
    }
    for event, slot in sorted(places, key=str):
        what = f"the set of {name_of(connection, event)} on {label_of(slot)}"
        if event not in known:
            yield Problem(f"{what} belongs to no event", (event, slot))
            continue
        try:
            members = set_of(connection, event, slot)
        except ActivityError as error:
            yield Problem(inner(str(error)), (event, slot))
            continue
        ids = ids_in(members)
        if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
            yield Problem(f"{what} is not in order", (event, slot))
        named = ids[ids >= NAMED]
        if lacking := len(named) - int(np.isin(named, names).sum()):
            yield Problem(f"{what} has {lacking:,} actors without a name", (event, slot))


def _journal(connection: sqlite3.Connection) -> Iterator[Problem]:
    known = {event for (event,) in connection.execute("SELECT id FROM events")}
    for number, *values in connection.execute("SELECT id, event, slot, actor, bitmap, crc FROM journal"):
        if not is_row(*values):
            yield Problem(f"row {number} of its journal does not match its checksum")
        elif values[0] not in known:
            yield Problem(f"row {number} of its journal belongs to no event")


def _unions(connection: sqlite3.Connection) -> Iterator[Problem]:
    for event, start, stop in connection.execute("SELECT event, start, stop FROM unions").fetchall():
        what = f"the cached union of {name_of(connection, event)} from {label_of(start)} to {label_of(stop)}"
        union = kept_union(connection, (event, start, stop))
        if union is None:
            yield Problem(f"{what} does not match its checksum", is_derived=True)
            continue
        try:
            parts = [as_bitmap(members) for _, members in sets_in(connection, (event, start, stop))]
        except ActivityError:
            continue  # already reported for the set
        if BitMap64.union(BitMap64(), *parts) != union:
            yield Problem(f"{what} is not that of its sets", is_derived=True)
