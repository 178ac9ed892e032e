"""How far the collection of a table reaches, by what the ledger says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.ledger import Entry, Status
from footfall.periods import Window, merge, subtract


@dataclass(frozen=True)
class Reach:
    """What was collected of each scope, and which scopes nobody asks for any more."""

    by_scope: Mapping[str, Sequence[Window]]
    left: frozenset[str]

    @property
    def fresh_until(self) -> datetime | None:
        """Up to this moment every scope was collected that is still asked for, or every one when none is."""
        asked_for = [windows for scope, windows in self.by_scope.items() if scope not in self.left]
        of_all = asked_for or list(self.by_scope.values())
        return min((max(w.end for w in windows) for windows in of_all), default=None)

    @property
    def gaps(self) -> list[Window]:
        """What is missing between the first and the last of what was collected, of any scope."""
        return merge(
            gap
            for windows in self.by_scope.values()
            for gap in subtract(Window(min(w.start for w in windows), max(w.end for w in windows)), windows)
        )


def reach_of(entries: Iterable[Entry]) -> Reach:
    """The reach of one table, from the newest entry of each window and the newest successful one.

    An entry about asking the source itself has an empty window, and covers nothing. A scope that was retired has left
    unless something later was collected of it.
    """
    entries = [entry for entry in entries if entry.window.start < entry.window.end]
    by_scope: dict[str, list[Window]] = defaultdict(list)
    for entry in entries:
        if entry.is_success:
            by_scope[entry.scope].append(entry.covered)
    left = {
        e.scope
        for e in entries
        if e.status is Status.RETIRED and all(w.end <= e.window.start for w in by_scope.get(e.scope, ()))
    }
    return Reach(dict(by_scope), frozenset(left))
