"""The pages of the dashboard: rendered by the server, every number from an answer, and the address is the state."""

from __future__ import annotations

from starlette.routing import BaseRoute

from footfall.web.pages.ahead import make_ahead
from footfall.web.pages.answering import choose_theme, route
from footfall.web.pages.community import community, list_file, map_file
from footfall.web.pages.comparing import compare
from footfall.web.pages.downloads import download
from footfall.web.pages.explore import explore
from footfall.web.pages.hubs import hubs
from footfall.web.pages.overview import overview
from footfall.web.pages.project import project
from footfall.web.pages.projects import projects
from footfall.web.pages.retention import retention, retention_download
from footfall.web.pages.sources import sources
from footfall.web.site import Site

__all__ = ["make_ahead", "routes"]


def routes(site: Site) -> list[BaseRoute]:
    """The routes of all pages."""
    return [
        route(site, "/", overview, "overview"),
        route(site, "/hubs", hubs, "hubs"),
        route(site, "/hubs/communities.csv", list_file, "communities-file"),
        route(site, "/hubs/map.{form}", map_file, "map-file"),
        route(site, "/hubs/community/{name:path}", community, "community"),
        route(site, "/projects", projects, "projects"),
        route(site, "/compare", compare, "compare"),
        route(site, "/projects/{name:path}", project, "project"),
        route(site, "/explore", explore, "explore"),
        route(site, "/explore/answer.{form}", download, "explore"),
        route(site, "/sources", sources, "sources"),
        route(site, "/retention", retention, "retention"),
        route(site, "/retention/answer.{form}", retention_download, "retention"),
        route(site, "/theme", choose_theme, "theme"),
    ]
