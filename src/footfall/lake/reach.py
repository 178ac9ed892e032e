"""How far the collection of a table reaches, by what the ledger says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.lake.collected import Collected, Scope
from footfall.periods import Window, merge, subtract


@dataclass(frozen=True)
class Reach:
    """What was collected of each scope, and which scopes are no longer asked for."""

    by_scope: Mapping[Scope, Sequence[Window]]
    left: frozenset[Scope]

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


def reach_of(collected: Collected) -> Reach:
    """The reach of a table. A scope that was retired has left unless something later was collected of it."""
    by_scope = {scope: [span.window for span in spans] for scope, spans in collected.spans.items() if spans}
    return Reach(by_scope, frozenset(collected.retired))
