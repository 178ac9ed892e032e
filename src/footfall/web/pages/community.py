"""One community on a page that prints as a slide; and the maps and lists of communities as files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from footfall.charts.maps import areas_of
from footfall.communities import Communities, Community
from footfall.errors import FootfallError, UnknownNameError
from footfall.filters import Filter
from footfall.formats import GAP, share_of
from footfall.result import Result
from footfall.web.images import image, tag_of
from footfall.web.pages import words
from footfall.web.pages.figures import WIDE, Figure, figure_of
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import rows_of
from footfall.web.pages.hub_numbers import TIMESCALES, USERS, dimensions_of, has_timescales
from footfall.web.pages.hubs import COMMUNITY
from footfall.web.pages.map_figures import maps_of
from footfall.web.pages.spans import Span
from footfall.web.pages.templating import render

if TYPE_CHECKING:
    from footfall.web.site import Site

_YEAR = 364
_HALF, _MAP = (600, 250), 420
"""Of a drawing that stands next to a map, and how wide that is, in pixels."""
_MEDIA = {"png": "image/png", "svg": "image/svg+xml"}
_THEMES = ("light", "dark")


async def community(site: Site, request: Request) -> Response:
    """The page of a community: who it is, its users now and over a year, and where it is."""
    answer = await _asked(site, {})
    one = answer.named(request.path_params["name"])
    root = request.scope.get("root_path", "").rstrip("/")
    freshness = await site.run(Freshness.of, site.workspace)
    alone = answer.only([one])
    areas = areas_of(alone)[-1:] if one.is_placed else ()  # the closest map alone
    maps = await maps_of(site, alone, f"{root}{COMMUNITY}", legends=False, areas=areas, wide=_MAP)
    numbers, figure = await asyncio.gather(_numbers(site, one, freshness), _figure(site, one, freshness))
    return render(
        request,
        "community.html",
        page="hubs",
        one=one,
        numbers=numbers,
        figure=figure,
        map=maps[0] if maps else None,
        rank=answer.communities.index(one) + 1 if one.users is not None else None,
        count=len(answer.communities),
        answer=answer,
    )


async def _asked(site: Site, asked: dict[str, str]) -> Communities:
    answer = await site.ask("communities", asked)
    assert isinstance(answer, Communities)
    return answer


def _of(one: Community) -> list[str]:
    return [str(Filter("community", (one.name,)))]


async def _numbers(site: Site, one: Community, freshness: Freshness) -> list[tuple[str, str, words.Change, str]]:
    """Daily, weekly and monthly users: the mean of the last 28 complete days, with the change."""
    metric = site.workspace.metrics.get(USERS)
    if metric is None or one.users is None or "community" not in dimensions_of(site.workspace, metric):
        return []
    span = Span()
    asked = {"metric": USERS, "grain": "total", "where": _of(one), **span.ending(freshness.complete_until(metric))}
    scales = TIMESCALES if has_timescales(metric) else {"": ""}
    found = await asyncio.gather(
        *(
            rows_of(site, {**asked, "compare": span.compare, **({"policy": f"timescale={key}"} if key else {})})
            for key in scales
        )
    )
    rows = [(label, rows[0]) for label, rows in zip(scales.values(), found, strict=True) if rows]
    return [(f"{label} users".strip().capitalize(), *_said(row, span)) for label, row in rows]


def _said(row: dict[str, Any], span: Span) -> tuple[str, words.Change, str]:
    """The value, its change, and what it is, with how much of it was collected where that is not all."""
    caption = "mean of the last 28 complete days"
    caption += "" if row["coverage"] >= 1 else f", {share_of(row['coverage'])} collected"
    value = row[USERS]
    return (GAP if value is None else words.figure(round(value))), words.change_of(row, USERS, span.before), caption


async def _figure(site: Site, one: Community, freshness: Freshness) -> Figure | None:
    """Users over a year."""
    metric = site.workspace.metrics.get(USERS)
    if metric is None or one.users is None or "community" not in dimensions_of(site.workspace, metric):
        return None
    until, first = freshness.complete_until(metric), freshness.first_day(metric)
    days = _YEAR if first is None else max(28, min(_YEAR, (until - first).days))
    asked: dict[str, Any] = {"metric": USERS, "grain": "day", "where": _of(one), **Span().ending(until, days)}
    asked |= {"policy": "timescale=monthly"} if has_timescales(metric) else {}
    title = "Monthly active users" if has_timescales(metric) else metric.title
    try:
        answer = await site.ask("query", asked)
    except FootfallError as error:
        return Figure(title, title, problem=str(error))
    assert isinstance(answer, Result)
    return await figure_of(site, answer, title, wide=_HALF if one.is_placed else WIDE)


async def map_file(site: Site, request: Request) -> Response:
    """The map as a file, of all communities or of a constellation: /hubs/map.png?area=usa&constellation=…"""
    given, form = request.query_params, request.path_params["form"]
    if form not in _MEDIA:
        raise UnknownNameError("form of a map", form, _MEDIA)
    theme = given.get("theme", "light")
    if theme not in _THEMES:
        raise UnknownNameError("theme", theme, _THEMES)
    constellation = given.get("constellation", "")
    answer = await _asked(site, {"constellation": constellation} if constellation else {})
    area = given.get("area") or next(iter(areas_of(answer)), "world")
    tag = tag_of(answer.version, form, theme, area)
    return image(site, request, await site.picture(answer, form, theme=theme, area=area), _MEDIA[form], tag)


async def list_file(site: Site, request: Request) -> Response:
    """The list of communities as a file of comma-separated values."""
    constellation = request.query_params.get("constellation", "")
    answer = await _asked(site, {"constellation": constellation} if constellation else {})
    headers = {"Content-Disposition": 'attachment; filename="communities.csv"', "Cache-Control": "private, no-cache"}
    return Response(answer.to_csv(), headers=headers, media_type="text/csv")
