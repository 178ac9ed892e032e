"""Interrupts, forks, full memory, copied and replaced files: what happened to somebody, and must not happen again."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from footfall.errors import ActivityError, DamagedStoreError, StoreWriteError
from footfall.stores.ids import Actors
from footfall.stores.sqlite import SqliteStore
from footfall.stores.sqlite.intake import Intake
from footfall.stores.store import FIRST, LAST, PER_DAY
from marking import DAY, mark_while_interrupted

pytestmark = pytest.mark.slow

SPAN = (DAY, DAY + PER_DAY)


def count_elsewhere(path: Path) -> int:
    """What a process that was never here before counts."""
    code = f"from footfall.stores.sqlite import SqliteStore; print(SqliteStore({str(path)!r}).count('seen', *{SPAN}))"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


WAITING = """
import os, signal, sqlite3, sys, threading
from footfall.stores.ids import Actors
from footfall.stores.sqlite import SqliteStore
path, day = sys.argv[1], int(sys.argv[2])
store = SqliteStore(path)
store.mark("seen", {day: Actors([1])})
holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
holder.execute("BEGIN IMMEDIATE")
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
threading.Timer(0.7, holder.execute, ("COMMIT",)).start()
try:
    store.mark("seen", {day: Actors([2])})
except KeyboardInterrupt:
    store.mark("seen", {day: Actors([3, 4])})
    SqliteStore(path).mark("seen", {day: Actors([5])})
    os._exit(0 if {1, 3, 4, 5} <= set(store.union("seen", day, day + 32)) else 1)
"""


def test_an_interrupt_while_waiting_for_a_lock_leaves_no_transaction_open(tmp_path: Path) -> None:
    """Marks after it returned, and were in a transaction that nobody ever committed."""
    path = tmp_path / "activity.db"
    subprocess.run([sys.executable, "-c", WAITING, str(path), str(DAY)], check=True)
    assert count_elsewhere(path) >= 4


def test_interrupts_at_any_moment_lose_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    """In a process of its own: an interrupt may hit whatever runs in it."""
    path, log = tmp_path / "activity.db", tmp_path / "log"
    child = multiprocessing.get_context("forkserver").Process(target=mark_while_interrupted, args=(str(path), str(log)))
    child.start()
    child.join()
    assert child.exitcode == 0
    interrupts, *returned = map(int, log.read_text().split())
    assert interrupts > 20
    assert len(returned) > 100
    assert set(returned) <= set(SqliteStore(path).union("seen", *SPAN))


CHILD = """
import os, sys
from pathlib import Path
from footfall.stores.ids import Actors
from footfall.stores.sqlite import SqliteStore
path, day = sys.argv[1], int(sys.argv[2])
store = SqliteStore(path)
store.mark("seen", {day: Actors([1])})
to_child, from_parent = os.pipe()
pid = os.fork()
if not pid:
    store.mark("seen", {day: Actors([2])})
    os.read(to_child, 1)
    for actor in range(10, 20):
        store.mark_one("seen", day, actor)
        store.mark("seen", {day: Actors([actor + 100])})
    os._exit(0)
store.mark("seen", {day: Actors([3])})
store.close()  # the last one who closes a file of SQLite's deletes its log
os.write(from_parent, b"!")
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_child_marks_on_when_its_parent_closes_the_store(tmp_path: Path) -> None:
    """The child had taken over what SQLite knew of the parent's locks, and lost what it marked."""
    path = tmp_path / "activity.db"
    subprocess.run([sys.executable, "-c", CHILD, str(path), str(DAY)], check=True)
    assert count_elsewhere(path) == 3 + 20


def test_a_process_that_forks_while_a_thread_folds_goes_on_in_both(tmp_path: Path) -> None:
    path = tmp_path / "activity.db"
    store = SqliteStore(path)
    is_over = threading.Event()

    def fold() -> None:
        while not is_over.is_set():
            store.mark("seen", {DAY: Actors(np.arange(1000, dtype=np.uint64))})
            store.fold()

    thread = threading.Thread(target=fold)
    thread.start()
    try:
        for child in range(5):
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    store.mark("seen", {DAY: Actors([5000 + child])})
                    store.mark_one("seen", DAY, 6000 + child)
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        is_over.set()
        thread.join()
    assert store.count("seen", *SPAN) == count_elsewhere(path) == 1010


