"""Views and clones by day: the last 14 days, each published late and revised; the largest values count.

The oldest day of an answer is cut off by the hour and shrinks: a value below the stored one is ignored. Until
2025-12-28 answers left out days of zero and included the current day; since then zeros are stated and the newest day is
one to three days late, so a day missing from an answer is unknown. A day that no repository has is an outage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from footfall.periods import Window
from footfall.sources import Offer
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
from footfall.sources.github.repositories import Repo
from footfall.sources.github.tables import CLONES, VIEWS
from footfall.tables import Table

REACH = timedelta(days=14)
"""How many days back an answer goes."""
LATEST = 3
"""How many days late the newest day of an answer may be."""
GROWS = timedelta(days=4)
"""How long after its start the numbers of a day still grow. Later answers only truncate it, or repeat it."""
ZEROS_ARE_STATED_SINCE = datetime(2025, 12, 29, tzinfo=UTC)
OUTAGE = "GitHub has this day for no repository yet: its statistics are delayed; it is requested again"


@dataclass(frozen=True)
class Seen:
    """The numbers for a day."""

    count: int
    uniques: int

    def largest(self, fingerprint: str) -> Seen:
        """For each number the larger one, of this and of the value that the ledger says was seen."""
        count, _, uniques = fingerprint.partition(":")
        if not (count.isdecimal() and uniques.isdecimal()):
            return self
        return Seen(max(self.count, int(count)), max(self.uniques, int(uniques)))

    def __str__(self) -> str:
        return f"{self.count}:{self.uniques}"


ZERO = Seen(0, 0)


class Traffic:
    """Views or clones."""

    permission: ClassVar[str] = 'the scope "repo", or the repository permission Administration: read, and push access'
    tables: tuple[Table, ...]

    def __init__(self, name: str, table: Table) -> None:
        self.name, self.table, self.tables = name, table, (table,)

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/traffic/{self.name}"

    def ask(self, asking: Asking, repo: Repo) -> dict[date, Seen]:
        """The days of the answer."""
        answer = asking.api.get(self.path(repo), repo.owner, self.permission, per="day")
        with Shape(f"the {self.name} of {repo.name}"):
            return dict(_day_of(each) for each in entries_of(answer[self.name]))

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        """An offer for each day and repository."""
        given = sorted({day for each in answers if not each.fault for day in each.answer})
        for each in answers:
            if each.fault:
                yield failed_on(self.table, Window.of_day(asking.today - DAY), each)
                continue
            for day, seen in sorted((self._zeros(asking, each, given) | each.answer).items()):
                if seen != ZERO or day >= each.repo.created_on:
                    yield self._offer(asking, each.repo, day, seen)
            yield from self._outages(asking, each.repo, given)

    def _offer(self, asking: Asking, repo: Repo, day: date, seen: Seen) -> Offer:
        window = Window.of_day(day)
        stored = asking.known.stored(self.table.name, repo.id, window)
        largest = seen.largest(stored.fingerprint) if stored else seen
        row = dict(
            zip(
                ("day", "repo", *self.table.measures),
                (window.start, repo.id, largest.count, largest.uniques),
                strict=True,
            )
        )
        # While the day is in the answer it may be revised, however late GitHub is.
        settles_at = max(window.start + REACH, start_of(asking.today) + 2 * DAY)
        detail = Ready([row] if largest != ZERO else [], count=1)
        return Offer(self.table.name, window, repo.id, str(largest), settles_at=settles_at, detail=detail)

    def _zeros(self, asking: Asking, answered: Answered, given: Sequence[date]) -> dict[date, Seen]:
        """Days whose absence from the answer means zero."""
        today, created = asking.today, answered.repo.created_on
        if asking.now < ZEROS_ARE_STATED_SINCE:
            days = days_between(max(today - REACH + DAY, created), today)
        elif answered.answer:
            days = []
        else:  # nothing in 14 days: only the days that GitHub has certainly finished count
            days = list(given) or days_between(today - REACH, today - LATEST * DAY)
        return {day: ZERO for day in days if day >= created}

    def _outages(self, asking: Asking, repo: Repo, given: Sequence[date]) -> Iterator[Offer]:
        if not given or asking.now < ZEROS_ARE_STATED_SINCE:
            return
        due = max(given[-1], asking.today - (LATEST + 1) * DAY)
        first = max(asking.today - REACH, repo.created_on)
        for day in days_between(max(first, given[0]), due):
            window = Window.of_day(day)
            if day not in given and asking.known.stored(self.table.name, repo.id, window) is None:
                yield Offer(self.table.name, window, repo.id, absent=OUTAGE)


def _day_of(found: Any) -> tuple[date, Seen]:
    at = moment(found["timestamp"])
    if at != start_of(at.date()):
        raise ValueError("a day that does not begin at midnight UTC")
    return at.date(), Seen(count_of(found["count"]), count_of(found["uniques"]))


TRAFFIC = (Traffic("views", VIEWS), Traffic("clones", CLONES))
