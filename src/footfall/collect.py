"""Collect: what sources offer, compared with the ledger, fetched, and committed batch by batch."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from footfall.errors import SourceError
from footfall.lake import Collected, Cursor, Lake, Snapshot, Span, reach_of
from footfall.lake.maintain import compact
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import ALL_TIME, EPOCH, Grain, Window, ceil, floor, merge
from footfall.sources import Batch, Offer, Source

ASKED = Window(EPOCH, EPOCH)
"""The window of a ledger entry about asking the source itself: it covers nothing."""


@dataclass(frozen=True)
class Plan:
    """What is to be fetched, what is known not to be there, and how much stands as it is."""

    wanted: tuple[Offer, ...]
    missing: tuple[Entry, ...]
    """News only: windows that were not known to be missing for this reason."""
    unchanged: int


def plan(source: str, offers: Iterable[Offer], known: Sequence[Entry], window: Window, now: datetime) -> Plan:
    """Compare offers with the ledger: pure, so that any clock and any history can be tried.

    An offer within `window` is wanted when it was never collected, was provisional, failed last time, or looks different.
    """
    latest, stored = _by_window(known)
    wanted: list[Offer] = []
    missing: list[Entry] = []
    unchanged = 0
    for offer in offers:
        if not offer.window.overlaps(window):
            continue
        key = (offer.table, offer.scope, offer.window)
        last, success = latest.get(key), stored.get(key)
        if offer.missing:
            if last is None or last.status is not Status.MISSING or last.reason != offer.missing:
                missing.append(
                    Entry(
                        source,
                        offer.table,
                        offer.scope,
                        offer.window,
                        Status.MISSING,
                        min(offer.window.end, now),
                        reason=offer.missing,
                    )
                )
            else:
                unchanged += 1
        elif (
            last is None
            or success is None
            or last.status is not Status.COMPLETE
            or not offer.fingerprint
            or offer.fingerprint != success.fingerprint
        ):
            wanted.append(offer)
        else:
            unchanged += 1
    return Plan(tuple(wanted), tuple(missing), unchanged)


def _by_window(
    known: Sequence[Entry],
) -> tuple[dict[tuple[str, str, Window], Entry], dict[tuple[str, str, Window], Entry]]:
    """The newest entry of each window, and the newest successful one."""
    latest: dict[tuple[str, str, Window], Entry] = {}
    stored: dict[tuple[str, str, Window], Entry] = {}
    for entry in sorted(known, key=lambda e: e.observed_at or EPOCH.replace(year=1)):
        key = (entry.table, entry.scope, entry.window)
        latest[key] = entry
        if entry.is_success:
            stored[key] = entry
    return latest, stored


@dataclass
class SourceSummary:
    """What collecting one source came to."""

    source: str
    windows: int = 0
    """Windows that were to be fetched."""
    outcomes: Counter[Status] = field(default_factory=Counter)
    unchanged: int = 0
    rows: int = 0
    rejected: int = 0
    bytes: int = 0
    seconds: float = 0.0
    notes: list[Entry] = field(default_factory=list)
    """Outcomes that somebody should read: failures, refused lines, oddities."""
    error: str = ""
    """Why the source could not be collected at all; what was stored before stands."""

    @property
    def complete(self) -> int:
        return self.outcomes[Status.COMPLETE]

    @property
    def provisional(self) -> int:
        return self.outcomes[Status.PROVISIONAL]

    @property
    def missing(self) -> int:
        return self.outcomes[Status.MISSING]

    @property
    def failed(self) -> int:
        return self.outcomes[Status.FAILED]

    def add(self, entries: Iterable[Entry], has_news: bool = True) -> None:
        """Count outcomes; a success without news only says that what is stored still stands."""
        for entry in entries:
            if entry.is_success and not has_news:
                self.unchanged += 1
                continue
            self.outcomes[entry.status] += 1
            self.rows += entry.rows
            self.rejected += entry.rejected
            if entry.reason and entry.status not in (Status.MISSING, Status.RETIRED):
                self.notes.append(entry)


@dataclass(frozen=True)
class Summary:
    """What one run of collecting came to, source by source."""

    sources: tuple[SourceSummary, ...]
    is_dry_run: bool = False


class Watcher(Protocol):
    """Somebody who watches collecting go on; told by whichever thread fetches, before what it tells of is stored."""

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...


class _Nobody:
    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...


def collect(
    lake: Lake,
    sources: Mapping[str, Source],
    *,
    now: Callable[[], datetime],
    window: Window = ALL_TIME,
    is_dry_run: bool = False,
    watch: Watcher | None = None,
) -> Summary:
    """Collect `sources` one after the other. One that cannot be reached does not stop the others."""
    watch = watch or _Nobody()
    done = []
    for source in sources.values():
        summary = SourceSummary(source.name)
        started = time.monotonic()
        try:
            _collect_one(lake, source, summary, now, window, is_dry_run, watch)
        except SourceError as error:
            summary.error = str(error)
            if not is_dry_run:
                _record_asking(lake, source, Status.FAILED, now(), str(error))
        summary.seconds = time.monotonic() - started
        watch.finish(summary)
        done.append(summary)
    return Summary(tuple(done), is_dry_run)


def _collect_one(
    lake: Lake,
    source: Source,
    summary: SourceSummary,
    now: Callable[[], datetime],
    window: Window,
    is_dry_run: bool,
    watch: Watcher,
) -> None:
    known = lake.known(source.name)
    began = max((e.observed_at for e in known if e.observed_at), default=EPOCH)
    of_windows = [entry for entry in known if entry.window != ASKED]
    todo = plan(source.name, source.offers(of_windows, now()), of_windows, window, now())
    summary.windows, summary.unchanged = len(todo.wanted), todo.unchanged
    summary.add(todo.missing)
    size = sum(offer.size for offer in todo.wanted)
    watch.start(source.name, len(todo.wanted), size)
    if is_dry_run:
        summary.bytes = size
        return

    def tell(*, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        summary.bytes += bytes
        watch.advance(windows=windows, bytes=bytes, note=note)

    lake.record(todo.missing)
    stored = []
    sound = {key: entry for key, entry in _by_window(of_windows)[1].items() if entry.status is Status.COMPLETE}
    batches = source.fetch(todo.wanted, tell)
    try:
        for batch in batches:
            _store(lake, source.name, batch, sound)
            stored += [entry for entry in batch.outcomes if entry.is_success]
            summary.add(batch.outcomes, has_news=batch.rows is not None or bool(batch.replaces))
    finally:
        if isinstance(batches, Generator):  # which may be fetching more at this moment
            batches.close()
    lake.record(_contested(lake, source.name, stored, began))
    if any(entry.window == ASKED and entry.status is Status.FAILED for entry in known):
        _record_asking(lake, source, Status.COMPLETE, now())
    for table in source.tables:
        refresh(lake, table)
        compact(lake, table)
    compact(lake, LEDGER)


def _store(lake: Lake, source: str, batch: Batch, sound: Mapping[tuple[str, str, Window], Entry]) -> None:
    """Rows and cursor first, the ledger after: a crash between them leaves work to repeat, never a wrong claim.

    What the ledger calls sound is doubted before it is restated: else a crash would leave the old claim beside the new
    rows, and it would be believed should the source (or a setting) go back to how it was.
    """
    if batch.replaces or batch.rows is not None:
        lake.record([replace(entry, fingerprint="", observed_at=None) for entry in _restated(batch, sound)])
        lake.commit(
            batch.table,
            batch.rows,
            replaces=batch.replaces,
            scope=batch.scope,
            cursor=Cursor(f"{source}/{batch.table.name}/{batch.scope}", batch.position),
            is_sorted=batch.is_sorted,
        )
    lake.record(batch.outcomes)


def _restated(batch: Batch, sound: Mapping[tuple[str, str, Window], Entry]) -> Iterator[Entry]:
    for outcome in batch.outcomes:
        entry = sound.get((outcome.table, outcome.scope, outcome.window))
        if outcome.is_success and entry and entry.fingerprint and entry.fingerprint != outcome.fingerprint:
            yield entry


def _contested(lake: Lake, source: str, stored: Sequence[Entry], since: datetime) -> list[Entry]:
    """Windows that another collector stated otherwise meanwhile, each to be read again next time.

    Two may read a window before and after it was restated, and commit in the other order: then the ledger would vouch
    for rows that are not there. Who is done last sees what the other recorded.
    """
    if not stored:
        return []
    said: dict[tuple[str, str, Window], set[str]] = defaultdict(set)
    for entry in lake.learnt(source, since):
        if entry.is_success and entry.fingerprint:
            said[entry.table, entry.scope, entry.window].add(entry.fingerprint)
    reason = "another process collected it at the same time and found it different; it is read again next time"
    return [
        replace(entry, fingerprint="", observed_at=None, reason=reason)
        for entry in stored
        if len(said[entry.table, entry.scope, entry.window] | {entry.fingerprint}) > 1
    ]


def _record_asking(lake: Lake, source: Source, status: Status, now: datetime, reason: str = "") -> None:
    lake.record([Entry(source.name, source.tables[0].name, "", ASKED, status, now, reason=reason)])


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


def status(sources: Iterable[Source], snapshot: Snapshot, now: datetime) -> list[SourceStatus]:
    """How every table of every source stands; a table never collected has no `fresh_until`."""
    return [
        _status_of(source.name, table.name, snapshot.collected(table.name).of_source(source.name), now)
        for source in sources
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
