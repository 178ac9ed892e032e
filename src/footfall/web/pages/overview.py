"""The overview: the last complete days."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import FootfallError, UnknownNameError
from footfall.metrics import Kind, Metric
from footfall.result import Result
from footfall.web.pages import words
from footfall.web.pages.breakdowns import (
    Breakdown,
    best_for_lines,
    breakdowns,
    dimensions_of,
    lists_of,
    what_changed,
)
from footfall.web.pages.counted import Said, how_counted
from footfall.web.pages.figures import Figure, figure_of
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import cards, headlines
from footfall.web.pages.spans import COMPARES, Span
from footfall.web.pages.spelling import address
from footfall.web.pages.templating import render

if TYPE_CHECKING:
    from footfall.web.site import Site

_LINES = 4
"""Strong colours; the rest is grey."""
_YEAR = 364


async def overview(site: Site, request: Request) -> Response:
    """The page of `/`: cards, the timeline of the chosen metric, its breakdowns, and what changed."""
    span = Span.read(request.query_params)
    root = request.scope.get("root_path", "").rstrip("/")
    freshness = await site.run(Freshness.of, site.workspace)
    metrics = await site.run(headlines, site.workspace, freshness)
    if not metrics:
        return render(request, "nothing.html", page="overview", folder=str(site.workspace.settings.folder))
    chosen = _chosen(metrics, request.query_params.get("metric", ""), site.workspace.metrics)
    dimensions = await site.run(dimensions_of, site.workspace, chosen)
    until = freshness.complete_until(chosen)
    found = await breakdowns(site, chosen, dimensions, until, span)
    main, shown = await asyncio.gather(  # the chart is drawn while the cards are asked
        _main(site, chosen, best_for_lines(found), freshness, span, root),
        cards(site, metrics, freshness, span, chosen.name, root),
    )
    return render(
        request,
        "overview.html",
        page="overview",
        span=span,
        spans=span.choices,
        compares={key: words.capitalised(text.format(count=span.days)) for key, text in COMPARES.items()},
        chosen=chosen.name,
        trust=freshness.trust(metrics),
        cards=shown,
        lists=lists_of(found, span, root),
        changed=what_changed(found, span),
        **main,
    )


def _chosen(metrics: list[Metric], name: str, known: Any) -> Metric:
    """The metric that the page is about: a headline that was chosen, else the first."""
    by_name = {metric.name: metric for metric in metrics}
    if name and name not in by_name and name not in known:
        raise UnknownNameError("metric", name, by_name)
    return by_name.get(name) or known.get(name) or metrics[0]


async def _main(
    site: Site, metric: Metric, split: Breakdown | None, freshness: Freshness, span: Span, root: str
) -> dict[str, Any]:
    """The main timeline, at least a year of it where there is as much, and how it is counted."""
    asked = _timeline(metric, split, freshness, span)
    links = {"explore": f"{root}/explore?{address(asked)}"}
    for form in ("csv", "svg"):
        links[form] = f"{root}/explore/answer.{form}?{address(asked)}"
    title = f"{metric.title} a day" if metric.kind is not Kind.LEVEL else metric.title
    title += f" by {split.dimension.replace('_', ' ')}" if split else ""
    try:
        answer = await site.ask("query", asked)
    except FootfallError as error:
        return {"figure": Figure(title, title, problem=str(error)), "counted": [], "links": links, "sub": ""}
    assert isinstance(answer, Result)
    figure = await figure_of(site, answer, title)
    counted: Said = await site.run(how_counted, site.workspace, answer, freshness)
    sub = " · ".join([*(["seven-day mean"] if answer.query.rolling else []), "UTC"])
    return {"figure": figure, "counted": counted, "links": links, "sub": sub}


def _timeline(metric: Metric, split: Breakdown | None, freshness: Freshness, span: Span) -> dict[str, Any]:
    until = freshness.complete_until(metric)
    days = max(_YEAR, span.days)
    first = freshness.first_day(metric)
    if first is not None:
        days = max(28, min(days, (until - first).days))
    asked: dict[str, Any] = {"metric": metric.name, "grain": "day", **span.ending(until, days)}
    if metric.kind is not Kind.REPORTED:
        asked["rolling"] = "7"
    if split is not None:
        asked["by"] = [split.dimension]
        if metric.kind is not Kind.REPORTED and len(split.rows) > _LINES:
            asked["top"] = str(_LINES)
    return asked
