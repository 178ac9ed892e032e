"""Names of projects as sources spell them, and metrics of every kind."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from footfall.http import Client
from footfall.projects.asking import Knowledge, ask_project
from footfall.projects.names import NamedProject
from footfall.projects.numbers import Number
from footfall.projects.placing import rank
from footfall.result import Result
from footfall.sources.binder.sample import write_sample_archive
from footfall.tables import Table
from footfall.workspace import Workspace
from project_workspaces import history, workspace
from pypistats_faked import FakePyPIStats, plain
from shops import METRIC, SALES, Shops

pytestmark = pytest.mark.slow

WAREHOUSE = """
[sources.warehouse]
connection = "sqlite:///usage.db"
project_names = "pypi"
[[sources.warehouse.tables]]
name = "pypi_downloads"
query = "installs.sql"
time = "day"
dimensions = ["project"]
measures = ["installs"]
project = "project"
first_day = 2026-03-01
"""
STARS = """
[[sources.files.tables]]
name = "stars_by_day"
path = "stars.csv"
format = "csv"
time = "day"
dimensions = ["repo"]
measures = [{ name = "stars", kind = "level", within = "last", title = "Stars" }]
project = "repo"
"""


def collected(folder: Path, projects: str, sources: str) -> Workspace:
    ff = workspace(folder, projects, sources=sources)
    assert not [source.error for source in ff.collect().sources if source.error]
    return ff


def number(ff: Workspace, project: str, metric: str, span: str) -> Number:
    found = ff.project(project)[metric].number(span)
    assert found is not None
    return found


def test_packages_are_one_under_every_spelling(tmp_path: Path) -> None:
    """A plugin of which the settings and the data each have a spelling, that the other one lacks."""
    with sqlite3.connect(tmp_path / "usage.db") as connection:
        connection.execute("CREATE TABLE d (day TEXT, project TEXT, installs INTEGER)")
        days = [f"2026-03-{day:02}" for day in range(1, 11)]
        connection.executemany("INSERT INTO d VALUES (?, 'recorder-napari', 2000)", [(day,) for day in days])
    (tmp_path / "installs.sql").write_text("SELECT day, project, installs FROM d WHERE day >= :since AND day < :until")
    projects = '[[projects]]\nname = "recOrder-napari"\nwarehouse = "RecOrder_Napari"\n'
    projects += '[[projects]]\nname = "PartSeg"\nwarehouse = "PartSeg"\n'
    ff = collected(tmp_path, projects, WAREHOUSE)
    assert number(ff, "recorder_napari", "installs", "total").value == 20_000
    unknown = number(ff, "partseg", "installs", "total")
    assert (unknown.value, unknown.coverage) == (None, 0.0), "no row and no scope knows it"
    ranked = [(place.project, place.total) for place in ff.projects_by("installs").places]
    assert ranked == [("recOrder-napari", 20_000), ("PartSeg", None)]


def test_installs_of_pypi_stand_beside_commits(tmp_path: Path) -> None:
    """A package that pypistats.org knows under its normalised name, and one that it does not know."""
    today = date(2026, 3, 11)
    upstream = FakePyPIStats({"ice-pyx": {today - timedelta(days=n): plain(5) for n in range(1, 41)}}, today, reach=40)
    history(tmp_path / "icepyx", "2026-02-20", "2026-03-05")
    sources = """
