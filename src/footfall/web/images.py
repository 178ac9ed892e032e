"""Images of answers as responses: with a tag, so that what did not change is not sent again, and for how long they hold."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from footfall.web.site import Site

SECONDS = 3600
"""For how long a reader, and a proxy between, may show an image without asking again."""


def tag_of(*parts: object) -> str:
    """An entity tag of whatever an image is made of."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the reader has the image of that tag already."""
    given = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in given.split(",")}
    return tag in known or given.strip() == "*"


def image(
    site: Site,
    request: Request,
    content: str | bytes,
    media: str,
    tag: str,
    *,
    status: int = 200,
    seconds: int = SECONDS,
) -> Response:
    """A response with an image; 304 without one where the reader has it.

    What is served with a token alone is for its reader alone, and is asked for again each time.
    """
    is_public = site.settings.reading == "open"
    holds = f"public, max-age={seconds}" if is_public else "private, no-cache"
    headers = {"ETag": tag, "Cache-Control": holds, "X-Content-Type-Options": "nosniff"}
    if status == 200 and is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers=headers, media_type=media)