def test_memory_that_is_full_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.stores.sqlite.state.MEMORY_BYTES", 60_000)
    store, other = SqliteStore(tmp_path / "activity.db"), SqliteStore(tmp_path / "activity.db")
    chance = np.random.default_rng(1)
    for turn in range(6):
        ids = chance.integers(0, 1 << 20, 8000, dtype=np.uint64)
        other.mark("seen", {DAY + PER_DAY * (turn % 3): Actors(ids)})
        for start, stop in ((DAY, LAST), SPAN, (DAY + PER_DAY, DAY + 3 * PER_DAY)):
            store.count("seen", start, stop)
    assert store.occurrences("seen", FIRST, LAST) == other.occurrences("seen", FIRST, LAST) == 48_000
    assert store.count("seen", FIRST, LAST) == SqliteStore(tmp_path / "activity.db").count("seen", FIRST, LAST)


def test_marks_on_their_way_into_a_store_that_was_replaced_do_not_come_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "activity.db"
    store = SqliteStore(path)
    store.mark_one("secret", DAY, 42)
    aside = tmp_path / "intake"
    shutil.copy(tmp_path / "activity.db-marks-0", aside)
    store.close()
    path.unlink()
    shutil.copy(aside, tmp_path / "activity.db-marks-0")  # as a process that died would have left it
    with pytest.raises(DamagedStoreError, match=r"is not there, and activity\.db-marks-0 next to it holds marks"):
        SqliteStore(path).mark_one("signed_up", DAY, 7)
    (tmp_path / "activity.db-marks-0").unlink()
    anew = SqliteStore(path)
    anew.mark_one("signed_up", DAY, 7)
    anew.close()
    shutil.copy(aside, tmp_path / "activity.db-marks-1")  # in the place of the next one
    assert list(anew.union("signed_up", FIRST, LAST)) == [7]
    assert anew.events() == ["signed_up"]


