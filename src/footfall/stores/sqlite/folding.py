"""When the journal is folded into the bitmaps: looked at now and then while marking, done by one thread of one process."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from footfall.errors import ActivityError
from footfall.stores.sqlite import journal
from footfall.stores.sqlite.database import within
from footfall.stores.sqlite.intake import RECORD_BYTES
from footfall.stores.sqlite.state import StoreState

FOLD_ROWS = 50_000
FOLD_BYTES = 8 << 20
"""The size of a journal, in rows or bytes of batches, from which it is folded."""

_LOOK_EVERY = 4096
"""Rows from one look at the journal's length to the next."""
_BYTES_A_ROW = FOLD_BYTES // FOLD_ROWS
"""What a row of one actor may take as well; a batch counts for as many rows."""
_LEASE = 60.0
"""Seconds that one process has for folding before another may take it for dead."""


class Folding:
    """Folds the journal of one store. Marks are safe whatever fails here: a later fold finds them."""

    def __init__(self, state: StoreState, now: Callable[[], datetime]) -> None:
        self._state = state
        self._file = state.file
        self._now = now
        self._thread: threading.Thread | None = None
        self._until_look = random.randrange(_LOOK_EVERY)  # processes that mark only a few must look now and then, too

    def note(self, size: int) -> None:
        """Batches of so many bytes were appended."""
        self._until_look -= size // _BYTES_A_ROW

    def note_one(self) -> None:
        """One mark was appended."""
        self._until_look -= 1

    def start_if_long(self) -> None:
        """Have a thread fold the journal when it has grown long and no other process folds it."""
        if self._until_look > 0:
            return
        self._until_look = _LOOK_EVERY
        with suppress(ActivityError, RuntimeError, OSError):
            if self._is_long() and not (self._thread and self._thread.is_alive()) and self._has_lease():
                thread = threading.Thread(target=self._run_aside, name="footfall-fold")
                thread.start()
                self._thread = thread  # not before: a thread that could not start cannot be joined

    def _is_long(self) -> bool:
        with self._file.lock:  # else another thread may close the intake in the meantime
            [(size,)] = self._file.ask("SELECT coalesce(sum(length(bitmap)), 0) FROM journal WHERE bitmap IS NOT NULL")
            [(rows,)] = self._file.ask("SELECT coalesce(max(id) - min(id), 0) FROM journal")
            intake = self._state.intake
            rows += intake.size // RECORD_BYTES if intake else 0
        return bool(size >= FOLD_BYTES or rows >= FOLD_ROWS)

    def _has_lease(self) -> bool:
        """Take the lease, unless another process holds it that is alive, as far as can be seen from here."""
        now = self._now().timestamp()
        with self._file.saying(), self._file.impatient() as connection, within(connection, "BEGIN IMMEDIATE"):
            facts = dict(
                connection.execute("SELECT name, value FROM facts WHERE name IN ('folding_until', 'folding_by')")
            )
            if now <= facts["folding_until"] <= now + _LEASE and _is_alive(facts.get("folding_by")):
                return False
            held = (("folding_until", now + _LEASE), ("folding_by", os.getpid()))
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", held)
            return True

    def _run_aside(self) -> None:
        with suppress(ActivityError):  # the next use of the store meets the same fault and reports it
            self.run()

    def run(self) -> None:
        """Make the marks of intake and journal part of the bitmaps. Others read and mark in the meantime."""
        with self._file.folding:
            self._state.take_intake()
            with self._file.saying():
                connection = self._file.connect()
                try:
                    journal.fold(connection)
                    connection.execute("UPDATE facts SET value = 0 WHERE name = 'folding_until'")
                    _erase_log(connection)
                finally:
                    connection.close()

    def wait(self) -> None:
        """Wait for the thread, where one folds."""
        if self._thread is not None:
            self._thread.join()


def _erase_log(connection: sqlite3.Connection) -> None:
    """After an actor was forgotten: empty the file's log, which may hold the name, once no other process reads from it."""
    if connection.execute("SELECT 1 FROM facts WHERE name = 'erasing'").fetchone():
        [(is_busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if not is_busy:
            connection.execute("DELETE FROM facts WHERE name = 'erasing'")


def _is_alive(process: int | None) -> bool:
    """Whether a process of this machine runs; one that is not known may do so. Two folds at once cost time, no marks."""
    if process is None:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
