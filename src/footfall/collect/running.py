"""A collecting run: each source is asked for its offers, and what is new is fetched and committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from traceback import format_exception

from footfall.collect.asking import record_asking
from footfall.collect.buffer import Buffer, HoldBack
from footfall.collect.choice import choose
from footfall.collect.contest import contested
from footfall.collect.entries import Clerk
from footfall.collect.knowing import known_to
from footfall.collect.parts import Part, PartDone, Split, Telling, by_month, can_split
from footfall.collect.summary import SourceSummary, Summary, Unwatched, Watcher
from footfall.concealing import concealed
from footfall.errors import ConflictError, FootfallError, LakeError, SourceError
from footfall.jobs import Task, run_jobs
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.lake.disclaiming import disclaim_behind
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Key, Known, Status
from footfall.periods import ALL_TIME, EPOCH, Window
from footfall.sources import Batch, End, Offer, Outcome, Source
from footfall.tables import Replace, Table

COMMITS_UNTIDIED = 20
ENTRIES_UNTIDIED = 1_000
"""How many entries a run adds to the ledger before it checks whether to compact it; the check reads the ledger's log."""

_INSTANT = timedelta(microseconds=1)
GONE = "upstream no longer has it; stored data still counts"
FORGOTTEN = "the source did not report an outcome for this window; this is a bug in the source"


@dataclass(frozen=True)
class Asked:
    """The options of a run."""

    window: Window = ALL_TIME
    """Only offers that overlap it are considered."""
    is_recheck: bool = False
    """Whether everything in the window is fetched, changed or not."""
    is_dry_run: bool = False
    set_up: frozenset[str] = frozenset()
    """The names of all configured sources."""
    bounds: HoldBack = field(default_factory=HoldBack)
    split: Split | None = None
    """How the run is shared by several processes; None if it is not."""


def collect(
    lake: Lake,
    sources: Mapping[str, Source],
    *,
    now: Callable[[], datetime],
    window: Window = ALL_TIME,
    is_dry_run: bool = False,
    is_recheck: bool = False,
    set_up: Iterable[str] = (),
    watch: Watcher | None = None,
    bounds: HoldBack | None = None,
    split: Split | None = None,
) -> Summary:
    """Collect `sources`, each under its name, one after the other. A failing source does not stop
    the others.

    `set_up` are the names of all configured sources, collected now or not.
    """
    asked = Asked(window, is_recheck, is_dry_run, frozenset({*set_up, *sources}), bounds or HoldBack(), split)
    watch = watch or Unwatched()
    done = []
    for name, source in sources.items():
        summary = SourceSummary(name)
        started = time.monotonic()
        try:
            _Run(lake, name, source, summary, now, asked, watch).collect()
        except Exception as error:  # any error; it must not stop the other sources
            if _is_about_all(error):
                raise
            summary.error, summary.trace = said_of(error), concealed("".join(format_exception(error)))
            summary.unexpected = "" if isinstance(error, FootfallError) else type(error).__name__
            if not is_dry_run:
                record_asking(lake, name, source, Status.FAILED, now(), summary.error)
        summary.notes = _by_name(lake, source, summary.notes)
        summary.seconds = time.monotonic() - started
        watch.finish(summary)
        done.append(summary)
    return Summary(tuple(done), is_dry_run)


def _by_name(lake: Lake, source: Source, notes: list[Entry]) -> list[Entry]:
    """The notes, with names instead of ids of scopes."""
    about = {entry.table for entry in notes}
    tables = [table for table in source.tables if table.name in about and table.scope_names]
    if not tables:
        return notes
    snapshot = lake.snapshot(tables)
    known = {name: snapshot.names_in(names).current for name, names in snapshot.scope_names.items()}
    return [replace(entry, scope=known.get(entry.table, {}).get(entry.scope, entry.scope)) for entry in notes]


