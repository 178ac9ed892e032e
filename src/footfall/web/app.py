"""The application: its routes, and what is around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from footfall.web import api, badges, health, pages, signing_in
from footfall.web.departure import Departing
from footfall.web.errors import HANDLERS
from footfall.web.hub import HubService
from footfall.web.hub import routes as hub_routes
from footfall.web.pages.problems import problem_page
from footfall.web.security import Guarding
from footfall.web.site import Site

if TYPE_CHECKING:
    from footfall.workspace import Workspace

STATIC = Path(__file__).parent / "static"


class Prefixed:
    """Middleware: addresses come with the prefix, and routes are declared without it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._prefix and scope["type"] == "http":
            scope = {**scope, "root_path": self._prefix}
        await self._app(scope, receive, send)


def create_app(
    workspace: Workspace, *, prefix: str = "", hub: HubService | None = None, is_ahead: bool = False
) -> FastAPI:
    """The application that serves a workspace: API, pages, badges.

    Args:
        workspace: What is served; its opener closes it.
        prefix: What every address begins with where a proxy leaves it in place, such as "/services/footfall".
        hub: The JupyterHub whose service this is: people sign in there.
        is_ahead: Whether the first pages are made before the first request, once requests are answered.

    Example:
        >>> create_app(ff).title
        'Footfall'
    """
    site = Site(workspace, prefix=prefix, hub=hub)
    numbers, replies = health.Numbers(site), api.Replies(site)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await site.warm_up()
        ahead = asyncio.create_task(pages.make_ahead(site)) if is_ahead else None
        yield
        if ahead is not None:
            ahead.cancel()
        site.close()

    app = FastAPI(
        title="Footfall",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        middleware=[
            Middleware(health.Observing, numbers=numbers),
            Middleware(Prefixed, prefix=prefix),
            Middleware(Guarding, site=site),
            Middleware(api.Repeating, replies=replies),
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5),
            Middleware(Departing),
        ],
    )
    app.state.site = site
    app.state.problem_page = problem_page
    site.app = app
    questions = api.router(site, replies)
    app.include_router(questions)
    app.router.routes += [*health.routes(site, numbers), *signing_in.routes(site)]
    app.router.routes += [] if hub is None else hub_routes(site, hub)
    app.router.routes += [*pages.routes(site), *badges.routes(site)]
    app.router.routes.append(Mount("/static", StaticFiles(directory=STATIC), name="static"))
    app.state.routes = [*questions.routes, *app.router.routes]
    return app
