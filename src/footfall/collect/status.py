"""How every source stands, read from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from footfall.collect.asking import ASKED
from footfall.lake import Collected, Snapshot, Span, reach_of
from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, Grain, Window, ceil, floor, merge
from footfall.sources import Source


@dataclass(frozen=True)
class SourceStatus:
    """How one table of one source stands, read from the ledger alone."""

    source: str
    table: str
    scopes: tuple[str, ...] = ()
    first: datetime | None = None
    fresh_until: datetime | None = None
    """Up to this moment every scope was collected; there may be gaps before it."""
    windows: int = 0
    gaps: tuple[Window, ...] = ()
    provisional: tuple[Window, ...] = ()
    failed: tuple[Entry, ...] = ()
    refused: tuple[Entry, ...] = ()
    """Windows of which lines were refused."""
    unreachable: str = ""
    """Why the source itself could not be asked the last time."""
    last_collected_at: datetime | None = None

    @property
    def rejected(self) -> int:
        return sum(entry.rejected for entry in self.refused)


def status(sources: Mapping[str, Source], snapshot: Snapshot, now: datetime) -> list[SourceStatus]:
    """How every table of every source stands; a table never collected has no `fresh_until`."""
    return [
        _status_of(name, table.name, snapshot.collected(table.name).of_source(name), now)
        for name, source in sources.items()
        for table in source.tables
    ]


def _status_of(source: str, table: str, collected: Collected, now: datetime) -> SourceStatus:
    asked = [e for e in collected.noted if e.window == ASKED and e.status is Status.FAILED]
    noted = [e for e in collected.noted if e.window != ASKED]
    blank = SourceStatus(source, table, unreachable=asked[0].reason if asked else "")
    failed = tuple(sorted((e for e in noted if e.status is Status.FAILED), key=lambda e: e.window))
    if not collected.totals:
        return replace(blank, failed=failed)
    reach = reach_of(collected)
    totals = collected.totals.values()
    first = min(total.first for total in totals)
    spans = (span for spans in collected.spans.values() for span in spans)
    return replace(
        blank,
        scopes=tuple(sorted(scope.name for scope in collected.totals)),
        first=None if first == EPOCH else first,
        fresh_until=reach.fresh_until,
        windows=sum(total.windows for total in totals),
        gaps=tuple(reach.gaps),
        provisional=tuple(merge(_whole_days(span) for span in spans if span.is_provisional_at(now))),
        failed=failed,
        refused=tuple(sorted((e for e in noted if e.is_success and e.rejected), key=lambda e: e.window)),
        last_collected_at=max(total.last_collected_at for total in totals),
    )


def _whole_days(span: Span) -> Window:
    """The days that the span touches: that today was read until noon is said by how fresh the source is."""
    return Window(floor(Grain.DAY, span.start), ceil(Grain.DAY, span.end))
