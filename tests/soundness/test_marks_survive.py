"""What was marked stays marked: through crashes at any moment, many processes at once, full disks and folding.

Every mark is checked against a log that the test itself keeps, or a set that plain Python makes.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from footfall.errors import DamagedStoreError, NewerStoreError, StoreBusyError, StoreWriteError
from footfall.stores.ids import NAMED, Actors
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import FIRST, LAST, PER_DAY
from lengths import IS_LONG
from marking import DAY, MARKS, WRITERS, die_at_step, mark_and_tell, mark_at_once, read_on, write_many

pytestmark = pytest.mark.slow

KILLS = 60


@dataclass
class Truth:
    """What a log amounts to."""

    sets: dict[int, set[int | str]] = field(default_factory=lambda: defaultdict(set))
    """Actors by slot, of operations that returned."""
    doubtful: dict[int, set[int | str]] = field(default_factory=lambda: defaultdict(set))
    """Those whose last operation was cut off by a kill: it may have been done or not."""
    marks: int = 0
    doubtful_marks: int = 0


def replay(log: Path) -> Truth:
    truth = Truth()
    lines = log.read_text().splitlines()
    for at, line in enumerate(lines):
        state, kind, slot, listed = line.split(" ")
        actors: set[int | str] = {f"name-{a}" if kind == "n" else int(a) for a in listed.split(",")}
        marks = 0 if kind == "u" else len(listed.split(","))
        if state == "done":
            truth.marks += marks
            truth.doubtful[int(slot)] -= actors
            truth.sets[int(slot)] -= actors
            truth.sets[int(slot)] |= actors if kind != "u" else set()
        elif lines[at + 1 : at + 2] != [f"done {line[6:]}"]:
            truth.doubtful_marks += marks
            truth.doubtful[int(slot)] |= actors
    return truth


def actors_of(store: SqliteStore, slot: int) -> set[int | str]:
    ids = store.union("seen", slot, slot + PER_DAY)
    named = [id for id in ids if id >= NAMED]
    return {id for id in ids if id < NAMED} | set(store.names_of(named))


def test_killed_between_any_two_marks_none_that_returned_is_lost(tmp_path: Path) -> None:
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["footfall.stores.sqlite"])
    path, log = tmp_path / "activity.db", tmp_path / "log"
    chance = random.Random(1969)
    for kill in range(KILLS):
        child = nursery.Process(target=mark_and_tell, args=(str(path), str(log), kill))
        child.start()
        begun_at = time.monotonic()
        size = log.stat().st_size if log.exists() else 0
        while not log.exists() or log.stat().st_size == size:  # it marks from here on
            assert child.is_alive()
            assert time.monotonic() - begun_at < 60
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.06))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        if kill % 10 == 9:
            check(SqliteStore(path), replay(log))
    store = SqliteStore(path)
    store.fold()
    check(store, truth := replay(log))
    assert truth.marks > 1000


def test_killed_at_each_step_nothing_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """Between any two calls that change something: sealing, committing, deleting, folding; every third of them, or all."""
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["marking"])
    step, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        step += 1 if IS_LONG else 3
        folder = tmp_path / str(step)
        folder.mkdir()
        path, log = folder / "activity.db", folder / "log"
        log.write_text(f"begun m {DAY} 1\ndone m {DAY} 1\n")
        other = SqliteStore(path)
        assert other.count("seen", DAY, DAY + PER_DAY) == 0  # it knows the files of before
        child = nursery.Process(target=die_at_step, args=(str(path), str(log), step))
        child.start()
        child.join()
        code = child.exitcode or 0
        other.mark_one("seen", DAY + PER_DAY, 9)
        with log.open("a") as out:
            out.write(f"begun m {DAY + PER_DAY} 9\ndone m {DAY + PER_DAY} 9\n")
        check(SqliteStore(path), replay(log))
        other.fold()
        check(other, replay(log))
    assert code == 0
    assert step > 50


def check(store: SqliteStore, truth: Truth) -> None:
    for slot, actors in truth.sets.items():
        assert actors_of(store, slot) ^ actors <= truth.doubtful[slot]
    assert truth.marks <= store.occurrences("seen", FIRST, LAST) <= truth.marks + truth.doubtful_marks
    store.close()


def test_processes_that_make_a_store_at_once_all_mark_in_it(tmp_path: Path) -> None:
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["marking"])
    for turn in range(12):
        path, gate = tmp_path / f"{turn}.db", nursery.Barrier(WRITERS)
        writers = [nursery.Process(target=mark_at_once, args=(str(path), actor, gate)) for actor in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.exitcode for writer in writers] == [0] * WRITERS
        assert list(SqliteStore(path).union("seen", DAY, DAY + PER_DAY)) == list(range(WRITERS))


def test_eight_writers_and_two_readers_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "activity.db")
    nursery = multiprocessing.get_context("forkserver")
    readers = []
    for _ in range(2):
        ours, theirs = nursery.Pipe()
        reader = nursery.Process(target=read_on, args=(path, theirs))
        reader.start()
        readers.append((reader, ours))
    writers = [nursery.Process(target=write_many, args=(path, writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    for reader, ours in readers:
        ours.send("stop")
        assert isinstance(said := ours.recv(), int), said
        assert said > 3
        reader.join()
    store = SqliteStore(path)
    everyone = store.union("seen", DAY, DAY + PER_DAY)
    assert (len(everyone), everyone.min(), everyone.max()) == (WRITERS * MARKS, 0, WRITERS * MARKS - 1)
    assert store.occurrences("seen", FIRST, LAST) == WRITERS * MARKS


def test_threads_share_a_store(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = SqliteStore(tmp_path / "activity.db")

    def mark(thread: int) -> None:
        for actor in range(thread * 500, thread * 500 + 500):
            store.mark_one("seen", DAY, actor)
            assert store.contains("seen", DAY, DAY + PER_DAY, actor)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(mark, range(8)))
    assert store.count("seen", DAY, DAY + 1) == 4000


def test_a_forked_process_has_a_connection_of_its_own(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db")
    store.mark_one("seen", DAY, 1)
    child = multiprocessing.get_context("fork").Process(target=store.mark_one, args=("seen", DAY, 2))
    child.start()
    child.join()
    assert child.exitcode == 0
    store.mark_one("seen", DAY, 3)
    assert list(store.union("seen", DAY, DAY + 1)) == [1, 2, 3]


def test_marks_and_reads_go_on_while_a_fold_is_under_way(tmp_path: Path) -> None:
    """A fold that holds still half-way, with its bitmaps made and not yet written, keeps nobody from anything."""
    path = tmp_path / "activity.db"
    store, other = SqliteStore(path), SqliteStore(path)
    store.mark("seen", {DAY: Actors(np.arange(1000, dtype=np.uint64))})
    connection = other._file.connect()
    connection.execute("BEGIN")  # where a fold reads
    connection.execute("SELECT * FROM journal").fetchall()
    store.mark_one("seen", DAY, 5000)
    assert store.count("seen", DAY, DAY + 1) == 1001
    connection.execute("COMMIT")
    other.fold()
    assert store.count("seen", DAY, DAY + 1) == other.count("seen", DAY, DAY + 1) == 1001
    [(left,)] = connection.execute("SELECT count(*) FROM journal").fetchall()
    assert left == 0


# What goes wrong


def test_a_full_disk_is_one_sentence_and_loses_nothing(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "activity.db")
    marked = 0
    try:
        while marked < 10_000_000:
            store.mark("seen", {DAY: Actors(np.arange(marked, marked + 50_000, dtype=np.uint64) * 7919)})
            marked += 50_000
    except StoreWriteError as error:
        said = str(error)
    assert marked
    assert "the disk is full; free some space; stored marks are safe" in said
    assert store.count("seen", DAY, DAY + 1) == marked
    with pytest.raises(StoreWriteError, match="free some space; stored marks are safe"):
        _ = [store.mark_one("alone", DAY, actor) for actor in range(1_000_000)]  # type: ignore[func-returns-value]
    assert store.count("alone", DAY, DAY + 1) == store.occurrences("alone", FIRST, LAST)
    again = SqliteStore(small_disk / "activity.db")
    assert again.count("seen", DAY, DAY + 1) == marked
    assert again.occurrences("seen", FIRST, LAST) == marked
    assert again.count("alone", DAY, DAY + 1) == store.count("alone", DAY, DAY + 1)


def test_a_locked_store_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.stores.sqlite.database.PATIENCE", 0.2)
    path = tmp_path / "activity.db"
    holder, store = SqliteStore(path), SqliteStore(path)
    holder.mark_one("seen", DAY, 1)
    holder._file.open().execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="was kept locked by another process"):
        store.mark("seen", {DAY: Actors([2, 3])})
    with pytest.raises(StoreBusyError, match="was kept locked by another process"):
        store.mark_one("seen", DAY, "ada")
    store.mark_one("seen", DAY, 4)  # a single number needs no lock
    assert store.count("seen", DAY, DAY + 1) == 2  # and reading continues
    holder._file.open().execute("COMMIT")
    store.mark_one("seen", DAY, 2)
    assert holder.count("seen", DAY, DAY + 1) == 3


def test_a_damaged_store_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "activity.db"
    path.write_bytes(b"no database at all, but long enough to be looked at as one" * 100)
    with pytest.raises(DamagedStoreError, match="is damaged or not a store of marks"):
        SqliteStore(path).mark_one("seen", DAY, 1)
    assert path.read_bytes().startswith(b"no database")


def test_damage_in_the_middle_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "activity.db"
    store = SqliteStore(path)
    store.mark("seen", {DAY: Actors(np.arange(100_000, dtype=np.uint64) * 7919)})
    store.fold()
    store.close()
    content = bytearray(path.read_bytes())
    for at in range(0, len(content), 2048):
        if at > 20 * 2048:
            content[at : at + 2048] = bytes(2048)
    path.write_bytes(content)
    with pytest.raises(DamagedStoreError, match="damaged"):
        SqliteStore(path).count("seen", DAY, DAY + 1)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE precious (x)")
    with pytest.raises(DamagedStoreError, match="a database of something else"):
        SqliteStore(path).mark_one("seen", DAY, 1)
    with sqlite3.connect(path) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "activity.db"
    store = SqliteStore(path)
    store.mark_one("seen", DAY, 1)
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerStoreError, match="upgrade Footfall"):
        SqliteStore(path).mark_one("seen", DAY, 2)
    with pytest.raises(NewerStoreError, match="upgrade Footfall"):
        SqliteStore(path).count("seen", DAY, DAY + 1)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreWriteError, match="there is no folder"):
        SqliteStore(tmp_path / "absent" / "activity.db").mark_one("seen", DAY, 1)


def test_nothing_of_a_forgotten_name_is_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "activity.db"
    store = SqliteStore(path)
    store.mark("seen", {DAY: Actors((), ["somebody.particular@example.org", "other"])})
    store.mark_one("seen", DAY + PER_DAY, "somebody.particular@example.org")
    assert store.forget("somebody.particular@example.org") == 2
    store.close()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"other" in left
    assert b"somebody.particular" not in left
