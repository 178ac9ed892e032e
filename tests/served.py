"""A workspace that is served: collected once, with marks and a project, behind a moving clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import footfall
from footfall.workspace import Workspace
from templates import copy_of
from workspaces import write_workspace

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
PROJECT = """
[[projects]]
name = "tool"
git = "project"

[[projects]]
name = "other"
binder = "jupyterlab/jupyterlab-demo"
"""
HOSTILE = (
    "<script>alert(1)</script>",
    "'; drop table launches; --",
    "=cmd()",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "x" * 10_000,
)
"""Names that somebody may give to a repository, an author or a hub."""


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW
    moved: list[timedelta] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **length: float) -> None:
        self.now += timedelta(**length)


def write_served(folder: Path, more: str = "") -> Path:
    """The workspace of `write_workspace` with projects, collected, and with marks of three actors.

    Args:
        folder: Where to write.
        more: Settings beside its own, of sources too, which are not collected yet.
    """
    copy_of("served", _write_served, folder)
    with (folder / "footfall.toml").open("a", encoding="utf-8") as settings:
        settings.write(more)
    return folder


def _write_served(folder: Path) -> None:
    write_workspace(folder)
    with (folder / "footfall.toml").open("a", encoding="utf-8") as settings:
        settings.write(PROJECT)
    with footfall.open(folder, now=Clock()) as workspace:
        workspace.collect()
        for event, days in {"signed_up": ("2026-02-02", "2026-02-20"), "active": ("2026-02-03", "2026-03-02")}.items():
            for day in days:
                workspace.mark(event, ["ada", "bob", 7], day)


def opened(folder: Path, clock: Clock | None = None, web: Mapping[str, Any] | None = None) -> Workspace:
    """The workspace of a folder, with other settings of what is served."""
    from footfall.settings import read_settings

    settings = read_settings(folder)
    if web:
        served = settings.web.model_copy(update=dict(web))
        settings = settings.model_copy(update={"web": served})
    return footfall.open(settings, now=clock or Clock())
