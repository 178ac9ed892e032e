"""Picture: an answer drawn. PNG and SVG without a browser, HTML without a network, and Vega-Lite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from altair.utils.schemapi import debug_mode

from footfall.answer import by_name
from footfall.charts.look import THEMES, Look, alt, look_of
from footfall.charts.pages import page_of
from footfall.concealing import printable
from footfall.errors import FootfallError, QueryError, did_you_mean

if TYPE_CHECKING:
    from footfall.answer import Answer

FORMATS = ("png", "svg", "html", "json")
_ALTAIR = Lock()
_SCALE = 2
"""Pixels of a PNG per pixel of the drawing, for high-density screens."""


class Picture:
    """A chart, to save, to show in a notebook, or to change with Altair.

    `save` writes .png, .svg, .html (a page that needs no network, follows its reader's width and, unless a theme was
    chosen, light or dark) and .json (Vega-Lite). `altair` is the Altair chart itself.

    Example:
        >>> ff.growth("active").chart()
        <chart: Actors who did active per week: new, returning, resurrected and dormant>
    """

    def __init__(self, draw: Callable[[str], alt.LayerChart | alt.VConcatChart], theme: str | None = None) -> None:
        self._draw = cache(draw)
        self._theme = theme
        self._draw(theme or "light")  # errors are raised here, not when it is saved

    @property
    def altair(self) -> alt.LayerChart | alt.VConcatChart:
        """The chart as an Altair object, to change; its own `save` may need a network."""
        return self._draw(self._theme or "light")

    def to_dict(self) -> dict[str, Any]:
        """The chart as Vega-Lite.

        Example:
            >>> "layer" in ff.growth("active").chart().to_dict()
            True
        """
        return self._spec(self._theme or "light")

    def _spec(self, theme: str) -> dict[str, Any]:
        return cast("dict[str, Any]", _printable(self._draw(theme).to_dict()))

    def to_json(self) -> str:
        """The chart as Vega-Lite, as text.

        Example:
            >>> ff.growth("active").chart().to_json()[0]
            '{'
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_svg(self) -> str:
        """The chart as SVG.

        Example:
            >>> ff.growth("active").chart().to_svg()[:4]
            '<svg'
        """
        import vl_convert

        return vl_convert.vegalite_to_svg(vl_spec=self.to_dict(), vl_version=_VEGA_LITE)

    def to_png(self) -> bytes:
        """The chart as PNG, twice its size for sharp screens.

        Example:
            >>> ff.growth("active").chart(size=(300, 200)).to_png()[1:4]
            b'PNG'
        """
        import vl_convert

        return vl_convert.vegalite_to_png(vl_spec=self.to_dict(), vl_version=_VEGA_LITE, scale=_SCALE)

    def to_html(self) -> str:
        """A whole page that needs no network.

        Example:
            >>> ff.growth("active").chart().to_html()[:15]
            '<!DOCTYPE html>'
        """
        themes = [self._theme] if self._theme else list(THEMES)
        return page_of({theme: self._spec(theme) for theme in themes})

    def save(self, path: str | Path) -> None:
        """Write the picture as its suffix says.

        Args:
            path: A file that ends with .png, .svg, .html or .json (Vega-Lite).

        Raises:
            QueryError: For another suffix.
            FootfallError: When the file cannot be written.

        Example:
            >>> ff.growth("active").chart().save(out / "growth.json")
        """
        file = Path(path)
        kind = format_of(file)
        if not file.parent.is_dir():
            raise FootfallError(f"{file} cannot be written: there is no folder {file.parent}.")
        content = self.to_png() if kind == "png" else getattr(self, f"to_{kind}")().encode()
        try:
            file.write_bytes(content)
        except OSError as error:
            raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For notebooks: the drawing itself, which needs no network and no extension, and the chart for those that have one."""
        mime = f"application/vnd.vegalite.{_VEGA_LITE.split('_')[0]}+json"
        return {mime: self.to_dict(), "image/svg+xml": self.to_svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        title = self.to_dict().get("title", {}).get("text", "")
        return f"<chart: {title if isinstance(title, str) else ' '.join(title)}>"


_VEGA_LITE = "_".join(str(alt.SCHEMA_VERSION).split(".")[:2])


def picture(
    answer: Answer,
    *,
    theme: str | None = None,
    title: str | None = None,
    size: tuple[int, int] | None = None,
    **options: Any,
) -> Picture:
    """An answer of any kind, drawn by the function that it names. See `Answer.chart`."""
    draw = by_name(answer.chart_by)
    look_of(theme or "light", title, size)

    def drawn(name: str) -> alt.LayerChart | alt.VConcatChart:
        look: Look = look_of(name, title, size)
        try:
            with _unchecked():
                return cast("alt.LayerChart | alt.VConcatChart", draw(answer, look, **options))
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
            raise QueryError(f"unknown option for a chart of a {answer.command}: {error}.") from None

    return Picture(drawn, theme)


@contextmanager
def _unchecked() -> Iterator[None]:
    """Without Altair's check of each part against its schema, which takes half of the time of making a chart.

    The whole is checked once, when it is written as Vega-Lite. Altair's switch is one for all threads.
    """
    with _ALTAIR, debug_mode(False):
        yield


def format_of(path: Path) -> str:
    """The chart format that a file name asks for."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise QueryError(f"no chart can be written as {path.name!r}{did_you_mean(kind, FORMATS)}.")
    return kind


def _printable(node: Any) -> Any:
    """Replace every character that a drawing cannot hold with a visible one."""
    if isinstance(node, str):
        return printable(node)
    if isinstance(node, dict):
        return {key: _printable(value) for key, value in node.items()}
    return [_printable(value) for value in node] if isinstance(node, list | tuple) else node
