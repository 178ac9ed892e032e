"""Downloads as pypistats.org served them over five years, collected in pieces: every sum must be that of the files."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pypistats_faked import Day, FakePyPIStats
from test_pypi import Place

pytestmark = pytest.mark.slow

CONTRADICTIONS = {date(2023, 1, 24)}
"""A day of which the files, fetched one after the other, say more by system than in all."""


def series(file: Path) -> dict[str, dict[date, int]]:
    found: dict[str, dict[date, int]] = defaultdict(dict)
    with file.open() as lines:
        for row in csv.DictReader(lines):
            found[row["category"]][date.fromisoformat(row["date"])] = int(float(row["downloads"]))
    return found


def test_five_years_of_a_project_add_up_as_they_were_served(tmp_path: Path, shared_data: Path) -> None:
    overall = series(shared_data / "pypi" / "icepyx" / "downloads_data.csv")
    systems = series(shared_data / "pypi" / "icepyx" / "sys_downloads_data.csv")
    everything, people = overall["with_mirrors"], overall["without_mirrors"]
    days = {
        day: Day(
            pythons={"3.8": people.get(day, 0)},
            systems={name: counts[day] for name, counts in systems.items() if day in counts},
            mirrors=everything.get(day, 0) - people.get(day, 0),
        )
        for day in {*everything, *(day for counts in systems.values() for day in counts)}
    }
    first, last = min(days), max(days)
    place = Place(tmp_path, FakePyPIStats({"icepyx": days}, first))
    noon = datetime(last.year, last.month, last.day, 12, tzinfo=UTC) + timedelta(days=1)
    for ago in range((last - first).days // 150 * 150, -1, -150):
        assert not place.collect(noon - timedelta(days=ago)).failed
    with place.workspace() as ff:
        since, until = str(first), str(last + timedelta(days=1))
        by_month = {"since": since, "until": until, "grain": "month"}
        for metric, right in (("downloads", everything), ("installs", people)):
            sums = Counter[str]()
            for day, count in right.items():
                sums[f"{day:%Y-%m}"] += count
            answer = ff.query(metric, **by_month).rows.to_pylist()
            assert {f"{row['period']:%Y-%m}": row[metric] for row in answer} == sums
        for name, counts in systems.items():
            value = "(none)" if name == "null" else name
            (row,) = ff.query(
                "installs", where=f"system={value}", grain="total", since=since, until=until
            ).rows.to_pylist()
            assert row["installs"] == sum(counts.values())
    noted = {e.window.start.date() for e in place.lake().known("pypi") if e.table == "pypi_systems" and e.reason}
    assert noted == CONTRADICTIONS
