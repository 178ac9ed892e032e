"""The warehouse source: what it asks, what it believes, and what it says of settings and answers that cannot be."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall.sources.warehouse import Warehouse
from footfall.testing import Upstream, check_source

pytestmark = pytest.mark.slow

QUERY = """
-- Downloads by day; `:since` in a comment is no placeholder
SELECT day, project, sum(n) AS downloads FROM d
WHERE day >= :since AND day < :until GROUP BY day, project
"""
CHANGES = "SELECT project, min(day) AS day FROM d WHERE arrived >= :since AND arrived < :until GROUP BY project"


class Daily(Upstream):
    """A SQLite file with downloads by day and project, filled every day."""

    def settings(self) -> dict[str, Any]:
        (self.folder.parent / "installs.sql").write_text(QUERY)
        table = {
            "name": "installs",
            "query": "installs.sql",
            "time": "day",
            "first_day": date(2026, 3, 1),
            "dimensions": ["project"],
            "measures": ["downloads"],
            "lag": "0s",
        }
        return {"connection": f"sqlite:///{self.folder}/usage.db", "tables": [table]}

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        with sqlite3.connect(self.folder / "usage.db") as connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)

    def begin(self) -> None:
        self.run("CREATE TABLE d (day TEXT, project TEXT, n INTEGER)")
        self.fill()

    def fill(self) -> None:
        days = [(self.starts_at.date() - timedelta(days=ago)).isoformat() for ago in range(5)]
        for n, day in enumerate(days):
            self.add(day, n + 1)

    def add(self, day: str, n: int) -> None:
        self.run("INSERT INTO d VALUES (?, ?, ?)", [(day, "icepyx", 10 * n), (day, "gget", 10 * n + 1)])

    def restate(self) -> None:
        day = (self.starts_at - timedelta(days=2)).date().isoformat()
        self.run("INSERT INTO d VALUES (?, ?, ?)", [(day, "icepyx", 1000)])

    def take_back(self) -> None:
        self.run("DELETE FROM d WHERE n = 1000")

    def fail(self) -> None:
        (self.folder / "usage.db").rename(self.folder / "gone.db")

    def be_empty(self) -> None:
        self.run("DELETE FROM d")

    def recover(self) -> None:
        if (self.folder / "gone.db").exists():
            (self.folder / "gone.db").rename(self.folder / "usage.db")
        else:
            self.fill()

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += timedelta(days=1)
            self.add(self.now.date().isoformat(), 7)
        self.now = now


class Arriving(Daily):
    """A DuckDB file whose rows say when they arrived, kept by project."""

    def settings(self) -> dict[str, Any]:
        (self.folder.parent / "installs.sql").write_text(QUERY)
        (self.folder.parent / "changes.sql").write_text(CHANGES)
        settings = super().settings()
        (table,) = settings["tables"]
        return {
            "connection": f"duckdb:///{self.folder}/usage.db",
            "tables": [{**table, "changes": "changes.sql", "scope": "project"}],
        }

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        with duckdb.connect(str(self.folder / "usage.db")) as connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)

    def begin(self) -> None:
        self.run("CREATE TABLE d (day DATE, project TEXT, n BIGINT, arrived TIMESTAMP)")
        self.fill()

    def add(self, day: str, n: int) -> None:
        rows = [(day, "icepyx", 10 * n, self.arrival), (day, "gget", 10 * n + 1, self.arrival)]
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", rows)

    @property
    def arrival(self) -> datetime:
        return self.now.replace(tzinfo=None)

    def restate(self) -> None:
        day = (self.starts_at - timedelta(days=2)).date().isoformat()
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", [(day, "icepyx", 1000, self.arrival)])

    def take_back(self) -> None:
        self.run("DELETE FROM d WHERE n = 1000")
        self.run("UPDATE d SET arrived = ? WHERE project = 'icepyx'", [(self.arrival,)])

    def add_scopes(self, count: int) -> None:
        day = self.starts_at.date().isoformat()
        rows = [(day, f"more-{n}", n + 1, self.arrival) for n in range(count)]
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", rows)


def test_promises_of_days(tmp_path: Path) -> None:
    checked = check_source(Warehouse, Daily, tmp_path)
    assert checked.skipped == ("300 scopes are collected together",)


def test_promises_of_projects_by_arrival(tmp_path: Path) -> None:
    checked = check_source(Warehouse, Arriving, tmp_path)
    assert checked.skipped == ()
