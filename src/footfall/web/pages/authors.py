"""The authors of a project: the bus factor, and how many of last year's authors are still active."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from footfall.hiding import is_small
from footfall.metrics import Subject
from footfall.periods import Grain, floor
from footfall.web.pages.headlines import rows_of

if TYPE_CHECKING:
    from footfall.web.site import Site

_YEAR = timedelta(days=364)
_COMMITS, _AUTHOR = "commits", "author"


@dataclass(frozen=True)
class Authors:
    """The authors of a project's commits in the last 364 days, and in the 364 days before."""

    count: int
    bus_factor: int
    """The fewest authors who wrote at least half of the commits."""
    returning: int
    """Of those of the year before, how many wrote again."""
    before: int
    """How many wrote in the year before."""
    is_whole: bool
    """Whether both years were collected completely."""

    @property
    def kept(self) -> float | None:
        """The part of the authors of the year before who wrote again."""
        return self.returning / self.before if self.before else None


async def authors_of(site: Site, project: str) -> Authors | None:
    """The authors of a project; None where commits are not known by their authors, or so few authors are hidden."""
    metric = site.workspace.metrics.get(_COMMITS)
    if metric is None or _AUTHOR not in Subject.of(metric, site.workspace.tables).dimensions:
        return None
    until = floor(Grain.DAY, site.workspace.now())
    spans = [(until - _YEAR, until), (until - 2 * _YEAR, until - _YEAR)]
    asked = {"metric": _COMMITS, "project": project, "grain": "total", "by": [_AUTHOR], "policy": "bots=excluded"}
    policies = {policy.name for policy in metric.policies}
    if "bots" not in policies:
        asked.pop("policy")
    now, before = await asyncio.gather(
        *(rows_of(site, {**asked, "since": f"{a:%Y-%m-%d}", "until": f"{b:%Y-%m-%d}"}) for a, b in spans)
    )
    wrote = {str(row[_AUTHOR]): row[_COMMITS] for row in now if row[_COMMITS]}
    earlier = {str(row[_AUTHOR]) for row in before if row[_COMMITS]}
    counts = (len(wrote), len(earlier & set(wrote)), len(earlier))
    if any(is_small(count, site.settings.smallest_cell) for count in counts):
        return None
    return Authors(
        count=len(wrote),
        bus_factor=bus_factor(list(wrote.values())),
        returning=len(earlier & set(wrote)),
        before=len(earlier),
        is_whole=all(row["coverage"] >= 1 for row in (*now, *before)),
    )


def bus_factor(commits: list[int]) -> int:
    """The fewest authors who wrote at least half of the commits.

    >>> bus_factor([50, 30, 20]), bus_factor([10, 10, 10, 10]), bus_factor([])
    (1, 2, 0)
    """
    total, written = sum(commits), 0
    for n, count in enumerate(sorted(commits, reverse=True), 1):
        written += count
        if 2 * written >= total:
            return n
    return 0
