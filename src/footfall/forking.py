"""Releases what a process cannot share with forked children.

DuckDB crashes in a child that inherited an open database, and deltalake's threads do not survive a fork. So databases
are closed before a fork and reopened on next use; a child whose parent has read the lake cannot read it. Marks need
neither.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

from footfall.errors import LakeError


class Holder(Protocol):
    """An object with a database that must not be open while the process forks."""

    lock: threading.RLock
    """Held while the database is opened."""

    def release(self) -> None:
        """Close the database, or leave it to those still reading from it; the next use opens a new one."""
        ...


_HOLDERS: weakref.WeakSet[Holder] = weakref.WeakSet()
_LOCKED: list[Holder] = []
_is_used = _is_inherited = False


def hold(holder: Holder) -> None:
    """Register a holder, whose `release` is called before each fork."""
    _HOLDERS.add(holder)


def record_use() -> None:
    """Record that deltalake is about to be used: it starts threads that a fork does not copy.

    Raises:
        LakeError: In a process forked from one that used deltalake.
    """
    global _is_used
    if _is_inherited:
        raise LakeError(
            "this process was forked from one that had read the lake, and cannot read it as well; fork before the first question "
            "is asked (gunicorn: without --preload), or start processes by spawn or forkserver. Marks are possible here."
        )
    _is_used = True


def _before_fork() -> None:
    for holder in list(_HOLDERS):
        holder.lock.acquire()
        _LOCKED.append(holder)
        holder.release()


def _after_fork_in_parent() -> None:
    while _LOCKED:
        _LOCKED.pop().lock.release()


def _after_fork_in_child() -> None:
    global _is_inherited
    _is_inherited = _is_inherited or _is_used
    while _LOCKED:
        _LOCKED.pop().lock = threading.RLock()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
