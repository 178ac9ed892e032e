"""The intake: a small file to which each single mark appends 32 bytes on its way into the store.

SQLite needs eight system calls for a mark, this needs three. The kernel has the record when `append` returns, so a
crash of the process does not lose it. The file of a generation is moved into the database as a whole, in one
transaction that also begins the next generation: either all of its records are in the database, or none.

    append   shared lock, 32 bytes, unlock                               many processes at once
    take     exclusive lock, seal, one transaction, delete the file      what is sealed takes no more marks

The file is sealed before the transaction: if a process dies between the two, the next process that finds the sealed
file takes it.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from footfall.errors import DamagedStoreError, StoreWriteError
from footfall.stores.ids import NAMED
from footfall.stores.members import bitmap_of
from footfall.stores.sqlite.checks import CHECK_MODULUS, CHECK_OF_ACTOR, WAY_ON, check_before, check_of_mark
from footfall.stores.sqlite.journal import Change, Changes
from footfall.stores.store import FIRST, LAST

if TYPE_CHECKING:
    import numpy.typing as npt

try:
    import fcntl
except ImportError:  # without these locks every mark goes through SQLite
    fcntl = None  # type: ignore[assignment]

_RECORD = struct.Struct("<qqqq")
"""Event, slot, actor, and their check. Records do not straddle disk blocks, so none is written partially."""
_FIELDS = np.dtype([("event", "<i8"), ("slot", "<i8"), ("actor", "<i8"), ("check", "<i8")])
RECORD_BYTES = _RECORD.size
_HEAD = RECORD_BYTES
_OPEN, _SEALED = b"o", b"s"
"""The first byte of the file; the identity of its store follows."""
_ALIKE = 8
"""Matching bytes of the identity that identify a damaged header as ours: another store's has hardly one in common."""


