"""Authentication and authorisation in one place, by path; and security headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footfall.access.viewer import PUBLIC, VISITOR, Viewer
from footfall.access.viewer import Scope as Right
from footfall.errors import AccessError, FootfallError, NotAllowedError
from footfall.web.errors import on_fault, problem, problem_of
from footfall.web.sessions import COOKIE
from footfall.web.site import viewer_of_request

if TYPE_CHECKING:
    from footfall.web.site import Site

OPEN = ("/healthz", "/readyz", "/login", "/login/hub", "/logout", "/oauth_callback", "/theme")
"""What every visitor may ask for."""
OPEN_BELOW = ("/static/",)
LIMITED_BELOW = (
    "/api/v1/query",
    "/api/v1/projects/",
    "/api/v1/metrics",
    "/api/v1/openapi.json",
    "/projects/",
    "/badge/",
    "/chart/",
    "/embed/",
)
"""What a viewer of some projects may ask for; each of them asks the site, which lets only their part through."""
EMBEDDED_BELOW = ("/embed/", "/badge/", "/chart/")
"""What other sites may show."""
_SAFE = ("GET", "HEAD", "OPTIONS")


def content_policy(embed: Sequence[str] = ()) -> str:
    """The Content-Security-Policy: nothing but what we serve, no inline script, no frame unless a site is named."""
    ancestors = " ".join(embed) if embed else "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )


def check_scope(viewer: Viewer, right: Right) -> None:
    """Raises AccessError for a visitor, NotAllowedError for a token that may not."""
    if not viewer.is_signed_in:
        raise AccessError(f"this needs a token with the scope {right}; send it as Authorization: Bearer TOKEN.")
    if not viewer.may(right):
        raise NotAllowedError(f"the token {viewer.name} may not {right}; make one with the scope {right}.")


class Guarding:
    """Middleware: finds out who asks, refuses what they may not, and sets the headers of every response."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        is_open = site.settings.reading == "open"
        self._anyone = PUBLIC if is_open else VISITOR
        self._headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        ]
        self._own = [
            *self._headers,
            (b"content-security-policy", content_policy().encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"cross-origin" if is_open else b"same-origin"),
        ]
        self._embedded = [
            *self._headers,
            (b"content-security-policy", content_policy(site.settings.embed).encode()),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
        self._shared = [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"ETag, Link, Footfall-Notes"),
        ]
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"
        more = self._embedded if path.startswith(EMBEDDED_BELOW) else self._own
        if self._is_open and path.startswith(("/api/", *EMBEDDED_BELOW)):
            more = more + self._shared

        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message["headers"] = [*message["headers"], *more]
            await send(message)

        viewer, refused = self._admitted(scope, path)
        if refused is not None:
            await refused(scope, receive, sent)
            return
        before = viewer_of_request.set(viewer)
        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            if not has_begun:  # with the headers of every response; the log of the server gets the fault too
                await (await on_fault(Request(scope), error))(scope, receive, sent)
            raise
        finally:
            viewer_of_request.reset(before)

    def _admitted(self, scope: Scope, path: str) -> tuple[Viewer, Response | None]:
        request = Request(scope)
        try:
            viewer, is_by_cookie = self._viewer(request)
            request.state.viewer = viewer
        except AccessError as error:
            is_harmless = path in OPEN or path.startswith(OPEN_BELOW)
            return VISITOR, None if is_harmless else self._asked_to_sign_in(request, path, error)
        except FootfallError as error:  # the tokens cannot be read
            return VISITOR, problem_of(request, error)
        if is_by_cookie and scope["method"] not in _SAFE and not is_same_origin(request):
            return VISITOR, problem(request, 403, "not_allowed", "this form was sent from another site.")
        if path in OPEN or path.startswith(OPEN_BELOW):
            return viewer, None
        return viewer, self._refused(request, viewer, path)

    def _viewer(self, request: Request) -> tuple[Viewer, bool]:
        """Who asks, and whether a cookie says so."""
        headers = request.headers
        given = headers.get("authorization")
        if given is not None:
            kind, _, text = given.partition(" ")
            if kind.lower() not in ("bearer", "token"):
                raise AccessError("Authorization must be Bearer TOKEN.")
            return self._site.tokens.viewer_of(text, self._site.workspace.now()), False
        if COOKIE in headers.get("cookie", ""):
            cookie = request.cookies.get(COOKIE)
            if cookie:
                return self._site.sessions.viewer_of(cookie, self._site.workspace.now()), True
        return self._anyone, False

    def _refused(self, request: Request, viewer: Viewer, path: str) -> Response | None:
        if request.method not in _SAFE:
            return None  # each says itself which scope it needs
        if not viewer.may(Right.READ) and not self._anyone.may(Right.READ):
            if not viewer.is_signed_in:
                error: AccessError = AccessError("reading needs a token; send it as Authorization: Bearer TOKEN.")
                return self._asked_to_sign_in(request, path, error)
            return problem_of(request, NotAllowedError(f"the token {viewer.name} may not read."))
        if viewer.is_limited and not path.startswith(LIMITED_BELOW):
            said = f"this token may read only {', '.join(viewer.projects)}, and {path[:100]} covers more."
            return problem_of(request, NotAllowedError(said))
        return None

    def _asked_to_sign_in(self, request: Request, path: str, error: AccessError) -> Response:
        """A program gets 401, a browser the page to sign in, from where it comes back."""
        is_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if is_browser and not path.startswith("/api/"):
            back = f"{path}?{request.url.query}" if request.url.query else path
            where = "/login" if self._site.hub is None else "/login/hub"
            return RedirectResponse(
                f"{self._site.prefix}{where}?next={quote(back)}", 303, {"Cache-Control": "no-store"}
            )
        return problem_of(request, error)


def is_same_origin(request: HTTPConnection) -> bool:
    """Whether a browser sent this from one of our own pages; what is not a browser sends neither header."""
    headers: Headers = request.headers
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def local_path(given: str) -> str:
    """A path of ours to go back to; the overview for anything else."""
    is_local = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if is_local else "/"
