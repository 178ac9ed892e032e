"""Badges, charts and frames to embed in a README or a web site.

/badge/{metric}.svg            one number of everything, as SVG; .json as shields.io takes it
/badge/{metric}/{project}.svg  of a project
/chart/{metric}.svg            a chart, by every option of a query; .png as well
/embed/{metric}                the chart as a page for an <iframe>, on the sites that the settings allow
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from footfall.charts.badges import DAYS, asked_of, badge_of, badge_of_error
from footfall.concealing import concealed
from footfall.errors import FootfallError, NotAllowedError, QueryError, UnknownNameError
from footfall.result import Result
from footfall.web.drawings import drawing_of
from footfall.web.errors import status_of
from footfall.web.images import SECONDS, image, tag_of
from footfall.web.site import Site

_MEDIA = {"svg": "image/svg+xml", "png": "image/png"}
_SHORT = 60
"""Seconds for which a badge with an error is cached."""
_LOOK = ("theme", "width", "height", "title", "stacked")
"""What an address of a chart may have next to the options of a question."""
_THEMES = ("light", "dark")
_FLAGS = {"": True, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def routes(site: Site) -> list[BaseRoute]:
    """The routes of badges, charts and frames."""

    def answering(answer: Callable[[Site, Request, str], Awaitable[Response]], form: str) -> Any:
        async def endpoint(request: Request) -> Response:
            return await answer(site, request, form)

        return endpoint

    made: list[BaseRoute] = []
    for form in ("svg", "json"):
        made.append(
            Route(f"/badge/{{metric}}/{{project:path}}.{form}", answering(_badge, form), name="badge-of-project")
        )
        made.append(Route(f"/badge/{{metric}}.{form}", answering(_badge, form), name="badge"))
    made += [Route(f"/chart/{{metric}}.{form}", answering(_chart, form), name="chart") for form in _MEDIA]
    return [*made, Route("/embed/{metric}", answering(_embed, "html"), name="embed")]


# --- badges


async def _badge(site: Site, request: Request, form: str) -> Response:
    """A badge; errors are badges too, as a README shows nothing else."""
    try:
        return await _badge_of(site, request, form)
    except FootfallError as error:
        made = badge_of_error(str(error), request.query_params.get("label", "footfall"))
        if form == "json":  # shields.io shows what it says, and of another status only that there was one
            return JSONResponse(made.to_shields(), headers={"Cache-Control": f"public, max-age={_SHORT}"})
        status = status_of(error, request.path_params)
        return image(site, request, made.to_svg(), _MEDIA["svg"], tag_of(made), status=status, seconds=_SHORT)


async def _badge_of(site: Site, request: Request, form: str) -> Response:
    given, metric, project = request.query_params, request.path_params["metric"], request.path_params.get("project", "")
    window = given.get("window", DAYS)
    asked: dict[str, Any] = {"metric": metric, **asked_of(window, site.workspace.now())}
    if project:
        asked["project"] = project
    if policies := given.getlist("policy"):
        asked["policy"] = policies
    answer = await site.ask("query", asked)
    assert isinstance(answer, Result)
    colour = given.get("colour") or given.get("color") or "blue"
    made = badge_of(answer, window, project, label=given.get("label"), colour=colour)
    if form == "json":
        return image(site, request, json.dumps(made.to_shields()), "application/json", tag_of(made, form))
    return image(site, request, made.to_svg(), _MEDIA["svg"], tag_of(made))


# --- charts


async def _chart(site: Site, request: Request, form: str) -> Response:
    answer = await site.ask("query", {**_asked(request.query_params), "metric": request.path_params["metric"]})
    look = _look(request.query_params)
    tag = tag_of(answer.version, sorted(answer.question.items(), key=str), form, sorted(look.items()))
    if (known := image(site, request, b"", _MEDIA[form], tag)).status_code == 304:
        return known
    return image(site, request, await site.picture(answer, form, **look), _MEDIA[form], tag)


def _asked(given: QueryParams) -> dict[str, list[str]]:
    """The options of the query, without those of the look."""
    return {name: given.getlist(name) for name in dict.fromkeys(given.keys()) if name not in _LOOK}


def _look(given: QueryParams) -> dict[str, Any]:
    """How the chart is to look."""
    theme = given.get("theme", "light")
    if theme not in _THEMES:
        raise UnknownNameError("theme", theme, _THEMES)
    look: dict[str, Any] = {"theme": theme}
    if (width := given.get("width")) or given.get("height"):
        look["size"] = (_pixels("width", width or "760"), _pixels("height", given.get("height") or "340"))
    if "title" in given:
        look["title"] = given["title"][:300]
    if "stacked" in given:
        stacked = _FLAGS.get(given["stacked"].lower())
        if stacked is None:
            raise QueryError(f"stacked is {given['stacked']!r}; it must be true or false.")
        look["stacked"] = stacked
    return look


def _pixels(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise QueryError(f"{name} is {text!r}; it must be a whole number of pixels, such as 760.")
    return int(text)


# --- frames

_FRAME = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="{root}/static/style.css"></head>
<body class="embed"><main>
<h1 class="sr">{title}</h1>
<figure class="chart"><div class="drawing wide" role="img" aria-label="{title}, {span}">{svg}</div></figure>
<p class="sub">{span} · <a href="{root}/explore?{query}" target="_blank" rel="noopener">Footfall</a></p>
</main></body></html>
"""


async def _embed(site: Site, request: Request, _: str) -> Response:
    """The chart as a page that may be shown in a frame of the sites that the settings name."""
    sites = site.settings.embed
    if not sites:
        raise NotAllowedError(
            'no site may show charts in a frame; name it in the settings: [web] embed = ["https://…"].'
        )
    metric = request.path_params["metric"]
    answer = await site.ask("query", {**_asked(request.query_params), "metric": metric})
    look = _look(request.query_params) | {"theme": "page"}
    svg = await site.picture(answer, "svg", **{"size": (960, 300), **look})
    root = request.scope.get("root_path", "").rstrip("/")
    asked = [
        ("metric", metric),
        *((name, text) for name, texts in _asked(request.query_params).items() for text in texts),
    ]
    page = _FRAME.format(
        title=escape(concealed(look.get("title") or answer.title)),
        span=escape(concealed(answer.span)),
        svg=drawing_of(svg),
        root=escape(root),
        query=escape(urlencode(asked)),
    )
    return HTMLResponse(page, headers={"Cache-Control": f"private, max-age={SECONDS}"})
