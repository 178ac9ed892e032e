"""Traffic in the data of velocirepo: data/metrics/github-traffic/PROJECT/DATE.jsonl.

Each line is one number: {"source": "github-traffic", "metric": "daily_views", "target": "owner/name", "date": …, "value": …}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from footfall.moving.archives.found import Found, Traffic
from footfall.moving.archives.lines import Line, files_in, json_lines

SOURCE = "github-traffic"
_METRICS = {
    "daily_views": ("views", 0),
    "daily_unique_views": ("views", 1),
    "daily_clones": ("clones", 0),
    "daily_unique_clones": ("clones", 1),
}


def read(place: Path) -> Sequence[Found]:
    """What a folder of velocirepo, or one file of its traffic, knows of each repository. Other sources' lines stay out."""
    days: dict[str, dict[str, dict[date, list[int | None]]]] = defaultdict(
        lambda: {"views": defaultdict(lambda: [None, None]), "clones": defaultdict(lambda: [None, None])}
    )
    for file in files_in(place, f"**/{SOURCE}/**/*.jsonl", "*.jsonl"):
        for line in json_lines(file):
            if line.fields.get("source") == SOURCE and (metric := _metric(line)) is not None:
                kind, at = metric
                numbers = days[line.text("target")][kind][line.day("date")]
                numbers[at] = max(numbers[at] or 0, line.count("value"))
    return [Found(name, views=_whole(kinds["views"]), clones=_whole(kinds["clones"])) for name, kinds in days.items()]


def _metric(line: Line) -> tuple[str, int] | None:
    """Which number it is; early versions wrote names without `daily_`."""
    name = line.text("metric")
    return _METRICS.get(name if name.startswith("daily_") else f"daily_{name}")


def _whole(days: dict[date, list[int | None]]) -> Traffic:
    """The days of which both numbers are there."""
    return {
        day: (count, uniques) for day, (count, uniques) in days.items() if count is not None and uniques is not None
    }
