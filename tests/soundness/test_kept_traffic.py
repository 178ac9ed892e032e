"""Traffic that other archivers kept, read by the files source: the per-day maximum, exactly, however often and in whatever order."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.collect import SourceSummary, collect
from footfall.http import Client
from footfall.lake import Lake
from footfall.lake.files import read_as
from footfall.lake.resolving import resolved
from footfall.sources import Context
from footfall.sources.files import Files, FilesSettings
from footfall.tables import Table

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def kept(path: str, time: Any, **measures: str) -> dict[str, Any]:
    """The settings of a table of observed numbers by day."""
    columns = [{"name": name, "column": column, "type": "number"} for name, column in measures.items()]
    return {
        "name": "kept_traffic",
        "path": path,
        "format": "csv",
        "time": time,
        "rule": "observe",
        "measures": columns,
    }


class Moved:
    """A folder of files that others kept, and the lake that they are read into."""

    def __init__(self, folder: Path, table: dict[str, Any]) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake", lambda: self.now)
        self.now = NOW
        self._table = table

    def _source(self) -> Files:
        context = Context(self.folder, self.folder / "scratch", lambda: self.now, Client, "files")
        return Files(FilesSettings.model_validate({"tables": [self._table]}), context)

    def collect(self) -> SourceSummary:
        self.now += timedelta(seconds=1)
        (summary,) = collect(self.lake, {"files": self._source()}, now=lambda: self.now).sources
        assert not summary.error
        assert not summary.failed
        return summary

    @property
    def table(self) -> Table:
        (table,) = self._source().tables
        return table

    def days(self) -> dict[str, tuple[float | None, ...]]:
        """Of each day the values that readers see."""
        files = self.lake.snapshot([self.table]).tables["kept_traffic"].files
        seen = resolved(self.table, read_as(self.table, files))
        names = ", ".join(self.table.measures)
        rows = self.lake.cursor().execute(f"SELECT strftime(day, '%Y-%m-%d'), {names} FROM ({seen}) ORDER BY 1")
        return {day: tuple(values) for day, *values in rows.fetchall()}


def lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        yield from map(json.loads, text)


def largest(texts: Iterator[str], time: str, *names: str) -> Mapping[str, tuple[float | None, ...]]:
    """By day the largest value of each column, by Python alone."""
    found: dict[str, list[float | None]] = defaultdict(lambda: [None] * len(names))
    for text in texts:
        for row in csv.DictReader(text.splitlines()):
            for at, name in enumerate(names):
                if row[name] != "":
                    found[row[time][:10]][at] = max(float(row[name]), found[row[time][:10]][at] or 0.0)
    return {day: tuple(values) for day, values in sorted(found.items())}


def test_the_windows_of_seissol_give_the_aggregate_of_another_archiver(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "github_traffic" / "seissol"
    for one in lines(data / "views_clones_fragments.jsonl.gz"):
        file = tmp_path / "ghrs-data" / Path(one["path"]).name
        file.parent.mkdir(exist_ok=True)
        file.write_text(one["text"], encoding="utf-8")
    moved = Moved(
        tmp_path, kept("ghrs-data/*_fragment.csv", "time_iso8601", kept_clones="clones_total", kept_views="views_total")
    )
    moved.collect()
    right = largest(
        iter([(data / "views_clones_aggregate.csv").read_text(encoding="utf-8")]),
        "time_iso8601",
        "clones_total",
        "views_total",
    )
    found = moved.days()
    assert len(right) == 808
    assert {day: views for day, (_, views) in found.items()} == {day: views for day, (_, views) in right.items()}
    told = {day: clones for day, (clones, _) in found.items() if clones is not None}
    assert len(told) == 790
    assert told == {day: right[day][0] for day in told}


def test_the_aggregate_alone_is_enough(shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data / "github_traffic" / "seissol" / "views_clones_aggregate.csv").read_text(encoding="utf-8")
    (tmp_path / "views_clones_aggregate.csv").write_text(text, encoding="utf-8")
    moved = Moved(tmp_path, kept("views_clones_aggregate.csv", "time_iso8601", kept_views="views_total"))
    assert moved.collect().rows == 808
    assert moved.days() == largest(iter([text]), "time_iso8601", "views_total")


def test_the_last_six_versions_of_icepyx_in_whatever_order_and_twice(shared_data: Path, tmp_path: Path) -> None:
    versions = list(lines(shared_data / "github_traffic" / "icepyx" / "views_all_committed_versions.jsonl.gz"))
    texts = [one["body_text"] for one in versions]
    moved = Moved(tmp_path, kept("views/*.csv", {"column": "_date", "format": "%Y-%m-%d"}, kept_views="total_views"))
    (tmp_path / "views").mkdir()
    for n, text in enumerate(reversed(texts[-6:])):
        (tmp_path / "views" / f"{n}.csv").write_text(text, encoding="utf-8")
    moved.collect()
    right = largest(iter(texts[-6:]), "_date", "total_views")
    assert moved.days() == right
    version = moved.lake.snapshot([moved.table]).tables["kept_traffic"].version
    for n, text in enumerate(texts[-6:]):
        (tmp_path / "views" / f"again-{n}.csv").write_text(text, encoding="utf-8")
    moved.collect()
    assert moved.days() == right
    assert moved.lake.snapshot([moved.table]).tables["kept_traffic"].version == version, (
        "a second import writes nothing"
    )
    holes = {f"2024-04-{day:02}" for day in range(1, 11)}
    assert not holes & right.keys(), "days that were never polled are not days of zero"
