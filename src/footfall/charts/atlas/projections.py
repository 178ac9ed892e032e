"""Projections: from degrees to a plane, as the renderer has them, and back by Newton's method.

equalEarth   Šavrič, Patterson and Jenny, "The Equal Earth map projection" (2018), equations 6 and 7
albersUsa    Albers' equal-area conic for each of three parts, with the constants of d3-geo, whose composition this is
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

Spot = tuple[float, float]

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_WORLD_WIDTH = 5.41
"""Of the Earth in the units of Equal Earth: it reaches from -2.7066 to 2.7066."""
_USA_WIDTH = 0.76
"""Of the states in the units of the conic."""
_STEP, _ROUNDS = 1e-4, 12


def equal_earth(longitude: float, latitude: float) -> Spot:
    """A place on a plane that is 1 wide, y downwards.

    >>> equal_earth(0, 0)
    (0.0, -0.0)
    """
    angle = asin(sqrt(3) / 2 * sin(radians(latitude)))
    square = angle * angle
    sixth = square**3
    x = (
        radians(longitude)
        * cos(angle)
        / (sqrt(3) / 2 * (_A1 + 3 * _A2 * square + sixth * (7 * _A3 + 9 * _A4 * square)))
    )
    y = angle * (_A1 + _A2 * square + sixth * (_A3 + _A4 * square))
    return x / _WORLD_WIDTH, -y / _WORLD_WIDTH


@dataclass(frozen=True)
class _Part:
    """A part of albersUsa: a conic of its own, moved and scaled."""

    meridian: float
    centre: tuple[float, float]
    parallels: tuple[float, float]
    scale: float
    moved: tuple[float, float]

    def project(self, longitude: float, latitude: float) -> Spot:
        x, y = self._raw(longitude, latitude)
        x0, y0 = self._raw(self.centre[0] - self.meridian, self.centre[1])
        return self.moved[0] + self.scale * (x - x0), self.moved[1] - self.scale * (y - y0)

    def _raw(self, longitude: float, latitude: float) -> Spot:
        first, second = (sin(radians(parallel)) for parallel in self.parallels)
        n = (first + second) / 2
        c = 1 + first * (2 * n - first)
        radius = sqrt(max(0.0, c - 2 * n * sin(radians(latitude)))) / n
        east = (longitude + self.meridian + 180) % 360 - 180
        angle = radians(east) * n
        return radius * sin(angle), sqrt(c) / n - radius * cos(angle)


_LOWER = _Part(96, (-0.6, 38.7), (29.5, 45.5), 1.0, (0.0, 0.0))
_ALASKA = _Part(154, (-2, 58.5), (55, 65), 0.35, (-0.307, 0.201))
_HAWAII = _Part(157, (-3, 19.9), (8, 18), 1.0, (-0.205, 0.212))


def albers_usa(longitude: float, latitude: float) -> Spot | None:
    """A place on a plane on which the states are about 1 wide, y downwards; None for a place in none of the three parts."""
    part = _part_of(longitude, latitude)
    if part is None:
        return None
    x, y = part.project(longitude, latitude)
    return x / _USA_WIDTH, y / _USA_WIDTH


def _part_of(longitude: float, latitude: float) -> _Part | None:
    if latitude > 50 and (longitude < -129 or longitude > 170):
        return _ALASKA
    if 18 < latitude < 23 and -161 < longitude < -154:
        return _HAWAII
    return _LOWER if 24 < latitude < 50 and -126 < longitude < -66 else None


def inverted(project: Callable[[float, float], Spot | None], spot: Spot, near: Spot) -> Spot:
    """Degrees east and north of a spot, from a known place near it; that place itself where no step leads on."""
    longitude, latitude = near
    for _ in range(_ROUNDS):
        here, east, north = (
            project(longitude, latitude),
            project(longitude + _STEP, latitude),
            project(longitude, latitude + _STEP),
        )
        if here is None or east is None or north is None:
            return near
        a, b = (east[0] - here[0]) / _STEP, (north[0] - here[0]) / _STEP
        c, d = (east[1] - here[1]) / _STEP, (north[1] - here[1]) / _STEP
        x, y = spot[0] - here[0], spot[1] - here[1]
        if (size := a * d - b * c) == 0:
            return near
        longitude += (d * x - b * y) / size
        latitude = max(-89.9, min(89.9, latitude + (a * y - c * x) / size))
    return longitude, latitude
