"""The members of a set in its two representations: Roaring bitmaps, and plain arrays where ids are sparse.

A Roaring bitmap has an overhead of a few bytes per container of 65,536 ids, and of dozens in memory. When containers
hold only a few ids, a sorted array of 32-bit numbers is several times smaller, and needs no decoding.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap64

from footfall.errors import DamagedStoreError
from footfall.stores.ids import NAMED

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.stores.ids import Ids

_FEW = 8
"""The average number of ids per container below which an array is smaller."""
_MAGIC = b"ids4"
"""The prefix of an array. No Roaring bitmap starts with it: that starts with the number of its parts."""
_HEAD = 8


@dataclass(frozen=True, eq=False)
class SparseSet:
    """Ids below 2^32 as a sorted array."""

    ids: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: int) -> bool:
        if not 0 <= id < NAMED:
            return False
        at = int(np.searchsorted(self.ids, np.uint32(id)))
        return at < len(self.ids) and int(self.ids[at]) == id

    def max(self) -> int:
        return int(self.ids[-1])

    def bitmap(self) -> BitMap64:
        return BitMap64(array("Q", self.ids.astype(np.uint64).tobytes()))


Members = BitMap64 | SparseSet


def bitmap_of(ids: Ids | Iterable[int]) -> BitMap64:
    """A bitmap of ids in any order; Roaring reads sorted numbers in a typed array fastest."""
    if not isinstance(ids, np.ndarray):
        return BitMap64(ids)
    return BitMap64(array("Q", np.sort(ids).astype(np.uint64, copy=False).tobytes()))


def encoded(bitmap: BitMap64) -> bytes:
    """A set as stored in a file: in Roaring's portable format, or as an array of 32-bit numbers."""
    if _is_sparse(bitmap):
        ids = np.array(bitmap.to_array(), dtype="<u4")
        return _MAGIC.ljust(_HEAD, b"\0") + ids.tobytes()
    bitmap.run_optimize()
    return bitmap.serialize()


def decoded(blob: bytes) -> Members:
    try:
        if blob.startswith(_MAGIC):
            return SparseSet(np.frombuffer(blob, dtype="<u4", offset=_HEAD))
        return BitMap64.deserialize(blob)
    except (ValueError, TypeError, MemoryError, IndexError, OverflowError):
        raise DamagedStoreError("a set in the store of marks is damaged; restore the file from a backup.") from None


def as_bitmap(members: Members) -> BitMap64:
    return members.bitmap() if isinstance(members, SparseSet) else members


def ids_in(members: Members) -> npt.NDArray[np.uint64]:
    """The ids of a set, ascending."""
    if isinstance(members, SparseSet):
        return members.ids.astype(np.uint64)
    return np.frombuffer(members.to_array(), np.uint64)


def decoded_bitmap(blob: bytes) -> BitMap64:
    return as_bitmap(decoded(blob))


def kept_form(members: Members) -> Members:
    """The representation that takes less memory."""
    if isinstance(members, BitMap64) and _is_sparse(members):
        return SparseSet(np.array(members.to_array(), dtype=np.uint32))
    return members


def bytes_of(members: Members) -> int:
    """The approximate size in memory in bytes: the contents, and the overhead of each container of a bitmap."""
    if isinstance(members, SparseSet):
        return members.ids.nbytes
    stats: Any = members.get_statistics()
    contents = sum(stats[f"n_bytes_{kind}_containers"] for kind in ("array", "run", "bitset"))
    return int(contents + 64 * stats["n_containers"])


def _is_sparse(bitmap: BitMap64) -> bool:
    stats = bitmap.get_statistics()
    count = stats["cardinality"]
    return 64 < count < _FEW * stats["n_containers"] and stats["max_value"] < NAMED
