"""Commits that a clone and GitHub both know are counted once, whichever repository is asked about."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import footfall
from github_workspaces import Watched, repository

pytestmark = pytest.mark.slow


def clone(folder: Path, address: str, commits: int) -> Path:
    """A repository whose origin is `address`, with commits of 2026-03."""
    folder.mkdir()

    def git(*words: str, day: int = 1) -> None:
        moment = f"2026-03-{day:02}T12:00:00+00:00"
        environment = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "PATH": "/usr/bin:/bin:/usr/local/bin"}
        named = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *words]
        subprocess.run(named, cwd=folder, check=True, capture_output=True, env=environment)

    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", address)
    for n in range(commits):
        git("commit", "-q", "--allow-empty", "-m", f"commit {n}", day=n + 1)
    return folder


def test_a_commit_that_two_sources_know_counts_once(tmp_path: Path) -> None:
    here = Watched(tmp_path / "here", repository(7, "A/b"), repository(8, "a/c"), collect=["commits"])
    folder = clone(tmp_path / "clone", "https://github.com/a/b.git", 3)
    with here.open() as alone:
        alone.collect()
        assert sum(row["commits"] or 0 for row in alone.query("commits", grain="total", by=["repo"])) == 10
    settings = here.folder / "footfall.toml"
    settings.write_text(settings.read_text() + f'\n\n[sources.git]\nrepositories = ["{folder}"]\n')
    with footfall.open(here.folder, now=lambda: here.now) as both:
        both.client = alone.client
        both.collect()
        found = {row["repo"].lower(): row["commits"] for row in both.query("commits", grain="total", by=["repo"])}
        assert found == {"a/b": 3, "a/c": 5}  # the clone is preferred where it has the repository
        assert both.query("commits", grain="total").to_dicts()[0]["commits"] == 8
        assert both.query("commits", grain="total", where="repo=A/B").to_dicts()[0]["commits"] == 3
