"""Maps on a page: drawn by the server, each circle a link with its name on hover, and no script is needed for either."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from footfall.charts.atlas import AREAS
from footfall.charts.maps import areas_of
from footfall.communities import Communities
from footfall.web.drawings import compacted

if TYPE_CHECKING:
    from footfall.web.site import Site

WIDE, NARROW = 900, 330
"""How wide a map is drawn, in pixels: for screens of more and of less than 640."""
_FINE, _COARSE = 5, 2
"""Parts of a pixel to which the outlines of these are exact: coasts need no more."""
_ELSEWHERE = "https://vega.github.io/vega-datasets/"
"""What the renderer puts before an address that names no host."""
_LINK = re.compile(rf'<a xlink:href="{re.escape(_ELSEWHERE)}([^"]*)">')
_CIRCLE = re.compile(r'(<path aria-label="([^"]*)"[^>]*)/>')


@dataclass(frozen=True)
class MapFigure:
    """A map and its name."""

    area: str
    title: str
    sentence: str
    drawing: Markup
    narrow: Markup


async def maps_of(
    site: Site,
    answer: Communities,
    link: str,
    *,
    legends: bool = True,
    areas: Sequence[str] | None = None,
    wide: int = WIDE,
) -> list[MapFigure]:
    """A map of each area that has a community.

    Args:
        site: What draws.
        answer: The communities.
        link: What the address of a community's page begins with, from the root of the site.
        legends: Whether colours and sizes are explained.
        areas: The maps that are drawn; by default each that has a community.
        wide: How wide the one for wide screens is drawn, in pixels.
    """
    made = []
    for area in areas_of(answer) if areas is None else areas:
        drawn = []
        for width in (wide, NARROW):
            size = (width, round(width * AREAS[area].ratio))
            look: dict[str, Any] = {"size": size, "area": area, "link": link, "legends": legends}
            svg = await site.picture(answer, "svg", theme="page", **look)
            drawn.append(Markup(linked(svg.decode(), _FINE if width > NARROW else _COARSE)))
        title = AREAS[area].title
        sentence = f"{answer.title}, {title}: a circle for each, its area by its users. The list below has the numbers."
        made.append(MapFigure(area, title, sentence, *drawn))
    return made


def linked(svg: str, parts: int = 10) -> str:
    """A map whose links lead where they were meant to, and whose circles say their names where a mouse rests.

    Args:
        svg: As it was drawn.
        parts: Of a pixel, to which outlines are exact.
    """
    svg = _LINK.sub(lambda found: f'<a href="{found[1]}">', svg)

    def titled(found: re.Match[str]) -> str:
        return f"{found[1]}><title>{html.escape(html.unescape(found[2]), quote=False)}</title></path>"

    return _CIRCLE.sub(titled, compacted(svg, parts))
