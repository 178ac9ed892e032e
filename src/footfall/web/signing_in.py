"""Signing in on pages with a token, kept as a session cookie, and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from footfall.errors import AccessError
from footfall.web.api.bodies import read_body
from footfall.web.errors import problem
from footfall.web.hub import login_address
from footfall.web.pages.templating import render
from footfall.web.security import is_same_origin, local_path
from footfall.web.sessions import COOKIE, set_session

if TYPE_CHECKING:
    from footfall.web.site import Site

_MOST_BYTES, _MOST_FIELDS = 4_000, 5


def routes(site: Site) -> list[BaseRoute]:
    """/login and /logout."""

    async def show(request: Request) -> Response:
        return _page(site, request)

    async def sign_in(request: Request) -> Response:
        return await _signed_in(site, request)

    async def sign_out(request: Request) -> Response:
        if not is_same_origin(request):
            return problem(request, 403, "not_allowed", "this form was sent from another site.")
        response = RedirectResponse(f"{site.prefix}/login", 303)
        response.delete_cookie(COOKIE, path=f"{site.prefix}/")
        return response

    return [
        Route("/login", show, methods=["GET"], name="login"),
        Route("/login", sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"], name="logout"),
    ]


def _page(site: Site, request: Request, said: str = "", status: int = 200) -> Response:
    back = local_path(request.query_params.get("next", "/"))
    response = render(
        request,
        "login.html",
        status=status,
        said=said,
        next=quote(back),
        hub=None if site.hub is None else login_address(site, back),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def _signed_in(site: Site, request: Request) -> Response:
    if not is_same_origin(request):
        return problem(request, 403, "not_allowed", "this form was sent from another site.")
    client = request.client.host if request.client else ""
    if not site.sign_ins.allows(client):
        return _page(site, request, "Too many attempts; try again in a minute.", 429)
    body = (await read_body(request, _MOST_BYTES)).decode("ascii", "replace")
    try:
        form = parse_qs(body, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return problem(request, 400, "bad_request", f"the form has more than {_MOST_FIELDS} fields.")
    given, now = form.get("token", [""])[0].strip(), site.workspace.now()
    try:
        site.tokens.viewer_of(given, now)
    except AccessError as error:
        return _page(site, request, str(error), 401)
    response = RedirectResponse(f"{site.prefix}{local_path(request.query_params.get('next', '/'))}", 303)
    set_session(site, request, response, site.sessions.of_token(given.split("_")[1], now))
    return response
