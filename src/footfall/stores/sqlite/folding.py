"""Decides when to fold the journal into the bitmaps.

Marking checks occasionally; one thread of one process folds.
"""

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
"""The size of the journal, in rows or bytes of batches, from which it is folded."""

_LOOK_EVERY = 4096
"""Rows between checks of the journal's length."""
_BYTES_A_ROW = FOLD_BYTES // FOLD_ROWS
"""The bytes that a row of one actor may take; a batch counts as its size in such rows."""
_LEASE = 60.0
"""Seconds that a process may fold before others consider it dead."""


class Folding:
    """Folds the journal of one store. A failure here loses no marks: a later fold picks them up."""

    def __init__(self, state: StoreState, now: Callable[[], datetime]) -> None:
        self._state = state
        self._file = state.file
        self._now = now
        self._thread: threading.Thread | None = None
        self._until_look = random.randrange(_LOOK_EVERY)  # processes that mark only a few must check occasionally too

    def note(self, size: int) -> None:
        """Note that batches of `size` bytes were appended."""
        self._until_look -= size // _BYTES_A_ROW

    def note_one(self) -> None:
        """Note that one mark was appended."""
        self._until_look -= 1

    def start_if_long(self) -> None:
        """Start a thread that folds the journal if it is long and no other process is folding it."""
        if self._until_look > 0:
            return
        self._until_look = _LOOK_EVERY
        with suppress(ActivityError, RuntimeError, OSError):
            if self._is_long() and not (self._thread and self._thread.is_alive()) and self._has_lease():
                thread = threading.Thread(target=self._run_aside, name="footfall-fold")
                thread.start()
                self._thread = thread  # only now: a thread that failed to start cannot be joined

    def _is_long(self) -> bool:
        with self._file.lock:  # otherwise another thread could close the intake
            [(size,)] = self._file.ask("SELECT coalesce(sum(length(bitmap)), 0) FROM journal WHERE bitmap IS NOT NULL")
            [(rows,)] = self._file.ask("SELECT coalesce(max(id) - min(id), 0) FROM journal")
            intake = self._state.intake
            rows += intake.size // RECORD_BYTES if intake else 0
        return bool(size >= FOLD_BYTES or rows >= FOLD_ROWS)

    def _has_lease(self) -> bool:
        """Acquire the lease, unless another process holds it that, as far as this one can tell, is alive."""
        now = self._now().timestamp()
        with (
            self._file.translating_errors(),
            self._file.impatient() as connection,
            within(connection, "BEGIN IMMEDIATE"),
        ):
            facts = dict(
                connection.execute("SELECT name, value FROM facts WHERE name IN ('folding_until', 'folding_by')")
            )
            if now <= facts["folding_until"] <= now + _LEASE and _is_alive(facts.get("folding_by")):
                return False
            held = (("folding_until", now + _LEASE), ("folding_by", os.getpid()))
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", held)
            return True

    def _run_aside(self) -> None:
        with suppress(ActivityError):  # the next use of the store hits the same error and reports it
            self.run()

    def run(self) -> None:
        """Fold the marks of intake and journal into the bitmaps, while others read and mark."""
        with self._file.folding:
            self._state.take_intake()
            with self._file.translating_errors():
                connection = self._file.connect()
                try:
                    journal.fold(connection)
                    connection.execute("UPDATE facts SET value = 0 WHERE name = 'folding_until'")
                    _erase_log(connection)
                finally:
                    connection.close()

    def wait(self) -> None:
        """Wait for the folding thread, if there is one."""
        if self._thread is not None:
            self._thread.join()


def _erase_log(connection: sqlite3.Connection) -> None:
    """After an actor was forgotten: empty the log, which may hold the name, once no other process reads from it."""
    if connection.execute("SELECT 1 FROM facts WHERE name = 'erasing'").fetchone():
        [(is_busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if not is_busy:
            connection.execute("DELETE FROM facts WHERE name = 'erasing'")


def _is_alive(process: int | None) -> bool:
    """Whether a process of this machine is running; unknown counts as yes. Two folds at once cost time, not marks."""
    if process is None:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True
