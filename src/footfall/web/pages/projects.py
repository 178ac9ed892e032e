"""Projects: the list by a metric, sortable, with sparklines; and several side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from footfall.charts.sparklines import sparkline
from footfall.errors import UnknownNameError
from footfall.formats import share_of
from footfall.metrics import Kind, Metric, Subject
from footfall.periods import Grain, floor, shift
from footfall.projects.facets import shown
from footfall.projects.ranking import Place, Ranking
from footfall.web.pages import words
from footfall.web.pages.headlines import rows_of
from footfall.web.pages.templating import render
from footfall.workspace import Workspace

if TYPE_CHECKING:
    from footfall.web.site import Site

SORTS = {"recent": "Last 30 days", "total": "All time", "name": "Name"}
_WEEKS = 26
_ROWS = 50
"""So many on a page; the rest is on further ones."""


@dataclass(frozen=True)
class Line:
    """One project of the list."""

    name: str
    href: str
    recent: str
    total: str
    part: float
    """Of the largest, 0 to 1."""
    collected: str
    """How much of the 30 days, where it is not all."""
    sparkline: Markup


async def projects(site: Site, request: Request) -> Response:
    """The page of `/projects`."""
    named = await site.run(lambda: list(site.workspace.projects))
    if not named:
        return render(request, "no_projects.html", page="projects", folder=str(site.workspace.settings.folder))
    given = request.query_params
    by, sort = given.get("by", ""), given.get("sort") or "recent"
    if sort not in SORTS:
        raise UnknownNameError("order", sort, SORTS)
    answer = await site.ask("projects", {"by": by} if by else {})
    assert isinstance(answer, Ranking)
    page = _page(given.get("page", ""))
    places = _sorted(answer.places, sort)
    root = request.scope.get("root_path", "").rstrip("/")
    lines = await _lines(site, answer, places[(page - 1) * _ROWS : page * _ROWS], root)
    metrics = {metric.name: metric.title for metric in await site.run(measured, site.workspace)}
    return render(
        request,
        "projects.html",
        page="projects",
        answer=answer,
        lines=lines,
        metrics=metrics if answer.metric.name in metrics else {answer.metric.name: answer.metric.title, **metrics},
        chosen=answer.metric.name,
        sort=sort,
        sorts={key: label for key, label in SORTS.items() if key != "total" or answer.has_total},
        number=page,
        pages_count=-(-len(places) // _ROWS),
        weeks=_WEEKS,
    )


def _page(text: str) -> int:
    """The number of a page, 1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def measured(workspace: Workspace) -> list[Metric]:
    """The metrics that a project has a number of, and that projects can be ranked by."""
    kinds = (Kind.SUM, Kind.COUNTER, Kind.LEVEL, Kind.DISTINCT)
    subjects = {m.name: Subject.of(m, workspace.tables) for m in shown(workspace.metrics.values()) if m.kind in kinds}
    return [
        subject.metric
        for subject in subjects.values()
        if any(project.filter_of(subject, workspace.sources) for project in workspace.projects.values())
    ]


def _sorted(places: Sequence[Place], sort: str) -> list[Place]:
    match sort:
        case "name":
            return sorted(places, key=lambda place: (place.project.lower(), place.project))
        case "total":
            return sorted(places, key=lambda place: (place.total is None, -(place.total or 0.0), place.project))
    return list(places)


async def _lines(site: Site, answer: Ranking, places: Sequence[Place], root: str) -> list[Line]:
    most = max((place.last_days or 0.0 for place in answer.places), default=0.0) or 1.0
    drawn = await asyncio.gather(*(_spark(site, answer.metric.name, place.project) for place in places))
    return [
        Line(
            name=place.project,
            href=f"{root}/projects/{quote(place.project, safe='')}",
            recent=words.figure(place.last_days if place.last_days is None else round(place.last_days, 1)),
            total=words.figure(place.total),
            part=(place.last_days or 0.0) / most,
            collected="" if place.coverage >= 1 else share_of(place.coverage),
            sparkline=spark,
        )
        for place, spark in zip(places, drawn, strict=True)
    ]


async def _spark(site: Site, metric: str, project: str) -> Markup:
    """The last half year by weeks that are over."""
    until = floor(Grain.WEEK, site.workspace.now())
    since = shift(Grain.WEEK, until, -_WEEKS)
    asked = {"metric": metric, "project": project, "grain": "week", "since": f"{since:%Y-%m-%d}"}
    rows = await rows_of(site, {**asked, "until": f"{until:%Y-%m-%d}"})
    by_start = {row["period"]: row[metric] if row["coverage"] > 0 else None for row in rows}
    values = [by_start.get(since + n * timedelta(weeks=1)) for n in range(_WEEKS)]
    return Markup(sparkline(values, 110, 24)) if any(value is not None for value in values) else Markup("")
