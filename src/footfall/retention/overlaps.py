"""How many actors are in both of two sets, for every pair of a table of them.

Roaring bitmaps answer one pair in microseconds where ids are dense, and in milliseconds where each id has a container
to itself. Then the ids are ranked once: sorted together, each becomes its number among all that occur, and the sets
become rows of a small matrix of bits, of which a pair costs microseconds again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from footfall.stopping import check_stopped
from footfall.stores.members import Members, SparseSet, as_bitmap, ids_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.stores.ids import Ids

_IDS_PER_CONTAINER_PAIR = 6
"""Ranking an id costs half as much as looking into three pairs of containers: measured, ids below 2^20 to 2^32."""
_MOST_IDS = 1 << 25
"""More ids than these are not ranked: they would take more than 256 MiB."""
_MOST_CELLS = 1 << 22
"""Of a matrix before its cells become bits: the working memory stays near the processor."""
_ASKED = 6
"""SetReader that are asked how many containers they have, for all of them."""
_SAMPLE = 256
"""Every which id says how the ids are spread."""


def overlaps(rows: Sequence[Members], columns: Sequence[Members], spans: Sequence[range]) -> list[list[int]]:
    """|rows[i] ∩ columns[j]| for each j of spans[i]; a set that is a row and a column is best the same object."""
    sets = {id(each): each for each in (*rows, *columns)}
    if not _is_sparse(list(sets.values()), sum(map(len, spans))):
        bitmaps = {key: as_bitmap(each) for key, each in sets.items()}
        others = [bitmaps[id(column)] for column in columns]
        counted = []
        for row, span in zip(rows, spans, strict=True):
            check_stopped()
            counted.append([bitmaps[id(row)].intersection_cardinality(others[j]) for j in span])
        return counted
    place = {key: n for n, key in enumerate(sets)}
    at = np.array([place[id(column)] for column in columns])
    counts = [np.zeros(len(span), np.int64) for span in spans]
    for bits in _bit_matrices([ids_in(each) for each in sets.values()]):
        for row, span, count in zip(rows, spans, counts, strict=True):
            check_stopped()
            shared = bits[place[id(row)]] & bits[at[span.start : span.stop]]
            count += np.bitwise_count(shared).sum(axis=1, dtype=np.int64)
    return [count.tolist() for count in counts]


def _is_sparse(sets: Sequence[Members], pairs: int) -> bool:
    """Whether looking into containers, pair by pair, would cost more than ranking all ids once."""
    ids = sum(map(len, sets))
    if not 0 < ids <= _MOST_IDS or max(each.max() for each in sets if each) >> (64 - len(sets).bit_length()):
        return False
    # Walking through the containers of all sets would cost a tenth of the answer.
    asked = sets[:: -(-len(sets) // _ASKED)]
    containers = sum(map(_containers, asked)) / len(asked)
    return bool(pairs * containers * _IDS_PER_CONTAINER_PAIR > ids)


def _containers(members: Members) -> int:
    if isinstance(members, SparseSet):
        return len(members)
    return int(members.get_statistics()["n_containers"])


def _bit_matrices(sets: Sequence[Ids]) -> Iterator[npt.NDArray[np.uint64]]:
    """The same sets as matrices of bits, a row a set; each matrix is about another range of ids."""
    parts = -(-sum(map(len, sets)) * len(sets) // _MOST_CELLS)
    sample = np.sort(np.concatenate([ids[::_SAMPLE] for ids in sets]))
    edges = sample[[len(sample) * n // parts for n in range(1, parts)]]
    cuts = [np.concatenate(([0], np.searchsorted(ids, edges), [len(ids)])) for ids in sets]
    for n in range(parts):
        yield _bit_matrix([ids[cut[n] : cut[n + 1]] for ids, cut in zip(sets, cuts, strict=True)])


def _bit_matrix(sets: Sequence[Ids]) -> npt.NDArray[np.uint64]:
    """Bit r of row n: whether the r-th of all ids that occur is in set n."""
    low = np.uint64(len(sets).bit_length())
    keys = np.concatenate([(ids << low) | np.uint64(n) for n, ids in enumerate(sets)])
    keys.sort(kind="stable")  # merges sorted runs, four times as fast here as the default
    ids = keys >> low
    rank = np.zeros(len(keys), np.intp)
    np.cumsum(ids[1:] != ids[:-1], out=rank[1:])
    width = -(-(len(keys) and int(rank[-1]) + 1) // 64) * 64
    members = np.zeros(len(sets) * width, np.uint8)
    members[(keys & ((np.uint64(1) << low) - np.uint64(1))).astype(np.intp) * width + rank] = 1
    return np.packbits(members.reshape(len(sets), width), axis=1).view(np.uint64)
