"""The notebook's way with the launch archive: pandas, and two Feather files for each day, ISO week and month.

Each file is parsed once and its launches grouped by hour and by day; those of a week and of a month are its days' own,
grouped by hour and by day again. Run as: python notebook.py ARCHIVE OUT
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pandas as pd

KEYS = ["provider", "spec", "origin", "status", "version"]
GRAINS = {"hourly": "h", "daily": "D"}


def main(archive: Path, out: Path) -> None:
    parts: dict[tuple[str, str, str], list[pd.DataFrame]] = defaultdict(list)
    for path in sorted(archive.glob("events-*.jsonl")):
        day = path.stem.removeprefix("events-")
        year, week, _ = pd.Timestamp(day).isocalendar()
        events = pd.read_json(path, lines=True)
        for grain, unit in GRAINS.items():
            events["timestamp"] = events["timestamp"].dt.floor(unit)
            launches = events.groupby(["timestamp", *KEYS], dropna=False).size().reset_index(name="launches")
            write(launches, out / "days" / grain / f"{day}.feather")
            parts["weeks", grain, f"{year}-W{week:02}"].append(launches)
            parts["months", grain, day[:7]].append(launches)
    for (span, grain, label), days in parts.items():
        launches = pd.concat(days).groupby(["timestamp", *KEYS], dropna=False)["launches"].sum().reset_index()
        write(launches, out / span / grain / f"{label}.feather")


def write(launches: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    launches.to_feather(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
