"""Downloads from PyPI of other tools → the tables of the PyPI source; collected days are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from footfall.collect.buffer import Buffer
from footfall.collect.entries import Clerk
from footfall.errors import BrokenDataError, FootfallError
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Known
from footfall.moving.archives import pypistats
from footfall.moving.archives.pypistats import Counts, Kept
from footfall.periods import Window
from footfall.sources import Offer
from footfall.sources.pypi.days import Stated, batches_of
from footfall.sources.pypi.names import is_name, normalise
from footfall.sources.pypi.pypistats import NAME, day_of
from footfall.sources.pypi.tables import DOWNLOADS, PYTHONS, SYSTEMS
from footfall.tables import Table

IMPORTED = "imported from"
SETTLES_AFTER = timedelta(days=7)
_TABLES = {DOWNLOADS: None, PYTHONS: pypistats.PYTHONS, SYSTEMS: pypistats.SYSTEMS}
"""Table → what its downloads are split by."""


@dataclass(frozen=True)
class Downloads:
    """The result of an import."""

    days: Mapping[str, int]
    """New days, by table."""
    known: int
    """Days that are already stored, by table; they stay."""
    without_total: int
    """Days of a breakdown that were left out because no file has the total of the day."""


def import_downloads(
    place: Path, project: str, lake: Lake, source: str, tables: Sequence[Table], now: datetime
) -> Downloads:
    """Import files of pypistats.org; all files are read before anything is written.

    Args:
        place: A file or a folder.
        project: The project, where the files do not say it.
        lake: Where to.
        source: The name of the source that collects the same tables.
        tables: Its tables; a breakdown that it does not have is left out.
        now: The moment of the import; days that are not over are refused.

    Raises:
        FootfallError: Where there is no such file, or the project is not said.
        BrokenDataError: For a line that is not what it should be.
    """
    kept = pypistats.read(place)
    name = _project(kept, project, place)
    overall = kept.kinds.get(pypistats.ALL, {})
    _check(kept, overall, place, now)
    known = Known(lake.known(source))
    own = {table.name: table for table in tables}
    stated = [
        (table, day, found)
        for table, dimension in _TABLES.items()
        if table in own
        for day, found in _stated(overall, kept.kinds.get(dimension, {}) if dimension else {}, dimension)
    ]
    offers = [
        offer
        for table, day, found in stated
        if (offer := _offer(table, name, day, found, known, f"{IMPORTED} {place.name}"))
    ]
    buffer = Buffer(lake, Clerk(source, known, known, now), tables, lambda _: None)
    for batch in batches_of(offers, own):
        buffer.add(batch)
    buffer.flush()
    for table in tables:
        refresh(lake, table)
        compact(lake, table)
    compact(lake, LEDGER)
    days = {table: sum(offer.table == table for offer in offers) for table in own if table in _TABLES}
    return Downloads(days, len(stated) - len(offers), _without_total(kept, overall))


def _project(kept: Kept, project: str, place: Path) -> str:
    said = project or kept.project
    if not said:
        raise FootfallError(f"{place} does not name its project; add --project NAME.")
    if not is_name(said):
        raise FootfallError(f"{said!r} is not the name of a project on PyPI; write one such as --project icepyx.")
    if project and kept.project and normalise(project) != normalise(kept.project):
        raise FootfallError(f"{place} is of {kept.project}, and not of {project}; leave --project out, or correct it.")
    return normalise(said)


def _check(kept: Kept, overall: Counts, place: Path, now: datetime) -> None:
    if lacking := [each for each in ("with_mirrors", "without_mirrors") if not overall.get(each)]:
        raise BrokenDataError(
            f"{place} has no downloads {' and '.join(lacking)}; both are needed: downloads with and without mirrors are "
            "different numbers."
        )
    last = max(day for counts in kept.kinds.values() for days in counts.values() for day in days)
    if last >= now.date():
        raise BrokenDataError(f"{place} has a day that is not over, {last}; nothing was imported.")


def _days_of(counts: Counts) -> set[date]:
    return {day for days in counts.values() for day in days}


def _stated(overall: Counts, split: Counts, dimension: str | None) -> Iterator[tuple[date, Stated]]:
    """The days of which all downloads are known, and in a breakdown how they are split."""
    days = _days_of(overall)
    for day in sorted(days if dimension is None else days & _days_of(split)):
        yield day, day_of(day, overall, split, dimension)


def _without_total(kept: Kept, overall: Counts) -> int:
    days = _days_of(overall)
    return sum(len(_days_of(counts) - days) for kind, counts in kept.kinds.items() if kind != pypistats.ALL)


def _offer(table: str, project: str, day: date, stated: Stated, known: Known, note: str) -> Offer | None:
    """The offer of a day that is new, or that an earlier import had fewer downloads of."""
    window = Window.of_day(day)
    before = known.stored(table, project, window)
    is_ours = before is not None and before.reason.startswith(IMPORTED)
    if before and not (is_ours and stated.downloads > before.rows):
        return None
    looks = stated.looks(NAME)  # as if it had been polled: a poll that says the same changes nothing
    detail = replace(stated, note="; ".join(filter(None, [note, stated.note])))
    return Offer(table, window, project, looks, settles_at=window.end + SETTLES_AFTER, detail=detail)
