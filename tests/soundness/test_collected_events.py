"""Sets of what was collected follow the tables: checked against the archive's own files and git's own words."""

from __future__ import annotations

import csv
import gzip
import json
import os
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

import footfall
from footfall.errors import MarkError
from footfall.sources.binder.sample import write_sample_archive
from footfall.workspace import Workspace
from histories import ADA, History, git
from marking import launched_repositories
from templates import copy_of
from workspaces import run

pytestmark = pytest.mark.slow

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
UNTIL = date(2026, 4, 1)


@pytest.fixture
def ff(tmp_path: Path) -> Workspace:
    return footfall.open(copy_of("collected events", collect, tmp_path), now=lambda: NOW)


def collect(folder: Path) -> None:
    write_sample_archive(folder / "archive", 80, 40, until=UNTIL, repositories=25)
    (folder / "footfall.toml").write_text(
        '[sources.binder]\narchive = "archive"\nfirst_day = 2026-01-11\n', encoding="utf-8"
    )
    with footfall.open(folder, now=lambda: NOW) as ff:
        ff.collect()


def launched(ff: Workspace) -> dict[date, list[str]]:
    """Repositories of every launch that did not fail, by day, read with nothing of the product."""
    found = defaultdict(list)
    for file in (ff.settings.folder / "archive").glob("events-*.jsonl"):
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event.get("status") != "failure":
                # GitHub does not tell capitals from small letters; the sample has no other spellings of one repository.
                repo = "/".join(event["spec"].lower().split("/")[:2])
                found[date.fromisoformat(event["timestamp"][:10])].append(repo)
    return found


def restate(ff: Workspace, day: date, lines: int) -> None:
    """The archive says something else of a day."""
    file = ff.settings.folder / "archive" / f"events-{day}.jsonl"
    kept = file.read_text().splitlines()[:lines]
    file.write_text("\n".join(kept) + "\n")
    os.utime(file, (time.time() + 5, time.time() + 5))
    index = file.with_name("index.jsonl")
    days = [json.loads(entry) for entry in index.read_text().splitlines()]
    index.write_text(
        "".join(json.dumps({**each, "count": lines} if each["date"] == str(day) else each) + "\n" for each in days)
    )


def check(ff: Workspace) -> None:
    truth, event = launched(ff), ff.event("binder_launch")
    for day in (date(2026, 1, 11) + timedelta(days=n) for n in range(80)):
        assert len(event.day(day)) == len(set(truth[day])), day
        assert event.day(day).occurrences() == len(truth[day]), day
    for month in (1, 2, 3):
        repos = {repo for day, of_day in truth.items() if day.month == month for repo in of_day}
        assert len(event.month(2026, month)) == len(repos)
    february = ff.query("repos", grain="month", since="2026-02", until="2026-03")
    assert february.rows["repos"].to_pylist() == [len(event.month(2026, 2))]


def test_launched_repositories_are_those_of_the_archive(ff: Workspace) -> None:
    check(ff)


def test_a_summary_is_brought_up_to_date_before_it_is_shown(ff: Workspace) -> None:
    summary = ff.activity.summary("binder_launch")
    truth = launched(ff)
    assert (summary.first_day, summary.last_day) == (
        datetime(2026, 1, 11, tzinfo=UTC),
        datetime(2026, 3, 31, tzinfo=UTC),
    )
    assert summary.actors == len({repo for repos in truth.values() for repo in repos})
    assert summary.marks == sum(map(len, truth.values()))


def test_a_restated_day_restates_its_sets(ff: Workspace) -> None:
    check(ff)
    for day in (date(2026, 1, 20), date(2026, 2, 3)):
        restate(ff, day, 4)
    ff.collect()
    check(ff)
    assert len(ff.event("binder_launch").day(2026, 1, 20)) <= 4


def test_asking_again_reads_nothing_again(ff: Workspace) -> None:
    check(ff)
    generation = ff.activity.store.cursor("binder_launch")
    ff.collect()
    again = footfall.open(ff.settings.folder, now=lambda: NOW)
    check(again)
    assert again.activity.store.cursor("binder_launch") == generation


def test_several_processes_bring_an_event_up_to_date_at_once(ff: Workspace) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("forkserver")) as pool:
        counts = set(pool.map(launched_repositories, [str(ff.settings.folder)] * 8))
    truth = {repo for day, repos in launched(ff).items() if day.month == 2 for repo in repos}
    assert counts == {len(truth)}
    check(ff)


def test_nobody_marks_what_is_collected(ff: Workspace) -> None:
    with pytest.raises(MarkError, match="reported by a collected table"):
        ff.mark("binder_launch", "GitHub:a/b")
    with pytest.raises(MarkError, match="reported by a collected table"):
        ff.unmark("binder_launch", "GitHub:a/b")


