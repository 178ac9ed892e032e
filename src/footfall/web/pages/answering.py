"""Pages as routes: a function of site and request becomes one, and an error that the user can fix becomes a page that says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from footfall.errors import FootfallError
from footfall.web.errors import status_of
from footfall.web.pages.problems import problem_page
from footfall.web.pages.templating import THEMES
from footfall.web.security import local_path

if TYPE_CHECKING:
    from footfall.web.site import Site

Page = Callable[[Any, Request], Awaitable[Response]]


def route(site: Site, path: str, page: Page, name: str) -> Route:
    """The route of a page; a FootfallError is one sentence on a page, with the status of what went wrong."""

    @wraps(page)
    async def answer(request: Request) -> Response:
        try:
            return await page(site, request)
        except FootfallError as error:
            return problem_page(request, status_of(error, request.path_params), str(error), page=name, error=error)

    return Route(path, answer, methods=["GET"], name=name)


async def choose_theme(site: Site, request: Request) -> Response:
    """Store the theme that a reader chose, and redirect back."""
    chosen, back = request.query_params.get("to", "auto"), request.query_params.get("back", "/")
    root = request.scope.get("root_path", "").rstrip("/")
    response = RedirectResponse(f"{root}{local_path(back)}", 303)
    if chosen in THEMES:
        response.set_cookie(
            "footfall_theme", chosen, max_age=365 * 86400, path=f"{root}/", samesite="lax", httponly=True
        )
    return response
