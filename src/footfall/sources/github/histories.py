"""Stars and forks by the day on which they were given or made: what still exists, counted from all of it.

The ledger remembers, as the fingerprint of the one window of a repository, the number that GitHub shows, and of each year
the sum and a digest. As long as the number is the same nothing is asked; when it is another one, pages are read newest
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
    Answered,
    Asking,
    Ready,
    Shape,
    count_of,
    days_between,
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


@dataclass(frozen=True)
class Past:
    """What was read of a repository before: the number that GitHub showed, and of each year its sum and digest."""

    shown: int = -1
    years: tuple[tuple[int, int, str], ...] = ()

    @classmethod
    def read(cls, fingerprint: str) -> Past:
        """From a fingerprint; of anything else nothing is known."""
        shown, *years = fingerprint.split(";")
        try:
            parts = [year.split("=") for year in years]
            return cls(int(shown), tuple((int(y), int(said.split(".")[0]), said.split(".")[1]) for y, said in parts))
        except (ValueError, IndexError):
            return cls()

    @classmethod
    def of(cls, shown: int, days: Days, kept: Sequence[tuple[int, int, str]] = ()) -> Past:
        """Of `days`, and of the earlier years that were not read again."""
        by_year: dict[int, list[tuple[date, int]]] = {}
        for day, count in sorted(days.items()):
            by_year.setdefault(day.year, []).append((day, count))
        read = [(year, sum(n for _, n in found), _digest(found)) for year, found in by_year.items()]
        return cls(shown, tuple(sorted([*kept, *read])))

    def __str__(self) -> str:
        return ";".join([str(self.shown), *(f"{year}={total}.{digest}" for year, total, digest in self.years)])

    def before(self, year: int) -> tuple[tuple[int, int, str], ...]:
        return tuple(each for each in self.years if each[0] < year)

    @property
    def total(self) -> int:
        return sum(total for _, total, _ in self.years)


@dataclass(frozen=True)
class Read:
    """What was read: the days from the start of the year `since` on."""

    days: Days
    since: int


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
            if self.name == "forks":
                pages = asking.api.pages(self.path(repo), repo.owner, METADATA, sort="newest", per_page=100)
                return _until_explained((_days_of(page, "created_at") for page in pages), shown, past)
            return self._stars(asking, repo, past)

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
        path, needed = f"/repos/{repo.name}/stargazers", "to be of an admin or a collaborator"
        pages = asking.api.pages(path, repo.owner, needed, accept=STARRED, per_page=100)
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
        known = {year: digest for year, _, digest in past.years}
        changed = {year for year, _, digest in new.years if known.get(year) != digest}
        changed |= {year for year in known if year >= read.since and year not in {y for y, _, _ in new.years}}
        days = {day: count for day, count in read.days.items() if day.year in changed}
        for year in changed & known.keys():  # a day of which all are gone is known by its zero alone
            last = min(date(year, 12, 31), asking.today)
            days = dict.fromkeys(days_between(date(year, 1, 1), last), 0) | days
        rows = [{"day": start_of(day), "repo": repo.id, self.table.measures[0]: n} for day, n in sorted(days.items())]
        note = ""
        if new.total != new.shown:
            note = f"{repo.name}: GitHub shows {new.shown:,} {self.name} and gives the days of {new.total:,}"
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
        if newer and newer + sum(total for _, total, _ in older) == shown:
            return Read({day: count for day, count in found.items() if day.year > oldest}, oldest + 1)
    return Read(found, date.min.year)


def _days_of_weeks(page: Any) -> Days:
    """The days of a page of weeks, which begin on Sundays."""
    found: Counter[date] = Counter()
    for week in page:
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
    return Counter(moment(each[field]).date() for each in page)


def _digest(days: Sequence[tuple[date, int]]) -> str:
    return hashlib.sha256(repr([(day.toordinal(), n) for day, n in days]).encode()).hexdigest()[:8]


HISTORIES = (History("stars", STARS), History("forks", FORKS))
