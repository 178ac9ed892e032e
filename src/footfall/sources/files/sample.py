"""Sample files: installs and traffic of made-up packages, and users of made-up hubs, labelled as sample data.

Nothing in them happened. They have a weekly rhythm, growth, a summer break and a release. Each day depends only on its
date: written again, the files are the same, with the days added since.
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
PACKAGES = {
    PACKAGE: (1.0, date(2010, 1, 1)),
    "samplemaps": (0.45, date(2010, 1, 1)),
    "sampleviz": (0.7, date(2025, 6, 2)),
}
"""The made-up packages: their size relative to the first, and the day from which they exist."""
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
_SPANS = (("daily", 1.0, 1), ("weekly", 2.1, 7), ("monthly", 3.6, 30))
"""The approximate factor on the number of users for longer spans, and the days of each."""
_BREAK = 0.85
"""The share of a teaching hub's users who stay away in the summer."""

USER_EVENTS = ("sample_active", "sample_paid", "sample_signed_up")
"""What the made-up users of an application do."""
_JOIN_A_DAY = 4
_LEAVE_AFTER = 120
"""Days after which a made-up user is not seen again."""

Row = tuple[str | int | float, ...]


def tables_of(folder: str) -> list[dict[str, Any]]:
    """The settings of the source `files` that read the samples in `folder`, relative to the workspace."""

    def table(name: str, dimensions: list[str], measures: list[Mapping[str, str]], description: str) -> dict[str, Any]:
        return {
            "name": name,
            "description": f"{description} Made-up sample data.",
            "path": f"{folder}/{name}.csv",
            "format": "csv",
            "time": "day",
            "dimensions": dimensions,
            "measures": measures,
        }

    counted = {
        "installs": "Installs of packages.",
        "views": "Views of repositories.",
        "clones": "Clones of repositories.",
    }

    def measures(*names: str) -> list[Mapping[str, str]]:
        return [{"name": name, "title": name.capitalize(), "description": counted[name]} for name in names]

    return [
        {
            **table("installs", ["project"], measures("installs"), "Installs of packages by day."),
            "project": "project",
        },
        {
            **table(
                "traffic", ["project"], measures("views", "clones"), "Views and clones of their repositories by day."
            ),
            "project": "project",
        },
    ]


def hubs_of(folder: str) -> dict[str, str]:
    """The settings of the source `hub_files` that read the samples in `folder`, relative to the workspace."""
    return {"users": f"{folder}/hub_users.csv", "communities": f"{folder}/communities.csv"}


def write_sample_files(folder: Path, days: int, *, until: date) -> None:
    """Write the CSV files that `tables_of` and `hubs_of` name, of the `days` days before `until`.

    Args:
        folder: Where to write; created if it does not exist. Existing files are overwritten.
        days: How many days.
        until: The day after the last one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SAMPLE.txt").write_text("Generated sample data. All of it is made up.\n", encoding="utf-8")
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
    for package, size in _sizes(day):
        yield day.isoformat(), package, _about(240 * size * _week(day, 0.55), day, f"installs of {package}")


def _traffic(day: date) -> Iterator[Row]:
    for package, size in _sizes(day):
        views = _about(120 * size * _week(day, 0.6), day, f"views of {package}")
        yield day.isoformat(), package, views, _about(20 * size * _week(day, 0.3), day, f"clones of {package}")


def _sizes(day: date) -> Iterator[tuple[str, float]]:
    """The packages that exist on a day, with their sizes; a new one takes half a year to find its users."""
    for package, (size, first) in PACKAGES.items():
        if day >= first:
            yield package, size * _growth(day) * min(1.0, ((day - first).days + 20) / 180)


def _users(day: date) -> Iterator[Row]:
    for (cluster, hub), users in HUBS.items():
        if hub == "soils" and day < date(2026, 3, 2):  # a hub that was added later
            continue
        for span, times, days in _SPANS:
            rhythm = _week(day, 0.4) if days == 1 else 1.0
            away = _BREAK * _part_in_summer(day, days) if hub == "teaching" else 0.0
            expected = users * times * rhythm * _growth(day) / 1.6 * (1 - away)
            yield day.isoformat(), cluster, hub, span, _about(expected, day, f"{cluster} {hub} {span}", days)


def _part_in_summer(day: date, days: int) -> float:
    """The share of the `days` days ending with `day` that are in July or August."""
    return sum((day - timedelta(days=n)).month in (7, 8) for n in range(days)) / days


def _growth(day: date) -> float:
    """Growth by a third per year, and a release that adds a tenth each March."""
    years = (day - date(2024, 1, 1)).days / 365
    return float(1.33**years) * (1.1 if day.month == 3 else 1)


def _week(day: date, weekend: float) -> float:
    return weekend if day.weekday() >= 5 else 1 + 0.08 * math.sin(day.weekday())


def _about(expected: float, day: date, what: str, days: int = 1) -> int:
    """A number close to the expected one, always the same for the same key; it varies less over more `days`."""
    chance = random.Random(f"{what} {day.isoformat()}")
    return max(0, round(chance.gauss(expected, (math.sqrt(expected) + 0.04 * expected) / days)))


def write_sample_users(folder: Path, since: date, until: date) -> dict[str, Path]:
    """What made-up users of an application did in [since, until), a CSV file an event with `user` and `day`.

    A user signs up once, and is active on that day and less and less often later, less at weekends; some pay later.
    """
    rows: dict[str, list[Row]] = {event: [] for event in USER_EVENTS}
    for n in range(1 - _LEAVE_AFTER, (until - since).days):
        joined = since + timedelta(days=n)
        for k in range(_JOIN_A_DAY - (joined.weekday() > 4)):
            user = f"user-{joined:%y%m%d}-{k}"
            for day, event in _actions(user, joined):
                if since <= day < until:
                    rows[event].append((user, day.isoformat()))
    files = {event: folder / f"{event}.csv" for event in USER_EVENTS}
    for event, file in files.items():
        with file.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(("user", "day"))
            writer.writerows(rows[event])
    return files


def _actions(user: str, joined: date) -> Iterator[tuple[date, str]]:
    """What a made-up user does on which day, deterministic."""
    yield joined, "sample_signed_up"
    stays = 0.75 if random.Random(user).random() < 0.35 else 0.25
    for age in range(_LEAVE_AFTER):
        day = joined + timedelta(days=age)
        dice = random.Random(f"{user} {day}")
        if age == 0 or dice.random() < stays * math.exp(-age / 50) * (0.4 if day.weekday() > 4 else 1):
            yield day, "sample_active"
            if age in range(3, 45) and dice.random() < 0.06:
                yield day, "sample_paid"