def test_when_nobody_marks_the_file_alone_is_a_backup(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db")
    for actor in range(100):
        store.mark_one("seen", DAY, actor)
    store.mark("seen", {DAY: Actors(range(100, 200))})
    store.close()
    shutil.copy(tmp_path / "activity.db", tmp_path / "backup.db")
    assert SqliteStore(tmp_path / "backup.db").count("seen", *SPAN) == 200


def test_processes_that_mark_little_fold_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looked only after its four-thousandth mark, so nobody ever did."""
    monkeypatch.setattr("footfall.stores.sqlite.folding.FOLD_ROWS", 300)
    monkeypatch.setattr("footfall.stores.sqlite.folding._LOOK_EVERY", 50)
    lives = [SqliteStore(tmp_path / "activity.db") for _ in range(60)]
    for n, store in enumerate(lives):
        for actor in range(n * 20, n * 20 + 20):
            store.mark_one("seen", DAY, actor)
    store = SqliteStore(tmp_path / "activity.db")
    assert store.count("seen", *SPAN) == 1200
    for life in lives:
        life.close()
    [(folded,)] = store._file.ask("SELECT sum(marks) FROM counts")
    assert folded >= 600


def test_a_fold_that_cannot_begin_takes_no_mark_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error said that nothing was marked, and a caller who believed it marked twice."""
    monkeypatch.setattr("footfall.stores.sqlite.folding.FOLD_ROWS", 1)
    store = SqliteStore(tmp_path / "activity.db")
    store.mark_one("seen", DAY, 1)
    holder = sqlite3.connect(tmp_path / "activity.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store._folding._until_look = 1
    store.mark_one("seen", DAY, 2)
    holder.execute("COMMIT")
    assert store.occurrences("seen", FIRST, LAST) == 2


def test_reading_waits_for_no_writer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db")
    for day in range(40):
        store.mark("seen", {DAY - PER_DAY * 400 + day * PER_DAY: Actors(range(day, 100))})
    store.fold()
    holder = sqlite3.connect(tmp_path / "activity.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    threading.Timer(8, holder.execute, ("COMMIT",)).daemon = True
    begun = time.monotonic()
    assert len(store.union("seen", DAY - PER_DAY * 400, DAY - PER_DAY * 360, is_kept=True)) == 100
    holder.execute("COMMIT")
    assert time.monotonic() - begun < PATIENCE_OF_A_TEST


PATIENCE_OF_A_TEST = 30
"""Seconds: what waits for a lock waits for 60."""


def test_damage_of_any_kind_is_a_sentence(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db")
    store.mark("seen", {DAY: Actors(np.arange(0, 300_000, 3, dtype=np.uint64))})
    store.fold()
    [(blob,)] = store._file.ask("SELECT bitmap FROM sets")
    chance = random.Random(3)
    for _ in range(150):
        broken = bytearray(blob)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(min(len(broken), 200))] = chance.randrange(256)
        other = SqliteStore(tmp_path / "activity.db")
        other._file.open().execute("UPDATE sets SET bitmap = ?", (bytes(broken[: chance.randrange(1, len(broken))]),))
        with suppress(ActivityError):
            other.count("seen", *SPAN)
        other.close()


def test_a_store_that_may_only_be_read_is_read(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "activity.db")
    store.mark("seen", {DAY: Actors([1, 2], ["ada"])})
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    reader = SqliteStore(small_disk / "activity.db")
    assert reader.count("seen", *SPAN) == 3
    assert reader.events() == ["seen"]
    with pytest.raises(StoreWriteError, match="cannot be written"):
        reader.mark_one("seen", DAY, 3)
    with pytest.raises(StoreWriteError, match="cannot be written"):
        reader.unmark("seen", {DAY: Actors([1])})
    assert reader.count("seen", *SPAN) == 3
    reader.close()


def test_a_copy_without_its_log_is_not_taken_for_the_whole(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "activity.db")
    store.mark("seen", {DAY: Actors([1, 2])})
    (small_disk / "copy").mkdir()
    for file in small_disk.glob("activity.db*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, small_disk / "copy")
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreWriteError, match="check the permissions of file and folder"):
        SqliteStore(small_disk / "copy" / "activity.db").count("seen", *SPAN)


_NEVER_CLOSES = """
import sys
from footfall.stores.ids import Actors
from footfall.stores.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
for actor in range(3000):
    store.mark_one("seen", 32 * 20_000, actor)
if sys.argv[2] == "raises":
    raise SystemExit("as a script that fails does")
"""


@pytest.mark.parametrize("ends", ["by itself", "raises"])
def test_the_file_of_a_process_that_never_closed_its_store_has_every_mark(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "activity.db"
    subprocess.run([sys.executable, "-c", _NEVER_CLOSES, str(path), ends], capture_output=True, check=False)
    copy = tmp_path / "copy" / "activity.db"
    copy.parent.mkdir()
    shutil.copy(path, copy)
    assert SqliteStore(copy).count("seen", 32 * 20_000, 32 * 20_001) == 3000


def test_a_mark_stands_though_another_thread_closes_the_store_just_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the length of the intake met one that was closed: the mark was made, and the call raised."""
    monkeypatch.setattr("footfall.stores.sqlite.folding._LOOK_EVERY", 1)
    store = SqliteStore(tmp_path / "activity.db")
    store.mark_one("seen", DAY, 0)
    size, closing = vars(Intake)["size"].fget, []

    def size_after_a_close(intake: Intake) -> int:
        if threading.current_thread() is threading.main_thread():
            closing.append(threading.Thread(target=store.close))
            closing[-1].start()
            closing[-1].join(0.3)  # in vain, where the look holds the lock
        return int(size(intake))

    monkeypatch.setattr(Intake, "size", property(size_after_a_close))
    store._folding._until_look = 0
    with store._file.translating_errors():
        assert not store._folding._is_long()
    monkeypatch.undo()
    for thread in closing:
        thread.join()
    assert closing
    assert store.count("seen", *SPAN) == 1


def test_a_store_whose_fold_could_not_start_is_closed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footfall.stores.sqlite.folding.FOLD_ROWS", 1)
    monkeypatch.setattr("footfall.stores.sqlite.folding._LOOK_EVERY", 1)
    store = SqliteStore(tmp_path / "activity.db")
    monkeypatch.setattr(threading.Thread, "start", _cannot_start)
    for actor in range(5):
        store.mark_one("seen", DAY, actor)
    store.close()
    monkeypatch.undo()
    shutil.copy(tmp_path / "activity.db", tmp_path / "copy.db")
    assert SqliteStore(tmp_path / "copy.db").count("seen", *SPAN) == 5


def _cannot_start(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


_KILLED_WHILE_FOLDING = """
import os, signal, sys
from footfall.stores.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
store.mark_one("seen", 32 * 20_000, 1)
assert store._folding._has_lease()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_fold_keeps_nobody_from_folding(tmp_path: Path) -> None:
    """Its lease held for a minute, in which four million marks piled up."""
    path = tmp_path / "activity.db"
    subprocess.run([sys.executable, "-c", _KILLED_WHILE_FOLDING, str(path)], check=False)
    store = SqliteStore(path)
    assert store._folding._has_lease()
    assert not SqliteStore(path)._folding._has_lease()  # ours is alive
    store.fold()
    assert SqliteStore(path)._folding._has_lease()
