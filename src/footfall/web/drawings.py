"""Drawings for pages: one image with one accessible name, in few bytes."""

from __future__ import annotations

import re

from markupsafe import Markup

_TAG = re.compile(r'<[a-zA-Z]+(?: [\w:-]+="[^"]*")*/?>')
_SHAPES = re.compile(r' d="((?:[ML]-?[0-9.]+,-?[0-9.]+|Z){20,})"')
_COMMAND = re.compile(r"([MLZ])([^MLZ]*)")
_NAMES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


def drawing_of(svg: bytes) -> Markup:
    """The SVG of a chart without the roles and names that the renderer gives to each of its parts.

    The page names the chart with a sentence and has its numbers in a table: names of parts, some of which are empty,
    would be read beside these, and are a third of the bytes.

    Example:
        >>> drawing_of(b'<svg><g role="graphics-symbol" aria-roledescription="bar" class="mark"></g></svg>')
        Markup('<svg><g class="mark"></g></svg>')
    """
    return Markup(compacted(_TAG.sub(lambda tag: _NAMES.sub("", tag[0]), svg.decode())))


def compacted(svg: str, parts: int = 10) -> str:
    """A drawing whose long outlines have fewer characters; see `compact`."""
    return _SHAPES.sub(lambda found: f' d="{compact(found[1], parts)}"', svg)


def compact(path: str, parts: int = 10) -> str:
    """The same outline in fewer characters: steps from point to point, to a tenth or another part of a pixel.

    >>> compact("M10.02,20.04L11.456,20.04L11.5,22Z")
    'M10,20l1.5,0l0,2z'
    >>> compact("M10.2,20L10.4,20L12,20", 2)
    'M10,20l.5,0l1.5,0'
    """
    made: list[str] = []
    x = y = 0
    for command, points in _COMMAND.findall(path):
        if command == "Z":
            made.append("z")
            continue
        right, down = (round(float(each) * parts) for each in points.split(","))
        if command == "M":
            made.append(f"M{_short(right, parts)},{_short(down, parts)}")
        elif (right, down) != (x, y):  # nearer than that is the same point
            made.append(f"l{_short(right - x, parts)},{_short(down - y, parts)}")
        x, y = right, down
    return "".join(made)


def _short(count: int, parts: int) -> str:
    text = f"{count / parts:g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
