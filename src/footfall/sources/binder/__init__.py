"""Launches of the mybinder.org federation, from its public events archive: one file per day, one line per launch.

How a day is processed: the archive is scanned and every day offered (`archive`); the files of a month are
fetched, read (`reading`), mapped to repository names (`names`) and yielded as one batch. While a batch is
stored, the next one is read, and later days are fetched and started (`ahead`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from footfall.annotations import Annotation, KnownWrong
from footfall.errors import FootfallError
from footfall.ledger import Entry, Status
from footfall.metrics import Metric
from footfall.periods import EPOCH, Window
from footfall.sources import Batch, Context, End, Known, Offer, Outcome, Progress
from footfall.sources.ahead import Stop, ahead, one_ahead
from footfall.sources.binder.archive import (
    Address,
    Archive,
    Facts,
    Folder,
    Look,
    can_tell,
    facts_of,
    fingerprint_of,
    is_news,
    no_file,
    unpacked,
)
from footfall.sources.binder.checking import checks_of
from footfall.sources.binder.names import member_of
from footfall.sources.binder.reading import PARSER_VERSION, File, Reader, Reading
from footfall.sources.binder.scratch import own_folder
from footfall.sources.binder.settings import BinderSettings
from footfall.sources.binder.tables import ANNOTATIONS, KNOWN_WRONG, LAUNCHES, METRICS, launches_table
from footfall.sources.checks import Check
from footfall.sources.naming import ProjectNames
from footfall.tables import Table

__all__ = ["LAUNCHES", "METRICS", "Binder", "BinderSettings", "launches_table", "settles_at"]

MOST_AHEAD = 31
"""Days that are fetched before their month is requested."""


@dataclass(frozen=True)
class _Arrival:
    """An offered day after fetching it: its file, or why there is none."""

    offer: Offer
    asked_at: datetime
    """A moment before the file was read: later data is not covered."""
    file: File | None = None
    facts: Facts = field(default_factory=dict)
    missing: str = ""
    fault: str = ""


class Binder:
    """Launches of mybinder.org and its federation, from the public events archive."""

    measures: ClassVar[tuple[str, ...]] = tuple(metric.name for metric in METRICS)
    name: ClassVar[str] = "binder"
    splits_by_month: ClassVar[bool] = True
    description: ClassVar[str] = "launches of the mybinder.org federation, from its public events archive"
    Settings: ClassVar[type[BaseModel]] = BinderSettings
    project_names: ClassVar[ProjectNames] = ProjectNames("repo", lambda name: name if ":" in name else f"GitHub:{name}")

    def __init__(self, settings: BinderSettings, context: Context) -> None:
        self.tables: Sequence[Table] = (launches_table(settings.keep_ref),)
        self.metrics: Sequence[Metric] = METRICS
        self.annotations: Sequence[Annotation] = ANNOTATIONS
        self.known_wrong: Sequence[KnownWrong] = KNOWN_WRONG
        self._settings = settings
        self._context = context
        self._scratch = context.scratch
        self._archive = self._open(self._scratch)

    def _open(self, scratch: Path) -> Archive:
        settings, context = self._settings, self._context
        if "://" in settings.archive:
            return Address(settings.archive, context.client, settings.concurrency, scratch / "last_search")
        return Folder(context.folder / Path(settings.archive).expanduser())

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """Every day from the first to today, as found in the archive."""
        first, today = self._settings.first_day, now.astimezone(UTC).date()
        days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
        latest = {day: entry for day in days if (entry := known.latest(self._table.name, "", Window.of_day(day)))}
        again = {day for day in days if known.is_rechecked(Window.of_day(day))}
        shape = self._shape()
        for day, look in sorted(self._archive.look(days, latest, again, now).items()):
            facts = {**look.facts, "shape": shape}
            stored = known.stored(self._table.name, "", Window.of_day(day))
            yield Offer(
                table=self._table.name,
                window=Window.of_day(day),
                fingerprint=_fingerprint(latest.get(day), look, facts),
                settles_at=settles_at(day),
                absent=look.missing,
                size=look.size,
                detail=replace(look, facts=facts, stored=stored.rows if stored else 0),
            )

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the archive can be listed, and whether one of its files can be read."""
        yield from checks_of(self._open, now)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Generator[Batch, None, None]:
        """A batch per calendar month, so that memory does not grow with the archive."""
        stop = Stop()

        def go_on(**news: Any) -> None:
            stop.check()
            tell(**news)

        yield from one_ahead(self._batches(sorted(offers, key=lambda offer: offer.window), go_on, stop), stop)

    def _batches(self, offers: Sequence[Offer], tell: Progress, stop: Stop) -> Generator[Batch, None, None]:
        with (
            own_folder(self._scratch) as folder,
            Reader(self._member, self._settings.keep_ref, tell) as reader,
            closing(self._bring(offers, folder, reader, tell, stop)) as arrivals,
        ):
            for _, month in groupby(arrivals, key=lambda arrival: arrival.offer.window.start.replace(day=1)):
                arrived = list(month)
                yield self._batch(arrived, reader, tell)
                for arrival in arrived:
                    if arrival.file and arrival.file.path.parent == folder:
                        arrival.file.path.unlink(missing_ok=True)

    def _batch(self, arrivals: Sequence[_Arrival], reader: Reader, tell: Progress) -> Batch:
        files = [arrival.file for arrival in arrivals if arrival.file is not None]
        readings = dict(zip(files, reader.read(files), strict=True))
        outcomes = []
        for arrival in arrivals:
            outcomes.append(self._outcome(arrival, readings.get(arrival.file) if arrival.file else None))
            tell(windows=1)
        failed = [outcome.window.start.date() for outcome in outcomes if outcome.end is End.FAILED]
        has_rows = any(outcome.is_success for outcome in outcomes)
        rows = reader.rows(but=failed) if has_rows else None
        return Batch(outcomes, {self._table.name: rows} if rows is not None else {}, is_sorted=True)

    def _bring(
        self, offers: Sequence[Offer], folder: Path, reader: Reader, tell: Progress, stop: Stop
    ) -> Generator[_Arrival, None, None]:
        """The offered days, in order; days of later months are fetched and started in the meantime."""
        bring = partial(self._bring_one, folder=folder, reader=reader, tell=tell)
        threads = self._settings.concurrency
        with closing(ahead(bring, offers, threads=threads, most=MOST_AHEAD, stop=stop)) as arrivals:
            for arrival in arrivals:
                tell(bytes=arrival.offer.size or int(arrival.facts.get("size", 0)))
                yield arrival

    def _bring_one(self, offer: Offer, folder: Path, reader: Reader, tell: Progress) -> _Arrival:
        tell()  # nothing new: check whether it is still needed
        look, day = offer.detail, offer.window.start.date()
        arrival = _Arrival(offer, self._context.now())
        if offer.absent or not look.place:
            return replace(arrival, missing=offer.absent or look.missing)
        try:
            path, facts = self._archive.bring(look, folder)
            file = File(day, unpacked(path, folder))
        except FileNotFoundError:
            return replace(arrival, missing=no_file(look.facts))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            return replace(arrival, fault=f"the gzip file is broken: {error}")
        except FootfallError as error:
            return replace(arrival, fault=str(error))
        except OSError as error:
            return replace(arrival, fault=f"the file cannot be read: {error.strerror or error}")
        reader.begin(file)
        return replace(arrival, file=file, facts=facts)

    def _outcome(self, arrival: _Arrival, reading: Reading | None) -> Outcome:
        offer = arrival.offer
        looks = fingerprint_of({**offer.detail.facts, **arrival.facts})
        if arrival.missing:
            return offer.missing(arrival.missing, fingerprint=looks)
        if reading is None:
            return offer.failed(arrival.fault, fingerprint=looks)
        rejected, sample = reading.refused.total(), reading.sample
        if fault := _cut_short(offer.detail, reading) or reading.fault:
            reason = "; ".join((fault, *reading.notes))
            return offer.failed(reason, rejected=rejected, sample=sample, fingerprint=looks)
        notes = (*reading.notes, *offer.detail.notes, *_count_note(offer.detail.facts, reading.lines))
        return offer.done(
            reading.taken,
            covered_until=arrival.asked_at,
            rejected=rejected,
            sample=sample,
            note="; ".join(notes),
            fingerprint=looks,
            position=(offer.window.end - EPOCH).days,
        )

    def _member(self, origin: str | None) -> str:
        return member_of(origin, self._settings.members, self._settings.federation_default)

    @property
    def _table(self) -> Table:
        return self.tables[0]

    def _shape(self) -> str:
        """A short hash of everything besides the file that affects the rows."""
        s = self._settings
        shaping = [PARSER_VERSION, sorted(s.members.items()), s.federation_default, s.keep_ref]
        return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:8]


