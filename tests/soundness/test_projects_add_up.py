"""A real project across sources: each number of it is what its own series say, counted by Python alone."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from footfall.periods import micros_of
from footfall.workspace import Workspace
from histories import History
from project_workspaces import daily, workspace, write_installs
from real_series import downloads

pytestmark = pytest.mark.slow

NOW = datetime(2025, 6, 20, 15, 30, tzinfo=UTC)
SINCE, UNTIL = "2025-05-21", "2025-06-20"
"""The last 30 days that are over."""
SOURCES = """
[sources.git]
repositories = [{ address = "icepyx", name = "icesat2py/icepyx" }]
[[sources.files.tables]]
name = "pypi_downloads"
path = "installs.csv"
format = "csv"
time = "day"
scope = "project"
dimensions = ["project"]
measures = [{ name = "installs", title = "Installs" }]
absent = "zero"
project = "project"
"""
PROJECTS = """
[[projects]]
name = "icepyx"
git = "icesat2py/icepyx"
files = "icepyx"
"""


def committed(shared_data: Path) -> list[datetime]:
    with gzip.open(shared_data / "git_commits" / "icesat2py_icepyx.csv.gz", "rt") as file:
        moments = [datetime.fromisoformat(row["committer_date"]).astimezone(UTC) for row in csv.DictReader(file)]
    return sorted(moments)


@pytest.fixture(scope="module")
def installs(shared_data: Path) -> dict[date, int]:
    return downloads(shared_data)


@pytest.fixture(scope="module")
def ff(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, installs: dict[date, int]) -> Workspace:
    folder = tmp_path_factory.mktemp("icepyx")
    history = History.new(folder / "icepyx")
    for moment in committed(shared_data):
        history.commit(moment.isoformat())
    history.write()
    write_installs(folder, {"icepyx": installs})
    ff = workspace(folder, PROJECTS, now=NOW, sources=SOURCES)
    assert not [source.error for source in ff.collect().sources if source.error]
    return ff


def by_month(moments: list[datetime]) -> Counter[str]:
    return Counter(f"{moment:%Y-%m}" for moment in moments)


def test_commits_are_those_of_the_history(ff: Workspace, shared_data: Path) -> None:
    moments = committed(shared_data)
    commits = ff.project("icepyx", months=24)["commits"]
    total, recent = commits.number("total"), commits.number("last_30_days")
    assert total is not None
    assert recent is not None
    assert total.value == len(moments)
    assert recent.value == sum(SINCE <= f"{moment:%Y-%m-%d}" < UNTIL for moment in moments)
    counted = by_month(moments)
    assert [each.value for each in commits.months] == [counted[f"{each.start:%Y-%m}"] for each in commits.months]
    latest = ff.project("icepyx")["latest_commit"].number("latest")
    assert latest is not None
    assert latest.value == max(moments)


def test_installs_are_those_of_the_series(ff: Workspace, installs: dict[date, int]) -> None:
    facet = ff.project("icepyx", months=24)["installs"]
    total = facet.number("total")
    assert total is not None
    assert total.value == sum(installs.values())
    first, last = min(installs), max(installs)
    for month in facet.months:
        assert month.start is not None
        own = [count for day, count in installs.items() if f"{day:%Y-%m}" == f"{month.start:%Y-%m}"]
        is_known = first <= month.start.date() + timedelta(days=31) and month.start.date() <= last
        assert month.value == (sum(own) if is_known else None)


def test_days_that_were_not_collected_lower_the_coverage(ff: Workspace, installs: dict[date, int]) -> None:
    """Asked when the series had stopped for 19 days: the value is of 11 days, and the coverage says so."""
    asked_on = datetime(2025, 4, 30, 9, tzinfo=UTC)
    facet = workspace(ff.settings.folder, PROJECTS, now=asked_on, sources=SOURCES).project("icepyx")["installs"]
    recent = facet.number("last_30_days")
    assert recent is not None
    assert max(installs) == date(2025, 4, 10)
    assert recent.coverage == pytest.approx(11 / 30)
    assert recent.value == sum(installs.get(day, 0) for day in daily("2025-03-31", "2025-04-10"))
    assert recent.state == "lost"


def test_the_same_in_the_shape_of_napari_hub(ff: Workspace, shared_data: Path, installs: dict[date, int]) -> None:
    moments = committed(shared_data)
    said = ff.project("icepyx").to_napari_hub()
    assert said["usage"]["stats"]["total_installs"] == sum(installs.values())
    assert said["maintenance"]["stats"] == {
        "total_commits": len(moments),
        "latest_commit_timestamp": micros_of(max(moments)) // 1000,
    }
    counted = by_month(moments)
    timeline = [
        (f"{datetime.fromtimestamp(each['timestamp'] / 1000, UTC):%Y-%m-%d %H:%M}", each["commits"])
        for each in said["maintenance"]["timeline"]
    ]
    months = [f"2024-{n:02}" for n in range(6, 13)] + [f"2025-{n:02}" for n in range(1, 6)]
    assert timeline == [(f"{month}-01 00:00", counted[month]) for month in months]


def test_the_rank_of_one_is_what_it_is_alone(ff: Workspace) -> None:
    (place,) = ff.projects_by("installs").places
    recent = ff.project("icepyx")["installs"].number("last_30_days")
    assert recent is not None
    assert (place.last_days, place.coverage) == (recent.value, recent.coverage)


def test_a_pipeline_that_stopped_is_null_and_not_0(ff: Workspace) -> None:
    """A year after the last collection nothing is known of the last 30 days, whatever was known before."""
    later = workspace(ff.settings.folder, PROJECTS, now=NOW + timedelta(days=365), sources=SOURCES)
    said = later.project("icepyx").to_napari_hub()
    assert said["usage"]["stats"]["installs_in_last_30_days"] is None
    assert said["usage"]["coverage"] == 0
    assert said["usage"]["timeline"][-1]["installs"] is None
    assert said["usage"]["stats"]["total_installs"] is not None
