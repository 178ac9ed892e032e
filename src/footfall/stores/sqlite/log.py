"""Checks that the log next to the database (WAL) is complete.

SQLite reads it up to the first frame with a checksum mismatch, and silently drops everything committed after that.

Format: https://sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

try:
    import fcntl
except ImportError:  # no way to tell whether others use the file
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint32]

_MAGIC = 0x377F0682
"""The magic number of a log with little-endian checksums; with big-endian ones it is one more."""
_HEAD, _FRAME_HEAD = 32, 24
_LOCKED_AT, _LOCKED_BYTES = 0x40000002, 510
"""The bytes of the database that every process keeps locked while it has it open."""


def lost_after(database: Path) -> int | None:
    """The number of frames that SQLite would read of a log that holds more; None if it reads all, or there is no log.

    A mismatch of only the last frame is normal: a process killed while writing leaves one, which is not used.
    """
    log = database.with_name(f"{database.name}-wal")
    found = _first_mismatch(log)
    if found is None or _first_mismatch(log) != found:  # another process may have written while we read
        return None
    return None if is_in_use(database) else found


def _first_mismatch(log: Path) -> int | None:
    try:
        content = log.read_bytes()
    except OSError:
        return None
    if len(content) <= _HEAD:
        return None
    magic, _, page, _, *salts = (int.from_bytes(content[at : at + 4], "big") for at in range(0, 24, 4))
    size = _FRAME_HEAD + page
    order = "<" if magic == _MAGIC else ">"
    if magic not in (_MAGIC, _MAGIC + 1) or page < 512 or page % 8:
        return 0
    head = np.frombuffer(content[:24], f"{order}u4").astype(np.uint32)[None, :]
    stored = np.frombuffer(content[24:_HEAD], ">u4").astype(np.uint32)[None, :]
    if not (_sums(head, np.zeros((1, 2), np.uint32)) == stored).all():
        return 0
    frames = (len(content) - _HEAD) // size
    if not frames:
        return None
    rows = np.frombuffer(content, np.uint8, frames * size, _HEAD).reshape(frames, size)
    numbers = np.ascontiguousarray(rows[:, :_FRAME_HEAD]).view(">u4").astype(np.uint32)
    words = np.ascontiguousarray(np.concatenate((rows[:, :8], rows[:, _FRAME_HEAD:]), axis=1))
    before = np.concatenate((stored, numbers[:-1, 4:6]))
    is_of_log = (numbers[:, 2:4] == np.array(salts, np.uint32)).all(axis=1)
    is_right = is_of_log & (_sums(words.view(f"{order}u4").astype(np.uint32), before) == numbers[:, 4:6]).all(axis=1)
    wrong = np.flatnonzero(~is_right)
    if not len(wrong):
        return None
    first = int(wrong[0])
    later = np.flatnonzero(is_right[first + 1 :] & (numbers[first + 1 :, 1] > 0))
    return first if len(later) else None


def _sums(words: Words, before: Words) -> Words:
    """SQLite's checksums of rows of words, each continuing from the two words of `before`.

    The sums are linear modulo 2^32: with each pair (x, y), s becomes s + t + x, and then t becomes t + s + y.
    """
    pairs = words.shape[1] // 2
    weights = np.zeros((2, words.shape[1]), np.uint32)
    p, q, r = 1, 0, 1  # the effect of the pairs that follow: (s, t) becomes (p s + q t, q s + r t)
    for pair in range(pairs - 1, -1, -1):
        # x enters both sums, y only the second one
        weights[:, 2 * pair] = (p + q) & 0xFFFFFFFF, (q + r) & 0xFFFFFFFF
        weights[:, 2 * pair + 1] = q, r
        p, q, r = (p + q) & 0xFFFFFFFF, (p + 2 * q) & 0xFFFFFFFF, (q + 2 * r) & 0xFFFFFFFF
    own = np.stack(
        [(words * weights[0]).sum(axis=1, dtype=np.uint32), (words * weights[1]).sum(axis=1, dtype=np.uint32)], 1
    )
    s, t = before[:, 0], before[:, 1]
    after = np.stack([s * np.uint32(p) + t * np.uint32(q), s * np.uint32(q) + t * np.uint32(r)], 1)
    return np.asarray(own + after, np.uint32)


def is_in_use(database: Path) -> bool:
    """Whether another process has the database open: that process knows how far the log goes."""
    if fcntl is None:
        return True
    try:
        file = os.open(database, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_AT)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
