"""Warm-up: the most visited pages are computed before the first request, and cached."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import Request

from footfall.errors import FootfallError
from footfall.web.pages.hubs import hubs
from footfall.web.pages.overview import overview

if TYPE_CHECKING:
    from footfall.web.site import Site

_FIRST = (("/", overview), ("/hubs", hubs))


async def make_ahead(site: Site) -> None:
    """Compute the overview and the page of hubs once, with default options.

    A reader who comes in the meantime waits for the same answers and pictures, and not for new ones.
    """
    for path, page in _FIRST:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "root_path": site.prefix,
            "query_string": b"",
            "headers": [],
        }
        with suppress(FootfallError, RuntimeError):  # a reader sees what is wrong; the server may end in the meantime
            await page(site, Request(scope))
