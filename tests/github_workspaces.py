"""Workspaces that collect a GitHub of our own, under a clock that a test moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import footfall
from footfall.collect import SourceSummary
from footfall.http import Client
from footfall.result import Result
from githubs import Commit, GitHub, Repository

START = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def counts(last: date, days: int = 30, first: int = 10) -> dict[date, tuple[int, int]]:
    """Numbers that differ from day to day, up to `last`."""
    return {last - n * DAY: (first * 24 + n * 24, first + n) for n in range(days)}


def repository(number: int, name: str, now: datetime = START, **more: Any) -> Repository:
    """A repository with something of everything."""
    today = now.date()
    said: dict[str, Any] = {
        "created_at": now - 100 * DAY,
        "views": counts(today, first=number),
        "clones": counts(today, first=2 * number),
        "forks": [now - 50 * DAY, now - 3 * DAY],
        "runs": [now - n * DAY / 2 for n in range(9)],
        "releases": {"v1": now - 40 * DAY},
        "assets": {"v1": [(number * 10 + 1, "tool.zip", now - 40 * DAY, 100)]},
        "commits": [Commit(f"{number:04}{n:036}", now - (9 - n) * DAY, now - (9 - n) * DAY) for n in range(5)],
        "paths": [{"path": f"/{name}", "title": name, "count": 9, "uniques": 3}],
        "referrers": [{"referrer": "example.org", "count": 8, "uniques": 2}],
    } | more
    found = Repository(number, name, **said)
    if not found.stars:
        found.stars.update({today - 90 * DAY: 3, today - 2 * DAY: 1})
    return found


class Watched:
    """A workspace of one source, opened anew for every run as a process of its own would."""

    def __init__(self, folder: Path, *repositories: Repository, now: datetime = START, **settings: Any) -> None:
        self.folder, self.now = folder, now
        self.github = GitHub(lambda: self.now, list(repositories))
        self.settings: Mapping[str, Any] = {
            "repositories": [each.name for each in repositories],
            "token": "good",
            "concurrency": 4,
            **settings,
        }
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, **settings: Any) -> None:
        self.settings = {**self.settings, **settings}

    def open(self) -> footfall.Workspace:
        lines = ["[sources.github]", *(f"{name} = {_toml(value)}" for name, value in self.settings.items())]
        (self.folder / "footfall.toml").write_text("\n".join(lines), encoding="utf-8")
        opened = footfall.open(self.folder, now=lambda: self.now)
        opened.client = Client(transport=self.github.transport(), wait=0.0, attempts=2, sleep=lambda _: None)
        return opened

    def collect(self, **asked: Any) -> SourceSummary:
        with self.open() as opened:
            (summary,) = opened.collect(**asked).sources
        return summary

    def succeed(self, **asked: Any) -> SourceSummary:
        summary = self.collect(**asked)
        assert not summary.error
        assert not summary.failed, [note.reason for note in summary.notes]
        return summary

    def pass_days(self, days: float = 1.0) -> None:
        self.now += timedelta(days=days)

    def ask(self, *metrics: str, **asked: Any) -> Result:
        with self.open() as opened:
            return opened.query(list(metrics), **asked)

    def values(self, metric: str, by: str = "repo", **asked: Any) -> dict[Any, Any]:
        """The values of a total, or by day; by the values of a dimension where one is asked."""
        asked = {"grain": "total", **asked}
        rows = self.ask(metric, by=[by] if by else [], **asked).rows.to_pylist()
        return {row[by] if by else row["period"].date(): row[metric] for row in rows}


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
