"""Spreading: overlapping circles are moved apart as little as possible, and labels are placed where there is room.

The result is deterministic and does not depend on the order of the circles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Spot: TypeAlias = tuple[float, float]
_Floats: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float64]]"

_ROUNDS = 400
_GAP = 1.0
"""Pixels between two circles."""
_GOLDEN = math.pi * (3 - math.sqrt(5))
"""Radians between one and the next of several at one place, so that they form a spiral like the seeds of a sunflower."""
_HOME = 0.02
"""How far a circle moves back to its place in each round, so that it stays as close as possible."""


@dataclass(frozen=True)
class Circle:
    """Where a circle should be, in pixels, and how large it is."""

    name: str
    spot: Spot
    radius: float


@dataclass(frozen=True)
class Label:
    """A name next to its circle."""

    name: str
    is_left: bool


def spread(circles: Sequence[Circle]) -> dict[str, Spot]:
    """Where each circle is drawn: none overlap, and a circle without neighbours stays in place.

    Args:
        circles: Each with a name of its own.

    Example:
        >>> apart = spread([Circle("a", (0, 0), 5), Circle("b", (0, 0), 5)])
        >>> round(math.dist(apart["a"], apart["b"]))
        11
    """
    ordered = sorted(circles, key=lambda circle: (-circle.radius, circle.name))
    if not ordered:
        return {}
    home = np.array([circle.spot for circle in ordered], dtype=np.float64)
    radii = np.array([circle.radius for circle in ordered], dtype=np.float64)
    least = radii[:, None] + radii[None, :] + _GAP
    np.fill_diagonal(least, 0)
    at = home + _nudges(ordered)
    for left in range(_ROUNDS, 0, -1):
        moves = _apart(at, radii, least)
        if moves is None:
            break
        pull = _HOME if left > _ROUNDS // 2 else 0.0
        at = at + moves + pull * (home - at)
    return {circle.name: (round(float(x), 1), round(float(y), 1)) for circle, (x, y) in zip(ordered, at, strict=True)}


def _nudges(circles: Sequence[Circle]) -> _Floats:
    """Circles at the same place start on a spiral, the largest in its middle: otherwise they have no direction to move in."""
    seen: dict[Spot, int] = {}
    nudges = []
    for circle in circles:
        key = (round(circle.spot[0], 1), round(circle.spot[1], 1))
        n = seen[key] = seen.get(key, -1) + 1
        nudges.append((math.sqrt(n) * math.cos(n * _GOLDEN), math.sqrt(n) * math.sin(n * _GOLDEN)))
    return np.array(nudges, dtype=np.float64)


def _apart(at: _Floats, radii: _Floats, least: _Floats) -> _Floats | None:
    """How each circle moves in a round, away from those it overlaps, small ones farther; None when nothing overlaps."""
    ways = at[:, None, :] - at[None, :, :]
    distances = np.maximum(np.hypot(ways[:, :, 0], ways[:, :, 1]), 1e-6)
    overlaps = least - distances
    np.fill_diagonal(overlaps, 0)
    overlaps = np.where(overlaps > 0.05, overlaps, 0)
    if not overlaps.any():
        return None
    shares = radii[None, :] ** 2 / (radii[:, None] ** 2 + radii[None, :] ** 2)
    moves: _Floats = ((overlaps * shares / distances)[:, :, None] * ways).sum(axis=1)
    crowd = np.maximum(1, (overlaps > 0).sum(axis=1) * 0.6)
    eased: _Floats = moves / crowd[:, None]
    return eased


def labelled(
    circles: Sequence[Circle], chosen: Sequence[str], width: float, *, letter: float = 6.2, height: float = 12
) -> list[Label]:
    """The labels that fit to the right or left of their circles; earlier entries of `chosen` have priority.

    Args:
        circles: As they are drawn.
        chosen: Whose names are wanted.
        width: The width of the drawing; labels stay inside it.
        letter: The width of a letter, in pixels.
        height: The height of a line of text.
    """
    by_name = {circle.name: circle for circle in circles}
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in ((circle.spot, circle.radius) for circle in circles)]
    labels = []
    for name in chosen:
        (x, y), radius = by_name[name].spot, by_name[name].radius
        reach = radius + 4 + letter * len(name)
        for is_left in (False, True):
            ends = (x - reach, x - radius - 1) if is_left else (x + radius + 1, x + reach)
            box = (ends[0], y - height / 2, ends[1], y + height / 2)
            if ends[0] >= 0 and ends[1] <= width and not any(_meet(box, other) for other in taken):
                taken.append(box)
                labels.append(Label(name, is_left))
                break
    return labels


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
