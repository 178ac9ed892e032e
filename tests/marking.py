"""Processes that mark and read one store, for tests that watch or kill them."""

from __future__ import annotations

import os
import random
import time
from multiprocessing.connection import Connection

import numpy as np

from footfall.activity import sqlite
from footfall.activity.sqlite import SqliteStore
from footfall.activity.store import PER_DAY, Actors

DAY = 20_000 * PER_DAY
WRITERS, MARKS = 8, 125_000


def mark_and_tell(path: str, log: str, seed: int) -> None:
    """Mark, take back, mark in batches, for ever; write down each operation before and after it."""
    sqlite.FOLD_ROWS, sqlite._LOOK_EVERY = 20, 5  # so that many a kill meets a fold
    store = SqliteStore(path)
    chance = random.Random(seed)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        kind = chance.choice("mmmmmmnbu")
        actors = [chance.randrange(5000) for _ in range(20 if kind == "b" else 1)]
        slot = DAY + chance.randrange(3) * PER_DAY
        line = f"{kind} {slot} {','.join(map(str, actors))}"
        os.write(out, f"begun {line}\n".encode())
        if kind == "m":
            store.mark_one("seen", slot, actors[0])
        elif kind == "n":
            store.mark_one("seen", slot, f"name-{actors[0]}")
        elif kind == "b":
            store.mark("seen", {slot: Actors(actors)})
        else:
            store.unmark("seen", {slot: Actors(actors)})
        os.write(out, f"done {line}\n".encode())


def write_many(path: str, writer: int) -> None:
    """125,000 marks: 5,000 one at a time, the others in batches, all of actors that no other writer has."""
    store = SqliteStore(path)
    first = writer * MARKS
    for actor in range(first, first + 5000):
        store.mark_one("seen", DAY, actor)
    for start in range(first + 5000, first + MARKS, 1000):
        store.mark("seen", {DAY: Actors(np.arange(start, start + 1000, dtype=np.uint64))})
    store.close()


def read_on(path: str, told: Connection) -> None:
    """Count again and again until told to stop; a count that falls, or is more than there can be, is told."""
    store, last, looks = SqliteStore(path), 0, 0
    while not told.poll():
        count = store.count("seen", DAY, DAY + PER_DAY)
        if not last <= count <= WRITERS * MARKS:
            told.send(f"{last:,} and then {count:,}")
            return
        last, looks = count, looks + 1
        time.sleep(0.002)
    told.send(looks)
