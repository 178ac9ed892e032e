"""Several projects side by side, by date or by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import FootfallError
from footfall.projects.beside import Beside
from footfall.web.drawings import drawing_of
from footfall.web.pages import words
from footfall.web.pages.figures import NARROW, WIDE, Figure
from footfall.web.pages.projects import measured
from footfall.web.pages.templating import render

if TYPE_CHECKING:
    from footfall.web.site import Site

ALIGNMENTS = {"date": "By date", "age": "By age"}


async def compare(site: Site, request: Request) -> Response:
    """The page of `/compare`."""
    given = request.query_params
    names = [name for name in dict.fromkeys(given.getlist("name")) if name]
    metrics = {metric.name: metric.title for metric in await site.run(measured, site.workspace)}
    chosen, align = given.get("by") or next(iter(metrics), ""), given.get("align") or "date"
    values: dict[str, Any] = {
        "names": names,
        "metrics": metrics,
        "chosen": chosen,
        "align": align,
        "alignments": ALIGNMENTS,
    }
    if not names:
        return render(request, "compare.html", page="projects", **{**values, "align": "date"})
    answer = await site.ask("beside", {"metric": chosen, "projects": names, "align": align, "months": "36"})
    assert isinstance(answer, Beside)
    figure = await _figure(site, answer)
    return render(request, "compare.html", page="projects", figure=figure, notes=answer.notes, **values)


async def _figure(site: Site, answer: Beside) -> Figure:
    heads, rows = _table(answer)
    sentence = f"{answer.title}, {words.spoken(answer.span)}. The table below has the numbers."
    try:
        wide, narrow = [await site.picture(answer, "svg", theme="page", size=size) for size in (WIDE, NARROW)]
    except FootfallError as error:
        return Figure(answer.title, sentence, problem=str(error), heads=heads, rows=rows)
    drawn = drawing_of(wide), drawing_of(narrow)
    return Figure(answer.title, sentence, *drawn, heads=heads, rows=rows)


def _table(answer: Beside) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """A row per month, or a month of age, and a column per project; the newest month, or the youngest age, first."""
    is_age = answer.align == "age"
    cells: dict[object, dict[str, str]] = {}
    labels: dict[object, str] = {}
    for month in answer.months:
        key: object = month.age if is_age else month.period.start
        if key is None:
            continue
        labels[key] = str(key) if is_age else words.period(month.period)
        mark = "" if month.coverage >= 1 or month.value is None else "*"
        cells.setdefault(key, {})[month.project] = words.figure(month.value) + mark
    ordered = sorted(cells, reverse=not is_age)  # type: ignore[type-var]
    rows = tuple((labels[key], *(cells[key].get(name, words.figure(None)) for name in answer.names)) for key in ordered)
    return ("Months since the first" if is_age else "Month", *answer.names), rows
