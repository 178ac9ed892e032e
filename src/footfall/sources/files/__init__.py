"""Files in a folder or at an address: CSV, JSON Lines, Parquet and Feather, into tables that the settings declare.

settings   [sources.files]                      values      what a value of each type is
presets    known formats of other tools         rows        from raw values to rows of the table
declared   from settings to tables, metrics     statements  the windows that a file states
places     where files are                      looks       files that were read and have not changed since
reading    a file as columns of raw values      addresses   files over HTTP
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from footfall.annotations import Annotation
from footfall.errors import SettingsError, SourceError
from footfall.metrics import Metric
from footfall.periods import Window
from footfall.sources import Batch, Context, Known, Offer, Outcome, Progress
from footfall.sources.checks import Check
from footfall.sources.files.addresses import Addresses
from footfall.sources.files.declared import metric_of, table_of
from footfall.sources.files.looks import Looks, Seen
from footfall.sources.files.places import Found, check_path, files_of
from footfall.sources.files.presets import annotations_of
from footfall.sources.files.rows import rows_of
from footfall.sources.files.settings import FilesSettings, TablePart
from footfall.sources.files.statements import Stated, Statement, stated, together
from footfall.sources.naming import ProjectNames
from footfall.tables import Table

__all__ = ["Files", "FilesSettings"]

_KEPT_BYTES = 64 << 20
"""Rows of files that were read to make the offers, and need not be read again."""
_BATCH = 1_000
"""Windows in a batch."""
_VERSION = "1"
"""Increased when the same file would produce different rows."""


class Files:
    """Tables filled from files: CSV, JSON Lines, Parquet and Feather."""

    name: ClassVar[str] = "files"
    description: ClassVar[str] = "Tables filled from files: CSV, JSON Lines, Parquet and Feather, also over HTTP."
    Settings: ClassVar[type[BaseModel]] = FilesSettings

    def __init__(self, settings: FilesSettings, context: Context) -> None:
        for part in settings.tables:
            if fault := check_path(part):
                raise SettingsError(f"sources.{context.name or self.name}: table {part.name}: {fault}.")
        self._parts = {part.name: part for part in settings.tables}
        self._tables = {part.name: table_of(part) for part in settings.tables}
        self.tables: Sequence[Table] = tuple(self._tables.values())
        self.metrics: Sequence[Metric] = tuple(metric_of(p, m) for p in settings.tables for m in p.measures)
        self.annotations: Sequence[Annotation] = tuple(
            one for part in settings.tables for one in annotations_of(part.preset, part.name)
        )
        projects = {part.project for part in settings.tables if part.project}
        if len(projects) == 1:
            self.project_names = ProjectNames(projects.pop())
        self._context = context
        self._kept: dict[Path, Stated] = {}
        self._kept_bytes = 0

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """The windows of every file. All unreadable files are raised as one error, after the readable ones."""
        looks = Looks(self._context.scratch / "looks.json")
        self._kept, self._kept_bytes = {}, 0
        faults: list[str] = []
        for part in self._parts.values():
            try:
                yield from self._offers_of(part, known, now, looks, faults)
            except SourceError as error:
                faults.append(str(error).rstrip("."))
        looks.keep()
        if faults:
            more = f" (and {len(faults) - 1:,} more errors)" if len(faults) > 1 else ""
            raise SourceError(f"{faults[0]}{more}; collected data is kept.")

    def _offers_of(
        self, part: TablePart, known: Known, now: datetime, looks: Looks, faults: list[str]
    ) -> Iterator[Offer]:
        if part.is_address and part.is_dated:
            yield from self._addresses(part).offers(known, now)
            return
        places = [self._addresses(part).one()] if part.is_address else files_of(part, self._context.folder)
        found: dict[tuple[str, Window], _Task] = defaultdict(lambda: _Task(part))
        for place in places:
            try:
                seen = self._seen(part, place, known, looks)
            except SourceError as error:
                if place.window is None:
                    faults.append(str(error).rstrip("."))
                else:  # its name says which window failed
                    found["", place.window].fault = str(error)
                continue
            for one in seen:
                found[one.scope, one.window].add(place, one.digest)
        for (scope, window), task in found.items():
            if fault := task.conflict():
                faults.append(fault)
                continue
            looks_like = f"{_shape(part)}:{together(task.digests)}" if not task.fault else ""
            yield Offer(part.name, window, scope, looks_like, settles_at=window.end, detail=task)

    def _addresses(self, part: TablePart) -> Addresses:
        return Addresses(part, self._context, _shape(part))

    def _seen(self, part: TablePart, place: Found, known: Known, looks: Looks) -> Sequence[Seen]:
        """What a file states: remembered from the last read if it has not changed, otherwise read again."""
        shape = _shape(part)
        before = looks.of(place.file, shape)
        if before is not None and known.recheck is None:
            return before
        read = self._read(part, place)
        seen = [Seen(one.scope, one.window, one.digest) for one in read.statements]
        looks.learn(place.file, shape, seen)
        return seen

    def _read(self, part: TablePart, place: Found) -> Stated:
        if place.file in self._kept:
            return self._kept[place.file]
        table = self._tables[part.name]
        read = stated(rows_of(place.file, part, table, place.window, place.named), part, table, place.window)
        if self._kept_bytes + read.bytes <= _KEPT_BYTES:
            self._kept[place.file] = read
            self._kept_bytes += read.bytes
        return read

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the files of each table exist."""
        for part in self._parts.values():
            try:
                if part.is_address:
                    yield self._addresses(part).check(now)
                    continue
                found = files_of(part, self._context.folder)
                yield Check(f"{part.name}: {part.path}", "ok", f"{len(found):,} files, the last {found[-1].file.name}")
            except SourceError as error:
                yield Check(f"{part.name}: {part.path}", "failed", str(error), "correct `path`, or put the files there")

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """Batches of windows, file by file."""
        remote = [offer for offer in offers if not isinstance(offer.detail, _Task)]
        local = [offer for offer in offers if isinstance(offer.detail, _Task)]
        local.sort(key=lambda offer: (offer.table, [str(place.file) for place in offer.detail.places]))
        for start in range(0, len(local), _BATCH):
            chosen = local[start : start + _BATCH]
            yield self._batch(chosen)
            tell(windows=len(chosen))
        for offer in remote:
            yield self._addresses(self._parts[offer.table]).fetch(offer, self._tables[offer.table], tell)
            tell(windows=1)

    def _batch(self, offers: Sequence[Offer]) -> Batch:
        import pyarrow as pa

        outcomes: list[Outcome] = []
        rows: dict[str, list[pa.Table]] = defaultdict(list)
        for offer in offers:
            task: _Task = offer.detail
            try:
                if task.fault:
                    raise SourceError(task.fault)
                statements, refused = self._statements(offer, task)
            except SourceError as error:
                outcomes.append(offer.failed(str(error).rstrip(".")))
                continue
            count = sum(one.rows.num_rows for one in statements)
            digest = f"{_shape(task.part)}:{together([one.digest for one in statements])}"
            outcomes.append(offer.done(count, fingerprint=digest, rejected=len(refused), sample="".join(refused[:1])))
            rows[offer.table] += [one.rows for one in statements if one.rows.num_rows]
        return Batch(outcomes, {name: pa.concat_tables(parts) for name, parts in rows.items()})

    def _statements(self, offer: Offer, task: _Task) -> tuple[list[Statement], list[str]]:
        """What the files of a window state, and the skipped lines, reported with the first window of a file."""
        found, refused = [], []
        for place in task.places:
            read = self._read(task.part, place)
            one = read.by_key.get((offer.scope, offer.window))
            if one is None:
                raise SourceError(f"{place.file.name} changed during reading; it is read again next time")
            found.append(one)
            if one is read.statements[0]:
                refused += [f"line {bad.line:,}: {bad.reason}" for bad in read.rows.rejected]
        return found, refused


@dataclass
class _Task:
    """A window, the files that have rows in it, and the digests of these rows."""

    part: TablePart
    places: list[Found] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    fault: str = ""

    def add(self, place: Found, digest: str) -> None:
        self.places.append(place)
        self.digests.append(digest)

    def conflict(self) -> str:
        """Under `replace` each window must come from one file: a second file would erase the rows of the first."""
        if self.part.rule == "observe" or len(self.places) < 2:
            return ""
        first, second = (place.file.name for place in self.places[:2])
        scope = "" if self.part.scope else ", or name the dimension that tells them apart as `scope`"
        return (
            f"{first} and {second} both have rows of one {self.part.window} of the table {self.part.name}; put them into "
            f"one file{scope}"
        )


def _shape(part: TablePart) -> str:
    """Changes when the settings produce different rows from the same file."""
    said = part.model_dump_json(exclude={"path", "description", "settles_after", "first", "project"})
    said += "".join(f" {name}" for name in part.named_in_path)
    return hashlib.blake2b(f"{_VERSION} {said}".encode(), digest_size=6).hexdigest()
