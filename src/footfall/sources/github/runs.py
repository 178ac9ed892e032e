"""Runs of workflows by the day on which they began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import ClassVar

from footfall.ledger import Entry
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
)
from footfall.sources.github.repositories import Repo
from footfall.sources.github.tables import RUNS
from footfall.tables import Table

REACH = timedelta(days=14)
"""How far back to look: as far as clones are known."""
SETTLES = timedelta(days=1)
"""After the end of a day: until then, runs that started late in it may not be listed yet."""
MOST_LISTED = 1_000
"""The most runs that a search lists; its total may be higher."""


class Runs:
    """Workflow runs."""

    name: ClassVar[str] = "workflow_runs"
    permission: ClassVar[str] = "Actions: read"
    tables: ClassVar[tuple[Table, ...]] = (RUNS,)

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/actions/runs"

    def ask(self, asking: Asking, repo: Repo) -> Mapping[date, int]:
        """The runs of each day that is not final yet."""
        days = self._open(asking, repo)
        counts: Counter[date] = Counter()
        with Shape(f"the workflow runs of {repo.name}"):
            for page in asking.api.pages(
                self.path(repo), repo.owner, self.permission, created=f">={days[0]}", per_page=100
            ):
                if count_of(page["total_count"]) > MOST_LISTED:
                    return {day: self._counted(asking, repo, day) for day in days}
                counts.update(moment(each["created_at"]).date() for each in entries_of(page["workflow_runs"]))
        return {day: counts[day] for day in days}

    def _counted(self, asking: Asking, repo: Repo, day: date) -> int:
        """The runs of one day, if there are more than one list holds."""
        answer = asking.api.get(self.path(repo), repo.owner, self.permission, created=f"{day}", per_page=1)
        return count_of(answer["total_count"])

    def _open(self, asking: Asking, repo: Repo) -> list[date]:
        days = days_between(max(asking.today - REACH, min(repo.created_on, asking.today)), asking.today)
        return [day for day in days if not self._is_final(asking, repo, day)]

    def _is_final(self, asking: Asking, repo: Repo, day: date) -> bool:
        window = Window.of_day(day)
        if asking.known.is_rechecked(window):
            return False
        stored = self._stored(asking, repo, window)
        return stored is not None and asking.now >= window.end + SETTLES and stored.covered_until >= window.end

    def _stored(self, asking: Asking, repo: Repo, window: Window) -> Entry | None:
        return asking.known.stored(RUNS.name, repo.id, window)

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        for each in answers:
            if each.fault:
                yield failed_on(RUNS, Window.of_day(asking.today - DAY), each)
                continue
            for day, count in each.answer.items():
                window = Window.of_day(day)
                most = _most(count, self._stored(asking, each.repo, window))
                row = {"day": window.start, "repo": each.repo.id, "runs": most}
                detail = Ready([row] if most else [], count=most)
                settles_at = window.end + SETTLES
                yield Offer(RUNS.name, window, each.repo.id, str(most), settles_at=settles_at, detail=detail)


def _most(count: int, stored: Entry | None) -> int:
    """The runs of a day: a run that was deleted later still counts."""
    before = stored.fingerprint if stored else ""
    return max(count, int(before)) if before.isdecimal() else count
