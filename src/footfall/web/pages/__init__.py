"""Pages for people: rendered by the server, every number from an answer, and the address is the state."""

from __future__ import annotations

from starlette.routing import BaseRoute

from footfall.web.pages.answering import choose_theme, route
from footfall.web.pages.overview import overview
from footfall.web.site import Site

__all__ = ["routes"]


def routes(site: Site) -> list[BaseRoute]:
    """The routes of all pages."""
    return [
        route(site, "/", overview, "overview"),
        route(site, "/theme", choose_theme, "theme"),
    ]
