"""Launches of the mybinder.org federation, from its public events archive: one file a day, one line a launch.

The way of a day: the archive is looked through and every day offered (`archive`), files of one month are
brought, read (`reading`), given the names of their repositories (`names`) and yielded as one batch. While a batch is
stored, the next one is read, and days to come are brought and begun (`ahead`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field, field_validator

from footfall.errors import FootfallError, SourceError
from footfall.filters import Filter
from footfall.ledger import Entry, Status
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.periods import EPOCH, Grain, Window
from footfall.settings import Part
from footfall.sources import Batch, Context, End, Known, Offer, Outcome, Progress
from footfall.sources.ahead import Stop, ahead, one_ahead
from footfall.sources.binder.archive import (
    Address,
    Archive,
    Facts,
    Folder,
    Look,
    can_tell,
    fingerprint_of,
    is_news,
    no_file,
    unpacked,
)
from footfall.sources.binder.names import FEDERATION, member_of
from footfall.sources.binder.reading import PARSER_VERSION, File, Reader, Reading
from footfall.tables import Column, Replace, Role, Rollup, Table, TableEvent

if TYPE_CHECKING:
    import ibis.expr.types as ir


class BinderSettings(Part):
    """`[sources.binder]` of footfall.toml."""

    archive: str = Field(
        "https://archive.analytics.mybinder.org",
        description="Where the events are: an address, or a folder of events-YYYY-MM-DD.jsonl (or .jsonl.gz) files.",
    )
    first_day: date = Field(date(2018, 11, 3), description="The first day to collect.")
    federation: dict[str, str] = Field(
        default_factory=dict, description="Host → member of the federation; added to the mapping that is built in."
    )
    federation_default: str = Field("gke", description="The member that launches without an origin count for.")
    keep_ref: bool = Field(
        False, description="Keep the resolved ref of each launch; it is dropped as the archive's own aggregators do."
    )
    concurrency: int = Field(4, ge=1, le=32, description="How many requests to the archive may be under way at once.")

    @field_validator("archive")
    @classmethod
    def _is_folder_or_web_address(cls, value: str) -> str:
        if "://" in value and not value.startswith(("http://", "https://")):
            raise ValueError("write an http:// or https:// address, or a folder")
        return value

    @property
    def members(self) -> dict[str, str]:
        """Host → member, hosts in lower case."""
        return {**FEDERATION, **{host.lower(): member for host, member in self.federation.items()}}


MOST_AHEAD = 31
"""Days that are brought before their month is asked for."""

NARROW = ("provider", "origin", "federation", "status", "version", "build_token", "request_origin")


def launches_table(keep_ref: bool = False) -> Table:
    """Launches by hour; a row is one combination of everything known of them."""
    ref = (Column("ref", "string", Role.DIMENSION, "The commit that was launched, resolved."),) if keep_ref else ()
    return Table(
        name="launches",
        description="Launches of the Binder federation by hour, from the public events archive.",
        columns=(
            Column("hour", "timestamp", Role.TIME, "The hour (UTC) the launch was in; floored, never rounded."),
            Column(
                "provider", "string", Role.DIMENSION, "Where the repository is: GitHub, Gist, GitLab, Git, Zenodo …"
            ),
            Column("spec", "string", Role.DIMENSION, "What was launched, as the event says it."),
            Column(
                "repo",
                "string",
                Role.DIMENSION,
                "The repository, with its provider: GitHub:owner/name.",
                folds_case=True,
            ),
            Column("origin", "string", Role.DIMENSION, "The host that launched it; none before June 2019."),
            Column(
                "federation", "string", Role.DIMENSION, "The member of the federation behind the host.", folds_case=True
            ),
            Column("status", "string", Role.DIMENSION, "success or failure."),
            Column("version", "integer", Role.DIMENSION, "The version of the event's schema."),
            Column("build_token", "boolean", Role.DIMENSION, "Whether a build token was used; known since June 2021."),
            Column("request_origin", "string", Role.DIMENSION, "The page that asked for it; known since March 2026."),
            *ref,
            Column("launches", "integer", Role.MEASURE, "How many launches."),
        ),
        rule=Replace(),
        rollups=(
            Rollup("launches_by_day", Grain.DAY, NARROW),
            Rollup("launches_by_month", Grain.MONTH, ("provider", "repo", "status")),
            Rollup("launches_by_year", Grain.YEAR, ("provider", "repo", "status")),
        ),
        events=(TableEvent("binder_launch", "repo", "Launched repositories.", (("status", "failure"),)),),
        sort=("spec", "hour"),
    )


LAUNCHES = launches_table()

STATUS = Policy(
    name="status",
    description="Which launches count: those that did not fail, or any.",
    choices={"success": Filter("status", ("failure",), "!="), "any": None},
    default="success",
)


def _repo_name(table: ir.Table) -> ir.Column:
    return table["repo"].substr(table["repo"].find(":") + 1)


METRICS = (
    Metric(
        name="launches",
        title="Launches",
        description="Sessions started on the Binder federation.",
        kind=Kind.SUM,
        unit="launches",
        facts=(Fact("launches", ("launches",)),),
        policies=(STATUS,),
    ),
    Metric(
        name="repos",
        title="Repositories",
        description="Different repositories launched; the same name at two providers is two repositories.",
        kind=Kind.DISTINCT,
        unit="repositories",
        facts=(Fact("launches", ("repo",)),),
        policies=(STATUS,),
    ),
    Metric(
        name="repo_names",
        title="Repository names",
        description="Different names of repositories launched, whichever provider they are at.",
        kind=Kind.DISTINCT,
        unit="names",
        facts=(Fact("launches", ("repo",), _repo_name),),
        policies=(STATUS,),
    ),
)


@dataclass(frozen=True)
class _Arrival:
    """An offered day after bringing it: its file, or why there is none."""

    offer: Offer
    asked_at: datetime
    """Before it was read: what came later is not covered."""
    file: File | None = None
    facts: Facts = field(default_factory=dict)
    missing: str = ""
    fault: str = ""


class Binder:
    """Launches of mybinder.org and its federation, from the public events archive."""

    name: ClassVar[str] = "binder"
    description: ClassVar[str] = "launches of the mybinder.org federation, from its public events archive"
    Settings: ClassVar[type[BaseModel]] = BinderSettings

    def __init__(self, settings: BinderSettings, context: Context) -> None:
        self.tables: Sequence[Table] = (launches_table(settings.keep_ref),)
        self.metrics: Sequence[Metric] = METRICS
        self._settings = settings
        self._context = context
        self._scratch = context.scratch
        self._archive: Archive = (
            Address(settings.archive, context.client, settings.concurrency, self._scratch / "last_search")
            if "://" in settings.archive
            else Folder(context.folder / Path(settings.archive).expanduser())
        )

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """Every day from the first to today, as the archive shows it."""
        first, today = self._settings.first_day, now.astimezone(UTC).date()
        days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
        newest, shape = _newest_by_day(known, self._table.name), self._shape()
        stored = _newest_by_day([entry for entry in known if entry.is_success], self._table.name)
        for day, look in sorted(self._archive.look(days, newest, now).items()):
            facts = {**look.facts, "shape": shape}
            entry = newest.get(day)
            is_known = entry is not None and entry.status is not Status.MISSING and bool(entry.fingerprint)
            # a file that may still change, and was not seen, is fetched whatever is known of it
            is_open = entry is not None and entry.status is Status.PROVISIONAL and not can_tell(look.facts)
            yield Offer(
                table=self._table.name,
                window=Window.of_day(day),
                # what is known and not contradicted stands, so that the day counts as unchanged
                fingerprint=""
                if is_open
                else entry.fingerprint
                if entry is not None and is_known and not is_news(entry.fingerprint, facts)
                else fingerprint_of(facts),
                is_settled=is_settled(day, now),
                absent=look.missing,
                size=look.size,
                detail=replace(look, facts=facts, stored=stored[day].rows if day in stored else 0),
            )

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Generator[Batch, None, None]:
        """A batch a calendar month, so that memory does not grow with the archive."""
        stop = Stop()

        def go_on(**news: Any) -> None:
            stop.check()
            tell(**news)

        yield from one_ahead(self._batches(sorted(offers, key=lambda offer: offer.window), go_on, stop), stop)

    def _batches(self, offers: Sequence[Offer], tell: Progress, stop: Stop) -> Generator[Batch, None, None]:
        with (
            _own_folder(self._scratch) as folder,
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
        """What is offered, in order; the days of a month to come are brought and begun meanwhile."""
        bring = partial(self._bring_one, folder=folder, reader=reader, tell=tell)
        threads = self._settings.concurrency
        with closing(ahead(bring, offers, threads=threads, most=MOST_AHEAD, stop=stop)) as arrivals:
            for arrival in arrivals:
                tell(bytes=arrival.offer.size or int(arrival.facts.get("size", 0)))
                yield arrival

    def _bring_one(self, offer: Offer, folder: Path, reader: Reader, tell: Progress) -> _Arrival:
        tell()  # nothing new: whether it is still wanted
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
        """A short hash of everything but the file that shapes the rows."""
        s = self._settings
        shaping = [PARSER_VERSION, sorted(s.members.items()), s.federation_default, s.keep_ref]
        return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:8]


def is_settled(day: date, now: datetime) -> bool:
    """Whether the archive is done with a day: yesterday's file is rewritten until 05:00 UTC."""
    return now >= Window.of_day(day).end + timedelta(hours=5)


