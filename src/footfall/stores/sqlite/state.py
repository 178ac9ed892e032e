"""A consistent state of the store: database and intake as one reader sees them, and as a writer leaves them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from footfall.errors import ActivityError
from footfall.stores.problems import Problem
from footfall.stores.sqlite import journal
from footfall.stores.sqlite.database import Database
from footfall.stores.sqlite.examining import inner, problems_of
from footfall.stores.sqlite.intake import IS_POSSIBLE, Intake
from footfall.stores.sqlite.memory import Memory

MEMORY_BYTES = 256 << 20


class StoreState:
    """Database, intake and memory; the memory follows the writes of this and other processes."""

    def __init__(self, path: str | Path) -> None:
        self.file = Database(path)
        self.file.when_closed = self.forget
        self.intake: Intake | None = None
        self.forget()

    def forget(self) -> None:
        """Discard everything that was read."""
        self.close_intake()
        self.memory = Memory(MEMORY_BYTES)
        self._version = -1
        """The version of the database that `memory` reflects; -1 if it must be checked."""
        self._identity = b""

    def close(self) -> None:
        """Release everything. First moves marks from the intake to the database, unless another process is writing."""
        with self.file.lock:
            if self.intake and self.intake.size:
                with suppress(ActivityError), self.file.impatient():
                    self.take_intake()
            self.file.release()

    def changed(self) -> None:
        """Note that this process wrote to the database outside of `writing`."""
        self._version = -1

    def look(self) -> None:
        """Bring the memory up to date with the file; nearly free if nothing was written."""
        file, intake = self.file, self.intake
        try:
            [(version,)] = (file.connection or file.open()).execute("PRAGMA data_version")
        except sqlite3.Error as error:
            raise file.failure(error) from None
        if version != self._version or (intake and intake.size != self.memory.taken_in):
            with self.reading():
                pass

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the store, with the memory up to date with it."""
        with self.file.lock:
            if self.file.is_within:
                yield self.file.open()
                return
            with self._remembering(), ExitStack() as until_followed:
                self._hold_intake(until_followed, is_shared=True)
                with self.file.transaction("BEGIN") as connection:
                    self._follow(connection)
                    until_followed.close()
                    yield connection

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Ensure that a step that fails midway leaves no half-updated memory."""
        try:
            yield
        except BaseException:
            self.memory = Memory(MEMORY_BYTES)
            self._version = -1
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction for marks, whose order does not matter."""
        with self.file.transaction("BEGIN IMMEDIATE") as connection:
            try:
                yield connection
            finally:
                self._version = -1

    @contextmanager
    def stating(self) -> Iterator[sqlite3.Connection]:
        """One write transaction that comes after every mark made so far: it takes the intake too.

        The memory is up to date when it starts.
        """
        with self.file.lock:
            is_taken = False
            with self._remembering(), ExitStack() as until_done:
                intake = self._hold_intake(until_done, is_shared=False)
                with self.file.transaction("BEGIN IMMEDIATE") as connection:
                    self._follow(connection)
                    if intake and intake.size:
                        is_taken = True
                        intake.seal()
                        journal.append_changes(connection, intake.records()[0])
                        connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'generation'")
                    try:
                        yield connection
                    finally:
                        self._version = -1
                if intake and is_taken:
                    intake.delete()
            if is_taken:
                self.close_intake()

    def take_intake(self) -> None:
        with self.stating():
            pass

    def copy_to(self, path: Path) -> None:
        """Write every mark made so far into a new file, from one state of the store, while others read and mark."""
        self.take_intake()
        with (
            self.file.translating_errors(),
            closing(self.file.connect()) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)

    def problems(self) -> Iterator[Problem]:
        """Everything in the file, and in the files next to it, that differs from what was written."""
        if not self.file.path.exists():
            self.file.check_beside()
            return
        try:
            self.file.check_files()
            with self.file.translating_errors():
                connection = self.file.connect()
        except ActivityError as error:
            yield Problem(inner(str(error)))
            return
        with closing(connection):
            found = list(problems_of(connection))
        yield from found
        if not found:
            try:
                with self.reading():  # checks the intake as well
                    pass
            except ActivityError as error:
                yield Problem(inner(str(error)))

    def _hold_intake(self, held: ExitStack, *, is_shared: bool) -> Intake | None:
        """Lock the intake of the current generation for as long as `held` is open; None if there cannot be one."""
        while IS_POSSIBLE:
            intake = self.intake or self.opened_intake()
            if intake is None:
                return None
            lock = ExitStack()
            lock.enter_context(intake.locked(is_shared=is_shared))
            if not intake.is_sealed or intake.generation == self._generation():
                held.enter_context(lock)
                return intake
            lock.close()
            self.close_intake()
        return None

    def opened_intake(self) -> Intake | None:
        """The intake of the current generation; None if there cannot be one."""
        while IS_POSSIBLE:
            generation = self._generation()
            intake = Intake.opened(self.file.path, generation, self._identity_of_file())
            if intake is None:
                return None
            with intake.locked(is_shared=True):
                if generation == self._generation():
                    self.intake = intake
                    return intake
            intake.delete()  # its generation ended before it was opened
            intake.close()
        return None

    def close_intake(self) -> None:
        intake, self.intake = self.intake, None
        if intake is not None:
            intake.close()

    def _identity_of_file(self) -> bytes:
        """The identity of this store: the intake of another store must not be mistaken for ours."""
        if not self._identity:
            [(salt,)] = self.file.ask("SELECT value FROM facts WHERE name = 'salt'")
            self._identity = bytes(salt)
        return self._identity

    def _generation(self) -> int:
        [(generation,)] = self.file.ask("SELECT value FROM facts WHERE name = 'generation'")
        return int(generation)

    def _follow(self, connection: sqlite3.Connection) -> None:
        """Read what was written since, with the intake locked."""
        memory, intake = self.memory, self.intake
        [(version,)] = connection.execute("PRAGMA data_version")
        if version != self._version:
            state = journal.fold_number(connection), self._generation()
            if state != memory.state:
                changed = connection.execute("SELECT event, slot FROM sets WHERE fold > ?", (memory.state[0],))
                memory.drop_those_with(changed.fetchall())
                # Rows were deleted and their numbers may be reused: read the remaining ones again.
                memory.pending, memory.row, memory.taken_in, memory.state = {}, 0, 0, state
            if rows := journal.rows_after(connection, memory.row):
                memory.take(journal.changes_of(rows))
                memory.row = rows[-1][0]
            self._version = version
        if intake is not None and intake.size > memory.taken_in:
            changes, end = intake.records(memory.taken_in)
            memory.take(changes)
            memory.taken_in = end
