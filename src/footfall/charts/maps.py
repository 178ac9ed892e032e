"""Communities → map: one circle per community; its area shows its users on a log scale, its colour its constellation.

Overlapping circles are moved apart deterministically, with a thin line to their true place. The largest have their
names next to them where there is room. A community with an unknown number of users is an empty ring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from footfall.charts.atlas import AREAS, Area, area_named
from footfall.charts.look import Look, alt, finished, inline
from footfall.charts.spreading import Circle, Spot, labelled, spread
from footfall.errors import QueryError
from footfall.formats import GAP, counted, number

if TYPE_CHECKING:
    from footfall.communities.answer import Communities, Community

WIDTH = 900
"""The default width of a map, in pixels."""
_LARGEST, _SMALLEST, _FEW = 900.0, 280.0, 14
"""Area in square pixels of the largest circle with few circles, and with many."""
_LEAST_PART = 0.04
"""Area of a circle of one user, as a part of the largest circle."""
_RING = 5.0
_LEAST_SCALE = 0.4
"""Smallest scale of areas on maps narrower than `WIDTH`, so that circles stay large enough to click."""
_ROOM = 500
"""Minimum width in pixels for the legend of sizes."""
_MOST_COLOURS, _MOST_NAMES = 8, 14
_REST, _NONE = "other", "no constellation"
_MOVED = 8.0
"""A circle moved farther than this, in pixels, has a line to its place."""
_LONGEST = 34


@dataclass(frozen=True)
class _Drawn:
    """A community as the map shows it."""

    community: Community
    group: str
    radius: float
    home: Spot
    """Where it is, in pixels."""
    spot: Spot
    """Where its circle is."""


def draw(
    communities: Communities,
    look: Look,
    *,
    area: str = "world",
    link: str | None = None,
    names: bool = True,
    legends: bool = True,
) -> alt.LayerChart:
    """The map.

    Args:
        communities: The answer.
        look: How it looks.
        area: "world" or "usa".
        link: The prefix of links to community pages; the name is appended.
        names: Whether the largest have their names next to them.
        legends: Whether colours and sizes are explained.
    """
    chosen = area_named(area)
    placed = [each for each in communities.communities if each.is_placed and _is_on(chosen, each)]
    if not placed:
        where = "" if area == "world" else f" in the {chosen.title}"
        raise QueryError(f"there is nothing to draw: no community of the list has a place{where}.")
    width = look.width or WIDTH
    height = look.height or round(width * chosen.ratio)
    groups = _groups(communities.communities)
    drawn = _spread(placed, groups, chosen, _fitting(width, height, chosen), _largest(len(placed), width))
    layers = [_land(chosen, look), *_lines(drawn, chosen, width, height, look)]
    layers += _circles(drawn, groups, chosen, width, height, look, link, legends)
    layers += _names(drawn, chosen, width, height, look) if names else []
    chart = alt.LayerChart(layer=layers, width=width, height=height).project(type=chosen.projection)
    return finished(chart, communities.title, _remarks(communities, drawn, chosen), look, width)


def areas_of(communities: Communities) -> tuple[str, ...]:
    """The areas with at least one placed community."""
    placed = [each for each in communities.communities if each.is_placed]
    return tuple(name for name, area in AREAS.items() if any(_is_on(area, each) for each in placed))


# --- where and how large


def _is_on(area: Area, each: Community) -> bool:
    return area.holds(each.longitude or 0.0, each.latitude or 0.0)


def _fitting(width: int, height: int, area: Area) -> int:
    """The width of the shapes if the drawing has a different aspect ratio."""
    return round(min(width, height / area.ratio))


def _spread(placed: Sequence[Community], groups: Sequence[str], area: Area, width: int, largest: float) -> list[_Drawn]:
    most = _most(placed)
    homes = {each.name: area.spot(each.longitude or 0.0, each.latitude or 0.0, width) for each in placed}
    radii = {each.name: _radius(each.users, most, largest) for each in placed}
    spots = spread([Circle(each.name, homes[each.name], radii[each.name]) for each in placed])
    return [_Drawn(each, _group(each, groups), radii[each.name], homes[each.name], spots[each.name]) for each in placed]


def _most(placed: Sequence[Community]) -> float:
    """The end of the scale: a power of ten, so that maps of neighbouring months look similar."""
    return float(10 ** max(2, math.ceil(math.log10(max(1.0, *(each.users or 0.0 for each in placed), 1.0)))))


def _largest(count: int, width: int) -> float:
    """The area of the largest circle: smaller with more circles and on narrower maps."""
    return max(_SMALLEST, _LARGEST * min(1.0, _FEW / count)) * min(1.0, max(_LEAST_SCALE, width / WIDTH))


def _radius(users: float | None, most: float, largest: float) -> float:
    if users is None:
        return _RING
    part = math.log(max(1.0, users)) / math.log(most)
    return math.sqrt(largest * (_LEAST_PART + part * (1 - _LEAST_PART)) / math.pi)


def _groups(placed: Sequence[Community]) -> list[str]:
    """The constellations with their own colour, those with the most users first."""
    sizes: dict[str, float] = {}
    for each in placed:
        if each.constellation:
            sizes[each.constellation] = sizes.get(each.constellation, 0.0) + (each.users or 0.0)
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    return ordered if len(ordered) <= _MOST_COLOURS else ordered[: _MOST_COLOURS - 1]


def _group(each: Community, groups: Sequence[str]) -> str:
    if not each.constellation:
        return _NONE
    return each.constellation if each.constellation in groups else _REST


# --- layers


def _ground(look: Look) -> str:
    """The background of the map; on dashboard pages, where drawings are transparent, a panel."""
    return "var(--panel)" if look.theme.is_bare else look.theme.background


def _land(area: Area, look: Look) -> alt.Chart:
    form = alt.TopoDataFormat(type="topojson", feature=area.feature)
    land = alt.Chart(alt.InlineData(values=area.text, format=form))
    drawn: alt.Chart = land.mark_geoshape(fill=look.theme.grid, stroke=_ground(look), strokeWidth=0.7, aria=False)
    return drawn


def _place(area: Area, each: _Drawn, spot: Spot, fitted: int) -> dict[str, float]:
    near = each.community.longitude or 0.0, each.community.latitude or 0.0
    longitude, latitude = near if spot == each.home else area.place(spot, near, fitted)
    return {"longitude": round(longitude, 4), "latitude": round(latitude, 4)}


def _lines(drawn: Sequence[_Drawn], area: Area, width: int, height: int, look: Look) -> list[alt.Chart]:
    """Lines from moved circles to their true places."""
    fitted = _fitting(width, height, area)
    data = [
        {
            **_place(area, each, each.spot, fitted),
            "longitude2": each.community.longitude,
            "latitude2": each.community.latitude,
        }
        for each in drawn
        if math.dist(each.home, each.spot) > _MOVED
    ]
    if not data:
        return []
    rules = alt.Chart(inline(data)).mark_rule(color=look.theme.before, strokeWidth=0.8, aria=False)
    return [
        rules.encode(longitude="longitude:Q", latitude="latitude:Q", longitude2="longitude2", latitude2="latitude2")
    ]


def _circles(
    drawn: Sequence[_Drawn],
    groups: Sequence[str],
    area: Area,
    width: int,
    height: int,
    look: Look,
    link: str | None,
    legends: bool,
) -> list[alt.Chart]:
    fitted = _fitting(width, height, area)
    data = [
        {
            **_place(area, each, each.spot, fitted),
            "name": each.community.name,
            "said": _said(each.community),
            "users": _users(each.community),
            "constellation": each.community.constellation or GAP,
            "location": each.community.location or GAP,
            "group": each.group,
            "amount": max(1.0, round(each.community.users or 1.0, 1)),
            "is_known": each.community.users is not None,
            **({} if link is None else {"href": link + quote(each.community.name, safe="")}),
        }
        for each in sorted(drawn, key=lambda each: (-each.radius, each.community.name))
    ]
    channels: dict[str, Any] = {
        "longitude": "longitude:Q",
        "latitude": "latitude:Q",
        "size": _size([each.community for each in drawn], area, look, width, is_explained=legends and width >= _ROOM),
        "color": _colour(drawn, groups, look, legends),
        "description": "said:N",
        "tooltip": [
            alt.Tooltip("name:N", title="community"),
            alt.Tooltip("users:N", title="monthly users"),
            alt.Tooltip("constellation:N"),
            alt.Tooltip("location:N"),
        ],
        **({} if link is None else {"href": "href:N"}),
    }
    chart = alt.Chart(inline(data))
    ground = _ground(look)
    full = chart.transform_filter("datum.is_known").mark_circle(opacity=0.88, stroke=ground, strokeWidth=0.8)
    rings = chart.transform_filter("!datum.is_known").mark_point(strokeWidth=1.5, fill=ground, opacity=1)
    layers = [full.encode(**channels)] if any(each["is_known"] for each in data) else []
    size = alt.value(round(math.pi * _RING**2))
    unknown = [] if all(each["is_known"] for each in data) else [rings.encode(**{**channels, "size": size})]
    return [*layers, *unknown]


def _size(placed: Sequence[Community], area: Area, look: Look, width: int, *, is_explained: bool = True) -> alt.Size:
    """The area of a circle, as `_radius` has it."""
    most, largest = _most(placed), _largest(len(placed), width)
    scale = alt.Scale(type="log", domain=[1, most], range=[largest * _LEAST_PART, largest], clamp=True)
    steps = [10.0**n for n in range(1, round(math.log10(most)) + 1)]
    legend = alt.Legend(
        title="monthly users",
        titleFontWeight="normal",
        orient=area.empty_corner,
        values=steps,
        format=",",
        symbolFillColor=look.theme.rest,
        symbolStrokeWidth=0,
    )
    return alt.Size("amount:Q", scale=scale, legend=legend if is_explained else None)


def _colour(drawn: Sequence[_Drawn], groups: Sequence[str], look: Look, is_explained: bool) -> alt.Color:
    """A colour per constellation, grey for what has none of its own."""
    present = {each.group for each in drawn}
    own = dict(zip(groups, look.theme.series, strict=False))
    names = [name for name in (*groups, _REST, _NONE) if name in present]
    colours = [own.get(name, look.theme.rest) for name in names]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        columns=4 if (look.width or WIDTH) >= _ROOM else 2,
        columnPadding=28,
        labelLimit=220,
        symbolOpacity=1,
        symbolType="circle",
    )
    shown = legend if is_explained and names != [_NONE] else None
    return alt.Color("group:N", scale=alt.Scale(domain=names, range=colours), legend=shown)


def _names(drawn: Sequence[_Drawn], area: Area, width: int, height: int, look: Look) -> list[alt.Chart]:
    """The names of the largest, where there is room; a name lies over land and sea, so it has a halo."""
    fitted = _fitting(width, height, area)
    by_name = {each.community.name: each for each in drawn}
    largest = sorted(drawn, key=lambda each: (-(each.community.users or 0.0), each.community.name))[:_MOST_NAMES]
    shown = {_clipped(each.community.name): each for each in reversed(largest)}
    circles = [Circle(_clipped(name), each.spot, each.radius) for name, each in by_name.items()]
    wanted = [_clipped(each.community.name) for each in largest]
    layers = []
    for is_left in (False, True):
        data = [
            {**_place(area, shown[label.name], _beside(shown[label.name], is_left), fitted), "name": label.name}
            for label in labelled([_moved(circle, width / 2) for circle in circles], wanted, width)
            if label.is_left is is_left and label.name in shown
        ]
        if not data:
            continue
        texts = alt.Chart(inline(data))
        style: dict[str, Any] = {"align": "right" if is_left else "left", "fontSize": 11, "aria": False}
        halo = texts.mark_text(**style, stroke=_ground(look), strokeWidth=3, strokeJoin="round", opacity=0.8)
        ink = texts.mark_text(**style, color=look.theme.title)
        layers += [each.encode(longitude="longitude:Q", latitude="latitude:Q", text="name:N") for each in (halo, ink)]
    return layers


def _moved(circle: Circle, by: float) -> Circle:
    return Circle(circle.name, (circle.spot[0] + by, circle.spot[1]), circle.radius)


def _beside(each: _Drawn, is_left: bool) -> Spot:
    away = each.radius + 4
    return each.spot[0] + (-away if is_left else away), each.spot[1]


# --- words


def _clipped(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _users(each: Community) -> str:
    return "not known" if each.users is None else number(round(each.users))


def _said(each: Community) -> str:
    """The text for screen readers and tooltips."""
    users = "unknown number of users" if each.users is None else f"{_users(each)} monthly users"
    return ", ".join(part for part in (each.name, users, each.constellation, each.location) if part)


def _remarks(communities: Communities, drawn: Sequence[_Drawn], area: Area) -> list[list[str]]:
    said = [communities.span, "area: monthly users, on a log scale"]
    said += ["ring: unknown number of users"] if any(each.community.users is None for each in drawn) else []
    moved = any(math.dist(each.home, each.spot) > _MOVED for each in drawn)
    said += ["line: moved to avoid overlap"] if moved else []
    words = counted(len(drawn), "community", "communities")
    elsewhere = len(communities.communities) - len(drawn) - len(communities.unplaced)
    left = [f"{counted(len(communities.unplaced), 'is', 'are')} without a place"] if communities.unplaced else []
    left += [f"{elsewhere:,} elsewhere"] if elsewhere else []
    said.append("; ".join([words, *left]))
    return [said, *([note] for note in communities.notes)]
