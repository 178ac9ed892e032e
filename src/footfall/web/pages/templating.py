"""Templates: one environment, escaped throughout, that knows the words of pages and where the site stands."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

import footfall
from footfall.concealing import printable
from footfall.web.pages import words

if TYPE_CHECKING:
    from starlette.requests import Request

PAGES = (
    ("overview", "/", "Overview"),
    ("explore", "/explore", "Explore"),
    ("projects", "/projects", "Projects"),
    ("hubs", "/hubs", "Hubs"),
    ("retention", "/retention", "Retention"),
    ("sources", "/sources", "Sources"),
)
"""What stands in the navigation: key, path, name."""
THEMES = ("auto", "light", "dark")


def _printable(value: Any) -> Any:
    """What a template shows: text of others cannot turn the direction of a line."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return type(value)(printable(value))


@cache
def environment() -> Environment:
    """The templates; an undefined name is an error, and every value is escaped."""
    made = Environment(
        loader=PackageLoader("footfall.web", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "figure": words.figure,
        "short_figure": words.short_figure,
        "share": words.share,
        "day": words.day,
        "short_day": words.short_day,
        "moment": words.moment,
        "days": words.days,
        "path": lambda text: quote(text, safe=""),
        "plain": words.plain,
        "spoken": words.spoken,
    }
    made.globals |= {"pages": PAGES, "themes": THEMES, "version": footfall.__version__}
    return made


def render(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page as a response.

    Args:
        request: Whose viewer, theme and root path the layout shows.
        template: Its name in `templates/`.
        status: Of the response.
        values: What the template names; `page` is the key of the current page in the navigation.
    """
    root = request.scope.get("root_path", "").rstrip("/")
    chosen = request.cookies.get("footfall_theme", "auto")
    asked = request.url.path.removeprefix(root) or "/"
    values = {
        "page": "",
        "viewer": getattr(request.state, "viewer", None),
        "theme": chosen if chosen in THEMES else "auto",
        "here": f"{asked}?{request.url.query}" if request.url.query else asked,
        "url": lambda path: f"{root}{path}",
        **values,
    }
    html = environment().get_template(template).render(values)
    return HTMLResponse(html, status, headers={"Cache-Control": "private, no-cache", "Vary": "Cookie"})
