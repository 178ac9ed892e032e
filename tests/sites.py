"""Sites for tests of pages: a small collected workspace, and what answers its pages without a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from starlette.applications import Starlette
from starlette.testclient import TestClient

import footfall
from footfall.answer import Answer
from footfall.web.pages import routes
from footfall.workspace import Workspace
from workspaces import write_workspace

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
_T = TypeVar("_T")


class PlainSite:
    """Answers pages from one workspace, one question at a time; keeps nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = threading.Lock()

    async def ask(self, command: str, options: Mapping[str, Any]) -> Answer:
        given = dict(options)
        arguments = [given.pop("metric")] if "metric" in given else []
        with self._lock:
            return cast(Answer, getattr(self.workspace, command)(*arguments, **given))

    async def run(self, function: Callable[..., _T], /, *arguments: Any) -> _T:
        with self._lock:
            return function(*arguments)

    async def picture(
        self,
        answer: Answer,
        format: str = "svg",
        theme: str = "light",
        size: tuple[int, int] | None = None,
        **options: Any,
    ) -> bytes:
        drawn = answer.chart(theme=theme, size=size, **options)
        return drawn.to_png() if format == "png" else drawn.to_svg().encode()


def collected(folder: Path, now: datetime = NOW) -> Workspace:
    """The small workspace of `workspaces`, collected."""
    made = footfall.open(write_workspace(folder), now=lambda: now)
    made.collect()
    return made


def client_of(workspace: Workspace) -> TestClient:
    """A browser without scripts."""
    return TestClient(Starlette(routes=routes(PlainSite(workspace))))
