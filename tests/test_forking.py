"""Forks: databases are closed before one, and a child whose parent read the lake is refused its own reading."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

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
