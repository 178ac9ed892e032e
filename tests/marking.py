"""Processes that mark and read one store, for tests that watch or kill them."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

import numpy as np

from footfall.stores.ids import Actors
from footfall.stores.sqlite import SqliteStore, folding
from footfall.stores.store import PER_DAY

DAY = 20_000 * PER_DAY
WRITERS, MARKS = 8, 125_000


STEPS = ("execute", "executemany", "flock", "write", "pwrite", "unlink", "ftruncate")
"""Calls after which a process may have changed something that others see."""


def die_at_step(path: str, log: str, step: int) -> None:
    """Mark, take back and fold, and die at the given step; end by itself when there are fewer."""
    store = SqliteStore(path)
    store.mark_one("seen", DAY, 1)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    steps = 0

    def watch(frame: object, event: str, called: object) -> None:
        nonlocal steps
        if event in ("c_call", "c_return") and getattr(called, "__name__", "") in STEPS:
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    program: tuple[tuple[str, Callable[[], None]], ...] = (
        (f"m {DAY} 2", lambda: store.mark_one("seen", DAY, 2)),
        (f"m {DAY} 3", lambda: store.mark_one("seen", DAY, 3)),
        ("", store.fold),
        (f"m {DAY} 4", lambda: store.mark_one("seen", DAY, 4)),
        (f"u {DAY} 2", lambda: store.unmark("seen", {DAY: Actors([2])})),
        (f"b {DAY + PER_DAY} 5,6", lambda: store.mark("seen", {DAY + PER_DAY: Actors([5, 6])})),
        (f"m {DAY} 2", lambda: store.mark_one("seen", DAY, 2)),
        ("", store.fold),
    )
    for line, act in program:
        if line:
            os.write(out, f"begun {line}\n".encode())
        sys.setprofile(watch)
        act()
        sys.setprofile(None)
        if line:
            os.write(out, f"done {line}\n".encode())


def mark_and_tell(path: str, log: str, seed: int) -> None:
    """Mark, take back, mark in batches, without end; write down each operation before and after it."""
    folding.FOLD_ROWS, folding._LOOK_EVERY = 20, 5  # so that many a kill meets a fold
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
    """125,000 marks: 20,000 one at a time, the others in batches, all of actors that no other writer has."""
    folding.FOLD_ROWS, folding._LOOK_EVERY = 2000, 500  # so that all mark while some fold
    store = SqliteStore(path)
    first = writer * MARKS
    for actor in range(first, first + 20_000):
        store.mark_one("seen", DAY, actor)
    for start in range(first + 20_000, first + MARKS, 1000):
        store.mark("seen", {DAY: Actors(np.arange(start, start + 1000, dtype=np.uint64))})
    store.close()


def mark_at_once(path: str, actor: int, gate: Barrier) -> None:
    """Be among those that make the same new store at the same moment."""
    store = SqliteStore(path)
    gate.wait()
    store.mark_one("seen", DAY, actor)
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


def launched_repositories(folder: str) -> int:
    """Of February 2026, by a process that may find the event out of date."""
    import footfall

    return len(footfall.open(folder).event("binder_launch").month(2026, 2))


def mark_while_interrupted(path: str, log: str) -> None:
    """Mark for three seconds under a rain of interrupts; write down how many there were, and which marks returned."""
    store, chance = SqliteStore(path), random.Random(7)
    returned, is_over, is_armed = list[int](), threading.Event(), False

    def hit(*_: object) -> None:
        nonlocal is_armed
        if is_armed:  # the test's own bookkeeping is spared
            is_armed = False
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hit)

    def interrupt() -> None:
        while not is_over.wait(chance.uniform(0.0005, 0.004)):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    interrupts = number = 0
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        try:
            is_armed = True
            number += 1
            if number % 77 == 0:
                store.unmark("seen", {DAY: Actors([10**8])})
            elif number % 50 == 0:
                store.mark("seen", {DAY: Actors([number])})
                returned.append(number)
            else:
                store.mark_one("seen", DAY, number)
                returned.append(number)
            store.count("seen", DAY, DAY + PER_DAY)
            is_armed = False
        except KeyboardInterrupt:
            interrupts += 1
    is_over.set()
    thread.join()
    held = set(store.union("seen", DAY, DAY + PER_DAY))
    assert not store._file.open().in_transaction
    assert held.issuperset(returned)
    SqliteStore(path).mark("seen", {DAY: Actors([10**9])})  # nobody holds a lock
    with open(log, "w") as out:
        out.write(" ".join(map(str, [interrupts, *returned])))
