"""The sizes of the intersections of many pairs of sets.

With Roaring bitmaps a pair takes microseconds if ids are dense, and up to a millisecond if they are sparse. In that
case the ids are ranked once: each is replaced by its position among all that occur, and the sets become rows of a
small bit matrix, in which a pair takes microseconds again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from footfall.stopping import check_stopped
from footfall.stores.ids import NAMED
from footfall.stores.members import Members, SparseSet, as_bitmap, ids_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.stores.ids import Ids

_RANKED_ID = 22.0
_CONTAINER, _LISTED_ID, _BITSET = 30.0, 3.4, 2000.0
"""Measured costs in nanoseconds: to rank an id; and for a pair of sets, per container, per id in an array container,
and per bitset container."""
_MOST_IDS = 1 << 25
"""Above this number, ids are not ranked: it would take more than 256 MiB."""
_MOST_CELLS = 1 << 22
"""The most cells of a matrix before packing into bits: the working memory stays in the CPU cache."""
_ASKED = 6
"""The number of sets sampled to estimate how many containers all of them have."""
_SAMPLE = 256
"""Every n-th id is sampled to estimate the distribution of the ids."""


def overlaps(rows: Sequence[Members], columns: Sequence[Members], spans: Sequence[range]) -> list[list[int]]:
    """|rows[i] ∩ columns[j]| for each j of spans[i]; pass the same object for a set that is both row and column."""
    sets = {id(each): each for each in (*columns, *rows)}
    if not _pays_to_rank(list(sets.values()), sum(map(len, spans))):
        bitmaps = {key: as_bitmap(each) for key, each in sets.items()}
        others = [bitmaps[id(column)] for column in columns]
        counted = []
        for row, span in zip(rows, spans, strict=True):
            check_stopped()
            counted.append([bitmaps[id(row)].intersection_cardinality(others[j]) for j in span])
        return counted
    place = {key: n for n, key in enumerate(sets)}
    at = [place[id(column)] for column in columns]
    counts = [np.zeros(len(span), np.int64) for span in spans]
    for bits in _bit_matrices([_narrow(each) for each in sets.values()]):
        of_columns = bits[: len(at)] if at == list(range(len(at))) else bits[at]
        for row, span, count in zip(rows, spans, counts, strict=True):
            check_stopped()
            shared = bits[place[id(row)]] & of_columns[span.start : span.stop]
            count += np.bitwise_count(shared).sum(axis=1, dtype=np.uint32)
    return [count.tolist() for count in counts]


def _narrow(members: Members) -> Ids | npt.NDArray[np.uint32]:
    """The ids of a set, ascending, in the narrowest type that holds them."""
    if isinstance(members, SparseSet):
        return members.ids
    ids = ids_in(members)
    return ids.astype(np.uint32) if not len(ids) or int(ids[-1]) < NAMED else ids


def _pays_to_rank(sets: Sequence[Members], pairs: int) -> bool:
    """Whether intersecting containers pair by pair would cost more than ranking all ids once."""
    ids = sum(map(len, sets))
    if not 0 < ids <= _MOST_IDS or max(each.max() for each in sets if each) >> (64 - len(sets).bit_length()):
        return False
    # Inspecting the containers of all sets would take a tenth of the total time.
    asked = sets[:: -(-len(sets) // _ASKED)]
    return bool(pairs * sum(map(_cost_of_pair, asked)) / len(asked) > ids * _RANKED_ID)


def _cost_of_pair(members: Members) -> float:
    if isinstance(members, SparseSet):
        return len(members) * (_CONTAINER + _LISTED_ID)
    of = members.get_statistics()
    listed = _LISTED_ID * int(of["n_values_array_containers"])
    return _CONTAINER * int(of["n_containers"]) + listed + _BITSET * int(of["n_bitset_containers"])


def _bit_matrices(sets: Sequence[Ids | npt.NDArray[np.uint32]]) -> Iterator[npt.NDArray[np.uint64]]:
    """The sets as bit matrices with a row per set; each matrix covers a different range of ids."""
    parts = -(-sum(map(len, sets)) * len(sets) // _MOST_CELLS)
    sample = np.sort(np.concatenate([ids[::_SAMPLE] for ids in sets]))
    edges = sample[[len(sample) * n // parts for n in range(1, parts)]]
    cuts = [np.concatenate(([0], np.searchsorted(ids, edges), [len(ids)])) for ids in sets]
    for n in range(parts):
        yield _bit_matrix([ids[cut[n] : cut[n + 1]] for ids, cut in zip(sets, cuts, strict=True)])


def _bit_matrix(sets: Sequence[Ids | npt.NDArray[np.uint32]]) -> npt.NDArray[np.uint64]:
    """A bit matrix: bit r of row n says whether the r-th of all occurring ids is in set n."""
    low, held = len(sets).bit_length(), [ids for ids in sets if len(ids)]
    if not held:
        return np.zeros((len(sets), 1), np.uint64)
    first = min(int(ids[0]) for ids in held)
    is_narrow = max(int(ids[-1]) for ids in held) - first < 1 << (32 - low)
    form = np.uint32 if is_narrow else np.uint64  # 32-bit keys sort twice as fast
    keys = np.concatenate([_keys(ids, first, low, n, form) for n, ids in enumerate(sets)])
    keys.sort()
    ids = keys >> form(low)
    rank = np.zeros(len(keys), np.int32)
    np.cumsum(ids[1:] != ids[:-1], out=rank[1:], dtype=np.int32)
    width = -(-(int(rank[-1]) + 1) // 64) * 64
    keys &= form((1 << low) - 1)
    at = keys.astype(np.intp)
    at *= width
    at += rank
    members = np.zeros(len(sets) * width, np.bool_)
    members[at] = True
    return np.packbits(members.reshape(len(sets), width), axis=1).view(np.uint64)


def _keys(ids: npt.NDArray[Any], first: int, low: int, n: int, form: type[Any]) -> npt.NDArray[Any]:
    """The ids of set n, relative to `first`, each with the number of the set in its low bits."""
    keys: npt.NDArray[Any] = (ids - ids.dtype.type(first)).astype(form, copy=False) if len(ids) else ids.astype(form)
    keys <<= form(low)
    keys |= form(n)
    return keys
