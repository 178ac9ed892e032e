"""Events and their counts by hour → the rows of the table of launches, summed and in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.sources.binder.buffers import codes, integers, numbers, texts
from footfall.sources.binder.names import GISTS_SINCE

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

HOUR = 3_600_000_000
"""Microseconds."""
_FIRST_WITHOUT_GISTS = (GISTS_SINCE - date(1970, 1, 1)).days * 24


@dataclass(frozen=True)
class Found:
    """Events, and the number of launches of each by hour, counted since 1970; in any order."""

    events: pa.Table
    ids: Integers
    """Positions in `events`."""
    hours: Integers
    launches: Integers


def without(midnights: Sequence[int], found: Found) -> Found:
    """Without the days that start at these hours."""
    if not midnights:
        return found
    is_kept = ~np.isin(found.hours // 24 * 24, midnights)
    return Found(found.events, found.ids[is_kept], found.hours[is_kept], found.launches[is_kept])


def _by_rule(found: Sequence[Found]) -> tuple[list[Found], list[bool]]:
    """Split by the rule that names the repositories; whether each part `has_gists` (see `repo_of`)."""
    parts, have_gists = [], []
    for one in found:
        has_gists = one.hours < _FIRST_WITHOUT_GISTS
        for rule in (True, False):
            is_of = has_gists == rule
            if is_of.all():
                parts.append(one)
                have_gists.append(rule)
            elif is_of.any():
                parts.append(Found(one.events, one.ids[is_of], one.hours[is_of], one.launches[is_of]))
                have_gists.append(rule)
    return parts, have_gists


def launch_rows(
    found: Sequence[Found],
    names: Sequence[str],
    repo: Callable[[str, str, bool], str | None],
    member: Callable[[str | None], str],
) -> pa.Table:
    """The launches by hour and `names`, with repository and federation member; sorted by spec and hour.

    All columns but times and counts are codes while they are summed and sorted, which makes this fast. `repo` is called
    with provider, spec, and whether the launch is from the time when GitHub specs included gists.
    """
    found, have_gists = _by_rule(found)
    events = pa.concat_tables([one.events for one in found])
    columns = {name: _coded(events[name]) for name in names}
    rules = np.repeat(np.array(have_gists, np.int64), [one.events.num_rows for one in found])
    rule = _coded(pa.chunked_array([numbers(rules)]))
    kinds, kind_of = _kinds([columns["spec"], columns["provider"], rule, *columns.values()])
    columns = {name: column.take(kinds) for name, column in columns.items()}
    columns["repo"] = _named(
        lambda spec, provider, has_gists: repo(provider, spec, bool(has_gists)),
        columns["spec"],
        columns["provider"],
        rule.take(kinds),
    )
    columns["federation"] = _named(member, columns["origin"])
    starts = np.cumsum([0, *(one.events.num_rows for one in found[:-1])])
    hours = np.concatenate([one.hours for one in found])
    own = np.concatenate([kind_of[one.ids + start] for one, start in zip(found, starts, strict=True)])
    # One number is the sort key of a launch: the rank of its spec, then the hour, then its kind.
    first, span = int(hours.min()), int(hours.max() - hours.min()) + 1
    spec = codes(columns["spec"])
    place = (spec[own] * span + hours - first) * len(kinds) + own
    order = np.argsort(place)
    place = place[order]
    begins = np.flatnonzero(np.diff(place, prepend=-1))
    moments = (place[begins] // len(kinds) % span + first) * HOUR
    chosen = numbers(place[begins] % len(kinds))
    typed = {"version": pa.int64(), "build_token": pa.bool_()}
    return pa.table(
        {
            "hour": numbers(moments).cast(pa.timestamp("us", "UTC")),
            **{
                name: column.take(chosen).cast(typed[name]) if name in typed else column.take(chosen)
                for name, column in columns.items()
            },
            "launches": numbers(np.add.reduceat(np.concatenate([one.launches for one in found])[order], begins)),
        }
    )


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as codes in the order of its values."""
    coded = column.combine_chunks().dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[integers(order)] = np.arange(len(order))
    return pa.DictionaryArray.from_arrays(
        numbers(rank).take(coded.indices).cast(pa.int32()), coded.dictionary.take(order)
    )


def _kinds(columns: Sequence[pa.DictionaryArray]) -> tuple[pa.Int64Array, Integers]:
    """Events with equal values are of one kind: one event for each kind, and the kind of every event."""
    key = np.zeros(len(columns[0]), np.int64)
    size = 1
    for column in columns:
        choices = len(column.dictionary) + 1
        if size * choices > 1 << 62:
            key = np.unique(key, return_inverse=True)[1]
            size = len(key)
        key = key * choices + codes(column)
        size *= choices
    _, kinds, kind_of = np.unique(key, return_index=True, return_inverse=True)
    return numbers(kinds), kind_of


def _named(rule: Callable[..., str | None], *columns: pa.DictionaryArray) -> pa.DictionaryArray:
    """The result of a rule for the values of some columns; it runs once for each distinct combination."""
    kinds, kind_of = _kinds(columns)
    values = [column.take(kinds).dictionary_decode().to_pylist() for column in columns]
    return texts(list(map(rule, *values))).dictionary_encode().take(numbers(kind_of))
