"""What stands around the marks: bands with their reason, annotations, names at the ends of lines, lives of groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from footfall.annotations import Annotation
from footfall.charts.look import look_of
from footfall.charts.numbers import rounded, scale_of
from footfall.charts.series import lives, points_of, positive
from footfall.charts.surroundings import bands_of
from footfall.errors import QueryError
from footfall.states import State
from results import result


def texts_in(spec: dict[str, Any], field: str) -> list[str]:
    """The texts of all rows that have a field."""
    sets = [*spec.get("datasets", {}).values(), *(layer.get("data", {}).get("values", []) for layer in spec["layer"])]
    return [str(row[field]) for rows in sets for row in rows if field in row]


def test_a_band_holds_the_days_of_which_nothing_is_known_and_says_why() -> None:
    points = points_of(result({"a": [5, None, None, 5], "b": [5, None, None, 5]}, until="2026-01-05"))
    (band,) = bands_of(points)
    assert (band.start.isoformat()[:13], band.end.isoformat()[:13]) == ("2026-01-01T12", "2026-01-03T12")
    assert band.title == "not collected"
    spec = result([5, None, None, 5], until="2026-01-05").chart().to_dict()
    assert texts_in(spec, "name") == ["not collected"]


def test_days_at_the_end_that_nothing_follows_are_not_collected_yet() -> None:
    late = [State.COMPLETE, State.LOST, State.COMPLETE, State.LOST, State.LOST, State.NOT_OVER]
    points = points_of(result([5, None, 5, None, None, None], until="2026-01-07", states=late))
    assert [band.title for band in bands_of(points)] == ["not collected", "not collected yet"]


def test_what_is_not_over_is_no_band_and_what_is_known_wrong_is_one() -> None:
    open_day = result([5, 5, None], until="2026-01-04", states=[State.COMPLETE, State.COMPLETE, State.NOT_OVER])
    assert bands_of(points_of(open_day)) == []
    wrong = [State.COMPLETE, State.KNOWN_WRONG, State.COMPLETE]
    of = result([5, 1, 5], until="2026-01-04", coverage=[1, 0.5, 1], states=wrong)
    assert [band.title for band in bands_of(points_of(of))] == ["known to be wrong"]


def test_annotations_are_named_and_those_of_one_day_share_a_line() -> None:
    happened = [("release", "2.4"), ("release", "2.5"), ("outage", "a day without the main cluster, told at length")]
    annotations = tuple(Annotation.at(kind, date(2026, 1, 2), text) for kind, text in happened[:2])
    annotations += (Annotation.at(happened[2][0], date(2026, 1, 4), happened[2][1]),)
    spec = replace(result([1, 2, 3, 4, 5], until="2026-01-06"), annotations=annotations).chart().to_dict()
    assert "2.4, 2.5" in texts_in(spec, "what")
    assert any(text.endswith("…") for text in texts_in(spec, "what"))


def test_lines_are_named_at_their_ends_and_names_keep_their_distance() -> None:
    spec = result({"a": [1, 100], "b": [1, 101], "c": [1, 99]}, until="2026-01-03").chart().to_dict()
    assert sorted(texts_in(spec, "end_name")) == ["a", "b", "c"]
    places = sorted(float(y) for y in texts_in(spec, "end_y"))
    assert all(b - a >= 15 for a, b in pairwise(places))


def test_a_group_is_drawn_from_its_first_value_to_its_last() -> None:
    values = {
        "whole": [9] * 10,
        "late": [0] * 5 + [1, 2, 0, 1, 2],
        "gone": [3, 1, 2] + [0] * 7,
        "rare": [0, 0, 1] * 3 + [0],
    }
    points = lives(points_of(result(values, until="2026-01-11")))
    kept = {name: [p.value for p in points if p.series == name] for name in values}
    assert kept == {"whole": [9] * 10, "late": [1, 2, 0, 1, 2], "gone": [3, 1, 2], "rare": [0, 0, 1] * 3 + [0]}
    means = lives(points_of(result(values, until="2026-01-11")), rolling=3)
    late = [p.value for p in means if p.series == "late"]
    gone = [p.value for p in means if p.series == "gone"]
    assert (late, gone) == ([0, 1, 2], [3]), "a mean does not reach past the start or the end of its group"
    alone = points_of(result([0] * 5 + [1], until="2026-01-07"))
    assert lives(alone) == alone


def test_a_logarithm_has_no_zero_and_cannot_be_stacked() -> None:
    points = points_of(result([0, 10, 1000], until="2026-01-04"))
    assert [p.value for p in positive(points)] == [None, 10, 1000]
    scale = scale_of(points, replace(look_of(size=(300, 300)), is_log=True))
    assert (scale.low, scale.high) == (10, 1000)
    assert scale.place(10) == 300
    with pytest.raises(QueryError, match="an axis that starts at zero"):
        result({"a": [1], "b": [2]}, until="2026-01-02").chart(stacked=True, log=True)


@pytest.mark.parametrize("ends", [(0, 1), (0, 13), (0, 0.3), (-3, 8), (0, 99_999), (0, 1e9)])
def test_an_axis_ends_at_round_numbers_beyond_its_values(ends: tuple[float, float]) -> None:
    low, high = rounded(*ends)
    assert low <= ends[0]
    assert high >= ends[1]
    assert high - low <= 2 * (ends[1] - ends[0])


def test_inside_a_page_colours_are_its_variables_and_there_is_no_title() -> None:
    drawn = result({"a": [1, 2], "b": [3, None]}, until="2026-01-03").chart(theme="page").to_svg()
    assert 'stroke="var(--s0)"' in drawn
    assert "style=" not in drawn
    assert "Launches per day" not in drawn.split("aria-label")[0]
