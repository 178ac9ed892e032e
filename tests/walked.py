"""A workspace that has something for every page: launches, installs, traffic, hubs, communities, commits and marks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import footfall
from footfall.sources.binder.sample import SAMPLE_NOTE, write_sample_archive
from footfall.sources.files.sample import PACKAGE, hubs_of, tables_of, write_sample_files
from footfall.template import commented
from histories import ADA, History

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAYS = 100
MORE = """
[[annotations]]
at = 2026-02-11
kind = "release"
text = "samplepkg 2.0"

[[questions]]
name = "Launches by member"
ask = { metric = "launches", by = "federation", last = "28" }
"""


def write_samples(folder: Path, days: int, launches_a_day: int, repository: str = "") -> Path:
    """A workspace of sample data up to `NOW`, that was never collected.

    Args:
        folder: Where to write.
        days: How many days before `NOW`.
        launches_a_day: About so many; two days have none, as if the archive had lost them.
        repository: A git repository in `folder` that is collected too.
    """
    today = NOW.date()
    holes = [today - timedelta(days=n) for n in (40, 41)]
    write_sample_archive(folder / "sample-archive", days, launches_a_day, until=today, holes=holes)
    write_sample_files(folder / "sample-files", days, until=today)
    sources: dict[str, dict[str, Any]] = {
        "binder": {"archive": "sample-archive", "first_day": today - timedelta(days=days)},
        "files": {"tables": tables_of("sample-files")},
        "hub_files": hubs_of("sample-files"),
    }
    projects = [{"name": PACKAGE, "description": "a made-up package", "files": PACKAGE}]
    if repository:
        sources["git"] = {"repositories": [repository]}
        projects[0]["git"] = repository
        projects.append({"name": "other", "description": "a repository", "git": repository})
    notes = dict.fromkeys(("binder", "files", "hub_files"), SAMPLE_NOTE)
    settings = commented(sources, notes=notes, projects=projects)
    (folder / "footfall.toml").write_text(settings + MORE, encoding="utf-8")
    return folder


def write_history(folder: Path, days: int) -> None:
    """A repository with a commit of one of two authors on each fifth day, and some more in between."""
    history = History.new(folder)
    for ago in range(days, 0, -1):
        for hour in range(9, 9 + (ago % 5 == 0) + (ago % 7 == 3) * (ago % 4)):
            author = ADA if (ago + hour) % 3 else "Bob <bob@example.org>"
            history.commit(f"{NOW.date() - timedelta(days=ago)}T{hour:02}:00+00:00", author=author)
    history.write()


def write_walked(folder: Path) -> Path:
    """A small one with a repository and marks, collected."""
    today = NOW.date()
    write_history(folder / "tool", 90)
    write_samples(folder, DAYS, 60, "tool")
    with footfall.open(folder, now=lambda: NOW) as workspace:
        done = workspace.collect()
        assert not [source.error for source in done.sources if source.error]
        for week in range(6):
            for actor in range(12 - 2 * week):
                workspace.mark("active", actor, at=today - timedelta(days=42 - 7 * week))
                if actor % 3 == 0:
                    workspace.mark("paid", actor, at=today - timedelta(days=40 - 7 * week))
    return folder
