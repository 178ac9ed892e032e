"""Maps: places are where the renderer has them, circles never lie on each other, and it comes out the same every time."""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.charts.atlas import AREAS
from footfall.charts.maps import areas_of
from footfall.charts.spreading import Circle, labelled, spread
from footfall.communities import Communities, Community
from footfall.errors import QueryError, UnknownNameError
from footfall.states import State
from lengths import examples

HOSTILE = ("<script>alert(1)</script>", "'; drop table x; --", "=cmd()", "\x1b[31mred", "‮evil", "a" * 10_000)
CITIES = {
    "Berkeley": (-122.26, 37.87),
    "Boston": (-71.06, 42.36),
    "Miami": (-80.19, 25.76),
    "Fairbanks": (-147.83, 64.86),
    "Honolulu": (-157.82, 21.3),
}


def community(
    name: str, longitude: float | None, latitude: float | None, users: float | None = 50, of: str = ""
) -> Community:
    coverage = 0.0 if users is None else 1.0
    return Community(name, of, "", latitude, longitude, 1, users, coverage, State.COMPLETE)


def communities(*given: Community) -> Communities:
    since, until = (datetime(2026, 2, day, tzinfo=UTC) for day in (1, 28))
    return Communities(tuple(given), since, until, since)


def circles_of(svg: str) -> dict[str, tuple[float, float, float]]:
    """Middle and radius of each circle by its name, as they are drawn."""
    found = re.findall(
        r'aria-label="([^",]*)[^"]*" role="graphics-symbol" aria-roledescription="(?:circle|point)" transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+)',
        svg,
    )
    return {name: (float(x), float(y), float(r)) for name, x, y, r in found}


@pytest.mark.parametrize("area", AREAS)
def test_a_place_is_where_the_renderer_draws_it(area: str) -> None:
    """The distances between cities in the drawing are those of the projection here, and the shapes are as wide as assumed."""
    answer = communities(*(community(name, *place, users=None) for name, place in CITIES.items()))
    drawn = circles_of(answer.chart(area=area).to_svg())
    assert set(drawn) == set(CITIES)
    chosen = AREAS[area]
    here = {name: chosen.spot(*place, 900) for name, place in CITIES.items()}
    ratios = [
        math.dist(drawn[one][:2], drawn[two][:2]) / math.dist(here[one], here[two])
        for one, two in combinations(CITIES, 2)
    ]
    assert max(ratios) / min(ratios) < 1.002
    assert 0.97 < ratios[0] < 1.03


@pytest.mark.parametrize(
    ("longitude", "latitude", "is_there"),
    [(-122.3, 37.9, True), (-157.8, 21.3, True), (-149.9, 61.2, True), (-74.0, 40.7, True), (-79.4, 43.7, False),
     (-123.1, 49.25, False), (-99.1, 19.4, False), (2.3, 48.9, False), (-66.1, 18.4, False), (144.8, 13.4, False)],
)  # fmt: skip
def test_the_map_of_the_usa_has_what_is_there(longitude: float, latitude: float, is_there: bool) -> None:
    assert AREAS["usa"].holds(longitude, latitude) is is_there
    assert AREAS["world"].holds(longitude, latitude)


@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(-30, 30), st.floats(-30, 30))
def test_a_spot_on_the_drawing_is_found_again(longitude: float, latitude: float, right: float, down: float) -> None:
    area = AREAS["world"]
    x, y = area.spot(longitude, latitude, 900)
    if abs(x + right) < 300 and abs(y + down) < 180:
        found = area.place((x + right, y + down), (longitude, latitude), 900)
        assert math.dist(area.spot(*found, 900), (x + right, y + down)) < 0.5


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(2, 17)), min_size=1, max_size=40))
@settings(max_examples=examples(40), deadline=None)
def test_no_circle_lies_on_another_and_order_is_of_no_account(given: list[tuple[float, float, float]]) -> None:
    circles = [Circle(f"c{n}", (x, y), radius) for n, (x, y, radius) in enumerate(given)]
    spots = spread(circles)
    for one in circles:
        for two in circles:
            if one.name < two.name:
                assert math.dist(spots[one.name], spots[two.name]) > one.radius + two.radius - 1.5
    shuffled = list(circles)
    random.Random(7).shuffle(shuffled)
    assert spread(shuffled) == spots


