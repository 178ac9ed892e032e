"""Removing what was collected of a scope that is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import footfall
from footfall.errors import QueryError, UnknownNameError
from footfall.workspace import Workspace
from histories import History
from workspaces import Ran
from workspaces import run as run_command

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def write(folder: Path, commits: int, author: str) -> None:
    history = History.new(folder)
    for n in range(commits):
        at = datetime(2026, 1 + n % 3, 1 + n, tzinfo=UTC)
        history.commit(at.isoformat(), author=f"{author} <{author}@example.org>", parents=[f":{n}"] if n else [])
    history.write()


def settle(folder: Path, *names: str) -> None:
    (folder / "footfall.toml").write_text(f"[sources.git]\nrepositories = {list(names)!r}\n")


@pytest.fixture
def two(tmp_path: Path) -> Workspace:
    """Two repositories were collected; the settings have one of them left."""
    write(tmp_path / "kept", 4, "ada")
    write(tmp_path / "gone", 3, "bob")
    settle(tmp_path, "kept", "gone")
    with footfall.open(tmp_path, now=lambda: NOW) as both:
        both.collect()
    settle(tmp_path, "kept")
    one = footfall.open(tmp_path, now=lambda: NOW + timedelta(hours=1))
    one.collect()
    return one


def by_repo(workspace: Workspace) -> dict[str, int]:
    rows = workspace.query("commits", grain="total", by="repo").to_dicts()
    return {row["repo"]: row["commits"] for row in rows}


def test_what_is_discarded_is_as_if_it_had_never_been_collected(two: Workspace) -> None:
    assert by_repo(two) == {"kept": 4, "gone": 3}
    assert len(two.event("commit_author").month(2026, 1)) == 2
    (done,) = two.discard("git", "gone")
    assert (done.table, done.scope, done.rows) == ("commits", "gone", 3)
    assert by_repo(two) == {"kept": 4}
    assert two.query("authors", grain="total").to_dicts()[0]["authors"] == 1
    assert len(two.event("commit_author").month(2026, 1)) == 1
    answer = two.query("commits", grain="month", since="2026-01", until="2026-04")
    assert [(row["commits"], row["coverage"]) for row in answer.to_dicts()] == [(2, 1.0), (1, 1.0), (1, 1.0)]
    assert not any("gone" in note for note in answer.notes)
    assert {scope.name for scope in two.lake.snapshot(list(two.tables.values())).collected("commits").spans} == {"kept"}
    assert two.collect().sources[0].error == ""
    assert by_repo(two) == {"kept": 4}
    assert [finding for finding in two.examine(deep=True) if finding.is_failed] == []


def test_only_looking_changes_nothing(two: Workspace) -> None:
    (would,) = two.discard("git", ["gone"], dry_run=True)
    assert (would.rows, would.windows > 0) == (3, True)
    assert by_repo(two) == {"kept": 4, "gone": 3}


def test_what_comes_back_is_collected_again(two: Workspace) -> None:
    two.discard("git", "gone")
    settle(two.settings.folder, "kept", "gone")
    with footfall.open(two.settings.folder, now=lambda: NOW + timedelta(hours=2)) as again:
        again.collect()
        assert by_repo(again) == {"kept": 4, "gone": 3}


def test_what_is_still_collected_is_refused_and_nothing_is_removed(two: Workspace) -> None:
    with pytest.raises(QueryError, match=r"kept is still collected by git; take it out of footfall\.toml"):
        two.discard("git", ["gone", "kept"])
    assert by_repo(two) == {"kept": 4, "gone": 3}


def test_what_is_not_known_is_refused_with_what_is(two: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"'gonee'.*did you mean 'gone'"):
        two.discard("git", ["gonee"])
    with pytest.raises(UnknownNameError, match="unknown source 'gi'"):
        two.discard("gi", "gone")


def test_a_run_that_stopped_after_the_rows_goes_on(two: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, dry_run: bool = False, **__: object) -> int:
        if dry_run:
            return 1
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("footfall.lake.discarding.disclaim", stop)
        with pytest.raises(KeyboardInterrupt):
            two.discard("git", "gone")
    assert by_repo(two).get("gone", 0) == 0
    (done,) = two.discard("git", "gone")
    assert done.windows > 0
    assert by_repo(two) == {"kept": 4}


def test_the_command_says_first_and_does_with_yes(
    two: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two.settings.folder)
    run: Callable[..., Ran] = lambda *words: run_command(capsys, "discard", *words)  # noqa: E731
    assert "Would remove 3 rows of gone from commits." in run("git", "gone").out
    assert by_repo(two) == {"kept": 4, "gone": 3}
    assert "Removed 3 rows of gone from commits." in run("git", "gone", "--yes").out
    assert by_repo(two) == {"kept": 4}
    assert run("git", "kept", "--yes").code == 1


def test_a_former_name_is_discarded_too(tmp_path: Path) -> None:
    write(tmp_path / "project", 3, "ada")
    for n, name in enumerate(["old", "new"]):
        toml = f'[sources.git]\nrepositories = [{{ address = "project", name = "{name}" }}]\n'
        (tmp_path / "footfall.toml").write_text(toml)
        with footfall.open(tmp_path, now=lambda n=n: NOW + timedelta(hours=n)) as workspace:  # type: ignore[misc]
            workspace.collect()
    with footfall.open(tmp_path, now=lambda: NOW + timedelta(hours=3)) as workspace:
        assert by_repo(workspace) == {"new": 3}
        workspace.discard("git", "old")
        assert by_repo(workspace) == {"new": 3}
        assert "old" not in {
            s.name for s in workspace.lake.snapshot(list(workspace.tables.values())).collected("commits").spans
        }