@dataclass
class _Run:
    """One source, collected once."""

    lake: Lake
    name: str
    source: Source
    summary: SourceSummary
    now: Callable[[], datetime]
    asked: Asked
    watch: Watcher
    stored: list[Entry] = field(default_factory=list)
    commits_untidied: int = 0
    entries_untidied: int = 0
    fault: Exception | None = None
    """Why a part of the source could not be queried; earlier offers are collected."""

    def collect(self) -> None:
        if not self.asked.is_dry_run:
            self.summary.remarks += filter(None, (disclaim_behind(self.lake, table) for table in self.source.tables))
        entries = self.lake.known(self.name)
        began = entries.newest_at
        was_refused = any(entry.status is Status.FAILED for entry in entries.about_asking())
        recheck = self.asked.window if self.asked.is_recheck else None
        known = known_to(self.lake, self.name, self.source, entries, recheck)
        asked_at = self.now()
        self.watch.ask(self.name)
        offers = self._offers(known, asked_at)
        offered = known.within(_touching(offers))
        choice = choose(
            self.name,
            offers,
            offered,
            self.asked.window,
            asked_at,
            is_recheck=self.asked.is_recheck,
        )
        self.summary.windows, self.summary.unchanged = len(choice.wanted), choice.unchanged
        self._sum_up(choice.missing, offered)
        sizes = [offer.size for offer in choice.wanted if offer.size is not None]
        size = sum(sizes) if len(sizes) == len(choice.wanted) else None  # a part of it would be taken for the whole
        self.watch.start(self.name, len(choice.wanted), size or 0)
        if self.asked.is_dry_run:
            self.summary.size = size
            if self.fault is not None:
                raise self.fault
            return
        self.lake.record([*choice.missing, *choice.renewed])
        self.stored += choice.renewed
        if choice.wanted:
            self._fetch_wanted(choice.wanted, Clerk(self.name, offered, known, asked_at))
        self.lake.record(contested(self.lake, self.name, self.stored, began))
        if was_refused and self.fault is None:
            record_asking(self.lake, self.name, self.source, Status.COMPLETE, self.now())
        self._tidy()
        if self.fault is not None:
            raise self.fault

    def _sum_up(self, entries: Iterable[Entry], known: Known) -> None:
        """Count outcomes that are new. Data that is stored but gone upstream is also reported."""
        for entry in entries:
            self.summary.add([entry])
            if entry.status is Status.MISSING and known.stored(entry.table, entry.scope, entry.window) is not None:
                self.summary.notes.append(replace(entry, reason=f"{GONE} ({entry.reason})"))

    def _offers(self, known: Known, now: datetime) -> list[Offer]:
        offers = []
        try:
            for offer in self.source.offers(known, now):
                offers.append(offer)  # noqa: PERF402 - those before a fault are kept
        except Exception as error:
            if not offers or _is_about_all(error):
                raise
            self.fault = error
        tables = {table.name: table for table in self.source.tables}
        for offer in offers:
            if offer.table not in tables:
                raise SourceError(
                    f"the source {self.name} offers windows of {offer.table!r}, which is none of its tables: "
                    f"{', '.join(tables)}."
                )
            rule = tables[offer.table].rule
            if offer.scope and isinstance(rule, Replace) and not rule.scope:
                raise SourceError(
                    f"the source {self.name} offers {offer.table} by scope ({offer.scope!r}), and the table does not say "
                    'which column holds it; declare rule=Replace(scope="column").'
                )
        self._check_holders(tables, known, offers)
        return offers

    def _check_holders(self, tables: Mapping[str, Table], known: Known, offers: Sequence[Offer]) -> None:
        """Two sources that collect the same scope would overwrite each other."""
        fresh = {(offer.table, offer.scope) for offer in offers} - known.scopes
        for name in sorted({table for table, _ in fresh if isinstance(tables[table].rule, Replace)}):
            collected = self.lake.snapshot([]).collected(name)
            for held in collected.totals.keys() - collected.retired:
                if held.source != self.name and held.source in self.asked.set_up and (name, held.name) in fresh:
                    of_scope = f"{held.name!r} in {name}" if held.name else f"the table {name}"
                    raise SourceError(
                        f"the source {self.name} would collect {of_scope}, which the source {held.source} collects already; "
                        "leave it to one of them."
                    )

    def _fetch_wanted(self, wanted: Sequence[Offer], clerk: Clerk) -> None:
        """In this process, or where it was asked for and the source allows it, by several."""
        split = self.asked.split
        parts = by_month(wanted, split.jobs) if split and can_split(self.source) else []
        if split is None or len(parts) < 2:
            self._fetch(wanted, clerk)
            return
        asked = [Part(split.open, self.name, part, clerk.asked_at, self.asked.bounds) for part in parts]
        done, failures = run_jobs([Task(collect_part, (each,)) for each in asked], lambda news: self._tell(**news))
        for part in done:
            self.summary.merge(part.summary)
            self.stored += part.stored
        if failures:
            raise failures[0]

    def _fetch(self, wanted: Sequence[Offer], clerk: Clerk) -> None:
        on_stored = partial(self._on_stored, known=clerk.offered)
        buffer = Buffer(self.lake, clerk, self.source.tables, on_stored, self.asked.bounds)
        answered: set[Key] = set()
        batches = self.source.fetch(wanted, self._tell)
        try:
            for batch in batches:
                answered.update(_key(outcome.offer) for outcome in batch.outcomes)
                buffer.add(batch)
        except Exception:
            buffer.flush()  # batches before the error are complete
            raise
        finally:
            if isinstance(batches, Generator):  # which may still be fetching at this moment
                batches.close()
        forgotten = [offer.failed(FORGOTTEN) for offer in wanted if _key(offer) not in answered]
        buffer.add(Batch(forgotten))
        buffer.flush()

    def _tell(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        self.summary.bytes += bytes
        self.watch.advance(windows=windows, bytes=bytes, note=note)

    def _on_stored(self, learnt: Sequence[tuple[Outcome, tuple[Entry, ...]]], known: Known) -> None:
        for outcome, (entry, *_) in learnt:
            if outcome.end is End.UNCHANGED and entry.is_success:
                self.summary.unchanged += 1
            else:
                self._sum_up([entry], known)
            if entry.is_success:
                self.stored.append(entry)
        self._keep_ledger_small(len(learnt))

    def _keep_ledger_small(self, recorded: int) -> None:
        """Compact the ledger during long runs."""
        self.commits_untidied += 1
        self.entries_untidied += recorded
        if self.commits_untidied >= COMMITS_UNTIDIED or self.entries_untidied >= ENTRIES_UNTIDIED:
            self.commits_untidied = self.entries_untidied = 0
            compact(self.lake, LEDGER)

    def _tidy(self) -> None:
        for table in self.source.tables:
            refresh(self.lake, table)
            compact(self.lake, table)
        self.lake.vouch(table.name for table in self.source.tables)
        compact(self.lake, LEDGER)


def collect_part(part: Part, *, tell: Callable[[object], None]) -> PartDone:
    """Fetch and commit the windows of one part; called in the process of a job."""
    lake, source = part.open(part.source)
    known = known_to(lake, part.source, source, lake.known(part.source))
    clerk = Clerk(part.source, known.within(_touching(part.offers)), known, part.asked_at)
    summary, watch = SourceSummary(part.source), Telling(tell)
    run = _Run(lake, part.source, source, summary, lake.now, Asked(bounds=part.bounds), watch)
    run._fetch(part.offers, clerk)
    watch.flush()
    return PartDone(summary, run.stored)


def _is_about_all(error: Exception) -> bool:
    """Whether the error affects all sources: the lake is unavailable, or the user interrupted the run."""
    if _is_interruption(error):
        raise KeyboardInterrupt from error
    return isinstance(error, LakeError) and not isinstance(error, ConflictError)


def _is_interruption(error: BaseException) -> bool:
    """Whether the user interrupted the run, reported directly, by DuckDB, or by an error during shutdown."""
    if isinstance(error, RuntimeError) and "Query interrupted" in str(error):
        return True
    before = error.__context__
    return before is not None and (isinstance(before, KeyboardInterrupt) or _is_interruption(before))


def said_of(error: Exception) -> str:
    """An error in one sentence without secrets; a bug also names its type."""
    if isinstance(error, FootfallError):
        return concealed(str(error))
    return concealed(f"an unexpected error in the source ({type(error).__name__}: {error}); use -vv for the traceback.")


def _touching(offers: Sequence[Offer]) -> Window:
    """A short span of time that overlaps each of the offered windows: not all of history, even if one of them covers
    all time."""
    if not offers:
        return Window(EPOCH, EPOCH)
    last_start = max(offer.window.start for offer in offers)
    first_end = min(offer.window.end for offer in offers)
    return Window(min(first_end - _INSTANT, last_start), last_start + _INSTANT)


def _key(offer: Offer) -> Key:
    return offer.table, offer.scope, offer.window
