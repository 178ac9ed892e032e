"""Landings: when each commit arrived on the first-parent chain of a history's head, and how long that takes.

A commit on that chain (the head, its first parent, that one's first parent …) landed when it was committed. Any other
commit landed with the earliest of these that has it in its history: the merge that brought it in. This matches
`git log --first-parent`, and the past state of the branch, as long as others are merged into it and not the other way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

Graph = Mapping[bytes, tuple[tuple[bytes, ...], int | None]]
"""For each commit its parents, first parent first, and its committer second; None if that cannot be read."""

SHARE = 0.99
"""The share of commits that have landed when the lag is over."""
_PAST = 3 * 365 * 86_400
"""How many seconds before the newest landing are used to estimate the lag."""


def landings(graph: Graph, head: bytes) -> dict[bytes, int]:
    """The second at which each commit in the history of `head` landed, if that can be read.

    >>> landings({b"m": ((b"a", b"b"), 30), b"b": ((b"a",), 20), b"a": ((), 10)}, b"m")
    {b'a': 10, b'm': 30, b'b': 30}
    """
    landed: dict[bytes, int] = {}
    for commit in reversed(first_parents(graph, head)):
        parents, second = graph[commit]
        if second is not None:
            landed[commit] = second
        waiting = list(parents[1:])
        while waiting:
            brought = waiting.pop()
            if brought in landed or brought not in graph:
                continue
            more, own = graph[brought]
            at = own if second is None else second
            if at is not None:
                landed[brought] = at
            waiting += more
    return landed


def first_parents(graph: Graph, head: bytes) -> list[bytes]:
    """The head, its first parent, and so on, as far as the graph goes."""
    found = []
    next_ones: tuple[bytes, ...] = (head,)
    while next_ones and next_ones[0] in graph:
        found.append(next_ones[0])
        next_ones = graph[next_ones[0]][0]
    return found


def lag_of(graph: Graph, landed: Mapping[bytes, int]) -> timedelta:
    """Whole days until SHARE of the commits had landed, among those that landed in the last three years of the history.

    >>> lag_of({b"m": ((b"a", b"b"), 200_000), b"b": ((b"a",), 100), b"a": ((), 10)}, {b"a": 10, b"b": 200_000})
    datetime.timedelta(days=3)
    """
    newest = max(landed.values(), default=0)
    seconds = ((landed[commit], own) for commit, (_, own) in graph.items() if own is not None and commit in landed)
    taken = sorted(max(0, at - own) for at, own in seconds if at > newest - _PAST)
    if not taken:
        return timedelta()
    return timedelta(days=-(-taken[min(int(len(taken) * SHARE), len(taken) - 1)] // 86_400))