def test_who_was_forgotten_stays_forgotten_when_a_day_is_restated(ff: Workspace) -> None:
    event = ff.event("binder_launch")
    someone = next(iter(event.day(2026, 2, 3)))
    sets = sum(someone in event.day(date(2026, 1, 11) + timedelta(days=n)) for n in range(80))
    assert ff.forget(someone) == sets
    restate(ff, date(2026, 2, 5), 10)
    ff.collect()
    assert someone not in event.ever()


def test_who_is_forgotten_before_any_set_is_made_stays_forgotten(
    ff: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    someone, other = (f"GitHub:{repo}" for repo in sorted(set(launched(ff)[date(2026, 2, 3)]))[:2])
    assert ff.forget(someone) > 0
    ran = run(capsys, "-w", ff.settings.folder, "forget", other)
    assert "The collected rows stay" in ran.out
    assert "is still in the lake's launches." in ran.out
    assert someone not in ff.event("binder_launch").ever()


def test_what_was_not_collected_does_not_look_like_nobody(ff: Workspace) -> None:
    """Three months later, with nothing collected since: the cohort ends where the collection does."""
    later = footfall.open(ff.settings.folder, now=lambda: datetime(2026, 7, 1, tzinfo=UTC))
    found = later.cohort("binder_launch", "binder_launch", grain="month", last=3, columns=6)
    assert [row.period.label for row in found.rows] == ["2026-01", "2026-02", "2026-03"]
    assert [len(row.counts) for row in found.rows] == [3, 2, 1]


# Authors


def test_authors_are_those_that_git_names(tmp_path: Path) -> None:
    history = History.new(tmp_path / "project")
    people = [ADA, "Bob <bob@example.org>", "Eve <eve@example.org>", "renovate[bot] <bot@renovateapp.com>"]
    for n in range(60):
        day = date(2026, 1, 1) + timedelta(days=n)
        history.commit(f"{day}T23:30-05:00", author=people[n * n % 4])
    history.write()
    (tmp_path / "footfall.toml").write_text('[sources.git]\nrepositories = ["project"]\n', encoding="utf-8")
    ff = footfall.open(tmp_path, now=lambda: NOW)
    ff.collect()
    truth = defaultdict(set)
    for line in git(tmp_path / "project", "log", "--format=%ct %ae").splitlines():
        seconds, author = line.split()
        if "bot" not in author:
            truth[datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m")].add(author)
    event = ff.event("commit_author")
    assert {month: set(event.month(month)) for month in truth} == truth
    history.commit("2026-03-20T12:00+00:00", author="New <new@example.org>")
    history.write()
    ff.collect()
    assert "new@example.org" in event.month(2026, 3)


def test_real_authors_are_followed_from_month_to_month(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real history, as a file of marks, against plain sets."""
    with gzip.open(file := shared_data / "git_commits" / "jupyterhub_binderhub.csv.gz", "rt") as out:
        commits = list(csv.DictReader(out))
    (tmp_path / "footfall.toml").write_text("")
    marked = run(
        capsys,
        "--workspace",
        tmp_path,
        "mark",
        "commit",
        "--file",
        file,
        "--actor",
        "author_email_hash",
        "--at",
        "committer_date",
    )
    assert marked.code == 0, marked.err
    months = defaultdict(set)
    for commit in commits:
        month = datetime.fromisoformat(commit["committer_date"]).astimezone(UTC).strftime("%Y-%m")
        months[month].add(commit["author_email_hash"])
    ff = footfall.open(tmp_path)
    found = ff.cohort("commit", "commit", grain="month", since="2017-06", columns=12, as_of="2019-06")
    assert sum(row.size for row in found.rows) > 100
    for row in found.rows:
        assert row.size == len(months[row.period.label])
        for column, count in enumerate(row.counts):
            assert count == len(months[row.period.label] & months[row.period.shift(column).label])


def test_a_hole_in_the_collection_is_no_fall_in_retention(tmp_path: Path) -> None:
    """Ten days of February that the archive never had: its cells are provisional, and left out of averages."""
    holes = {date(2026, 2, day) for day in range(5, 15)}
    write_sample_archive(tmp_path / "archive", 80, 40, until=UNTIL, repositories=25, holes=holes)
    (tmp_path / "footfall.toml").write_text(
        '[sources.binder]\narchive = "archive"\nfirst_day = 2026-01-11\n', encoding="utf-8"
    )
    ff = footfall.open(tmp_path, now=lambda: NOW)
    ff.collect()
    found = ff.cohort("binder_launch", "binder_launch", grain="month", last=3, columns=3)
    lines = [line.split(",") for line in found.to_csv(counts=True).splitlines()]
    assert [line[0] for line in lines[1:]] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    january, february, march = (line[2:] for line in lines[1:])
    assert january[1] == ""  # February, as seen from January
    assert january[0] != ""
    assert january[2] != ""
    assert february[0] == ""
    assert february[1] == ""  # of those who were there in February nobody knows all
    assert march == [march[0], "", ""]
    growth = ff.growth("binder_launch", grain="month", last=3)
    assert [growth.is_provisional(row) for row in growth.rows] == [False, True, True]
