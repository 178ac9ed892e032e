"""Real series by day, in lakes of which some days were collected: for tests of numbers and time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from lakes import LakeOf, at, collected

Days = Mapping[date, int]


def downloads(shared_data: Path) -> dict[date, int]:
    """Downloads of icepyx without mirrors by day; days without any are absent."""
    with (shared_data / "pypi" / "icepyx" / "downloads_data.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["category"] == "without_mirrors"]
    return {date.fromisoformat(row["date"]): int(row["downloads"]) for row in rows}


def hub_users(shared_data: Path) -> dict[date, int]:
    with (shared_data / "jupyterhub" / "berkeley_datahub" / "spring2023_daily_active_users.csv").open() as file:
        return {date.fromisoformat(row["start"][:10]): int(row["user"]) for row in csv.DictReader(file)}


def lake_of(folder: Path, series: Days, on: Iterable[date], now: datetime, **more: Any) -> LakeOf:
    """A lake whose launches are `series`, of which the days `on` were collected."""
    covered = sorted(on)
    rows = [
        {"hour": at(f"{day}") + timedelta(hours=12), "repo": "a/b", "origin": "x", "launches": series[day]}
        for day in covered
        if series.get(day)
    ]
    return LakeOf(folder, {"launches": rows} if rows else {}, collected(covered), now, **more)


def between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def total(series: Days, on: Iterable[date]) -> int:
    return sum(series.get(day, 0) for day in on)
