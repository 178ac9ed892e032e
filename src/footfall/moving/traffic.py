"""Traffic, stars and forks of other tools → the tables of GitHub, as if they had been polled.

Of each day the largest numbers count, as in the tables themselves; the ledger remembers them as it remembers polls, so that
polls that overlap continue from there. Stars and forks are taken where GitHub was never asked about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from footfall.errors import BrokenDataError
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Known, Status
from footfall.moving.archives.found import Given, Reader, Traffic
from footfall.moving.repositories import Numbered, Register, chosen, name_rows
from footfall.periods import ALL_TIME, Window
from footfall.sources.github.asking import start_of
from footfall.sources.github.histories import Past
from footfall.sources.github.tables import CLONES, FORKS, NAMES, STARS, VIEWS
from footfall.sources.github.traffic import REACH, ZERO, Seen
from footfall.tables import Table

_TABLES = (NAMES, VIEWS, CLONES, STARS, FORKS)
NEVER_SHOWN = -1
"""In place of the number that GitHub shows: only an archive was read."""


@dataclass(frozen=True)
class Taken:
    """The result of an import: by what it is of, what is new, and how much was known here already."""

    new: Mapping[str, int]
    known: int


@dataclass(frozen=True)
class _News:
    """What is new of a table."""

    table: Table
    rows: Sequence[Mapping[str, Any]]
    entries: Sequence[Entry]
    known: int = 0


@dataclass(frozen=True)
class Importer:
    """Takes archives into a lake.

    Args:
        lake: Where to.
        source: The name of the source that collects the same tables.
        now: The moment of the import; no day may be later.
    """

    lake: Lake
    source: str
    now: datetime

    def take(self, read: Reader, place: Path, repo: str = "", number: str = "") -> Taken:
        """Take in an archive; all of it is read and checked before anything is written.

        Args:
            read: The reader of its form.
            place: Its folder or file.
            repo: The repository, owner/name, where the archive does not say it, or knows several.
            number: GitHub's number of it, where it was never collected here.

        Raises:
            FootfallError: Where there is no such archive, or the repository is not known.
            BrokenDataError: For a line that is not what it should be.
        """
        numbered = chosen(read(place), repo, number, Register.of(self.lake))
        self._check_days(numbered, place)
        known = Known(self.lake.known(self.source))
        news = [one for each in numbered for one in self._news(each, known, place.name)]
        self._commit(news, numbered)
        counts: dict[str, int] = {}
        for one in news:
            counts[one.table.name] = counts.get(one.table.name, 0) + len(one.entries)
        return Taken(counts, sum(one.known for one in news))

    def _check_days(self, numbered: Sequence[Numbered], place: Path) -> None:
        days = [day for each in numbered for day in _days_of(each)]
        if not days:
            raise BrokenDataError(f"{place} has no days; nothing was imported.")
        if (last := max(days)) > self.now.date():
            raise BrokenDataError(f"{place} has a day in the future, {last}; nothing was imported.")

    def _news(self, each: Numbered, known: Known, place: str) -> Iterator[_News]:
        found = each.found
        for table, days in ((VIEWS, found.views), (CLONES, found.clones)):
            yield self._traffic(table, each.number, days, known, f"imported from {place}")
        for table, given in ((STARS, found.stars), (FORKS, found.forks)):
            if given:
                yield self._given(table, each.number, given, known, f"imported from {place}")

    def _traffic(self, table: Table, number: str, days: Traffic, known: Known, note: str) -> _News:
        rows: list[dict[str, Any]] = []
        entries: list[Entry] = []
        for day, numbers in sorted(days.items()):
            window, seen = Window.of_day(day), Seen(*numbers)
            before = known.stored(table.name, number, window)
            largest = seen.largest(before.fingerprint) if before else seen
            if before and str(largest) == before.fingerprint:
                continue
            if largest != ZERO:
                rows.append(_row(table, day, number, largest.count, largest.uniques))
            settles_at = max(window.start + REACH, (before and before.settles_at) or window.end)
            entries.append(
                self._entry(table, number, window, min(window.end, self.now), str(largest), note, settles_at)
            )
        return _News(table, rows, entries, len(days) - len(entries))

    def _given(self, table: Table, number: str, given: Given, known: Known, note: str) -> _News:
        """Stars or forks by day: all there are. A day that an earlier archive had and this has not no longer has any."""
        stored = known.stored(table.name, number, ALL_TIME)
        past = Past.read(stored.fingerprint) if stored else Past()
        new = Past.of(NEVER_SHOWN, given)
        until = Window.of_day(max(given)).end
        if stored and (past.shown != NEVER_SHOWN or str(new) == str(past) or until < stored.covered_until):
            return _News(table, (), (), 1)
        days = dict.fromkeys((day for year in past.years for day in year.days), 0) | dict(given)
        rows = [_row(table, day, number, count) for day, count in sorted(days.items())]
        entry = self._entry(table, number, ALL_TIME, min(until, self.now), str(new), note, None, new.total)
        return _News(table, rows, [entry])

    def _entry(
        self,
        table: Table,
        number: str,
        window: Window,
        covered_until: datetime,
        looks: str,
        note: str,
        settles_at: datetime | None,
        rows: int = 1,
    ) -> Entry:
        status = Status.PROVISIONAL if settles_at and self.now < settles_at else Status.COMPLETE
        return Entry(
            self.source,
            table.name,
            number,
            window,
            status,
            covered_until,
            rows=rows,
            fingerprint=looks,
            reason=note,
            settles_at=settles_at,
        )

    def _commit(self, news: Sequence[_News], numbered: Sequence[Numbered]) -> None:
        import pyarrow as pa

        first = start_of(min(day for each in numbered for day in _days_of(each)))
        rows_of: dict[str, list[dict[str, Any]]] = {NAMES.name: name_rows(numbered, first)}
        for one in news:
            rows_of.setdefault(one.table.name, []).extend(map(dict, one.rows))
        written = [(table, rows) for table in _TABLES if (rows := rows_of.get(table.name))]
        for table, rows in written:
            self.lake.commit(table, pa.Table.from_pylist(rows, schema=table.arrow_schema()))
        self.lake.record([entry for one in news for entry in one.entries])
        for table, _ in written:
            refresh(self.lake, table)
            compact(self.lake, table)
        compact(self.lake, LEDGER)


def _days_of(each: Numbered) -> Iterator[date]:
    found = each.found
    for days in (found.views, found.clones, found.stars, found.forks):
        yield from days


def _row(table: Table, day: date, number: str, *counts: int) -> dict[str, Any]:
    return dict(zip(("day", "repo", *table.measures), (start_of(day), number, *counts), strict=True))
