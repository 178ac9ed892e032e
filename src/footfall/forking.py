"""Releases what a process cannot share with forked children.

DuckDB crashes in a child that inherited an open database, and deltalake's threads do not survive a fork. So databases
are closed before a fork and reopened on next use; a child whose parent has read the lake cannot read it. Marks need
neither.

A fork copies only the thread that forks. A lock that another thread holds at that moment would never become free in
the child, and the child would wait forever. So such locks are made again in the child (`ForkSafeLock`), and a fork
waits until no other thread imports a module: Python locks each module while it is imported.

A child must not destroy what the libraries of its parent made: their threads are missing there. So the objects of the
parent, garbage among them, are left out of the garbage collection of the child.
"""

from __future__ import annotations

import _imp
import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from functools import cached_property
from types import FrameType, TracebackType
from typing import Any, NamedTuple, Protocol

from footfall.errors import LakeError


class Holder(Protocol):
    """An object with a database that must not be open while the process forks."""

    lock: threading.RLock
    """Held while the database is opened."""

    def release(self) -> None:
        """Close the database, or leave it to those still reading from it; the next use opens a new one."""
        ...


class ForkSafeLock:
    """A lock, which its owner may take again, that is free in a forked child whichever thread held it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Make it free, in a child."""
        self._lock = threading.RLock()


_LOCKS: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()
_HOLDERS: weakref.WeakSet[Holder] = weakref.WeakSet()
_LOCKED: list[Holder] = []
_is_used = _is_inherited = _holds_imports = _is_frozen = False
_IMPORT_PATIENCE = 30.0
"""Seconds that a fork waits for the imports of other threads."""


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


class Handler(NamedTuple):
    """What else a fork needs: functions that are called before it, and after it in both processes."""

    before: Callable[[], None]
    in_parent: Callable[[], None]
    in_child: Callable[[], None]


_HANDLERS: list[Handler] = []
_HANDLED: list[Handler] = []
_FORKING = threading.Lock()
"""Held by the thread that forks: two at once would release what the other one holds."""


def handle(handler: Handler) -> None:
    """Register a handler. Unlike that of `os.register_at_fork`, it may come while another thread forks."""
    _HANDLERS.append(handler)


def _before_fork() -> None:
    """Imports are held last: a thread that holds a lock may be about to import. One that ended may have registered more."""
    _FORKING.acquire()
    while True:
        for handler in [each for each in _HANDLERS if each not in _HANDLED]:
            handler.before()
            _HANDLED.append(handler)
        for holder in [each for each in list(_HOLDERS) if each not in _LOCKED]:
            holder.lock.acquire()
            _LOCKED.append(holder)
            holder.release()
        _hold_imports()
        if len(_HANDLED) == len(_HANDLERS):
            break
        _release_imports()
    _freeze()


def _freeze() -> None:
    """Leave all objects out of garbage collection; not where the program froze some itself, which it could not undo."""
    global _is_frozen
    if (_HOLDERS or _is_used) and gc.get_freeze_count() == 0:
        gc.freeze()
        _is_frozen = True


def _unfreeze() -> None:
    global _is_frozen
    if _is_frozen:
        _is_frozen = False
        gc.unfreeze()


def _hold_imports() -> None:
    """Take the lock without which no import begins, at a moment when none is under way."""
    global _holds_imports
    ends = time.monotonic() + (0 if _is_importing() else _IMPORT_PATIENCE)
    while True:
        _imp.acquire_lock()
        modules = list(sys.modules.values())
        is_pending = any(getattr(getattr(each, "__spec__", None), "_initializing", False) for each in modules)
        if not is_pending or time.monotonic() > ends:
            _holds_imports = True
            return
        _imp.release_lock()
        time.sleep(0.001)


def _is_importing() -> bool:
    """Whether this thread forks in the middle of an import of its own, which would never end before the fork."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _release_imports() -> None:
    global _holds_imports
    if _holds_imports:
        _holds_imports = False
        _imp.release_lock()


def _after_fork_in_parent() -> None:
    _unfreeze()
    _release_imports()
    while _LOCKED:
        _LOCKED.pop().lock.release()
    while _HANDLED:
        _HANDLED.pop().in_parent()
    _FORKING.release()


def _after_fork_in_child() -> None:
    global _is_inherited, _is_frozen, _FORKING
    _is_frozen = False  # the child keeps them frozen
    _release_imports()
    _FORKING = threading.Lock()
    for lock in list(_LOCKS):
        lock.renew()
    _renew_cached_properties()
    _is_inherited = _is_inherited or _is_used
    while _LOCKED:
        _LOCKED.pop().lock = threading.RLock()
    while _HANDLED:
        _HANDLED.pop().in_child()


def _renew_cached_properties() -> None:
    """Until Python 3.11 a `cached_property` has one lock for all objects of its class."""
    if sys.version_info >= (3, 12):
        return
    for name, module in list(sys.modules.items()):
        if name.startswith("footfall."):
            for kind in [each for each in vars(module).values() if isinstance(each, type)]:
                for attribute in vars(kind).values():
                    if isinstance(attribute, cached_property):
                        _renew(attribute)


def _renew(attribute: Any) -> None:
    attribute.lock = threading.RLock()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
