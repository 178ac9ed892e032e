"""The state of every source, from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from footfall.collect.asking import ASKED
from footfall.lake import Collected, Scope, Snapshot, Span, reach_of
from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, Grain, Window, ceil, floor, merge
from footfall.sources import Source


@dataclass(frozen=True)
class SourceStatus:
    """The state of one table of one source, from the ledger alone."""

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
    """Windows with rejected lines."""
    unreachable: str = ""
    """Why the source could not be asked last time."""
    gone: tuple[Entry, ...] = ()
    """Windows that upstream no longer has; their stored data still counts."""
    nothing_since: datetime | None = None
    """From here on upstream had no data when it was last queried, for at least one whole day."""
    last_collected_at: datetime | None = None
    """When something was last stored."""
    last_run_at: datetime | None = None
    """When the last run learned anything, even if only that upstream has no data."""

    @property
    def rejected(self) -> int:
        return sum(entry.rejected for entry in self.refused)


def status(sources: Mapping[str, Source], snapshot: Snapshot, now: datetime) -> list[SourceStatus]:
    """The state of every table of every source; a table never collected has no `fresh_until`."""
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
    last = max(total.last_collected_at for total in totals)
    last_run = max([last, *(e.observed_at for e in (*collected.noted, *collected.gone) if e.observed_at)])
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
        gone=collected.gone,
        nothing_since=_nothing_since(collected, reach.fresh_until, last_run),
        last_collected_at=last,
        last_run_at=last_run,
    )


def _nothing_since(collected: Collected, fresh_until: datetime | None, last_run_at: datetime) -> datetime | None:
    """Where the collected data ends, if upstream was queried more than a day later and had no more."""
    if fresh_until is None:
        return None
    ends = {scope: max(span.end for span in spans) for scope, spans in collected.spans.items() if spans}
    late = {scope for scope, end in ends.items() if end == fresh_until}
    missing = (e for e in collected.noted if e.status is Status.MISSING and Scope(e.source, e.scope) in late)
    spans = merge(e.window for e in missing)
    end = next((span.end for span in spans if span.start <= fresh_until < span.end), fresh_until)
    return fresh_until if min(end, last_run_at) - fresh_until > timedelta(days=1) else None


def _whole_days(span: Span) -> Window:
    """The days that the span overlaps; `fresh_until` shows how much of today was read."""
    return Window(floor(Grain.DAY, span.start), ceil(Grain.DAY, span.end))
