"""The sizes of the intersections of many pairs of sets.

With Roaring bitmaps a pair takes microseconds if ids are dense, and up to a millisecond if they are sparse. In that
case the ids are ranked once: each is replaced by its position among all that occur, and the sets become rows of a
small bit matrix, in which a pair takes microseconds again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from footfall.stopping import check_stopped
from footfall.stores.ids import NAMED
from footfall.stores.members import Members, SparseSet, as_bitmap, ids_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.stores.ids import Ids

_RANKED_ID, _RANKED_PAIR = 7.0, 0.011
"""Measured costs in nanoseconds: to rank an id; and for a pair of ranked sets, per id of all sets."""
_CONTAINER, _LISTED_ID, _BITSET = 65.0, 0.6, 100.0
"""The same for a pair of Roaring bitmaps, per container, per id in an array container, and per bitset container."""
_MOST_IDS = 1 << 25
"""Above this number, ids are not ranked: it would take more than 256 MiB."""
_CELLS = 1 << 22
"""The approximate number of cells of a matrix before packing into bits: the working memory stays in the CPU cache."""
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
    of_pair = sum(map(_cost_of_pair, asked)) / len(asked)
    return bool(pairs * of_pair > ids * (_RANKED_ID + pairs * _RANKED_PAIR))


def _cost_of_pair(members: Members) -> float:
    if isinstance(members, SparseSet):
        return len(members) * (_CONTAINER + _LISTED_ID)
    of = members.get_statistics()
    listed = _LISTED_ID * int(of["n_values_array_containers"])
    return _CONTAINER * int(of["n_containers"]) + listed + _BITSET * int(of["n_bitset_containers"])


def _bit_matrices(sets: Sequence[Ids | npt.NDArray[np.uint32]]) -> Iterator[npt.NDArray[np.uint64]]:
    """The sets as bit matrices with a row per set; each matrix covers a different range of ids."""
    parts = -(-sum(map(len, sets)) * len(sets) // _CELLS)
    sample = np.sort(np.concatenate(list(_sampled(sets))))
    edges = sample[[len(sample) * n // parts for n in range(1, parts)]]
    cuts = np.array([np.concatenate(([0], np.searchsorted(ids, edges), [len(ids)])) for ids in sets])
    first, last = (f(int(ids[end]) for ids in sets if len(ids)) for f, end in ((min, 0), (max, -1)))
    widest = max(stop - start for start, stop in pairwise([first, *edges.tolist(), last]))
    is_narrow = widest < 1 << (32 - len(sets).bit_length())
    sizes = np.diff(cuts).sum(axis=0)
    ranking = _Ranking(len(sets), int(sizes.max()), np.uint32 if is_narrow else np.uint64)
    for n in np.flatnonzero(sizes):
        yield ranking.bits([ids[cut[n] : cut[n + 1]] for ids, cut in zip(sets, cuts, strict=True)])


def _sampled(sets: Sequence[npt.NDArray[Any]]) -> Iterator[npt.NDArray[Any]]:
    """Every n-th id of all sets, in the order of the sets."""
    skipped = 0
    for ids in sets:
        yield ids[-skipped % _SAMPLE :: _SAMPLE]
        skipped += len(ids)


class _Ranking:
    """Ranks one range of ids after another in the same memory: fresh memory would cost as much as the work itself."""

    def __init__(self, sets: int, most: int, form: type[np.uint32 | np.uint64]) -> None:
        """`most` is the largest number of ids in a range; 32-bit keys sort twice as fast, but must be distinct."""
        self._sets, self._low, self._form = sets, form(sets.bit_length()), form
        self._keys, self._ids, self._places = np.empty(most, form), np.empty(most, form), np.empty(most, np.intp)
        self._is_new = np.zeros(most, np.bool_)
        self._cells = np.empty(0, np.bool_)

    def bits(self, sets: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.uint64]:
        """A bit matrix: bit r of row n says whether the r-th of all occurring ids is in set n."""
        keys, form = self._joined(sets), self._form
        keys.sort()
        ids = np.right_shift(keys, self._low, out=self._ids[: len(keys)])
        np.not_equal(ids[1:], ids[:-1], out=self._is_new[1 : len(keys)])
        places = np.cumsum(self._is_new[: len(keys)], out=self._places[: len(keys)])
        width = -(-(int(places[-1]) + 1) // 64) * 64
        keys &= (form(1) << self._low) - form(1)
        keys *= form(width)
        np.add(places, keys, out=places, dtype=np.intp, casting="unsafe")
        if len(self._cells) < self._sets * width:
            self._cells = np.empty(self._sets * width, np.bool_)
        cells = self._cells[: self._sets * width]
        cells.fill(False)
        cells[places] = True
        return np.packbits(cells.reshape(self._sets, width), axis=1).view(np.uint64)

    def _joined(self, sets: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The ids of all sets, each with the number of its set in the low bits; high bits that do not fit are cut off."""
        end = 0
        for n, ids in enumerate(sets):
            part = self._keys[end : end + len(ids)]
            np.left_shift(ids, self._low, out=part, casting="unsafe")
            part |= self._form(n)
            end += len(ids)
        return self._keys[:end]