def settles_at(day: date) -> datetime:
    """When the archive has finalised a day: its file is rewritten until 05:00 UTC of the next day."""
    return Window.of_day(day).end + timedelta(hours=5)


def _fingerprint(known: Entry | None, look: Look, facts: Facts) -> str:
    """Keep known facts that are not contradicted, so that the day counts as unchanged."""
    if known is None or known.status is Status.MISSING or not known.fingerprint:
        return fingerprint_of(facts)
    if known.status is Status.PROVISIONAL and not can_tell(look.facts):
        return ""  # its file may still change, and was not examined
    if is_news(known.fingerprint, facts) or _counts_otherwise(known, facts):
        return fingerprint_of(facts)
    return known.fingerprint


def _counts_otherwise(known: Entry, facts: Facts) -> bool:
    """Whether a day that had no count when it was read has one now that differs from the number of lines read."""
    has_count = known.is_success and "count" in facts and "count" not in facts_of(known.fingerprint)
    return has_count and int(facts["count"]) != known.rows + known.rejected


def _cut_short(look: Look, reading: Reading) -> str:
    """Signs that a file is incomplete: the index lists more, or it is empty, ends mid-line or before what is stored."""
    count = int(look.facts.get("count", 0))
    if reading.lines < count and not reading.lines:
        return f"the file is empty, but the index lists {count:,} events"
    if reading.lines < count and reading.is_last_refused:
        return f"the file is cut off: it ends in a broken line, and the index lists {count:,} events"
    if reading.lines < min(count, look.stored):
        return (
            f"the file is cut off: it has {reading.lines:,} lines, but the index lists {count:,} events, and "
            f"{look.stored:,} are stored"
        )
    return ""


def _count_note(facts: Facts, lines: int) -> tuple[str, ...]:
    count = int(facts.get("count", lines))
    return () if count == lines else (f"the index lists {count:,} events, the file has {lines:,} lines",)
