"""Explore: any metric or several, over any time, split, filtered and compared, as chart and table."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from footfall.asking import read_texts
from footfall.errors import FootfallError
from footfall.result import Result
from footfall.web.errors import status_of
from footfall.web.pages.choices import Chosen, can_stack, offered
from footfall.web.pages.counted import how_counted
from footfall.web.pages.figures import Figure, figure_of
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import headlines
from footfall.web.pages.only import narrowing
from footfall.web.pages.problems import meant_name
from footfall.web.pages.saved import saved_questions, to_save
from footfall.web.pages.spelling import command_line, python
from footfall.web.pages.templating import render
from footfall.web.site import Site
from footfall.workspace import Workspace

DOWNLOADS = (("csv", "CSV"), ("parquet", "Parquet"), ("json", "JSON"), ("png", "PNG"), ("svg", "SVG"))


async def explore(site: Site, request: Request) -> Response:
    """The page of `/explore`."""
    root = request.scope.get("root_path", "").rstrip("/")
    chosen = Chosen.read(request.query_params.multi_items())
    if not chosen.asked.get("metric"):
        first = await site.run(_first_metric, site.workspace)
        if first is None:
            return render(request, "nothing.html", page="explore", folder=str(site.workspace.settings.folder))
        chosen = Chosen.read([*request.query_params.multi_items(), ("metric", first)])
    if chosen.address != urlencode(request.query_params.multi_items()):
        return RedirectResponse(f"{root}/explore?{chosen.address}", 303)
    offer = await site.run(offered, site.workspace, chosen)
    values: dict[str, Any] = {
        "page": "explore",
        "offer": offer,
        "chosen": chosen,
        "saved": saved_questions(site.workspace, root),
        "downloads": [(label, f"{root}/explore/answer.{form}?{chosen.address}") for form, label in DOWNLOADS],
    }
    try:
        answer = await site.ask("query", chosen.asked)
    except FootfallError as error:
        return render(
            request,
            "explore.html",
            status=status_of(error),
            answer=None,
            problem=str(error),
            meant=meant_name(request, error),
            **values,
        )
    assert isinstance(answer, Result)
    return render(
        request, "explore.html", problem="", meant=None, **values, **await _shown(site, request, chosen, answer)
    )


def _first_metric(workspace: Workspace) -> str | None:
    found = headlines(workspace, Freshness.of(workspace))
    return found[0].name if found else None


async def _shown(site: Site, request: Request, chosen: Chosen, answer: Result) -> dict[str, Any]:
    """The answer as chart, table, definition and as a command, as Python and as an address."""
    by = answer.query.by[0] if answer.query.by else ""
    drawn: dict[str, Any] = {name: True for name, is_on in chosen.drawn.items() if is_on}
    figure: Figure = await figure_of(site, answer, **drawn)
    freshness = await site.run(Freshness.of, site.workspace)
    asked = read_texts("query", chosen.asked)
    return {
        "answer": answer,
        "figure": figure,
        "zoom": f"/explore?{chosen.but(last=None, since=None, until=None)}",
        "stackable": can_stack(answer.metrics, by) and not answer.overlaps,
        "only": narrowing(answer, chosen),
        "counted": await site.run(how_counted, site.workspace, answer, freshness),
        "copies": _copies(site, request, chosen, asked, answer.title),
        "save": to_save(answer.title, chosen.pairs),
    }


def _copies(site: Site, request: Request, chosen: Chosen, asked: dict[str, Any], title: str) -> list[tuple[str, str]]:
    """The query for other interfaces; a frame only if a site may show one."""
    root = str(request.base_url).rstrip("/")
    metric, *others = chosen.asked["metric"]
    rest = [(name, text) for name, text in chosen.pairs if (name, text) != ("metric", metric)]
    address = (
        f"{root}/api/v1/query/{metric}?{urlencode(rest)}" if not others else f"{root}/api/v1/query?{chosen.address}"
    )
    image, frame = (
        escape(f"{root}{path}?{urlencode(rest)}".rstrip("?")) for path in (f"/chart/{metric}.svg", f"/embed/{metric}")
    )
    frames = [("Embed as a frame", f'<iframe src="{frame}" title="{escape(title)}"></iframe>')]
    return [
        ("Link", f"{root}/explore?{chosen.address}"),
        ("Command line", command_line(asked)),
        ("Python", python(asked)),
        (
            "SQL (DuckDB)",
            f"SELECT * FROM read_csv('{address.replace(chr(39), '%27')}{'&' if '?' in address and not address.endswith('?') else ''}format=csv');",
        ),
        ("API", address.rstrip("?")),
        ("Embed", f'<img src="{image}" alt="{escape(title)}">'),
        *(frames if site.settings.embed else []),
    ]
