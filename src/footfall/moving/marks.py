"""Marks of activity in files: a row for each actor of each set, and one for how often each set was marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from footfall.stores.ids import NAMED, Actors
from footfall.stores.store import FIRST, LAST, Store
from footfall.tables import ColumnType

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MARKS: Sequence[tuple[str, ColumnType]] = (
    ("event", "string"),
    ("slot", "integer"),
    ("number", "integer"),
    ("name", "string"),
)
OCCURRENCES: Sequence[tuple[str, ColumnType]] = (("event", "string"), ("slot", "integer"), ("marks", "integer"))


def marks_of(store: Store, events: Iterable[str]) -> tuple[pa.Table, pa.Table]:
    """The actors of every set of `events`, and how often each set was marked."""
    import pyarrow as pa

    rows: list[tuple[str, int, int | None, str | None]] = []
    counts: list[tuple[str, int, int]] = []
    for event in events:
        for slot in store.slots(event):
            ids = list(store.union(event, slot, slot + 1))
            named = [id for id in ids if id >= NAMED]
            rows += [(event, slot, id, None) for id in ids if id < NAMED]
            rows += [(event, slot, None, name) for name in store.names_of(named)]
            counts.append((event, slot, store.occurrences(event, slot, slot + 1)))
    kinds = {"string": pa.string(), "integer": pa.int64()}
    return (
        pa.table(
            [pa.array([row[at] for row in rows], kinds[kind]) for at, (_, kind) in enumerate(MARKS)],
            names=_names(MARKS),
        ),
        pa.table(
            [pa.array([row[at] for row in counts], kinds[kind]) for at, (_, kind) in enumerate(OCCURRENCES)],
            names=_names(OCCURRENCES),
        ),
    )


def _names(columns: Sequence[tuple[str, ColumnType]]) -> list[str]:
    return [name for name, _ in columns]


def mark_all(store: Store, connection: duckdb.DuckDBPyConnection, marks: str, occurrences: str) -> int:
    """Add what a store lacks of the marks (SQL); how many. An event that it does not have is stated whole."""
    counts = {
        (event, slot): many
        for event, slot, many in connection.execute(f"SELECT event, slot, marks FROM {occurrences}").fetchall()
    }
    sets: dict[str, dict[int, tuple[list[int], list[str]]]] = defaultdict(lambda: defaultdict(lambda: ([], [])))
    for event, slot, number, name in connection.execute(f"SELECT event, slot, number, name FROM {marks}").fetchall():
        numbers, names = sets[event][slot]
        if name is None:
            numbers.append(number)
        else:
            names.append(name)
    added = 0
    for event, slots in sets.items():
        if not store.slots(event):
            whole = {
                slot: Actors(numbers, names, counts.get((event, slot))) for slot, (numbers, names) in slots.items()
            }
            store.replace(event, FIRST, LAST, whole, {})
            added += sum(len(numbers) + len(names) for numbers, names in slots.values())
            continue
        lacking = {slot: _lacking(store, event, slot, *actors) for slot, actors in slots.items()}
        store.mark(event, {slot: actors for slot, actors in lacking.items() if len(actors)})
        added += sum(map(len, lacking.values()))
    return added


def _lacking(store: Store, event: str, slot: int, numbers: Sequence[int], names: Sequence[str]) -> Actors:
    held = store.union(event, slot, slot + 1)
    ids = store.ids_of(list(names))
    new_numbers = [number for number in numbers if number not in held]
    new_names = [name for name, id in zip(names, ids, strict=True) if id is None or id not in held]
    return store.forgotten().left_of(Actors(new_numbers, new_names))