class Intake:
    """The intake file of one generation, open in this process."""

    def __init__(self, path: Path, owner: io.FileIO, generation: int) -> None:
        self.generation = generation
        self._path = path
        self._owner = owner
        self._file = owner.fileno()
        self._place, self._check = (0, 0), 0
        """Event and slot of the last mark, and their part of the check: consecutive marks often share both."""
        self._is_writable = fcntl.fcntl(self._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR

    @classmethod
    def opened(cls, database: Path, generation: int, identity: bytes) -> Intake | None:
        """The file of a generation, created if missing; None if it cannot be created."""
        path = cls._path_of(database, generation)
        owner = _owner_of(path)
        if owner is None:
            return None
        try:
            intake = cls(path, owner, generation)
            with intake.locked(is_shared=False):
                intake._begin(database, blake2b(identity, digest_size=_HEAD - 1).digest())
        except OSError as error:
            owner.close()
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return None  # marks go to the database, whose errors are clearer
            raise StoreWriteError(f"{path} cannot be written: {error.strerror}.") from None
        except BaseException:
            owner.close()
            raise
        if generation:  # a process that died may have left the previous one
            with suppress(OSError):
                cls._path_of(database, generation - 1).unlink()
        return intake

    def _begin(self, database: Path, identity: bytes) -> None:
        """Write the header and set the store's permissions if the file is new, or of another store of the same name."""
        found = os.pread(self._file, _HEAD - 1, 1)
        if found == identity:
            return
        if self.size > 0 and _is_damaged(found, identity):
            raise DamagedStoreError(f"{self._path} is damaged in its first {_HEAD} bytes; {WAY_ON}")
        if not self._is_writable:
            return
        kept = database.stat()
        with suppress(OSError):
            os.fchmod(self._file, stat.S_IMODE(kept.st_mode))
            os.fchown(self._file, -1, kept.st_gid)
        os.ftruncate(self._file, 0)
        os.write(self._file, _OPEN + identity)

    @staticmethod
    def _path_of(database: Path, generation: int) -> Path:
        return database.with_name(f"{database.name}-marks-{generation}")

    def append(self, event: int, slot: int, actor: int) -> bool:
        """Append a mark; False if the file is sealed or we may not write to it."""
        if (event, slot) != self._place:
            self._place, self._check = (event, slot), check_before(event, slot)
        return self.append_records(record(event, slot, actor, self._check))

    def append_records(self, records: bytes) -> bool:
        """Append marks (see `record`) in one write; False if the file is sealed or we may not write to it.

        Raises:
            StoreWriteError: If the disk is full; the first of several records may have been written.
        """
        if not self._is_writable:
            return False
        file = self._file
        try:
            fcntl.flock(file, fcntl.LOCK_SH)
            if os.pread(file, 1, 0) != _OPEN:
                return False
            if os.write(file, records) == len(records):
                return True
            self.seal()
        except OSError as error:
            raise StoreWriteError(
                f"{self._path} cannot be written: {error.strerror}; free some space; stored marks are safe."
            ) from None
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
        raise StoreWriteError(
            f"{self._path} cannot be written: the disk is full; free some space; stored marks are safe."
        )

    def sync(self) -> None:
        """Wait until everything appended is on disk."""
        os.fdatasync(self._file)

    def descriptor(self) -> int:
        """Another descriptor of the file, for the caller to close."""
        return os.dup(self._file)

    @contextmanager
    def locked(self, *, is_shared: bool) -> Iterator[None]:
        """Lock the file: shared, so that no one takes it; else so that no one appends to it either."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def is_sealed(self) -> bool:
        return os.pread(self._file, 1, 0) != _OPEN

    def seal(self) -> None:
        try:
            head = os.open(self._path, os.O_WRONLY)  # a descriptor without O_APPEND
        except OSError as error:
            raise StoreWriteError(
                f"{self._path} cannot be written: {error.strerror}; check the permissions of file and folder."
            ) from None
        try:
            os.pwrite(head, _SEALED, 0)
        finally:
            os.close(head)

    @property
    def size(self) -> int:
        """The size of the records in bytes."""
        return os.fstat(self._file).st_size - _HEAD

    def records(self, after: int = 0) -> tuple[Changes, int]:
        """The net effect of the records after the first `after` bytes, and where they end."""
        size = self.size // RECORD_BYTES * RECORD_BYTES
        rows = np.frombuffer(os.pread(self._file, size - after, _HEAD + after), dtype=_FIELDS)
        end = after + len(rows) * RECORD_BYTES
        written = rows[: _written(rows)]
        if len(written) and not _are_intact(written, is_end_empty=len(written) < len(rows)):
            raise DamagedStoreError(f"{self._path} is damaged: a mark in it does not match its checksum; {WAY_ON}")
        return _changes_of(written), end

    def close(self) -> None:
        self._file = -1  # the descriptor may soon be reused for another file
        self._owner.close()

    def delete(self) -> None:
        """Delete the file of a finished generation."""
        with suppress(OSError):
            self._path.unlink()


def record(event: int, slot: int, actor: int, before: int) -> bytes:
    """A mark as stored in the file; `before` is `check_before` of its event and slot."""
    return _RECORD.pack(event, slot, actor, (before + actor * CHECK_OF_ACTOR) % CHECK_MODULUS)


def intact_records(file: Path, identity: bytes) -> tuple[Changes, int]:
    """The net effect of a file's intact records, and the number of damaged ones; nothing for another store's file."""
    content = file.read_bytes()
    ours, found = blake2b(identity, digest_size=_HEAD - 1).digest(), content[1:_HEAD]
    if found != ours and not _is_damaged(found, ours):
        return {}, 0
    rows = np.frombuffer(content[_HEAD : len(content) // RECORD_BYTES * RECORD_BYTES], dtype=_FIELDS)
    written = rows[: _written(rows)]
    is_intact = np.array(
        [_are_intact(written[at : at + 1], is_end_empty=False) for at in range(len(written))], dtype=bool
    )
    return _changes_of(written[is_intact]), int((~is_intact).sum())


def _is_damaged(head: bytes, identity: bytes) -> bool:
    """Whether a header that does not match this store is damaged, rather than another store's."""
    return not any(head) or sum(a == b for a, b in zip(head, identity, strict=False)) >= _ALIKE


def changes_in(records: bytes) -> Changes:
    """The net effect of records that were not appended."""
    return _changes_of(np.frombuffer(records, dtype=_FIELDS))


def _changes_of(rows: npt.NDArray[np.void]) -> Changes:
    changes: Changes = {}
    if len(rows):
        rows = rows[np.lexsort((rows["slot"], rows["event"]))]
        is_first = (np.diff(rows["event"], prepend=-1) != 0) | (np.diff(rows["slot"], prepend=-(1 << 62)) != 0)
        for part in np.split(rows, np.flatnonzero(is_first)[1:]):
            at = int(part["event"][0]), int(part["slot"][0])
            changes[at] = Change(bitmap_of(part["actor"].astype(np.uint64)), marks=len(part))
    return changes


def _written(rows: npt.NDArray[np.void]) -> int:
    """The number of records before the empty end that a power cut left."""
    written = np.flatnonzero(rows["event"])
    return int(written[-1]) + 1 if len(written) else 0


def _are_intact(rows: npt.NDArray[np.void], *, is_end_empty: bool) -> bool:
    """Whether every record matches its check. An earlier Footfall's have none, except the one before an empty end."""
    event, slot, actor, check = (rows[name] for name in ("event", "slot", "actor", "check"))
    is_place = (event > 0) & (slot >= FIRST) & (slot < LAST) & (actor >= 0) & (actor < NAMED)
    is_right = check == check_of_mark(event, slot, actor)
    return bool((is_place & (is_right | (check == 0))).all()) and (not is_end_empty or bool(is_right[-1]))


def _owner_of(path: Path) -> io.FileIO | None:
    """The file, opened with the access that we have; None if it is missing and cannot be created."""
    try:
        return io.FileIO(path, "a+", opener=lambda name, flags: os.open(name, flags, 0o666))
    except OSError as error:
        if not path.exists():
            return None
        try:
            return io.FileIO(path, "r")  # a reader without write permission still sees others' marks
        except OSError:
            raise StoreWriteError(
                f"{path} holds marks and cannot be read: {error.strerror}; check the permissions of file and folder."
            ) from None


IS_POSSIBLE = fcntl is not None
