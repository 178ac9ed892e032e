"""Workspaces for tests of projects: a git history, and files of installs and users of hubs by project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from footfall.workspace import Workspace
from footfall.workspace import open as open_workspace
from histories import ADA, History
from templates import copy_of

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
SOURCES = """
[sources.git]
repositories = ["tool", "empty", "other"]

[[sources.files.tables]]
name = "pypi_downloads"
path = "installs.csv"
format = "csv"
time = "day"
scope = "project"
dimensions = [{ name = "project", folds_case = true }]
measures = [{ name = "installs", title = "Installs" }]
absent = "zero"
project = "project"
"""


def history(folder: Path, *days: str) -> None:
    """A repository with a commit at noon of each day."""
    made = History.new(folder)
    for day in days:
        made.commit(f"{day}T12:00+00:00", author=ADA)
    made.write()


def write_installs(folder: Path, of: Mapping[str, Mapping[date, int]]) -> None:
    rows = [f"{day},{project},{count}" for project, days in of.items() for day, count in days.items()]
    (folder / "installs.csv").write_text("\n".join(["day,project,installs", *rows, ""]), encoding="utf-8")


def daily(first: str, last: str, count: int = 1) -> dict[date, int]:
    start = date.fromisoformat(first)
    length = (date.fromisoformat(last) - start).days + 1
    return {start + timedelta(days=n): count for n in range(length)}


def workspace(folder: Path, projects: str, *, now: datetime = NOW, sources: str = SOURCES) -> Workspace:
    """Open, and not yet collected."""
    (folder / "footfall.toml").write_text(sources + projects, encoding="utf-8")
    return open_workspace(folder, now=lambda: now)


def small(folder: Path, projects: str) -> Workspace:
    """Collected: `tool` has commits and installs, `empty` is a repository whose only commits are old, `other` is busy."""
    return workspace(copy_of("projects", _collect_small, folder), projects)


def _collect_small(folder: Path) -> None:
    history(folder / "tool", "2026-01-05", "2026-01-20", "2026-02-05", "2026-03-05")
    history(folder / "empty", "2020-01-05")
    history(folder / "other", *(f"2026-02-{day:02}" for day in range(1, 21)))
    write_installs(
        folder, {"Tool": daily("2026-01-01", "2026-03-10", 2), "other": daily("2026-02-20", "2026-03-10", 5)}
    )
    with workspace(folder, "") as ff:
        done = ff.collect()
    assert not [source.error for source in done.sources if source.error]


def total(days: Mapping[date, int], since: str, until: str) -> int:
    """Of the days in [since, until)."""
    return sum(days[day] for day in within(days, since, until))


def within(days: Iterable[date], since: str, until: str) -> list[date]:
    return [day for day in days if since <= f"{day}" < until]
