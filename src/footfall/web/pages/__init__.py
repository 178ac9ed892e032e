"""Pages for people, a file each."""

from __future__ import annotations

from starlette.routing import BaseRoute

from footfall.web.site import Site


def routes(site: Site) -> list[BaseRoute]:
    """The routes of every page."""
    return []
