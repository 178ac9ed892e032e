"""Converts the bits of a Redis string to a Roaring bitmap, by writing Roaring's serialized format and loading that.

Bit n of a string is bit 7 - n % 8 of byte n // 8. The format: github.com/RoaringBitmap/RoaringFormatSpec, 64-bit
extension. A container covers 65,536 ids: an array of 16-bit offsets for up to 4,096 members, a bitset for more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap64

if TYPE_CHECKING:
    pass

CONTAINER = 8192
"""The size of a container's bits in bytes; pieces of a string start at multiples of it."""
_LARGEST_ARRAY = 4096
_COOKIE = 12346
"""The cookie of a Roaring bitmap without run containers."""
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def bitmap_of_bits(pieces: Iterable[tuple[int, bytes]], high: int) -> BitMap64:
    """The bitmap of a string that comes in pieces, each with the offset of its first byte.

    `high` is the upper half of the ids.
    """
    keys: list[int] = []
    counts: list[int] = []
    contents: list[bytes] = []
    for offset, piece in pieces:
        for key, count, content in _containers(piece) if piece else ():
            keys.append(offset // CONTAINER + key)
            counts.append(count)
            contents.append(content)
    return BitMap64.deserialize(_written(keys, counts, contents, high)) if keys else BitMap64()


def _containers(piece: bytes) -> list[tuple[int, int, bytes]]:
    """Number, cardinality and content of each container that is not empty."""
    whole = len(piece) // CONTAINER
    found = _full_containers(piece, whole) if whole else []
    if odd := piece[whole * CONTAINER :]:
        last = _full_containers(odd + bytes(CONTAINER - len(odd)), 1)
        found.extend((whole + at, count, content) for at, count, content in last)
    return found


def _full_containers(piece: bytes, n: int) -> list[tuple[int, int, bytes]]:
    words = np.frombuffer(piece, dtype=np.uint64, count=n * (CONTAINER // 8)).reshape(n, -1)
    counts = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    contents: dict[int, bytes] = {}
    dense = np.flatnonzero(counts > _LARGEST_ARRAY)
    for at in dense.tolist():
        contents[at] = piece[at * CONTAINER : (at + 1) * CONTAINER].translate(_TURNED)
    sparse = np.flatnonzero((counts > 0) & (counts <= _LARGEST_ARRAY))
    if len(sparse):
        # Copying megabytes costs more than skipping the empty containers among them.
        members = _members(words[sparse] if len(dense) else words)
        ends = np.cumsum(counts[sparse]) * 2
        for at, end, count in zip(sparse.tolist(), ends.tolist(), counts[sparse].tolist(), strict=True):
            contents[at] = members[end - 2 * count : end]
    return [(at, int(counts[at]), contents[at]) for at in sorted(contents)]


def _members(words: np.ndarray[tuple[int, int], np.dtype[np.uint64]]) -> bytes:
    """The offsets of all set bits within their containers, 16 bits each.

    Empty words are dropped first, then empty bytes: unpacking turns each byte into eight.
    """
    flat = words.reshape(-1)
    filled = np.flatnonzero(flat != 0)
    octets = flat[filled].view(np.uint8)
    at = np.flatnonzero(octets != 0)
    bits = np.flatnonzero(np.unpackbits(octets[at]).view(np.bool_))
    # A 16-bit sum wraps around to 0 at the start of each container.
    of_word = filled.astype(np.uint16) << 6
    of_octet = of_word[at >> 3] + ((at & 7) << 3).astype(np.uint16)
    members = of_octet[bits >> 3] + (bits & 7).astype(np.uint16)
    return bytes(members.astype("<u2").tobytes())


def _written(keys: list[int], counts: list[int], contents: list[bytes], high: int) -> bytes:
    n = len(keys)
    head = np.empty((n, 2), dtype="<u2")
    head[:, 0], head[:, 1] = keys, np.array(counts) - 1
    sizes = np.array([len(content) for content in contents], dtype=np.int64)
    offsets = (8 + 8 * n + np.cumsum(sizes) - sizes).astype("<u4")
    return b"".join((struct.pack("<QIII", 1, high, _COOKIE, n), head.tobytes(), offsets.tobytes(), *contents))
