"""Areas that are drawn as maps: the world, and the USA with Alaska and Hawaii next to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from footfall.charts.atlas.projections import Spot, albers_usa, equal_earth, inverted
from footfall.charts.atlas.shapes import is_inside, read_shapes, rings_of
from footfall.errors import UnknownNameError


@dataclass(frozen=True)
class Area:
    """A part of the Earth as a map shows it."""

    name: str
    title: str
    file: str
    feature: str
    """The object of the file that holds the shapes."""
    left_out: frozenset[str]
    """Ids of shapes that are not drawn."""
    projection: Literal["equalEarth", "albersUsa"]
    """The renderer's name of the projection."""
    project: Callable[[float, float], Spot | None]
    """Degrees east and north to a plane whose width is about 1, y downwards; None where the map does not show it."""
    ratio: float
    """Height by width."""
    is_bounded: bool
    """Whether places next to the shapes are not part of it."""
    empty_corner: Literal["bottom-left", "bottom-right"]
    """Where there is room for a legend."""

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """As TopoJSON, with what is drawn alone."""
        return read_shapes(self.file, self.feature, self.left_out)

    @cached_property
    def text(self) -> str:
        """The shapes as text, which a renderer reads as well, and which is not copied again and again on its way there."""
        return json.dumps(self.shapes, separators=(",", ":"))

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether a place is on the map.

        >>> AREAS["usa"].holds(-122.3, 37.9), AREAS["usa"].holds(-79.4, 43.7), AREAS["world"].holds(-79.4, 43.7)
        (True, False, True)
        """
        if self.project(longitude, latitude) is None:
            return False
        return not self.is_bounded or is_inside(longitude, latitude, self._rings)

    @cached_property
    def _rings(self) -> list[list[tuple[float, float]]]:
        return rings_of(self.shapes, self.feature)

    def spot(self, longitude: float, latitude: float, width: float) -> Spot:
        """Where a place that the map holds lies on a drawing of this width in pixels."""
        x, y = self.project(longitude, latitude) or (0.0, 0.0)
        return x * width, y * width

    def place(self, spot: Spot, near: Spot, width: float) -> Spot:
        """Degrees east and north of a spot on the drawing that is near a known place."""
        return inverted(self.project, (spot[0] / width, spot[1] / width), near)


AREAS = {
    "world": Area(
        name="world",
        title="World",
        file="countries-110m.json",
        feature="countries",
        left_out=frozenset({"010"}),  # Antarctica
        projection="equalEarth",
        project=equal_earth,
        ratio=0.45,
        is_bounded=False,
        empty_corner="bottom-left",
    ),
    "usa": Area(
        name="usa",
        title="USA",
        file="states-10m.json",
        feature="states",
        left_out=frozenset({"60", "66", "69", "72", "78"}),  # territories, which the projection has no place for
        projection="albersUsa",
        project=albers_usa,
        ratio=0.62,
        is_bounded=True,
        empty_corner="bottom-right",
    ),
}
"""By name."""


def area_named(name: str) -> Area:
    """Raises UnknownNameError for an area that there is no map of."""
    if not isinstance(name, str) or name not in AREAS:
        raise UnknownNameError("area of a map", str(name), AREAS)
    return AREAS[name]
