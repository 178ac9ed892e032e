"""Single marks on their way into the store: a small file to which each mark appends 32 bytes.

SQLite takes eight system calls for a mark, this takes three. A record is in the hands of the kernel when `append`
returns, so no crash of a process loses it. The file of a generation is taken into the database whole, by one
transaction that also begins the next generation: what a file holds is in the database or not, never partly.

    append   shared lock, 32 bytes, unlock                               many processes at once
    take     exclusive lock, seal, one transaction, delete the file      what is sealed takes no more marks

The seal comes before the transaction: if a process dies between the two, the next process that meets the sealed file takes it.
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
except ImportError:  # without such locks every mark goes through SQLite
    fcntl = None  # type: ignore[assignment]

_RECORD = struct.Struct("<qqqq")
"""Event, slot, actor, and their check. Records never straddle a block of the disk, so none is ever written in part."""
_FIELDS = np.dtype([("event", "<i8"), ("slot", "<i8"), ("actor", "<i8"), ("check", "<i8")])
RECORD_BYTES = _RECORD.size
_HEAD = RECORD_BYTES
_OPEN, _SEALED = b"o", b"s"
"""The first byte of the file; the identity of its store follows."""
_ALIKE = 8
"""Bytes of the identity that are enough to know a head that was damaged: that of another store has hardly one in common."""


class Intake:
    """The intake file of one generation, open in this process."""

    def __init__(self, path: Path, owner: io.FileIO, generation: int) -> None:
        self.generation = generation
        self._path = path
        self._owner = owner
        self._file = owner.fileno()
        self._place, self._check = (0, 0), 0
        """The event and slot of the last mark, and their part of the check: many marks of one place follow each other."""
        self._is_writable = fcntl.fcntl(self._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR

    @classmethod
    def opened(cls, database: Path, generation: int, identity: bytes) -> Intake | None:
        """The file of a generation, made when it is not there; None where there is none and none can be made."""
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
        if generation:  # a process that died may have left the one before
            with suppress(OSError):
                cls._path_of(database, generation - 1).unlink()
        return intake

    def _begin(self, database: Path, identity: bytes) -> None:
        """Write the head of a file that is new, or was left by another store of the same name, with the permissions of the store."""
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
        """Add a mark; False when the file is sealed or not for us to write, and takes none."""
        if (event, slot) != self._place:
            self._place, self._check = (event, slot), check_before(event, slot)
        check = (self._check + actor * CHECK_OF_ACTOR) % CHECK_MODULUS
        return self.append_records(_RECORD.pack(event, slot, actor, check))

    def append_records(self, records: bytes) -> bool:
        """Add marks (see `record`) by one write; False when the file is sealed or not for us to write, and takes none.

        Raises:
            StoreWriteError: Where the disk is full; of several records, the first ones may have been written.
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
                f"{self._path} cannot be written: {error.strerror}; make room, what was marked is safe."
            ) from None
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
        raise StoreWriteError(f"{self._path} cannot be written: the disk is full; make room, what was marked is safe.")

    def sync(self) -> None:
        """Wait until everything that was appended is on the disk."""
        os.fdatasync(self._file)

    @contextmanager
    def locked(self, *, is_shared: bool) -> Iterator[None]:
        """Keep the file from being taken, and when not shared from being appended to as well."""
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
            head = os.open(self._path, os.O_WRONLY)  # one that does not append
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
        """Bytes of the file that are records."""
        return os.fstat(self._file).st_size - _HEAD

    def records(self, after: int = 0) -> tuple[Changes, int]:
        """What the records behind the first `after` bytes amount to, and where they end."""
        size = self.size // RECORD_BYTES * RECORD_BYTES
        rows = np.frombuffer(os.pread(self._file, size - after, _HEAD + after), dtype=_FIELDS)
        end = after + len(rows) * RECORD_BYTES
        written = rows[: _written(rows)]
        if len(written) and not _are_intact(written, is_end_empty=len(written) < len(rows)):
            raise DamagedStoreError(f"{self._path} is damaged: a mark in it does not match its checksum; {WAY_ON}")
        return _changes_of(written), end

    def close(self) -> None:
        self._file = -1  # its number may soon be another file's
        self._owner.close()

    def delete(self) -> None:
        """Delete the file of a generation that is over."""
        with suppress(OSError):
            self._path.unlink()


def record(event: int, slot: int, actor: int, before: int) -> bytes:
    """A mark as a file holds it; `before` is `check_before` of its event and slot."""
    return _RECORD.pack(event, slot, actor, (before + actor * CHECK_OF_ACTOR) % CHECK_MODULUS)


def intact_records(file: Path, identity: bytes) -> tuple[Changes, int]:
    """What the intact records of a file amount to, and how many others there are; none of another store's file."""
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
    """Whether a head that is not this store's is so by damage; else it is another store's."""
    return not any(head) or sum(a == b for a, b in zip(head, identity, strict=False)) >= _ALIKE


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
    """How many records there are before the end that a power cut left empty."""
    written = np.flatnonzero(rows["event"])
    return int(written[-1]) + 1 if len(written) else 0


def _are_intact(rows: npt.NDArray[np.void], *, is_end_empty: bool) -> bool:
    """Whether every record matches its check. Those of an earlier Footfall have none, but for the one before an empty end."""
    event, slot, actor, check = (rows[name] for name in ("event", "slot", "actor", "check"))
    is_place = (event > 0) & (slot >= FIRST) & (slot < LAST) & (actor >= 0) & (actor < NAMED)
    is_right = check == check_of_mark(event, slot, actor)
    return bool((is_place & (is_right | (check == 0))).all()) and (not is_end_empty or bool(is_right[-1]))


def _owner_of(path: Path) -> io.FileIO | None:
    """The file, open for whatever we may do with it; None where there is none and none can be made."""
    try:
        return io.FileIO(path, "a+", opener=lambda name, flags: os.open(name, flags, 0o666))
    except OSError as error:
        if not path.exists():
            return None
        try:
            return io.FileIO(path, "r")  # a reader without write permission still sees the marks of others
        except OSError:
            raise StoreWriteError(
                f"{path} holds marks and cannot be read: {error.strerror}; check the permissions of file and folder."
            ) from None


IS_POSSIBLE = fcntl is not None
