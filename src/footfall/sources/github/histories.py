"""Stars and forks by the day on which they were created: all that still exist, counted from the full list.

For each repository's single window, the ledger remembers in the fingerprint GitHub's total, and for each year the
sum, a digest and which days had any. While the total is the same, nothing is requested; when it changes, pages are read
newest first until the new entries explain the difference.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from footfall.errors import BrokenDataError
from footfall.periods import ALL_TIME
from footfall.sources import Offer
from footfall.sources.github.api import STARRED
from footfall.sources.github.asking import (
    DAY,
    Answered,
    Asking,
    Ready,
    Shape,
    count_of,
    days_between,
    entries_of,
    failed_on,
    moment,
    start_of,
)
from footfall.sources.github.refusals import RefusedError
from footfall.sources.github.repositories import METADATA, Repo
from footfall.sources.github.tables import FORKS, STARS
from footfall.tables import Table

Days = Mapping[date, int]
MOST_LISTED = 40_000
"""The most stars that the list of stargazers returns."""
TO_LIST = "the account of an admin or a collaborator"
"""The permission for the list of stargazers."""


@dataclass(frozen=True)
class Year:
    """What was read for a year: its sum, a digest of its days, and which of them had any."""

    number: int
    total: int
    digest: str
    held: int
    """One bit per day of the year, the lowest for January 1st."""

    @classmethod
    def of(cls, number: int, days: Sequence[tuple[date, int]]) -> Year:
        held = sum(1 << (day.timetuple().tm_yday - 1) for day, count in days if count)
        return cls(number, sum(count for _, count in days), _digest(days), held)

    @classmethod
    def read(cls, text: str) -> Year:
        """Parse from text. Raises ValueError."""
        number, _, said = text.partition("=")
        total, digest, held = said.split(".")
        return cls(int(number), int(total), digest, int(held, 16))

    def __str__(self) -> str:
        return f"{self.number}={self.total}.{self.digest}.{self.held:x}"

    @property
    def days(self) -> list[date]:
        """The days that had any."""
        first = date(self.number, 1, 1)
        return [first + n * DAY for n in range(self.held.bit_length()) if self.held >> n & 1]


@dataclass(frozen=True)
class Past:
    """What was read from a repository before: GitHub's total, and its years."""

    shown: int = -1
    years: tuple[Year, ...] = ()

    @classmethod
    def read(cls, fingerprint: str) -> Past:
        """Parse a fingerprint; any other text means that nothing is known."""
        shown, *years = fingerprint.split(";")
        try:
            return cls(int(shown), tuple(map(Year.read, years)))
        except (ValueError, OverflowError):
            return cls()

    @classmethod
    def of(cls, shown: int, days: Days, kept: Sequence[Year] = ()) -> Past:
        """From `days`, and the earlier years that were not read again."""
        by_year: dict[int, list[tuple[date, int]]] = {}
        for day, count in sorted(days.items()):
            by_year.setdefault(day.year, []).append((day, count))
        read = [Year.of(number, found) for number, found in by_year.items()]
        return cls(shown, tuple(sorted([*kept, *read], key=lambda year: year.number)))

    def __str__(self) -> str:
        return ";".join([str(self.shown), *map(str, self.years)])

    def before(self, number: int) -> tuple[Year, ...]:
        return tuple(year for year in self.years if year.number < number)

    @property
    def total(self) -> int:
        return sum(year.total for year in self.years)


@dataclass(frozen=True)
class Read:
    """What was read: the days from the start of the year `since`."""

    days: Days
    since: int


def listed_at(repo: Repo) -> str:
    """The path of the list of stars, for servers without a weekly history."""
    return f"/repos/{repo.name}/stargazers"


