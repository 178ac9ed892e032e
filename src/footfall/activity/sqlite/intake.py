"""Single marks on their way into the store: a small file that whoever marks appends 32 bytes to.

SQLite takes eight system calls for a mark, this takes three. A record is in the hands of the kernel when `append`
returns, so no crash of a process loses it. The file of a generation is taken into the database whole, by one
transaction that also begins the next generation: what a file holds is in the database or not, never partly.

    append   shared lock, 32 bytes, unlock                               many processes at once
    take     exclusive lock, seal, one transaction, delete the file      what is sealed takes no more marks

The seal comes before the transaction: if a process dies between the two, whoever meets the sealed file takes it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from footfall.activity.members import bitmap_of
from footfall.activity.sqlite.journal import Change, Changes
from footfall.errors import StoreWriteError

try:
    import fcntl
except ImportError:  # without such locks every mark goes through SQLite
    fcntl = None  # type: ignore[assignment]

_RECORD = struct.Struct("<qqqq")
"""Event, slot, actor, and nothing. Records never straddle a block of the disk, so none is ever written in part."""
_FIELDS = np.dtype([("event", "<i8"), ("slot", "<i8"), ("actor", "<i8"), ("spare", "<i8")])
RECORD_BYTES = _RECORD.size
_HEAD = RECORD_BYTES
_OPEN = b"open: marks on their way in   \n\n"
"""What the file begins with; an `s` in front says that it is sealed."""


class Intake:
    """The intake file of one generation, open in this process."""

    def __init__(self, database: Path, generation: int) -> None:
        self.generation = generation
        self._path = self._path_of(database, generation)
        try:
            self._file = self._opened()
            with self.locked(is_shared=False):
                if os.fstat(self._file).st_size < _HEAD:
                    os.ftruncate(self._file, 0)
                    os.write(self._file, _OPEN)
        except OSError as error:
            raise StoreWriteError(f"{self._path} cannot be written: {error.strerror}.") from None
        if generation:  # a process that died may have left the one before
            with suppress(OSError):
                self._path_of(database, generation - 1).unlink()

    @staticmethod
    def _path_of(database: Path, generation: int) -> Path:
        return database.with_name(f"{database.name}-marks-{generation}")

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError:
            return os.open(self._path, os.O_RDONLY)  # whoever may only read still sees what others marked

    def append(self, event: int, slot: int, actor: int) -> bool:
        """Add a mark; False when the file is sealed, which takes no more."""
        file = self._file
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            if os.pread(file, 1, 0) != b"o":
                return False
            written = os.write(file, _RECORD.pack(event, slot, actor, 0))
        except OSError as error:
            raise StoreWriteError(
                f"{self._path} cannot be written: {error.strerror}; make room, what was marked is safe."
            ) from None
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
        if written != RECORD_BYTES:
            self.seal()
            raise StoreWriteError(
                f"{self._path} cannot be written: the disk is full; make room, what was marked is safe."
            )
        return True

    @contextmanager
    def locked(self, *, is_shared: bool) -> Iterator[None]:
        """Keep the file from being taken, and when not shared from being appended to as well."""
        fcntl.flock(self._file, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def is_sealed(self) -> bool:
        return os.pread(self._file, 1, 0) != b"o"

    def seal(self) -> None:
        head = os.open(self._path, os.O_WRONLY)  # one that does not append
        try:
            os.pwrite(head, b"s", 0)
        finally:
            os.close(head)

    @property
    def size(self) -> int:
        """Bytes of the file that are records."""
        return os.fstat(self._file).st_size - _HEAD

    def records(self, after: int = 0) -> tuple[Changes, int]:
        """What the records behind the first `after` bytes amount to, and where they end."""
        size = self.size // RECORD_BYTES * RECORD_BYTES
        rows = np.frombuffer(os.pread(self._file, size - after, _HEAD + after), dtype=_FIELDS)
        changes: Changes = {}
        if len(rows):
            rows = rows[np.lexsort((rows["slot"], rows["event"]))]
            is_first = (np.diff(rows["event"], prepend=-1) != 0) | (np.diff(rows["slot"], prepend=-(1 << 62)) != 0)
            for part in np.split(rows, np.flatnonzero(is_first)[1:]):
                if part["event"][0] > 0:  # a block that a power cut left empty says nothing
                    at = int(part["event"][0]), int(part["slot"][0])
                    changes[at] = Change(bitmap_of(part["actor"].astype(np.uint64)), marks=len(part))
        return changes, after + len(rows) * RECORD_BYTES

    def close(self) -> None:
        os.close(self._file)

    def delete(self) -> None:
        """Delete the file of a generation that is over."""
        self._path.unlink(missing_ok=True)


IS_POSSIBLE = fcntl is not None
