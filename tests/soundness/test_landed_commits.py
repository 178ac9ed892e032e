"""When commits came on the first parent, and which periods may still grow because more will come."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from histories import Collected, History, dated, git

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def landed_by_git(folder: Path, head: str = "HEAD") -> dict[str, int]:
    """By git's own walk: of each first parent, oldest first, what it brought that no earlier one had."""
    found: dict[str, int] = {}
    for line in git(folder, "log", "--first-parent", "--reverse", "--format=%H %ct", head).splitlines():
        sha, second = line.split()
        for brought in git(folder, "rev-list", sha).split():
            found.setdefault(brought, int(second))
    return found


def landed(collected: Collected) -> dict[str, int]:
    return {row["sha"]: int(row["landed_at"].timestamp()) for row in collected.rows}


def grow(history: History, chance: random.Random, days: range, tips: list[str]) -> None:
    """Some days of work on main and two branches, which are merged now and then, in both directions."""
    for day in days:
        (at,) = dated([day])
        if chance.random() < 0.5:
            tips[0] = history.commit(at, parents=[tips[0]])
        side = chance.choice([1, 2])
        tips[side] = history.commit(at, parents=[tips[side]], branch=f"side{side}")
        if chance.random() < 0.2:
            tips[0] = history.commit(at, parents=[tips[0], tips[side]])
        if chance.random() < 0.1:
            tips[side] = history.commit(at, parents=[tips[side], tips[0]], branch=f"side{side}")
    history.commit(dated([days.stop]).__next__(), parents=[tips[0]])
    tips[0] = f":{history.marks}"
    history.write()


