"""A pypistats.org that is told what to count: days of projects, as the network sees it, with its own limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx2

REFUSAL = '<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>'


@dataclass
class Day:
    """Downloads of a project on a day: by Python and by system, and by mirrors."""

    pythons: Mapping[str, int]
    systems: Mapping[str, int]
    mirrors: int = 0
    people: int | None = None
    """In all without mirrors; None: as by Python."""

    @property
    def without_mirrors(self) -> int:
        return sum(self.pythons.values()) if self.people is None else self.people


def plain(downloads: int, mirrors: int = 1) -> Day:
    return Day({"3.12": downloads}, {"Linux": downloads}, mirrors)


@dataclass
class FakePyPIStats:
    """Days of projects, of which the last ones before `today` are told.

    `lost` are days that it lost for every project. Like the real one it answers a breakdown of an unknown project with
    an empty list, and refuses in HTML.
    """

    projects: dict[str, dict[date, Day]]
    today: date
    lost: set[date] = field(default_factory=set)
    totals: dict[date, int] = field(default_factory=dict)
    """Of all projects where another total is to be told than 1,000,000."""
    reach: int = 180
    """How many days are told; fewer make a test quicker."""
    refusals: int = 0
    status: int = 200
    is_empty: bool = False
    broken: dict[str, httpx2.Response] = field(default_factory=dict)
    """Answers by the end of the path, in the place of right ones."""
    asked: list[str] = field(default_factory=list)

    @property
    def days(self) -> list[date]:
        every = (self.today - timedelta(days=n) for n in range(self.reach, 0, -1))
        return [day for day in every if day not in self.lost]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        if self.refusals:
            self.refusals -= 1
            return httpx2.Response(429, text=REFUSAL, headers={"Content-Type": "text/html"})
        if self.status != 200:
            return httpx2.Response(self.status, text="<h1>down</h1>")
        for end, response in self.broken.items():
            if request.url.path.endswith(end):
                return response
        *_, name, kind = request.url.path.split("/")
        rows = self._rows(name, kind)
        if not rows and kind == "overall" and not self.is_empty:
            return httpx2.Response(404, text="<h1>404</h1>")
        return httpx2.Response(200, json={"data": rows, "package": name, "type": f"{kind}_downloads"})

    def _rows(self, name: str, kind: str) -> list[dict[str, Any]]:
        if self.is_empty and name != "__all__":
            return []
        if name == "__all__":
            return [
                {"category": "with_mirrors", "date": f"{day}", "downloads": self.totals.get(day, 1_000_000)}
                for day in self.days
            ]
        told = {day: one for day, one in self.projects.get(name, {}).items() if day in self.days}
        by_day = {day: Counter(self._counts(one, kind)) for day, one in told.items()}
        return [
            {"category": category, "date": f"{day}", "downloads": count}
            for day, counts in by_day.items()
            for category, count in sorted(counts.items())
            if count
        ]

    def _counts(self, day: Day, kind: str) -> Mapping[str, int]:
        if kind == "python_minor":
            return day.pythons
        if kind == "system":
            return day.systems
        people = day.without_mirrors
        return {"with_mirrors": people + day.mirrors, "without_mirrors": people}
