"""Charts as they stand in a page: one image with one name, which the page gives it."""

from __future__ import annotations

import re

from markupsafe import Markup

_TAG = re.compile(r'<[a-zA-Z]+(?: [\w:-]+="[^"]*")*/?>')
_NAMES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


def drawing_of(svg: bytes) -> Markup:
    """The SVG of a chart without the roles and names that the renderer gives to each of its parts.

    The page names the chart with a sentence and has its numbers in a table: names of parts, some of which are empty,
    would be read beside these, and are a third of the bytes.

    Example:
        >>> drawing_of(b'<svg><g role="graphics-symbol" aria-roledescription="bar" class="mark"></g></svg>')
        Markup('<svg><g class="mark"></g></svg>')
    """
    return Markup(_TAG.sub(lambda tag: _NAMES.sub("", tag[0]), svg.decode()))
