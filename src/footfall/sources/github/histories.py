"""Stars and forks by the day on which they were given or made: what still exists, counted from all of it.

The ledger remembers, as the fingerprint of the one window of a repository, the number that GitHub shows, and of each year
the sum, a digest and which days had any. As long as the number is the same nothing is asked; when it is another one, pages are read newest
first until what is new explains the difference.
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
"""Stars that the list of stargazers gives at the most."""
TO_LIST = "the account of an admin or a collaborator"
"""What the list of stargazers needs."""


@dataclass(frozen=True)
class Year:
    """What was read of a year: its sum, a digest of its days, and which of them had any."""

    number: int
    total: int
    digest: str
    held: int
    """A bit per day of the year, the lowest for January 1st."""

    @classmethod
    def of(cls, number: int, days: Sequence[tuple[date, int]]) -> Year:
        held = sum(1 << (day.timetuple().tm_yday - 1) for day, count in days if count)
        return cls(number, sum(count for _, count in days), _digest(days), held)

    @classmethod
    def read(cls, text: str) -> Year:
        """From its text. Raises ValueError."""
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
    """What was read of a repository before: the number that GitHub showed, and its years."""

    shown: int = -1
    years: tuple[Year, ...] = ()

    @classmethod
    def read(cls, fingerprint: str) -> Past:
        """From a fingerprint; of anything else nothing is known."""
        shown, *years = fingerprint.split(";")
        try:
            return cls(int(shown), tuple(map(Year.read, years)))
        except (ValueError, OverflowError):
            return cls()

    @classmethod
    def of(cls, shown: int, days: Days, kept: Sequence[Year] = ()) -> Past:
        """Of `days`, and of the earlier years that were not read again."""
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
    """What was read: the days from the start of the year `since` on."""

    days: Days
    since: int


def listed_at(repo: Repo) -> str:
    """Where stars are listed one by one, for servers without a history by week."""
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
        """What is new; None where GitHub shows the number that it showed before."""
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
        """From the history by week; from the list of stargazers where a server has no such history."""
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
        # A day of which all are gone is known by its zero alone.
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
    """The days of pages, newest first, until with what was known of earlier years they add up to what is shown."""
    found: Counter[date] = Counter()
    for days in pages:
        found.update(days)
        if not days or not past.years:
            continue
        oldest = min(days).year  # of which the rest may follow
        newer = sum(count for day, count in found.items() if day.year > oldest)
        older = past.before(oldest + 1)
        if newer and newer + sum(year.total for year in older) == shown:
            return Read({day: count for day, count in found.items() if day.year > oldest}, oldest + 1)
    return Read(found, date.min.year)


def _days_of_weeks(page: Any) -> Days:
    """The days of a page of weeks, which begin on Sundays."""
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
