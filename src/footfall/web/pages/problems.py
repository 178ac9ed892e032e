"""Error pages: what was wrong, and where to go next."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.responses import Response

from footfall.concealing import concealed
from footfall.errors import FootfallError, UnknownNameError
from footfall.web.pages.templating import PAGES, render

if TYPE_CHECKING:
    from starlette.requests import Request

TITLES = {
    401: "Sign in to see this",
    403: "You may not see this",
    404: "There is no such page",
    405: "Not possible here",
    429: "Too many requests",
    500: "Something went wrong",
    503: "This cannot be shown now",
}
_OTHER = "This cannot be shown"
_NEAR = 0.6
"""How much an address must look like that of a page to be taken for it, from 0 to 1."""


def problem_page(
    request: Request,
    status: int,
    said: str,
    *,
    page: str = "",
    error: FootfallError | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A mistake as a page in the style of all others.

    Args:
        request: What was asked for.
        status: Of the response.
        said: One sentence, for people.
        page: The key of the page in the navigation.
        error: What was raised; an unknown name is shown with a link to the closest known name.
        headers: More headers of the response.
    """
    viewer = getattr(request.state, "viewer", None)
    response = render(
        request,
        "problem.html",
        status=status,
        page=page,
        signs_in=status == 401,
        title="A name is not known" if isinstance(error, UnknownNameError) else TITLES.get(status, _OTHER),
        said=concealed(said),
        meant=_meant_page(request) if status == 404 and error is None else meant_name(request, error),
        projects=viewer.projects if viewer is not None and viewer.is_limited else (),
    )
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response


def _meant_page(request: Request) -> tuple[str, str] | None:
    """Name and address of the page whose address looks most like the one that was asked for."""
    root = request.scope.get("root_path", "").rstrip("/")
    first = request.url.path.removeprefix(root).strip("/").split("/")[0].lower()
    names = {path.strip("/"): (name, path) for _, path, name in PAGES if path != "/"}
    near = get_close_matches(first, names, n=1, cutoff=_NEAR)
    return names[near[0]] if near else None


def meant_name(request: Request, error: FootfallError | None) -> tuple[str, str] | None:
    """The known name that looks most like an unknown one, and the same address with it."""
    if not isinstance(error, UnknownNameError):
        return None
    given = str(error.name)
    near = get_close_matches(given, error.valid, n=1, cutoff=_NEAR)
    if not near:
        return None
    root = request.scope.get("root_path", "").rstrip("/")
    path = request.url.path.removeprefix(root)
    if given in map(str, request.path_params.values()) and path.endswith(f"/{given}"):
        path = path.removesuffix(given) + near[0]
    elif given not in request.query_params.values():
        return None
    asked = [(name, near[0] if text == given else text) for name, text in request.query_params.multi_items()]
    return near[0], quote(path) + (f"?{urlencode(asked)}" if asked else "")
