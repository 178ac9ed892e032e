"""Attributes that are made once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from footfall.activity.owners import Owners
from footfall.once import once
from footfall.workspace import Workspace


class Opened:
    made = 0

    @once
    def store(self) -> object:
        """The store."""
        type(self).made += 1
        time.sleep(0.05)
        return self.key, object()

    @once
    def key(self) -> str:
        return "key"


def test_threads_that_read_at_once_get_the_same() -> None:
    opened, together = Opened(), threading.Barrier(8)

    def read() -> object:
        together.wait()
        return opened.store

    with ThreadPoolExecutor(8) as pool:
        found = [each.result() for each in [pool.submit(read) for _ in range(8)]]
    assert len(set(map(id, found))) == Opened.made == 1
    assert Opened().store is not opened.store
    assert Opened.store.__doc__ == "The store."


def test_what_was_dropped_is_made_again() -> None:
    opened = Opened()
    first = opened.store
    del opened.__dict__["store"]
    assert opened.store is not first


def test_what_a_workspace_opens_is_made_once() -> None:
    for of, names in ((Workspace, ("activity", "lake", "engine", "client", "sources")), (Owners, ("declared",))):
        assert all(isinstance(of.__dict__[name], once) for name in names)
