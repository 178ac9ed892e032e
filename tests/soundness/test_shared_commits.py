"""A commit that several repositories hold counts in each of them, and once in their total."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.errors import QueryError
from histories import History, dated, git

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BOT = "renovate[bot] <bot@renovateapp.com>"


def write(folder: Path, count: int, *, shared: History | None = None, seed: int = 1) -> History:
    """A history of `count` commits by some authors, after those of `shared`."""
    chance = random.Random(seed)
    history = History.new(folder)
    if shared is not None:
        git(folder, "pull", "--quiet", str(shared.folder), "main")
    for n in range(count):
        who = chance.choice([BOT, *(f"P{i} <p{i}@example.org>" for i in range(seed, seed + 3))])
        (at,) = dated([chance.randrange(900)])
        history.commit(at, author=who, parents=[f":{n}"] if n else ["refs/heads/main^0"] if shared else [])
    return history.write()


def collected(folder: Path, **repositories: Path | str) -> footfall.Workspace:
    named = ", ".join(f'{{ address = "{path}", name = "{name}" }}' for name, path in repositories.items())
    (folder / "footfall.toml").write_text(f"[sources.git]\nrepositories = [{named}]\n")
    workspace = footfall.open(folder, now=lambda: NOW)
    workspace.collect()
    return workspace


def shas(folder: Path, *options: str) -> set[str]:
    return set(git(folder, "log", "--format=%H", *options).split())


def number(workspace: footfall.Workspace, metric: str, **question: Any) -> Any:
    ((row),) = workspace.query(metric, grain="total", **question).to_dicts()
    return row[metric]


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, footfall.Workspace]]:
    """Two forks that share 30 commits, and a repository of its own."""
    folder = tmp_path_factory.mktemp("forks")
    first = write(folder / "first", 30)
    write(folder / "second", 12, shared=first, seed=2)
    write(folder / "third", 7, seed=9)
    with collected(folder, a=folder / "first", b=folder / "second", c=folder / "third") as workspace:
        yield folder, workspace


def test_two_worktrees_are_one_history(tmp_path: Path) -> None:
    history = write(tmp_path / "one", 4)
    git(history.folder, "worktree", "add", "--quiet", str(tmp_path / "two"), "-b", "side")
    with collected(tmp_path, one=history.folder, two=tmp_path / "two") as workspace:
        by_repo = {
            row["repo"]: row["commits"] for row in workspace.query("commits", grain="total", by="repo").to_dicts()
        }
        assert by_repo == {"one": 4, "two": 4}
        assert number(workspace, "commits") == 4


def test_a_folder_and_its_own_address_are_one_history(tmp_path: Path) -> None:
    history = write(tmp_path / "here", 5)
    with collected(tmp_path, local=history.folder, remote=history.folder.as_uri()) as workspace:
        assert number(workspace, "commits") == 5
        assert number(workspace, "commits", where="repo=remote") == 5
        months = workspace.query("commits", grain="month").to_dicts()
        assert sum(row["commits"] for row in months) == 5


def test_forks_count_their_shared_history_once(forks: tuple[Path, footfall.Workspace]) -> None:
    folder, workspace = forks
    held = {name: shas(folder / place) for name, place in {"a": "first", "b": "second", "c": "third"}.items()}
    assert {name: len(found) for name, found in held.items()} == {"a": 30, "b": 42, "c": 7}
    assert number(workspace, "commits") == len(held["a"] | held["b"] | held["c"]) == 49
    assert number(workspace, "commits", where="repo=a,c") == 37
    by_repo = workspace.query("commits", grain="total", by="repo")
    assert {row["repo"]: row["commits"] for row in by_repo.to_dicts()} == {"a": 30, "b": 42, "c": 7}
    assert any("add up to 30 more than their total" in note for note in by_repo.notes)


@pytest.mark.parametrize("grain", ["day", "week", "month", "year"])
def test_every_period_counts_a_commit_once(forks: tuple[Path, footfall.Workspace], grain: str) -> None:
    _, workspace = forks
    rows = workspace.query("commits", grain=grain).to_dicts()
    assert sum(row["commits"] or 0 for row in rows) == 49
    running = workspace.query("commits", grain=grain, cumulative=True).to_dicts()
    assert running[-1]["commits"] == 49


def test_what_is_left_of_a_ranking_counts_a_commit_once(forks: tuple[Path, footfall.Workspace]) -> None:
    """Subtracting the largest group from the sum of all would leave 37 for the rest."""
    folder, workspace = forks
    rows = workspace.query("commits", grain="total", by="repo", top=1).to_dicts()
    assert [(row["repo"], row["commits"]) for row in rows] == [("b", 42), ("other", 37)]
    rows = workspace.query("commits", grain="year", by="repo", top=1).to_dicts()
    rest = shas(folder / "first") | shas(folder / "third")
    assert sum(row["commits"] for row in rows if row["repo"] == "other") == len(rest)


def test_by_author_each_commit_counts_once(forks: tuple[Path, footfall.Workspace]) -> None:
    folder, workspace = forks
    lines = {
        tuple(line.split())
        for place in ("first", "second", "third")
        for line in git(folder / place, "log", "--format=%H %ae").splitlines()
    }
    expected: dict[str, int] = {}
    for _, email in lines:
        author = "renovate[bot]" if email == "bot@renovateapp.com" else email  # a bot known by its name is that name
        expected[author] = expected.get(author, 0) + 1
    rows = workspace.query("commits", grain="total", by="author").to_dicts()
    assert {row["author"]: row["commits"] for row in rows} == expected
    assert number(workspace, "commits", policies={"bots": "excluded"}) == 49 - expected["renovate[bot]"]


def test_compared_with_a_year_before_each_counts_once(forks: tuple[Path, footfall.Workspace]) -> None:
    folder, workspace = forks
    (row,) = workspace.query("commits", grain="year", since="2021", until="2022", compare="year").to_dicts()
    everything = {
        tuple(line.split())
        for place in ("first", "second", "third")
        for line in git(folder / place, "log", "--format=%H %cd", "--date=format:%Y").splitlines()
    }
    years = [year for _, year in everything]
    assert (row["commits"], row["commits_previous"]) == (years.count("2021"), years.count("2020"))


def test_groups_that_overlap_are_not_stacked(forks: tuple[Path, footfall.Workspace]) -> None:
    _, workspace = forks
    with pytest.raises(QueryError, match="would be added twice"):
        workspace.query("commits", grain="year", by="repo").chart(stacked=True)
    apart = workspace.query("commits", grain="year", by="repo", where="repo=a,c")
    assert not any("more than their total" in note for note in apart.notes)
    apart.chart(stacked=True)


def test_a_commit_has_one_author_also_where_mailmaps_differ(tmp_path: Path) -> None:
    first = History.new(tmp_path / "first")
    first.commit("2020-01-01T00:00Z", author="Ada <ada@laptop.local>")
    first.write()
    second = History.new(tmp_path / "second")
    git(second.folder, "pull", "--quiet", str(first.folder), "main")
    mailmap = "Ada <ada@example.org> <ada@laptop.local>\n"
    second.commit("2020-02-01T00:00Z", parents=["refs/heads/main^0"], files={".mailmap": mailmap})
    second.write()
    with collected(tmp_path, a=first.folder, b=second.folder) as workspace:
        assert number(workspace, "commits") == 2
        assert number(workspace, "authors", where="repo=b") == 1
        assert number(workspace, "authors", since="2020-01-01", until="2020-01-02") == 1


def test_a_project_of_several_forks_counts_a_commit_once(tmp_path: Path) -> None:
    first = write(tmp_path / "first", 6)
    second = write(tmp_path / "second", 3, shared=first)
    settings = """
[[projects]]
name = "tool"
git = ["a", "b"]
"""
    collected(tmp_path, a=first.folder, b=second.folder).close()
    toml = tmp_path / "footfall.toml"
    toml.write_text(toml.read_text() + settings)
    with footfall.open(tmp_path, now=lambda: NOW + timedelta(days=1)) as workspace:
        total = workspace.project("tool")["commits"].number("total")
        assert total is not None
        assert total.value == 9
        assert workspace.projects_by("commits").to_dicts()[0]["total"] == 9
