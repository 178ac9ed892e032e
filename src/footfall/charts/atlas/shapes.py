"""Shapes: TopoJSON of the atlas, read, cut down to what is drawn, and asked whether it holds a place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import pairwise
from math import hypot
from typing import Any

Ring = list[tuple[float, float]]

_NEAR = 0.05
"""Degrees: a place so near the shapes is on them, as a coast of the atlas is coarser than an address."""


def read_shapes(file: str, feature: str, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The TopoJSON of a file of the atlas with one of its objects, without the shapes that are left out.

    See https://github.com/topojson/topojson-specification.
    """
    topology: dict[str, Any] = json.loads((files("footfall.charts.atlas") / file).read_text(encoding="utf-8"))
    chosen = topology["objects"][feature]
    kept = [shape for shape in chosen["geometries"] if shape.get("id") not in left_out]
    return {**topology, "objects": {feature: {**chosen, "geometries": kept}}}


def rings_of(topology: dict[str, Any], feature: str) -> list[Ring]:
    """Every ring of the shapes, in degrees."""
    arcs = [_decoded(arc, topology["transform"]) for arc in topology["arcs"]]
    return [
        _joined(ring, arcs)
        for shape in topology["objects"][feature]["geometries"]
        for polygon in ([shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"])
        for ring in polygon
    ]


def is_inside(longitude: float, latitude: float, rings: Iterable[Ring]) -> bool:
    """Whether a place is in the shapes or within 5 km of them: an odd number of their edges is east of it."""
    found = False
    for ring in rings:
        if not _reaches(ring, longitude, latitude):
            continue
        for (x, y), (x2, y2) in _edges(ring):
            if (y > latitude) != (y2 > latitude) and longitude < x + (latitude - y) / (y2 - y) * (x2 - x):
                found = not found
            if _distance(longitude, latitude, (x, y), (x2, y2)) < _NEAR:
                return True
    return found


def _decoded(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Ring:
    """Each position is the difference from the one before, in steps of the transform."""
    x = y = 0
    points: Ring = []
    for step in arc:
        x, y = x + step[0], y + step[1]
        points.append(
            (
                x * transform["scale"][0] + transform["translate"][0],
                y * transform["scale"][1] + transform["translate"][1],
            )
        )
    return points


def _joined(ring: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """Arcs one after another, each without the first point, which ends the one before; ~n is arc n backwards."""
    points: Ring = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def _reaches(ring: Ring, longitude: float, latitude: float) -> bool:
    """Whether the box around a ring, open to the east, holds a place."""
    ys = [y for _, y in ring]
    return min(ys) - _NEAR <= latitude <= max(ys) + _NEAR and longitude <= max(x for x, _ in ring) + _NEAR


def _edges(ring: Ring) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    return pairwise(ring)


def _distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Of a point from an edge, in degrees."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    part = 0.0 if square == 0 else max(0.0, min(1.0, ((x - start[0]) * dx + (y - start[1]) * dy) / square))
    return hypot(x - start[0] - part * dx, y - start[1] - part * dy)
