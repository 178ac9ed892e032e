"""How far a table was collected, according to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.lake.collected import Collected, Scope
from footfall.periods import Window, merge, subtract


@dataclass(frozen=True)
class Reach:
    """The collected time of each scope, and retired scopes."""

    by_scope: Mapping[Scope, Sequence[Window]]
    left: frozenset[Scope]

    @property
    def fresh_until(self) -> datetime | None:
        """Every active scope was collected up to this time; every scope if none is active."""
        asked_for = [windows for scope, windows in self.by_scope.items() if scope not in self.left]
        of_all = asked_for or list(self.by_scope.values())
        return min((max(w.end for w in windows) for windows in of_all), default=None)

    @property
    def gaps(self) -> list[Window]:
        """Gaps between the first and the last collected time, of any scope."""
        return merge(
            gap
            for windows in self.by_scope.values()
            for gap in subtract(Window(min(w.start for w in windows), max(w.end for w in windows)), windows)
        )


def reach_of(collected: Collected) -> Reach:
    """The reach of a table. A retired scope counts as gone unless something later was collected for it."""
    by_scope = {scope: [span.window for span in spans] for scope, spans in collected.spans.items() if spans}
    return Reach(by_scope, frozenset(collected.retired))
