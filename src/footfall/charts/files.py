"""Charts as files: PNG and SVG without a browser, HTML without a network."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from footfall.charts.look import alt
from footfall.errors import FootfallError, QueryError, did_you_mean

FORMATS = ("png", "svg", "html", "json")

_LESS = "\ue000"
"""Stands for `<` on the way into a page: a character for private use."""
_CHARSET = '<meta charset="UTF-8">'
_HEAD = (
    _CHARSET
    + """
  <title>{title}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <style>body {{ margin: 0; background: {colour}; overflow-x: auto; }}</style>"""
)
"""What a page is called, and how it fits a small screen: a wide chart is scrolled, not shrunk."""


def save(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write the chart as its suffix says: .png (twice the size, for sharp screens), .svg, .html or .json (Vega-Lite)."""
    kind = format_of(path)
    try:
        match kind:
            case "html":
                path.write_text(_page_of(chart), encoding="utf-8")
            case "png":
                chart.save(str(path), format="png", scale_factor=2)
            case _:
                chart.save(str(path), format=kind)
    except OSError as error:
        raise FootfallError(f"{path} cannot be written: {error.strerror}.") from None


def _page_of(chart: alt.TopLevelMixin) -> str:
    """A page that needs no network. Names come from anywhere: a `<` within one must not end the script that holds it."""
    spec = json.loads(json.dumps(chart.to_dict()).replace("<", _LESS))
    page: str = alt.Chart.from_dict(spec).to_html(inline=True, embed_options={"actions": {"editor": False}})
    page = page.replace(json.dumps(_LESS).strip('"'), "\\u003c")
    title = spec.get("title", {}).get("text", "Footfall")
    text = html.escape(" ".join([title] if isinstance(title, str) else title).replace(_LESS, "<"))
    colour = spec.get("config", {}).get("background", "white")
    head = _HEAD.format(title=text, colour=colour)
    return page.replace("<html>", '<html lang="en">', 1).replace(_CHARSET, head, 1)


def format_of(path: Path) -> Any:
    """The chart format that a file name asks for."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise QueryError(f"no chart can be written as {path.name!r}{did_you_mean(kind, FORMATS)}.")
    return kind
