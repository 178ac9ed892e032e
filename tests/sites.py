"""Sites for tests of pages: a small collected workspace, and a browser without scripts that reads its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

import footfall
from footfall.web.app import create_app
from footfall.workspace import Workspace
from templates import copy_of
from workspaces import write_workspace

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def collected(folder: Path, now: datetime = NOW) -> Workspace:
    """The small workspace of `workspaces`, collected."""

    def collect(folder: Path) -> None:
        with footfall.open(write_workspace(folder), now=lambda: now) as made:
            made.collect()

    return footfall.open(copy_of(("collected", now), collect, folder), now=lambda: now)


@contextmanager
def browsing(workspace: Workspace) -> Iterator[TestClient]:
    """A browser without scripts, while the site runs."""
    with TestClient(create_app(workspace)) as client:
        yield client
