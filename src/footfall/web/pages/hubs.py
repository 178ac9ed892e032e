"""Hubs: clusters and hubs over time, their users, and their communities, with a map."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from footfall.communities import Communities
from footfall.errors import FootfallError, UnknownNameError
from footfall.metrics import Metric
from footfall.result import Result
from footfall.web.pages.counted import how_counted
from footfall.web.pages.figures import Figure, figure_of
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.hub_numbers import (
    CLUSTERS,
    HUBS,
    TIMESCALES,
    USERS,
    by_size,
    cards,
    dimensions_of,
    has_timescales,
    link_of,
    numbers_of,
    unique_by_cluster,
)
from footfall.web.pages.map_figures import maps_of
from footfall.web.pages.spans import COMPARES, Span
from footfall.web.pages.templating import render

if TYPE_CHECKING:
    from footfall.web.site import Site

_GROUPS = 7
"""The most bands of a chart; the rest is one more."""
_YEAR = 364
SCALES = {"linear": "Added up", "log": "On a log scale"}
COMMUNITY = "/hubs/community/"
"""What the address of a community's page begins with."""


async def hubs(site: Site, request: Request) -> Response:
    """The page of `/hubs`."""
    metrics = site.workspace.metrics
    freshness = await site.run(Freshness.of, site.workspace)
    numbers = [each for each in numbers_of(metrics) if freshness.is_collected(each.metric)]
    if not numbers:
        return render(request, "no_hubs.html", page="hubs", folder=str(site.workspace.settings.folder))
    span = Span.read(request.query_params)
    root = request.scope.get("root_path", "").rstrip("/")
    chosen = _Chosen.read(request, site)
    users, communities, installed, shown, sizes, (unique, across) = await asyncio.gather(
        _users(site, metrics, freshness, span, chosen, root),  # what is drawn is asked first
        _communities(site, request, root),
        _installed(site, metrics, freshness, span),
        cards(site, numbers, freshness, span, root),
        by_size(site, metrics, freshness, root),
        unique_by_cluster(site, metrics, freshness, span, root),
    )
    return render(
        request,
        "hubs.html",
        page="hubs",
        span=span,
        spans=span.choices,
        compares={key: text.format(count=span.days) for key, text in COMPARES.items()},
        chosen=chosen,
        kept={name: request.query_params.get(name, "") for name in ("users", "by", "scale")},
        scales=SCALES,
        trust=freshness.trust([each.metric for each in numbers]),
        cards=shown,
        installed=installed,
        unique=unique,
        across=across,
        sizes=sizes,
        **users,
        **communities,
    )


class _Chosen:
    """What a reader chose of the chart of users."""

    def __init__(
        self, timescale: str, by: str, scale: str, timescales: Mapping[str, str], dimensions: list[str]
    ) -> None:
        self.timescale, self.by, self.scale = timescale, by, scale
        self.timescales, self.dimensions = timescales, dimensions

    @classmethod
    def read(cls, request: Request, site: Site) -> _Chosen:
        """Raises UnknownNameError for what cannot be chosen."""
        metric = site.workspace.metrics.get(USERS)
        dimensions = dimensions_of(site.workspace, metric) if metric else []
        timescales = TIMESCALES if metric and has_timescales(metric) else {}
        timescale = request.query_params.get("users") or next(iter(timescales), "")
        by = request.query_params.get("by") or next(iter(dimensions), "")
        if timescale and timescale not in timescales:
            raise UnknownNameError("span of users", timescale, timescales)
        if by and by not in dimensions:
            raise UnknownNameError("way to split users", by, dimensions)
        scale = request.query_params.get("scale") or "linear"
        if scale not in SCALES:
            raise UnknownNameError("scale", scale, SCALES)
        return cls(timescale, by, scale, timescales, dimensions)


async def _users(
    site: Site, metrics: Mapping[str, Metric], freshness: Freshness, span: Span, chosen: _Chosen, root: str
) -> dict[str, Any]:
    """Active users over time as stacked areas, and how they are counted."""
    if (metric := metrics.get(USERS)) is None or not freshness.is_collected(metric):
        return {"users": None, "counted": [], "links": {}, "sub": ""}
    asked: dict[str, Any] = {"metric": USERS, "grain": "day", **_timeline(metric, freshness, span)}
    asked |= {"policy": f"timescale={chosen.timescale}"} if chosen.timescale else {}
    asked |= {"by": [chosen.by], "top": str(_GROUPS)} if chosen.by else {}
    asked |= {"rolling": "7"} if chosen.timescale in ("", "daily") else {}
    explore = link_of(asked, root)
    links = {form: explore.replace("/explore?", f"/explore/answer.{form}?", 1) for form in ("csv", "svg")}
    links["explore"] = explore
    words = TIMESCALES.get(chosen.timescale, "")
    title = f"{words} active users".strip().capitalize() + (f" by {chosen.by}" if chosen.by else "")
    try:
        answer = await site.ask("query", asked)
    except FootfallError as error:
        return {"users": Figure(title, title, problem=str(error)), "counted": [], "links": links, "sub": ""}
    assert isinstance(answer, Result)
    drawn: dict[str, Any] = {"log": True} if chosen.scale == "log" else {"stacked": True} if chosen.by else {}
    figure = await figure_of(site, answer, title, **drawn)
    counted = await site.run(how_counted, site.workspace, answer, freshness)
    sub = "seven-day mean · UTC" if answer.query.rolling else "UTC"
    return {"users": figure, "counted": counted, "links": links, "sub": sub}


def _timeline(metric: Metric, freshness: Freshness, span: Span) -> dict[str, str]:
    """At least a year, where there is as much."""
    until = freshness.complete_until(metric)
    first = freshness.first_day(metric)
    days = max(_YEAR, span.days)
    return span.ending(until, max(28, min(days, (until - first).days)) if first else days)


async def _installed(site: Site, metrics: Mapping[str, Metric], freshness: Freshness, span: Span) -> Figure | None:
    """Hubs and clusters over time, by the week."""
    names = [name for name in (HUBS, CLUSTERS) if name in metrics and freshness.is_collected(metrics[name])]
    if not names:
        return None
    asked: dict[str, Any] = {"metric": names, "grain": "week"}
    asked |= _timeline(metrics[names[0]], freshness, span)
    title = "Hubs and clusters, by week" if len(names) > 1 else f"{metrics[names[0]].title}, by week"
    try:
        answer = await site.ask("query", asked)
    except FootfallError as error:
        return Figure(title, title, problem=str(error))
    assert isinstance(answer, Result)
    return await figure_of(site, answer, title)


async def _communities(site: Site, request: Request, root: str) -> dict[str, Any]:
    """The list of communities and the maps; nothing where there is no list."""
    constellation = request.query_params.get("constellation", "")
    try:
        found = await site.ask("communities", {"constellation": constellation} if constellation else {})
    except UnknownNameError:
        raise
    except FootfallError:
        return {"communities": None, "maps": [], "constellations": (), "constellation": ""}
    assert isinstance(found, Communities)
    answer = found
    everything = answer if not constellation else await site.ask("communities", {})
    assert isinstance(everything, Communities)
    return {
        "communities": answer,
        "maps": await maps_of(site, answer, f"{root}{COMMUNITY}"),
        "constellations": everything.constellations,
        "constellation": constellation,
        "most": max((each.users or 0.0 for each in answer.communities), default=0.0) or 1.0,
    }
