"""Sample files: installs and traffic of a made-up package, and users of made-up hubs, said to be sample data.

Nothing in them happened. They have a weekly rhythm, growth, a summer break and a release, and each day is made of its
date alone: written again they are the same, with the days that came since.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

PACKAGE = "samplepkg"
HUBS = {
    ("north", "physics"): 90,
    ("north", "climate"): 140,
    ("north", "staging"): 4,
    ("west", "teaching"): 320,
    ("west", "oceans"): 35,
    ("west", "soils"): 8,
    ("east", "genomes"): 60,
    ("east", "stars"): 22,
}
"""The made-up hubs by cluster, and about how many users each has on a working day."""
COMMUNITIES = (
    ("Polar physics", "north/physics", "Sciences", "Oslo", 59.91, 10.75),
    ("Climate models", "north/climate", "Sciences", "Nairobi", -1.29, 36.82),
    ("Introduction to data", "west/teaching", "Teaching", "Berkeley, California", 37.87, -122.27),
    ("Ocean observers", "west/oceans", "Sciences", "Seattle, Washington", 47.61, -122.33),
    ("Soil atlas", "west/soils", "Sciences", "Manhattan, Kansas", 39.18, -96.57),
    ("Plant genomes", "east/genomes", "Life", "Ithaca, New York", 42.44, -76.50),
    ("Star catalogue", "east/stars", "Life", "Pune", 18.52, 73.86),
)
"""The made-up communities: name, hub, constellation, place and where it is."""
_SPANS = (("daily", 1.0), ("weekly", 2.1), ("monthly", 3.6))
"""About how many times as many users there are in a longer span."""

Row = tuple[str | int | float, ...]


def tables_of(folder: str) -> list[dict[str, Any]]:
    """The settings of the source `files` that read the samples in `folder`, relative to the workspace."""

    def table(name: str, dimensions: list[str], measures: list[Mapping[str, str]], description: str) -> dict[str, Any]:
        return {
            "name": name,
            "description": f"{description} Sample data: nothing of it happened.",
            "path": f"{folder}/{name}.csv",
            "format": "csv",
            "time": "day",
            "dimensions": dimensions,
            "measures": measures,
        }

    traffic = [{"name": name, "title": name.capitalize()} for name in ("views", "clones")]
    return [
        {
            **table(
                "installs", ["project"], [{"name": "installs", "title": "Installs"}], "Installs of a package by day."
            ),
            "project": "project",
        },
        {
            **table("traffic", ["project"], list(traffic), "Views and clones of its repository by day."),
            "project": "project",
        },
    ]


def hubs_of(folder: str) -> dict[str, str]:
    """The settings of the source `hub_files` that read the samples in `folder`, relative to the workspace."""
    return {"users": f"{folder}/hub_users.csv", "communities": f"{folder}/communities.csv"}


def write_sample_files(folder: Path, days: int, *, until: date) -> None:
    """Write the CSV files that `tables_of` and `hubs_of` name, of the `days` days before `until`.

    Args:
        folder: Where to write; made if it is not there. Files that are there are written again.
        days: How many days.
        until: The day after the last one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SAMPLE.txt").write_text("Generated sample data. Nothing in this folder happened.\n", encoding="utf-8")
    written: dict[str, tuple[Row, Callable[[date], Iterator[Row]]]] = {
        "installs": (("day", "project", "installs"), _installs),
        "traffic": (("day", "project", "views", "clones"), _traffic),
        "hub_users": (("date", "cluster", "hub", "timescale", "users"), _users),
    }
    for name, (header, rows_of) in written.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for ago in range(days, 0, -1):
                writer.writerows(rows_of(until - timedelta(days=ago)))
    with (folder / "communities.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "hubs", "constellation", "location", "latitude", "longitude"))
        writer.writerows(COMMUNITIES)


def _installs(day: date) -> Iterator[Row]:
    yield day.isoformat(), PACKAGE, _about(240 * _growth(day) * _week(day, 0.55), day, "installs")


def _traffic(day: date) -> Iterator[Row]:
    views = _about(120 * _growth(day) * _week(day, 0.6), day, "views")
    yield day.isoformat(), PACKAGE, views, _about(25 * _week(day, 0.3), day, "clones")


def _users(day: date) -> Iterator[Row]:
    for (cluster, hub), users in HUBS.items():
        if hub == "soils" and day < date(2026, 3, 2):  # a hub that came later
            continue
        is_break = hub == "teaching" and day.month in (7, 8)
        for span, times in _SPANS:
            rhythm = _week(day, 0.4) if span == "daily" else 1.0
            expected = users * times * rhythm * _growth(day) / 1.6 * (0.15 if is_break else 1)
            yield day.isoformat(), cluster, hub, span, _about(expected, day, f"{cluster} {hub} {span}")


def _growth(day: date) -> float:
    """A third more a year, and a release that brings a tenth more each March."""
    years = (day - date(2024, 1, 1)).days / 365
    return float(1.33**years) * (1.1 if day.month == 3 else 1)


def _week(day: date, weekend: float) -> float:
    return weekend if day.weekday() >= 5 else 1 + 0.08 * math.sin(day.weekday())


def _about(expected: float, day: date, what: str) -> int:
    """A number near what is expected, the same whenever it is asked for."""
    chance = random.Random(f"{what} {day.isoformat()}")
    return max(0, round(chance.gauss(expected, math.sqrt(expected) + 0.04 * expected)))
