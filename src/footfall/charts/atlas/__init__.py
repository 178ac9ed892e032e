"""Atlas: the shapes of maps, and where a place lies on them.

A map is its shapes as TopoJSON and its projection, which the renderer draws with. The same projection stands here as
well, in pixels of a drawing, so that marks can be placed before they are drawn.
"""

from footfall.charts.atlas.areas import AREAS, Area, area_named

__all__ = ["AREAS", "Area", "area_named"]