class History:
    """Stars or forks."""

    permission: ClassVar[str] = METADATA
    tables: tuple[Table, ...]

    def __init__(self, name: str, table: Table) -> None:
        self.name, self.table, self.tables = name, table, (table,)

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/{'stargazers/history' if self.name == 'stars' else 'forks'}"

    def ask(self, asking: Asking, repo: Repo) -> Read | None:
        """What is new; None if GitHub's total is the same as before."""
        shown, past = self._shown(repo), self._past(asking, repo)
        if past.shown == shown and not asking.known.is_rechecked(ALL_TIME):
            return None
        with Shape(f"the {self.name} of {repo.name}"):
            read = self._forks(asking, repo, past) if self.name == "forks" else self._stars(asking, repo, past)
        if shown and past.total and not read.days:
            raise BrokenDataError(f"GitHub shows {shown:,} {self.name} and no days for them; nothing was stored.")
        return read

    def _forks(self, asking: Asking, repo: Repo, past: Past) -> Read:
        pages = asking.api.pages(self.path(repo), repo.owner, METADATA, sort="newest", per_page=100)
        return _until_explained((_days_of(page, "created_at") for page in pages), repo.forks, past)

    def _stars(self, asking: Asking, repo: Repo, past: Past) -> Read:
        """From the weekly history; from the list of stargazers if a server has none."""
        try:
            pages = asking.api.pages(self.path(repo), repo.owner, METADATA)
            return _until_explained(map(_days_of_weeks, pages), repo.stars, past)
        except RefusedError as error:
            if error.status != 404:
                raise
        if repo.stars > MOST_LISTED:
            raise BrokenDataError(
                f"this server has no history of stars, and lists only the first {MOST_LISTED:,} of {repo.stars:,}."
            )
        pages = asking.api.pages(listed_at(repo), repo.owner, TO_LIST, accept=STARRED, per_page=100)
        found: Counter[date] = Counter()
        for page in pages:
            found.update(_days_of(page, "starred_at"))
        return Read(found, date.min.year)

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        for each in answers:
            if each.fault:
                yield failed_on(self.table, ALL_TIME, each)
                continue
            past = self._past(asking, each.repo)
            if each.answer is None:
                yield Offer(self.table.name, ALL_TIME, each.repo.id, str(past))
            else:
                yield self._offer(asking, each.repo, each.answer, past)

    def _offer(self, asking: Asking, repo: Repo, read: Read, past: Past) -> Offer:
        kept = past.before(read.since)
        new = Past.of(self._shown(repo), read.days, kept)
        known = {year.number: year for year in past.years if year.number >= read.since}
        now = {year.number: year for year in new.years}
        changed = {number for number in known.keys() | now.keys() if known.get(number) != now.get(number)}
        # A day whose stars are all gone is recorded as zero.
        gone = [day for number in changed & known.keys() for day in known[number].days]
        days = dict.fromkeys(gone, 0) | {day: count for day, count in read.days.items() if day.year in changed}
        rows = [{"day": start_of(day), "repo": repo.id, self.table.measures[0]: n} for day, n in sorted(days.items())]
        note = ""
        if new.total != new.shown:
            note = f"GitHub shows {new.shown:,} {self.name} and gives the days of {new.total:,}"
        return Offer(self.table.name, ALL_TIME, repo.id, str(new), detail=Ready(rows, new.total, note))

    def _shown(self, repo: Repo) -> int:
        return repo.stars if self.name == "stars" else repo.forks

    def _past(self, asking: Asking, repo: Repo) -> Past:
        stored = asking.known.stored(self.table.name, repo.id, ALL_TIME)
        return Past.read(stored.fingerprint) if stored else Past()


def _until_explained(pages: Iterator[Days], shown: int, past: Past) -> Read:
    """The days of pages, newest first, until their sum and the known earlier years add up to the total."""
    found: Counter[date] = Counter()
    for days in pages:
        found.update(days)
        if not days or not past.years:
            continue
        oldest = min(days).year  # the rest of which may follow
        newer = sum(count for day, count in found.items() if day.year > oldest)
        older = past.before(oldest + 1)
        if newer and newer + sum(year.total for year in older) == shown:
            return Read({day: count for day, count in found.items() if day.year > oldest}, oldest + 1)
    return Read(found, date.min.year)


def _days_of_weeks(page: Any) -> Days:
    """The days of a page of weeks, which start on Sundays."""
    found: Counter[date] = Counter()
    for week in entries_of(page):
        first = datetime.fromtimestamp(count_of(week["week"]), UTC).date()
        counts = [count_of(each) for each in week["days"]]
        if len(counts) != 7 or sum(counts) != count_of(week["total"]):
            raise ValueError("a week whose days do not add up")
        found.update(
            {
                day: n
                for day, n in zip(days_between(first, first.fromordinal(first.toordinal() + 6)), counts, strict=True)
                if n
            }
        )
    return found


def _days_of(page: Any, field: str) -> Days:
    return Counter(moment(each[field]).date() for each in entries_of(page))


def _digest(days: Sequence[tuple[date, int]]) -> str:
    return hashlib.sha256(repr([(day.toordinal(), n) for day, n in days]).encode()).hexdigest()[:8]


HISTORIES = (History("stars", STARS), History("forks", FORKS))
