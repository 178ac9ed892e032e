"""The notebook's way with the launch archive: pandas, one Feather file a day, week and month.

Each file is parsed once, grouped by hour and by day; the days are added up by ISO week and by month.
Run as: python notebook.py ARCHIVE OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

KEYS = ["provider", "spec", "origin", "status", "version"]


def main(archive: Path, out: Path) -> None:
    for name in ("hourly", "daily", "weekly", "monthly"):
        (out / name).mkdir(parents=True, exist_ok=True)
    weeks: dict[str, list[pd.DataFrame]] = {}
    months: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(archive.glob("events-*.jsonl")):
        day = path.stem.removeprefix("events-")
        frame = pd.read_json(path, lines=True)
        frame["timestamp"] = frame["timestamp"].dt.floor("h")
        hourly = frame.groupby(["timestamp", *KEYS], dropna=False).size().reset_index(name="launches")
        hourly.to_feather(out / "hourly" / f"{day}.feather")
        frame["timestamp"] = frame["timestamp"].dt.floor("D")
        daily = frame.groupby(["timestamp", *KEYS], dropna=False).size().reset_index(name="launches")
        daily.to_feather(out / "daily" / f"{day}.feather")
        year, week, _ = pd.Timestamp(day).isocalendar()
        weeks.setdefault(f"{year}-W{week:02}", []).append(daily)
        months.setdefault(day[:7], []).append(daily)
    for name, spans in (("weekly", weeks), ("monthly", months)):
        for label, frames in spans.items():
            summed = pd.concat(frames).groupby(KEYS, dropna=False)["launches"].sum().reset_index()
            summed.to_feather(out / name / f"{label}.feather")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
