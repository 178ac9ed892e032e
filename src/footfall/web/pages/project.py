"""One project across all sources, on one axis of time, with its releases and authors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from footfall.charts.sparklines import sparkline
from footfall.errors import FootfallError
from footfall.formats import GAP, share_of
from footfall.options import count_of
from footfall.projects.answer import Project
from footfall.projects.numbers import Facet, Number
from footfall.states import State
from footfall.web.drawings import drawing_of
from footfall.web.pages import words
from footfall.web.pages.authors import Authors, authors_of
from footfall.web.pages.figures import Figure
from footfall.web.pages.spelling import command_line
from footfall.web.pages.templating import render

if TYPE_CHECKING:
    from footfall.web.site import Site

_MONTHS, _MOST_MONTHS = 24, 120
LENGTHS = {"12": "12 months", "24": "24 months", "60": "5 years", "120": "10 years"}
_RELEASES = 12
_NOTHING = words.Change("", "none", "")
_SPANS = {"total": "all time", "latest": "the last known"}


@dataclass(frozen=True)
class FacetCard:
    """What is known by one metric: a number, where it is from, and its months."""

    label: str
    value: str
    caption: str
    sparkline: Markup
    is_open: bool
    metric: str


async def project(site: Site, request: Request) -> Response:
    """The page of `/projects/NAME`."""
    text = request.query_params.get("months") or str(_MONTHS)
    months = count_of("months", text, _MOST_MONTHS) or _MONTHS
    answer = await site.ask("project", {"name": request.path_params["name"], "months": str(months)})
    assert isinstance(answer, Project)
    return render(
        request,
        "project.html",
        page="projects",
        one=answer,
        cards=[_card(facet) for facet in answer.facets if not facet.is_silent],
        silent=[facet.metric.title for facet in answer.silent],
        figure=await _figure(site, answer),
        months=str(months),
        lengths=LENGTHS if str(months) in LENGTHS else {str(months): f"{months} months", **LENGTHS},
        releases=list(reversed(answer.releases))[:_RELEASES],
        authors=await _authors(site, answer),
        heads=("Metric", "Span", "From", "Value", "Collected", "State"),
        rows=_rows(answer),
        counted=_counted(answer),
        origin=str(request.base_url).removesuffix("/").removesuffix(request.scope.get("root_path", "")),
        badges=[each.metric.name for each in answer.facets if not each.is_silent and each.number("last_30_days")][:3],
    )


async def _authors(site: Site, answer: Project) -> Authors | None:
    has_commits = "commits" in answer and not answer["commits"].is_silent
    return await authors_of(site, answer.name) if has_commits else None


def _card(facet: Facet) -> FacetCard:
    """Of the last 30 days where the metric adds up, else of the last value that is known."""
    recent = facet.number("last_30_days")
    chosen = recent if recent is not None and recent.value is not None else facet.number("latest") or recent
    total = facet.number("total")
    caption = "last 30 days" if chosen is recent else "the last known value"
    if total is not None and total.value is not None:
        caption += f" · {_said(total.value)} in total"
    values = [_amount(month) for month in facet.months]
    known = any(value is not None for value in values)
    return FacetCard(
        label=facet.metric.title,
        value=_said(None if chosen is None else chosen.value),
        caption=caption,
        sparkline=Markup(sparkline(values)) if known else Markup(""),
        is_open=chosen is not None and chosen.is_provisional,
        metric=facet.metric.name,
    )


def _amount(number: Number) -> float | None:
    return float(number.value) if isinstance(number.value, int | float) and number.coverage > 0 else None


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return words.short_day(value)
    return words.figure(float(value)) if isinstance(value, int | float) else GAP


async def _figure(site: Site, answer: Project) -> Figure:
    """A panel per metric, one above the other, with releases."""
    title = "Month by month"
    if not any(_amount(month) for facet in answer.facets for month in facet.months):
        return Figure(title, title, problem="Nothing to draw yet: no complete month has a number above 0.")
    try:
        wide = await site.picture(answer, "svg", theme="page", size=(960, 110))
        narrow = await site.picture(answer, "svg", theme="page", size=(330, 110))
    except FootfallError as error:
        return Figure(title, title, problem=str(error))
    names = ", ".join(facet.metric.title for facet in answer.facets if facet.months)
    sentence = f"{answer.name}, {words.spoken(answer.span)}: {names}. The table below has the numbers."
    return Figure(title, sentence, drawing_of(wide), drawing_of(narrow))


def _rows(answer: Project) -> list[tuple[str, ...]]:
    """Every number, the newest month first."""
    rows: list[tuple[str, ...]] = []
    for facet in answer.facets:
        rest = [each for each in facet.numbers if each not in facet.months]
        for each in (*rest, *reversed(facet.months)):
            value = each.value
            state = "" if each.state is State.COMPLETE else each.state.label
            span = str(each.span).replace("_", " ")
            start = "" if each.start is None else words.short_day(each.start)
            rows.append((facet.metric.title, span, start, _said(value), share_of(each.coverage), state))
    return rows


def _counted(answer: Project) -> list[tuple[str, str | list[str]]]:
    what = [f"{facet.metric.title}: {facet.metric.description}" for facet in answer.facets]
    kept = [f"{facet.metric.title}: {facet.kept}" for facet in answer.facets]
    chosen = [
        f"{facet.metric.title}: " + ", ".join(f"{name} = {choice}" for name, choice in facet.policies.items())
        for facet in answer.facets
        if facet.policies
    ]
    said: list[tuple[str, str | list[str]]] = [("What it is", what), ("Whose part", kept), ("Choices made", chosen)]
    said += [("Time", words.spoken(answer.span)), ("Collected", f"{share_of(answer.coverage)} of that time")]
    said += [("Remarks", list(answer.notes))]
    asked = {"name": answer.name, "months": len(answer.month_starts)}
    said += [("Asked as", command_line(asked, "project")), ("Version of the data", answer.version)]
    return [(name, text) for name, text in said if text]
