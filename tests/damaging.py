"""A store of marks that a killed process left, and ways to damage its files."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from footfall.stores.ids import NAMED, Actors
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import PER_DAY
from marking import DAY

DAYS = [DAY + PER_DAY * day for day in range(4)]
WIDE = np.arange(200, dtype=np.uint64) * 7919 * 65537 % (1 << 32)
TRUTH: dict[tuple[str, int], set[int]] = {
    ("seen", 0): {*range(0, 3000, 3), NAMED + 1, NAMED + 2},
    ("seen", 1): {*map(int, WIDE), 1, 2},
    ("seen", 2): set(range(294)),
    ("seen", 3): set(range(50)),
    ("paid", 2): {*range(0, 600, 2), NAMED + 3},
}
"""By event and day, who was marked."""
MARKS = {at: len(who) for at, who in TRUTH.items()}
Files = dict[str, bytes]


def leave_a_store(path: str) -> None:
    """Sets, a kept union, rows of the journal, marks in the intake; then die."""
    store = SqliteStore(path)
    store.mark("seen", {DAYS[0]: Actors(range(0, 3000, 3), ["ada", "bob"]), DAYS[1]: Actors(WIDE)})
    store.mark("seen", {DAYS[1] + 1: Actors([1, 2])})
    store.mark("paid", {DAYS[2]: Actors(range(0, 600, 2))})
    store.fold()
    store.count("seen", DAYS[0], DAYS[3], is_kept=True)
    store.mark("seen", {DAYS[2]: Actors(range(294))})
    store.mark_one("paid", DAYS[2], "cyd")
    for actor in range(50):
        store.mark_one("seen", DAYS[3], actor)
    os._exit(0)


def files_left_in(folder: Path) -> Files:
    """The files of a store whose process ended without closing it, by name."""
    child = multiprocessing.get_context("fork").Process(target=leave_a_store, args=(str(folder / "activity.db"),))
    child.start()
    child.join()
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def written(folder: Path, files: Files) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "activity.db"


def differences(path: Path) -> Iterator[str]:
    """Where the store differs from what was marked. Raises ActivityError."""
    store = SqliteStore(path)
    try:
        if store.events() != ["paid", "seen"]:
            yield f"events {store.events()}"
        for event in ("seen", "paid"):
            everyone: set[int] = set()
            for day, slot in enumerate(DAYS):
                who = TRUTH.get((event, day), set())
                everyone |= who
                span = (slot, slot + PER_DAY)
                if set(store.union(event, *span)) != who or store.count(event, *span) != len(who):
                    yield f"{event} of day {day}"
                if store.occurrences(event, *span) != MARKS.get((event, day), 0):
                    yield f"occurrences of {event} of day {day}"
            if store.count(event, DAYS[0], DAYS[3] + PER_DAY, is_kept=True) != len(everyone):
                yield f"all of {event}"
        if store.ids_of(["ada", "bob", "cyd"]) != [NAMED + 1, NAMED + 2, NAMED + 3]:
            yield "names"
    finally:
        store.close()


Damage = Callable[[bytearray, int, random.Random], None]


def flip(content: bytearray, at: int, chance: random.Random) -> None:
    content[at] ^= 1 << chance.randrange(8)


def overwrite(content: bytearray, at: int, chance: random.Random) -> None:
    content[at] = chance.randrange(256)


def zero(content: bytearray, at: int, chance: random.Random) -> None:
    end = min(len(content), at + chance.choice((8, 64, 512, 2048)))
    content[at:end] = bytes(end - at)


def cut(content: bytearray, at: int, chance: random.Random) -> None:
    del content[at:]
