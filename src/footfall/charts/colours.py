"""Colours for amounts: positions on a colour ramp, and readable text colours."""

from __future__ import annotations

from collections.abc import Sequence


def mix(ramp: Sequence[str], part: float) -> str:
    """The colour at a position (0 to 1) on a ramp; for a ramp of named colours, the nearest one.

    >>> mix(("#000000", "#ffffff"), 0.5)
    '#808080'
    """
    at = max(0.0, min(1.0, part)) * (len(ramp) - 1)
    if not ramp[0].startswith("#"):
        return ramp[round(at)]
    n = min(int(at), len(ramp) - 2)
    low, high = (_rgb(ramp[n]), _rgb(ramp[n + 1]))
    return "#" + "".join(f"{round(a + (b - a) * (at - n)):02x}" for a, b in zip(low, high, strict=True))


def depth(percent: float) -> float:
    """How deep the colour of a share is, 0 to 1: the root of the share, in every table alike.

    A tenth is much paler than the whole, and small shares can still be distinguished.

    >>> depth(100), depth(25), depth(0)
    (1.0, 0.5, 0.0)
    """
    return float((max(0.0, min(100.0, percent)) / 100) ** 0.5)


def ink_on(fill: str) -> str:
    """Black or white, whichever has the larger contrast (WCAG 2) on a colour.

    >>> ink_on("#0072b2"), ink_on("#e69f00")
    ('#ffffff', '#000000')
    """
    light = _luminance(fill)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [c / 255 for c in _rgb(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