def test_twenty_at_one_place_form_a_cluster_around_it() -> None:
    spots = spread([Circle(f"c{n:02}", (100, 100), 6) for n in range(20)])
    assert max(math.dist(spot, (100, 100)) for spot in spots.values()) < 60
    assert spread([Circle("alone", (3, 4), 9)]) == {"alone": (3, 4)}
    assert spread([]) == {}


def test_names_stand_where_there_is_room() -> None:
    circles = [Circle("left edge", (10, 50), 8), Circle("right", (195, 50), 4), Circle("other", (100, 90), 5)]
    labels = {label.name: label.is_left for label in labelled(circles, ["left edge", "right", "other"], 200)}
    assert labels == {"left edge": False, "right": True, "other": False}


def test_area_follows_users_on_a_log_scale_and_unknown_is_a_ring() -> None:
    names = {"one": 1.0, "hundred": 100.0, "many": 10_000.0, "unknown": None, "none": 0.0}
    places = zip(names, range(-100, 100, 40), strict=True)
    answer = communities(*(community(name, at, 20, names[name]) for name, at in places))
    svg = answer.chart().to_svg()
    area = {name: radius**2 for name, (_, _, radius) in circles_of(svg).items()}
    assert area["one"] < area["hundred"] < area["many"]
    assert area["many"] - area["hundred"] == pytest.approx(area["hundred"] - area["one"], rel=0.02)
    assert area["none"] == area["one"]
    assert 'aria-label="unknown, unknown number of users" role="graphics-symbol" aria-roledescription="point"' in svg
    assert "ring: unknown number of users" in svg


def test_a_constellation_keeps_its_colour_on_every_map() -> None:
    answer = communities(
        community("Paris", 2.3, 48.9, 900, "Europe"), community("Berkeley", *CITIES["Berkeley"], 10, "West")
    )
    colours = [
        dict(zip(*(scale[name] for name in ("domain", "range")), strict=True))["West"]
        for area in AREAS
        for scale in scales_of(answer.chart(area=area).to_dict())
    ]
    assert len(set(colours)) == 1


def scales_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        layer["encoding"]["color"]["scale"]
        for layer in spec["layer"]
        if "scale" in layer.get("encoding", {}).get("color", {})
    ]


def test_more_constellations_than_colours_are_others() -> None:
    answer = communities(*(community(f"c{n}", n * 10, 10, 100 - n, f"group {n}") for n in range(12)))
    (scale, *_) = scales_of(answer.chart().to_dict())
    assert scale["domain"] == [*(f"group {n}" for n in range(7)), "other"]


def test_it_comes_out_the_same() -> None:
    answer = communities(*(community(f"c{n}", -122 + n / 100, 37.8, 10 * n, "West") for n in range(30)))
    backwards = replace(answer, communities=answer.communities[::-1])
    assert answer.chart(area="usa").to_svg() == answer.chart(area="usa").to_svg()
    one, two = (json.dumps(each.chart().to_dict()["layer"][-3:]) for each in (answer, backwards))
    assert one == two


def test_where_nothing_can_be_drawn_it_says_so() -> None:
    answer = communities(community("Paris", 2.3, 48.9), community("nowhere", None, None))
    with pytest.raises(QueryError, match="no community of the list has a place in the USA"):
        answer.chart(area="usa")
    with pytest.raises(UnknownNameError, match="unknown area of a map 'mars'"):
        answer.chart(area="mars")
    assert areas_of(answer) == ("world",)
    assert "1 community; 1 is without a place" in answer.chart().to_svg()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_are_text_and_break_nothing(name: str) -> None:
    answer = communities(community(name, 2.3, 48.9, 70, name), community("Lyon", 4.8, 45.8))
    picture = answer.chart(link="hubs/")
    svg = picture.to_svg()
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert "style=" not in svg
    assert "<script>alert" not in picture.to_html()