[sources.git]
repositories = ["icepyx"]
[sources.pypi]
packages = ["Ice.Pyx", "no-such"]
address = "https://stats.example"
"""
    projects = '[[projects]]\nname = "icepyx"\ngit = "icepyx"\npypi = "ICE_pyx"\n'
    projects += '[[projects]]\nname = "none"\npypi = "no-such"\n'
    ff = workspace(tmp_path, projects, sources=sources)
    waited: list[float] = []
    ff.client = Client(
        transport=httpx2.MockTransport(upstream.answer), wait=0, clock=lambda: sum(waited), sleep=waited.append
    )
    ff.collect()
    assert number(ff, "icepyx", "commits", "total").value == 2
    assert number(ff, "icepyx", "installs", "total").value == 200
    recent = number(ff, "icepyx", "installs", "last_30_days")
    assert (recent.value, recent.coverage) == (150, 1.0)
    unknown = number(ff, "none", "installs", "last_30_days")
    assert (unknown.value, unknown.coverage) == (None, 0.0)
    said = ff.project("icepyx").to_napari_hub()
    assert said["usage"]["stats"] == {"total_installs": 200, "installs_in_last_30_days": 150}
    assert said["maintenance"]["stats"]["total_commits"] == 2


def test_a_repository_is_found_in_another_case_and_at_its_host(tmp_path: Path) -> None:
    until = date(2026, 3, 11)
    write_sample_archive(tmp_path / "sample", 40, 60, until=until, repositories=5)
    sources = '[sources.binder]\narchive = "sample"\nfirst_day = 2026-01-30\n'
    ff = collected(tmp_path, "", sources)
    rows = ff.query("launches", grain="total", by=["repo"], top=1).rows.to_pylist()
    repo, launches = rows[0]["repo"], rows[0]["launches"]
    host, _, name = repo.partition(":")
    assert host == "GitHub"
    again = workspace(tmp_path, f'[[projects]]\nname = "busy"\nbinder = "{name.upper()}"\n', sources=sources)
    assert number(again, "busy", "launches", "total").value == launches
    (place,) = again.projects_by("launches").places
    assert place.total == launches


def test_a_gauge_has_its_last_value_and_no_sum(tmp_path: Path) -> None:
    first = date(2026, 2, 1)
    rows = [f"{first + timedelta(days=n)},o/r,{100 + n}" for n in range(38)]
    (tmp_path / "stars.csv").write_text("\n".join(["day,repo,stars", *rows, ""]))
    ff = collected(tmp_path, '[[projects]]\nname = "r"\nfiles = "o/r"\n', STARS)
    assert number(ff, "r", "stars", "latest").value == 137
    assert ff.project("r")["stars"].number("total") is None
    assert [each.value for each in ff.project("r", months=2)["stars"].months] == [None, 127]
    ranking = ff.projects_by("stars")
    assert ranking.to_arrow().column_names == ["project", "last_30_days", "coverage"]
    assert [place.last_days for place in ranking.places] == [137]
    assert "Stars" in ff.project("r").draw(80)


def test_releases_are_those_of_the_project(tmp_path: Path) -> None:
    history(tmp_path / "tool", "2026-01-05", "2026-02-05")
    history(tmp_path / "other", "2026-01-05", "2026-02-05")
    happened = "".join(
        f'[[annotations]]\nkind = "release"\nat = 2026-01-{day}\ntext = "{text}"\nsource = "git"\nscope = "{scope}"\n'
        for day, text, scope in ((20, "2.0", "other"), (10, "1.0", "tool"), (12, "1.1", "tool"))
    )
    sources = '[sources.git]\nrepositories = ["tool", "other"]\n'
    ff = collected(tmp_path, f'[[projects]]\nname = "tool"\ngit = "tool"\n{happened}', sources)
    tool = ff.project("tool")
    assert [one.text for one in tool.releases] == ["1.0", "1.1"]
    assert "Last releases: 1.1 (2026-01-12), 1.0 (2026-01-10)" in tool.draw(80)
    assert [one["text"] for one in tool.about()["annotations"]] == ["1.0", "1.1"]


def test_authors_of_two_repositories_are_counted_once(tmp_path: Path) -> None:
    history(tmp_path / "tool", "2026-01-05")
    history(tmp_path / "other", "2026-01-06", "2026-01-07")
    sources = '[sources.git]\nrepositories = ["tool", "other"]\n'
    ff = collected(tmp_path, '[[projects]]\nname = "both"\ngit = ["tool", "other"]\n', sources)
    assert number(ff, "both", "commits", "total").value == 3
    assert number(ff, "both", "authors", "total").value == 1
    assert [place.total for place in ff.projects_by("authors").places] == [1]


def test_an_answer_may_be_asked_at_the_first_moment_of_a_month(tmp_path: Path) -> None:
    history(tmp_path / "tool", "2026-01-05", "2026-02-28")
    sources = '[sources.git]\nrepositories = ["tool"]\n'
    now = datetime(2026, 3, 1, tzinfo=UTC)
    ff = workspace(tmp_path, '[[projects]]\nname = "tool"\ngit = "tool"\n', now=now, sources=sources)
    ff.collect()
    months = ff.project("tool", months=1)["commits"].months
    assert [(f"{each.start:%Y-%m}", each.value) for each in months] == [("2026-02", 1)]
    assert number(ff, "tool", "commits", "last_30_days").value == 1


@dataclass(frozen=True)
class Filled:
    """A source, as far as projects look at it."""

    tables: tuple[Table, ...]


@pytest.mark.parametrize("name", ["a/old", "c/new", "C/New"])
def test_a_repository_that_was_renamed_is_found_by_any_name(tmp_path: Path, name: str) -> None:
    shops = Shops(tmp_path / "lake")
    shops.rename()

    def ask(metric: str, **asked: Any) -> Result:
        return shops.ask(**{"by": (), **asked})

    knowledge = Knowledge({"s": Filled((SALES,))}, {METRIC.name: METRIC}, {"sales": SALES}, ask, shops.now)  # type: ignore[dict-item]
    tied = NamedProject("tied", "", (("s", "shop", (name,)),))
    total = ask_project(tied, knowledge)[METRIC.name].number("total")
    assert total is not None
    assert (total.value, total.coverage) == (11, 1.0)
    (place,) = rank({"tied": tied}, knowledge).places
    assert (place.total, place.last_days) == (11, 11)