@pytest.mark.parametrize("seed", range(2))
def test_commits_land_where_git_says(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    history = History.new(tmp_path / "project")
    tips = [history.commit("2020-01-01T00:00Z")] * 3
    grow(history, chance, range(1, 40), tips)
    collected = Collected(tmp_path, {"repositories": ["project"]})
    collected.collect()
    assert landed(collected) == landed_by_git(history.folder)
    grow(history, chance, range(41, 70), tips)
    collected.collect()
    assert landed(collected) == landed_by_git(history.folder)
    at_once = Collected(tmp_path, {"repositories": ["project"]})
    at_once.collect()
    assert collected.same(at_once)
    assert collected.last.provisional_seconds == at_once.last.provisional_seconds


def test_a_branch_that_takes_the_place_of_main_changes_when_commits_landed(tmp_path: Path) -> None:
    """After `git merge main` on a branch and a fast-forward, the first parents are those of the branch."""
    history = History.new(tmp_path / "project")
    history.commit("2020-01-01T00:00Z")
    history.commit("2020-02-01T00:00Z", parents=[":1"])
    history.write()
    collected = Collected(tmp_path, {"repositories": ["project"]})
    collected.collect()
    history.commit("2020-01-15T00:00Z", parents=[":1"], branch="side")
    history.commit("2020-03-01T00:00Z", parents=[":3", ":2"])
    history.write()
    collected.collect()
    assert landed(collected) == landed_by_git(history.folder)
    assert sorted(datetime.fromtimestamp(at, UTC).month for at in landed(collected).values()) == [1, 1, 3, 3]


def workspace(folder: Path, *repositories: str) -> footfall.Workspace:
    (folder / "footfall.toml").write_text(f"[sources.git]\nrepositories = {list(repositories)!r}\n")
    opened = footfall.open(folder, now=lambda: NOW)
    opened.collect()
    return opened


def write_merged(folder: Path, days_on_branch: int) -> History:
    """Every second day a branch of one commit is begun, and merged so many days later; main ends on 2026-11-20."""
    history = History.new(folder)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    main = history.commit(first.isoformat())
    waiting: list[tuple[datetime, str]] = []
    day = first
    while day < datetime(2026, 11, 20, tzinfo=UTC):
        day += timedelta(days=2)
        waiting.append((day, history.commit(day.isoformat(), parents=[main], branch="side")))
        if waiting[0][0] + timedelta(days=days_on_branch) <= day:
            main = history.commit(day.isoformat(), parents=[main, waiting.pop(0)[1]])
    return history.write()


def test_periods_are_provisional_for_as_long_as_commits_took_to_land(tmp_path: Path) -> None:
    write_merged(tmp_path / "project", 40)
    with workspace(tmp_path, "project") as opened:
        rows = opened.query("commits", grain="month", since="2026", until="2026-12").to_dicts()
        states = {row["period"].month: str(row["state"]) for row in rows}
        # 40 days before 23 November is 14 October
        assert states == {**dict.fromkeys(range(1, 10), "complete"), 10: "provisional", 11: "not_over"}
        assert opened.query("authors", grain="month", since="2026-10", until="2026-11").to_dicts()[0]["is_provisional"]
        landed = opened.query("landed_commits", grain="month", since="2026", until="2026-12").to_dicts()
        assert {str(row["state"]) for row in landed} == {"complete", "not_over"}


def test_a_cohort_that_a_late_merge_changes_was_provisional(tmp_path: Path) -> None:
    """A branch lands after 40 days, as branches of this project do: only numbers marked as provisional change."""
    history = write_merged(tmp_path / "project", 40)
    moment = NOW
    asked: dict[str, Any] = {"grain": "month", "since": "2026-07", "until": "2026-12"}
    (tmp_path / "footfall.toml").write_text("[sources.git]\nrepositories = ['project']\n")
    with footfall.open(tmp_path, now=lambda: moment) as opened:
        opened.collect()
        cohort = opened.cohort("commit_author", "commit_author", **asked)
        growth = opened.growth("commit_author", **asked)
        assert [growth.is_provisional(row) for row in growth.rows] == [False, False, False, True, True]
        assert [cohort.is_size_provisional(row) for row in cohort.rows] == [False, False, False, True, True]
        assert cohort.why_provisional == "the month is not over, or their source may still revise them"
        assert [line.split(",")[-1] for line in growth.to_csv().splitlines()] == [
            "is_provisional", "false", "false", "false", "true", "true",
        ]  # fmt: skip
        newcomers = [
            history.commit(
                f"2026-10-{day}T00:00Z", author=f"New {day} <{day}@example.org>", parents=[":1"], branch=f"late{day}"
            )
            for day in (20, 25)
        ]
        history.commit("2026-11-23T00:00Z", parents=["main", *newcomers])
        history.write()
        moment += timedelta(hours=3)
        opened.collect()
        after = opened.cohort("commit_author", "commit_author", **asked)
        changed = {
            (old.period.label, k)
            for old, new in zip(cohort.rows, after.rows, strict=True)
            for k, (was, is_) in enumerate(zip(old.counts, new.counts, strict=True))
            if was != is_
        }
        provisional = {
            (row.period.label, k)
            for row in cohort.rows
            for k in range(len(row.counts))
            if cohort.is_provisional(row, k)
        }
        assert changed <= provisional
        assert ("2026-10", 0) in changed


def test_without_merges_nothing_is_provisional(tmp_path: Path) -> None:
    history = History.new(tmp_path / "project")
    for n, at in enumerate(dated(range(0, 2000, 50))):
        history.commit(at, parents=[f":{n}"] if n else [])
    history.write()
    with workspace(tmp_path, "project") as opened:
        rows = opened.query("commits", grain="month", since="2020", until="2026-11").to_dicts()
        assert {str(row["state"]) for row in rows} == {"complete"}


def test_landed_commits_are_counted_by_the_date_they_landed(tmp_path: Path) -> None:
    history = write_merged(tmp_path / "project", 40)
    months = Counter(datetime.fromtimestamp(at, UTC).month for at in landed_by_git(history.folder).values())
    with workspace(tmp_path, "project") as opened:
        rows = opened.query("landed_commits", grain="month").to_dicts()
        assert {row["period"].month: row["landed_commits"] for row in rows if row["landed_commits"]} == dict(months)
        by_committed = {
            row["period"].month: row["commits"] for row in opened.query("commits", grain="month").to_dicts()
        }
        assert by_committed != dict(months)
        total = opened.query("landed_commits", grain="total", since="2026", until="2027").to_dicts()[0][
            "landed_commits"
        ]
        assert total == sum(months.values()) == sum(by_committed.values())


def test_a_commit_of_two_forks_landed_once_where_it_came_first(tmp_path: Path) -> None:
    """Of the fork that merges it in March it is a commit of March; over both it landed in January."""
    first = History.new(tmp_path / "first")
    first.commit("2020-01-01T00:00Z")
    first.commit("2020-01-02T00:00Z", parents=[":1"], branch="side")
    first.commit("2020-03-01T00:00Z", parents=[":1", ":2"])
    first.write()
    git(tmp_path, "clone", "--quiet", "--branch=side", "first", "second")
    with workspace(tmp_path, "first", "second") as opened:

        def months(where: str = "") -> dict[int, int]:
            rows = opened.query(
                "landed_commits", grain="month", since="2020-01", until="2020-05", where=where or []
            ).to_dicts()
            return {row["period"].month: row["landed_commits"] for row in rows if row["landed_commits"]}

        assert months(where="repo=first") == {1: 1, 3: 2}
        assert months(where="repo=second") == {1: 2}
        assert months() == {1: 2, 3: 1}
        march = opened.query("landed_commits", grain="total", since="2020-03", until="2020-04").to_dicts()
        assert march[0]["landed_commits"] == 1
