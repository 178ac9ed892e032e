"""Stores of marks for tests: how each is made, and a model of what a store is in plain Python sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from footfall.stores.ids import NAMED
from footfall.stores.redis import RedisStore
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import PER_DAY, UNDATED, Store

NOW = datetime.fromisoformat("2026-11-25T12:00Z")


@dataclass(frozen=True)
class Kind:
    """A kind of store: what makes an empty one, and what is peculiar to it."""

    name: str
    made: Callable[[pytest.FixtureRequest], Iterator[Store]]
    are_hours_in_days: bool = False
    """Whether a mark of an hour is a mark of its day as well, as it is in bitmapist."""
    largest: int = NAMED - 1
    """The largest number that tests mark."""

    @contextmanager
    def new(self, request: pytest.FixtureRequest) -> Iterator[Store]:
        yield from self.made(request)


def _sqlite(request: pytest.FixtureRequest) -> Iterator[Store]:
    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("store")
    store = SqliteStore(folder / f"{uuid4().hex}.db", now=lambda: NOW)
    yield store
    store.close()


def _redis(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _on_server(request.getfixturevalue("redis_server"))


def _valkey(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _on_server(request.getfixturevalue("valkey_server"))


def _on_server(address: str) -> Iterator[Store]:
    store = RedisStore(f"{address}/9", now=lambda: NOW)
    flush(address, 9)
    yield store
    store.close()


def flush(address: str, database: int = 0) -> None:
    import redis

    client = redis.Redis.from_url(f"{address}/{database}")
    client.flushdb()
    client.close()


KINDS = [
    Kind("sqlite", _sqlite),
    Kind("redis", _redis, are_hours_in_days=True, largest=1 << 27),  # 16 MiB a set
    Kind("valkey", _valkey, are_hours_in_days=True, largest=1 << 27),
]


Member = int | str


@dataclass
class Model:
    """What a store is, by its contract: sets by event and slot, and how often each was marked."""

    are_hours_in_days: bool
    sets: dict[tuple[str, int], set[Member]] = field(default_factory=dict)
    marks: dict[tuple[str, int], int] = field(default_factory=dict)

    def mark(self, event: str, slot: int, members: list[Member], marks: int | None = None) -> None:
        for each in self._with_day(slot):
            self.sets.setdefault((event, each), set()).update(members)
        self.marks[event, slot] = self.marks.get((event, slot), 0) + (len(members) if marks is None else marks)

    def unmark(self, event: str, slot: int, members: list[Member]) -> None:
        gone = set(members)
        if slot == UNDATED or slot % PER_DAY:
            self._take(event, slot, gone)
            if slot != UNDATED and self.are_hours_in_days:
                day = slot // PER_DAY * PER_DAY
                self._take(event, day, gone - self.union(event, day + 1, day + PER_DAY))
            return
        for each in range(slot, slot + PER_DAY):
            self._take(event, each, gone)

    def _take(self, event: str, slot: int, gone: set[Member]) -> None:
        if (event, slot) in self.sets:
            self.sets[event, slot] -= gone

    def union(self, event: str, start: int, stop: int) -> set[Member]:
        return set().union(*(held for (e, slot), held in self.sets.items() if e == event and start <= slot < stop))

    def occurrences(self, event: str, start: int, stop: int) -> int:
        return sum(n for (e, slot), n in self.marks.items() if e == event and start <= slot < stop)

    def delete(self, event: str, start: int, stop: int) -> None:
        for each in (self.sets, self.marks):
            for key in [(e, slot) for e, slot in each if e == event and start <= slot < stop]:
                del each[key]

    def slots(self, event: str) -> list[int]:
        return sorted(slot for (e, slot), held in self.sets.items() if e == event and held)

    def events(self) -> list[str]:
        return sorted({e for (e, _), held in self.sets.items() if held})

    def forget(self, member: Member) -> int:
        holding = [held for held in self.sets.values() if member in held]
        for held in holding:
            held.discard(member)
        return len(holding)

    def _with_day(self, slot: int) -> list[int]:
        is_hour = slot != UNDATED and slot % PER_DAY
        return [slot, slot // PER_DAY * PER_DAY] if is_hour and self.are_hours_in_days else [slot]


def members(store: Store, event: str, start: int, stop: int) -> set[Member]:
    """Who is in a range, by number or name."""
    ids = store.union(event, start, stop)
    named = [id for id in ids if id >= NAMED]
    return {id for id in ids if id < NAMED} | set(store.names_of(named))
