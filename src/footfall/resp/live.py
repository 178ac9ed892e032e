"""Sets of bits that are read and marked often, in the representation that takes less memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap64

from footfall.stores.members import Members, SparseSet, as_bitmap, bytes_of, ids_in, kept_form

_SHARE = 32
"""An array is merged with its buffered ids when these exceed this fraction (1 / 32) of its size."""
_LEAST = 256
"""From this number of ids on, the representation is reviewed whenever their number doubles."""
BITS = 1 << 32
"""Offsets are less than this, as in Redis."""


class LiveSet:
    """Ids below 2^32. A bitmap is updated in place; for an array, added ids are buffered."""

    __slots__ = ("_added", "_base", "_least", "_look_at")

    def __init__(self, base: Members, least: int = 0) -> None:
        """Takes ownership of `base`. `least` is the minimum length of its string in bytes, whatever bits are set."""
        self._base = base
        self._added = BitMap64()
        self._least = least
        self._look_at = max(_LEAST, 2 * len(base))

    def __len__(self) -> int:
        return len(self._base) + len(self._added)

    def __contains__(self, id: int) -> bool:
        return id in self._base or id in self._added

    def add(self, id: int) -> None:
        """Add an id that is not there."""
        base = self._base
        if isinstance(base, BitMap64):
            base.add(id)
        else:
            self._added.add(id)
            if len(self._added) * _SHARE > len(base):
                self._merge()
        if len(base) >= self._look_at:
            self._look()

    def _merge(self) -> None:
        if self._added and isinstance(self._base, SparseSet):
            ids, new = self._base.ids, np.array(self._added.to_array(), dtype=np.uint32)
            self._base, self._added = SparseSet(np.insert(ids, np.searchsorted(ids, new), new)), BitMap64()

    def _look(self) -> None:
        """Choose the representation that takes less memory."""
        self._merge()
        self._look_at = 2 * len(self._base)
        self._base = kept_form(self._base if isinstance(self._base, BitMap64) else self._base.bitmap())

    def copy(self) -> LiveSet:
        self._merge()
        return LiveSet(BitMap64(self._base) if isinstance(self._base, BitMap64) else self._base)

    @property
    def members(self) -> Members:
        """All ids; must not be modified."""
        self._merge()
        return self._base

    @property
    def memory(self) -> int:
        """The approximate memory use in bytes."""
        return bytes_of(self._base) + bytes_of(self._added)

    @property
    def length(self) -> int:
        """The length in bytes of the string in Redis, provided that no bit at its end was cleared."""
        return max(self._least, *(int(part.max()) // 8 + 1 if part else 0 for part in (self._base, self._added)))

    def count(self, start: int, stop: int) -> int:
        """The number of ids in [start, stop)."""
        if start >= stop:
            return 0
        members = self.members
        if isinstance(members, SparseSet):
            return int(np.diff(np.searchsorted(members.ids, np.array([start, stop], dtype=np.uint64)))[0])
        return int(members.range_cardinality(start, stop))

    def first(self, start: int, stop: int) -> int | None:
        """The lowest id in [start, stop)."""
        ids = self._between(start, stop)
        return int(ids[0]) if len(ids) else None

    def first_free(self, start: int, stop: int) -> int | None:
        """The lowest number in [start, stop) that is not an id."""
        ids = self._between(start, stop)
        gaps = np.flatnonzero(ids != np.arange(start, start + len(ids), dtype=np.uint64))
        free = start + (int(gaps[0]) if len(gaps) else len(ids))
        return free if free < stop else None

    def bits(self, start: int, stop: int) -> bytes:
        """Bytes [start, stop) of the string in Redis: bit n is bit 7 - n % 8 of byte n // 8."""
        found = np.zeros(max(0, stop - start), dtype=np.uint8)
        ids = self._between(8 * start, 8 * stop)
        np.bitwise_or.at(found, (ids >> np.uint64(3)).astype(np.int64) - start, _BIT[(ids & np.uint64(7)).astype(int)])
        return found.tobytes()

    def _between(self, start: int, stop: int) -> npt.NDArray[np.uint64]:
        members = self.members
        if isinstance(members, SparseSet):
            first, last = np.searchsorted(members.ids, np.array([start, stop], dtype=np.uint64))
            return members.ids[first:last].astype(np.uint64)
        if not self or start >= stop:
            return np.array([], dtype=np.uint64)
        if start > 0 or stop <= members.max():
            members = members & BitMap64(range(start, stop))
        return ids_in(members)


_BIT = np.array([0x80 >> n for n in range(8)], dtype=np.uint8)


def combined(operator: bytes, sets: Sequence[LiveSet]) -> Members:
    """The result of BITOP: AND, OR, XOR of sets, or NOT of one set within the whole bytes of its string."""
    parts = [one.members for one in sets]
    if operator == b"NOT":
        flipped = as_bitmap(parts[0]).flip(0, 8 * sets[0].length)
        flipped.run_optimize()
        return flipped
    if all(isinstance(part, SparseSet) for part in parts):
        return SparseSet(_combined_ids(operator, [part.ids for part in parts if isinstance(part, SparseSet)]))
    bitmaps = [as_bitmap(part) for part in parts]
    if operator == b"OR":
        return kept_form(BitMap64.union(BitMap64(), *bitmaps))
    result = BitMap64(bitmaps[0])
    for bitmap in bitmaps[1:]:
        if operator == b"AND":
            result &= bitmap
        else:
            result ^= bitmap
    return kept_form(result)


def _combined_ids(operator: bytes, parts: Sequence[npt.NDArray[np.uint32]]) -> npt.NDArray[np.uint32]:
    """The result for sorted ids: when all are sorted together, an id of n sets occurs n times in a row."""
    ids = np.sort(np.concatenate(parts), kind="stable")  # merges runs that are already sorted
    starts = np.flatnonzero(np.diff(ids, prepend=ids[:1] + np.uint32(1)) != 0)
    if operator == b"OR":
        return ids[starts]
    times = np.diff(starts, append=len(ids))
    is_wanted = times == len(parts) if operator == b"AND" else times % 2 == 1
    wanted: npt.NDArray[np.uint32] = ids[starts[is_wanted]]
    return wanted
