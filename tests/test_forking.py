"""Forks: databases are closed before one, and a child whose parent read the lake is refused its own reading."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from footfall import forking
from footfall.errors import LakeError

pytestmark = pytest.mark.slow


class Held:
    """A database that notes when it is closed, and whether its lock was held then."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.closed: list[bool] = []

    def release(self) -> None:
        free = []
        thread = threading.Thread(target=lambda: free.append(self.lock.acquire(blocking=False)))
        thread.start()
        thread.join()
        self.closed.append(not free[0])


def in_child(act: Callable[[], object]) -> int:
    """What a forked child returns: 0 when `act` was true there."""
    pid = os.fork()
    if not pid:
        status = 9
        try:
            status = 0 if act() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_databases_are_closed_before_a_fork_while_nobody_opens_one() -> None:
    held = Held()
    forking.hold(held)
    assert in_child(lambda: held.closed == [True]) == 0
    assert held.closed == [True]
    assert in_child(lambda: True) == 0
    assert held.closed == [True, True]


def test_locks_are_free_afterwards_in_both() -> None:
    held = Held()
    forking.hold(held)
    assert in_child(lambda: held.lock.acquire(blocking=False)) == 0
    assert held.lock.acquire(blocking=False)


def test_what_is_gone_is_forgotten() -> None:
    held = Held()
    forking.hold(held)
    closed = held.closed
    del held
    assert in_child(lambda: True) == 0
    assert closed == []


def is_refused() -> bool:
    try:
        forking.record_use()
    except LakeError as error:
        return "without --preload" in str(error)
    return False


@pytest.mark.parametrize("is_used", [False, True])
def test_a_child_reads_the_lake_unless_its_parent_has(is_used: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "_is_used", is_used)
    monkeypatch.setattr(forking, "_is_inherited", False)
    assert in_child(is_refused) == (0 if is_used else 1)
    assert not is_refused(), "the parent goes on"


def test_a_grandchild_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "_is_used", True)
    monkeypatch.setattr(forking, "_is_inherited", False)
    assert in_child(lambda: in_child(is_refused) == 0) == 0


@contextmanager
def held_by_another_thread(lock: AbstractContextManager[Any]) -> Iterator[None]:
    is_held, may_end = threading.Event(), threading.Event()

    def stay() -> None:
        with lock:
            is_held.set()
            may_end.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    is_held.wait(30)
    yield
    may_end.set()
    thread.join()


def test_a_lock_that_another_thread_holds_is_free_in_the_child() -> None:
    lock = forking.ForkSafeLock()

    def is_free() -> bool:
        with lock, lock:
            return True

    with held_by_another_thread(lock):
        assert in_child(is_free) == 0


class Noted:
    """Garbage that notes in which process it is destroyed."""

    def __init__(self, pids: list[int]) -> None:
        self.pids, self.itself = pids, self

    def __del__(self) -> None:
        self.pids.append(os.getpid())


def test_a_child_destroys_no_garbage_of_its_parent() -> None:
    """What a library made must not be destroyed where the library's threads are missing."""
    forking.hold(held := Held())
    pids: list[int] = []
    gc.collect()
    gc.disable()
    try:
        Noted(pids)
        assert in_child(lambda: (gc.collect(), pids)[1] == []) == 0
        gc.collect()
    finally:
        gc.enable()
    assert (pids, gc.get_freeze_count(), held.closed) == ([os.getpid()], 0, [True])


def test_what_a_program_froze_itself_stays_frozen() -> None:
    forking.hold(held := Held())
    gc.freeze()
    try:
        assert in_child(lambda: gc.get_freeze_count() > 0) == 0
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
    assert held.closed == [True]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from Python 3.12 on a cached_property has no lock")
def test_a_cached_property_that_another_thread_makes_is_made_in_the_child() -> None:
    from footfall.activity.events import PeriodSet

    made = PeriodSet(None, "active", None)  # type: ignore[arg-type]
    with held_by_another_thread(vars(PeriodSet)["_spans"].lock):
        assert in_child(lambda: len(made._spans) == 1) == 0
    assert len(made._spans) == 1


def test_a_fork_waits_for_the_imports_of_other_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.4)\nis_whole = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def import_it() -> bool:
        import slow_to_import  # type: ignore[import-not-found]

        return bool(slow_to_import.is_whole)

    thread = threading.Thread(target=import_it)
    thread.start()
    while "slow_to_import" not in sys.modules:
        pass
    assert in_child(import_it) == 0
    thread.join()
    assert in_child(import_it) == 0


def test_a_module_that_forks_while_it_is_imported_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import os\npid = os.fork()\nif not pid: os._exit(7)\nstatus = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
    (tmp_path / "forks_when_imported.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(forking, "_IMPORT_PATIENCE", 1e9)
    import forks_when_imported  # type: ignore[import-not-found]

    assert forks_when_imported.status == 7


def test_two_threads_fork_at_once() -> None:
    held = Held()
    forking.hold(held)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(in_child(lambda: held.lock.acquire(blocking=False))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 6
    assert held.lock.acquire(blocking=False)


_BUSY = """
import os, random, sys, threading, time
import footfall

ff = footfall.open(sys.argv[1])
def work():
    while True:
        ff.mark("active", random.randrange(10**6))
        ff.stickiness("active", last=3)
        len(ff.event("active").month())
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(int(sys.argv[2])):
    time.sleep(random.uniform(0, 0.03))
    pid = os.fork()
    if not pid:
        ff.mark("active", 5)
        is_right = 5 in ff.event("active").day() and ff.stickiness("active", last=1).rows[0].daily > 0
        os._exit(0 if is_right else 3)
    ends = time.monotonic() + 30
    while time.monotonic() < ends and not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        time.sleep(0.005)
    if ended != (pid, 0):
        os.kill(pid, 9)
        os._exit(4)
os._exit(0)
"""


def test_children_of_a_busy_process_mark_and_ask(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").touch()
    for forks in (3, 3, 25):  # the first ones while modules are imported
        done = subprocess.run([sys.executable, "-c", _BUSY, str(tmp_path), str(forks)], timeout=120, check=False)
        assert done.returncode == 0
