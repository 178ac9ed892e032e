"""Real archives, taken in: what is kept is the largest of every day, in whatever order, and once.

The right numbers come from another archiver and from Python alone.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.lake.files import read_as
from footfall.lake.resolving import resolved
from footfall.moving.archives import github_repo_stats, traffic_action, traffic_to_badge
from footfall.moving.archives.found import Reader
from footfall.moving.downloads import import_downloads
from footfall.moving.traffic import Importer, Taken
from footfall.sources.github.tables import CLONES, FORKS, STARS, VIEWS
from footfall.tables import Table
from github_workspaces import DAY, Watched
from githubs import Repository
from lengths import IS_LONG

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REPO, NUMBER = "a/b", "7"
Days = dict[date, tuple[int, ...]]


class Archive(Watched):
    """A workspace that takes archives in, and collects a GitHub of our own."""

    def take(self, read: Reader, place: Path) -> Taken:
        with self.open() as opened:
            return Importer(opened.lake, "github", self.now).take(read, place, REPO, NUMBER)

    def stored(self, table: Table) -> Days:
        """The days that readers see."""
        with self.open() as opened:
            found = opened.lake.snapshot([table]).tables.get(table.name)
            rows = resolved(table, read_as(table, found.files if found else ()))
            names = ", ".join(table.measures)
            asked = f"SELECT strftime(day, '%Y-%m-%d'), {names} FROM ({rows}) ORDER BY 1"
            return {
                date.fromisoformat(day): tuple(counts)
                for day, *counts in opened.lake.cursor().execute(asked).fetchall()
            }

    def versions(self) -> dict[str, int]:
        with self.open() as opened:
            return {name: pinned.version for name, pinned in opened.snapshot().tables.items()}


def here(folder: Path, now: datetime = NOW, **more: Any) -> Archive:
    created = datetime(2015, 1, 1, tzinfo=UTC)
    return Archive(folder / "workspace", Repository(int(NUMBER), REPO, created, **more), now=now)


def lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return [json.loads(line) for line in text]


def largest(texts: Iterable[str], time: str, *names: str) -> Days:
    """By day the largest value of each column, by Python alone; days without a value are absent."""
    found: Days = {}
    for text in texts:
        for row in csv.DictReader(text.splitlines()):
            if row[names[0]]:
                day, values = date.fromisoformat(row[time][:10]), [int(float(row[name])) for name in names]
                found[day] = tuple(map(max, found.get(day, (0,) * len(names)), values))
    return found


def positive(days: Mapping[date, tuple[int, ...]]) -> Days:
    """Days of zero have no row; the ledger knows them."""
    return {day: numbers for day, numbers in sorted(days.items()) if any(numbers)}


def aggregate(data: Path, kind: str) -> Days:
    text = (data / "views_clones_aggregate.csv").read_text(encoding="utf-8")
    return largest([text], "time_iso8601", f"{kind}_total", f"{kind}_unique")


def test_the_fragments_of_two_years_are_the_aggregate_of_their_archiver(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "github_traffic" / "seissol"
    snapshots = tmp_path / "ghrs-data" / "snapshots"
    snapshots.mkdir(parents=True)
    for one in lines(data / "views_clones_fragments.jsonl.gz"):
        (snapshots / Path(one["path"]).name).write_text(one["text"], encoding="utf-8")
    archive = here(tmp_path)
    assert len(list(snapshots.iterdir())) == 792
    archive.take(github_repo_stats.read, tmp_path / "ghrs-data")
    views, clones = aggregate(data, "views"), aggregate(data, "clones")
    assert (len(views), len(clones)) == (808, 808)
    assert archive.stored(VIEWS) == positive(views)
    assert archive.stored(CLONES) == positive(clones)
    before = archive.versions()
    done = archive.take(github_repo_stats.read, data)
    assert not any(done.new[name] for name in ("github_views", "github_clones")), "the aggregate says nothing else"
    after = archive.versions()
    assert (after["github_views"], after["github_clones"]) == (before["github_views"], before["github_clones"])


def test_the_aggregate_alone_is_enough_and_answers_as_it_says(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "github_traffic" / "seissol"
    archive = here(tmp_path)
    done = archive.take(github_repo_stats.read, data / "views_clones_aggregate.csv")
    assert (done.new["github_views"], done.new["github_clones"]) == (808, 808)
    right = aggregate(data, "views")
    said = archive.values("views", by="", grain="month", since="2024-06", until="2026-09")
    by_month = Counter[date]()
    for day, (views, _) in right.items():
        by_month[day.replace(day=1)] += views
    assert {month: views for month, views in said.items() if views} == dict(by_month)
    before = archive.versions()
    assert not any(archive.take(github_repo_stats.read, data / "views_clones_aggregate.csv").new.values())
    assert archive.versions() == before


def test_stars_and_forks_add_up_to_the_last_line_of_their_files(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "github_traffic" / "seissol"
    archive = here(tmp_path)
    archive.take(github_repo_stats.read, data)
    for table, file in ((STARS, "stargazers.csv"), (FORKS, "forks.csv")):
        rows = list(csv.reader((data / file).read_text(encoding="utf-8").splitlines()))[1:]
        found = archive.stored(table)
        total = 0
        for day, held in ((date.fromisoformat(time[:10]), int(held)) for time, held in rows):
            total += found[day][0]
            assert total == held, f"{file} on {day}"
        assert len(found) == len(rows)


@pytest.mark.parametrize("order", ["oldest first", "newest first", "mixed"])
def test_every_committed_version_of_icepyx_in_whatever_order(shared_data: Path, tmp_path: Path, order: str) -> None:
    data = shared_data / "github_traffic" / "icepyx"
    texts = {kind: [o["body_text"] for o in lines(data / f"{kind}_all_committed_versions.jsonl.gz")] for kind in ("views", "clones")}  # fmt: skip
    archive, place = here(tmp_path), tmp_path / "traffic"
    place.mkdir()
    assert len(texts["views"]) == len(texts["clones"]) == 27
    at = list(range(0, 27, 1 if IS_LONG else 2 if order == "mixed" else 4))
    if order == "newest first":
        at.reverse()
    elif order == "mixed":
        random.Random(3).shuffle(at)
    for n in at:
        for kind, versions in texts.items():
            (place / f"{kind}.csv").write_text(versions[n], encoding="utf-8")
        archive.take(traffic_action.read, place)
        archive.now += timedelta(seconds=1)
    for kind, table in (("views", VIEWS), ("clones", CLONES)):
        assert archive.stored(table) == positive(
            largest((texts[kind][n] for n in at), "_date", f"total_{kind}", f"unique_{kind}")
        )
    before = archive.versions()
    assert not any(archive.take(traffic_action.read, place).new.values())
    assert archive.versions() == before


def test_what_was_never_polled_is_no_day_of_zero(shared_data: Path, tmp_path: Path) -> None:
    archive = here(tmp_path)
    archive.take(traffic_action.read, shared_data / "github_traffic" / "icepyx")
    said = archive.values("views", by="", grain="day", since="2024-03-25", until="2024-04-15")
    assert [day for day, views in said.items() if views is None] == [date(2024, 4, n) for n in range(1, 11)]


def test_every_version_that_was_polled_each_fortnight(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "github_traffic" / "emkf"
    archive, place = here(tmp_path), tmp_path / "traffic"
    place.mkdir()
    for kind, table in (("views", VIEWS), ("clones", CLONES)):
        versions = lines(data / f"{kind}_all_committed_versions.jsonl.gz")
        right: Days = {}
        for version in versions if IS_LONG else versions[::2]:
            (place / f"{kind}.json").write_text(json.dumps(version["body"]), encoding="utf-8")
            archive.take(traffic_to_badge.read, place / f"{kind}.json")
            for day in version["body"]:
                on = date.fromisoformat(day["timestamp"][:10])
                right[on] = tuple(map(max, right.get(on, (0, 0)), (day["count"], day["uniques"])))
        assert archive.stored(table) == positive(right)
    done = archive.take(traffic_to_badge.read, data)
    assert not any(done.new.values())


def test_polls_that_overlap_an_archive_keep_the_largest_and_lose_nothing(tmp_path: Path) -> None:
    """Collected before, imported, and collected again: whichever comes first, the days end alike."""
    start = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    today = start.date()
    polled = {today - n * DAY: (100 + n, 10 + n) for n in range(14)}
    kept = {today - n * DAY: (95 + 2 * n, 12) for n in range(5, 40)}
    text = "_date,total_views,unique_views\n" + "".join(f"{day},{v},{u}\n" for day, (v, u) in sorted(kept.items()))
    ends = []
    for name in ("imported first", "collected first"):
        archive = here(tmp_path / name, start, views=dict(polled))
        file = tmp_path / "views.csv"
        file.write_text(text, encoding="utf-8")
        if name == "imported first":
            archive.take(traffic_action.read, file)
        archive.succeed()
        archive.take(traffic_action.read, file)
        archive.pass_days(1)
        archive.succeed()
        ends.append(archive.stored(VIEWS))
        assert archive.values("views", by="repo", since="2026-01-01", until="2026-03-11").keys() == {REPO}
        states = archive.ask("views", grain="day", since="2026-02-01", until="2026-03-09").rows.to_pylist()
        assert all(row["coverage"] == 1 for row in states)
    given = {day: numbers for day, numbers in polled.items() if day < today}
    right = {day: tuple(map(max, given.get(day, (0, 0)), kept.get(day, (0, 0)))) for day in {*given, *kept}}
    for end in ends:
        assert {day: end[day] for day in right} == right
    assert ends[0] == ends[1]


def test_stars_of_an_archive_give_way_to_those_that_github_states(tmp_path: Path) -> None:
    """One that was taken back since the archive was written is gone, and none counts twice."""
    start = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    file = tmp_path / "stars.csv"
    file.write_text("time_iso8601,stars_cumulative\n2025-01-01,1\n2025-06-01,3\n2026-02-01,4\n", encoding="utf-8")
    stars = Counter({date(2025, 1, 1): 1, date(2025, 6, 1): 1, date(2026, 2, 1): 1, date(2026, 3, 1): 1})
    archive = here(tmp_path, start, stars=stars)
    archive.take(github_repo_stats.read, file)
    assert archive.values("stars", by="", since="2025-01-01", until="2026-02-01", grain="year")[date(2025, 1, 1)] == 3
    archive.succeed()
    assert positive(archive.stored(STARS)) == {day: (n,) for day, n in stars.items()}
    assert not any(archive.take(github_repo_stats.read, file).new.values())


def test_downloads_that_were_served_add_up_and_late_revisions_count_once(shared_data: Path, tmp_path: Path) -> None:
    """Of a day that is there twice the larger number is the one that its total says; zero days are absent, not zero."""
    folder = shared_data / "pypi" / "icepyx"
    series: dict[str, dict[str, dict[date, int]]] = {}
    for name in ("downloads_data.csv", "sys_downloads_data.csv"):
        days = series.setdefault(name, {})
        for row in csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()):
            on, count = date.fromisoformat(row["date"]), int(float(row["downloads"]))
            by_day = days.setdefault(row["category"], {})
            by_day[on] = max(count, by_day.get(on, 0))
    overall, systems = series.values()
    everything, people = overall["with_mirrors"], overall["without_mirrors"]
    (tmp_path / "footfall.toml").write_text('[sources.pypi]\npackages = ["icepyx"]\n', encoding="utf-8")
    with footfall.open(tmp_path, now=lambda: NOW) as ff:
        tables = ff.sources["pypi"].tables
        done = import_downloads(folder, "IcePyx", ff.lake, "pypi", tables, NOW)
        assert done.days["pypi_downloads"] == len(everything.keys() | people.keys())
        span = {"since": str(min(everything)), "until": str(max(everything) + DAY)}
        for metric, right in (("downloads", everything), ("installs", people)):
            rows = ff.query(metric, grain="day", since=span["since"], until=span["until"]).rows.to_pylist()
            said = {row["period"].date(): row[metric] for row in rows if row[metric] is not None}
            assert {day: count for day, count in said.items() if count} == {d: n for d, n in right.items() if n}
            assert said.keys() == everything.keys() | people.keys(), "a day that no file has is not known"
        for name, counts in systems.items():
            value = "(none)" if name == "null" else name
            found = ff.query(
                "installs", where=[f"system={value}"], since=span["since"], until=span["until"], grain="total"
            )
            assert found.rows.to_pylist()[0]["installs"] >= sum(n for day, n in counts.items() if day in people)
        assert people[date(2021, 11, 23)] == sum(c.get(date(2021, 11, 23), 0) for c in systems.values()) == 11
        versions = {name: pinned.version for name, pinned in ff.snapshot().tables.items()}
        assert not any(import_downloads(folder, "icepyx", ff.lake, "pypi", tables, NOW).days.values())
        assert {name: pinned.version for name, pinned in ff.snapshot().tables.items()} == versions
