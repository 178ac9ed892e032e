"""The most viewed pages and the top referrers: top ten over a rolling 14 days, stored for the day they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from footfall.periods import Window
from footfall.sources import Offer
from footfall.sources.github.asking import (
    DAY,
    Answered,
    Asking,
    Ready,
    Shape,
    count_of,
    entries_of,
    failed_on,
    start_of,
)
from footfall.sources.github.repositories import Repo
from footfall.sources.github.tables import PATHS, REFERRERS
from footfall.sources.github.traffic import Traffic
from footfall.tables import Table

SPAN = timedelta(days=14)


class Popular:
    """Popular paths or referrers."""

    permission = Traffic.permission
    tables: tuple[Table, ...]

    def __init__(self, name: str, table: Table, texts: tuple[str, ...]) -> None:
        self.name, self.table, self.tables, self.texts = name, table, (table,), texts

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/traffic/popular/{self.name}"

    def ask(self, asking: Asking, repo: Repo) -> list[dict[str, Any]]:
        answer = asking.api.get(self.path(repo), repo.owner, self.permission)
        with Shape(f"the popular {self.name} of {repo.name}"):
            return [
                {
                    **{name: str(each[name]) for name in self.texts},
                    "views": count_of(each["count"]),
                    "uniques": count_of(each["uniques"]),
                }
                for each in entries_of(answer)
            ]

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        """One offer for each repository and day of reading, covering the 14 days before it."""
        until = start_of(asking.today)
        window = Window(until - SPAN, until)
        for each in answers:
            if each.fault:
                yield failed_on(self.table, window, each)
                continue
            stored = asking.known.stored(self.table.name, each.repo.id, window)
            if stored is not None and stored.rows and not each.answer:  # what was read earlier that day stays
                yield Offer(self.table.name, window, each.repo.id, stored.fingerprint, settles_at=until + DAY)
                continue
            shared = {"since": window.start, "until": window.end, "repo": each.repo.id}
            rows = [shared | found for found in each.answer]
            looks = hashlib.sha256(json.dumps(each.answer).encode()).hexdigest()[:16]
            detail = Ready(rows, restates=Window(window.start, window.start + DAY))
            yield Offer(self.table.name, window, each.repo.id, looks, settles_at=until + DAY, detail=detail)


POPULAR = (Popular("paths", PATHS, ("path", "title")), Popular("referrers", REFERRERS, ("referrer",)))
