"""Waiting for the work of threads so that a signal is always noticed.

Python runs the handler of a signal between two instructions of the main thread. A signal that arrives after the last
instruction and before a wait without a limit begins is noticed only when that wait ends; so no wait here is without one.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, wait
from typing import Any, TypeVar

Result = TypeVar("Result")

_LOOK_EVERY = 0.25
"""Seconds that a signal may go unnoticed."""


def result_of(future: Future[Result]) -> Result:
    """What the work gave, or the exception that ended it."""
    until_done([future])
    return future.result()


def until_done(futures: Collection[Future[Any]]) -> None:
    """Wait for all of them."""
    waiting = set(futures)
    while waiting:
        waiting = wait(waiting, timeout=_LOOK_EVERY).not_done