def _newest_by_day(known: Sequence[Entry], table: str) -> dict[date, Entry]:
    """What the ledger learnt last of each day."""
    newest: dict[date, Entry] = {}
    for entry in known:
        day = entry.window.start.date()
        if entry.table == table and (day not in newest or _seen(newest[day]) <= _seen(entry)):
            newest[day] = entry
    return newest


def _seen(entry: Entry) -> datetime:
    return entry.observed_at or EPOCH


def _cut_short(look: Look, reading: Reading) -> str:
    """What tells that a file is not whole: the index lists more, and it ends in nothing, in half a line, or before what is stored."""
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


@contextmanager
def _own_folder(scratch: Path) -> Iterator[Path]:
    """A folder for this run alone: the usual one, where downloads go on, or a passing one when it is taken."""
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        file = (scratch / "lock").open("w")
    except OSError as error:
        raise SourceError(f"{scratch} is needed for passing files and cannot be written: {error.strerror}.") from None
    with file as lock:
        if _is_ours(lock):
            folder = scratch / "files"
            folder.mkdir(exist_ok=True)
            _clear(folder)
            try:
                yield folder
            finally:
                _clear(folder)
        else:
            with tempfile.TemporaryDirectory(dir=scratch, prefix="files-") as passing:
                yield Path(passing)


def _is_ours(lock: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _clear(folder: Path) -> None:
    """Remove what was read; beginnings of downloads stay."""
    for path in folder.iterdir():
        if path.is_file() and not path.name.endswith((".part", ".part.version")):
            path.unlink(missing_ok=True)
