"""Sparklines: zero is the base, a gap is a gap, and a label of any kind stays text."""

from __future__ import annotations

import math
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.charts.sparklines import sparkline
from footfall.errors import QueryError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ("<script>alert(1)</script>", '" onload="x', "\x1b[31mred", "‮evil", "a" * 10_000)


def lines_of(svg: str) -> list[list[tuple[float, float]]]:
    found = ElementTree.fromstring(svg).findall(f"{SVG}polyline")
    return [[tuple(map(float, spot.split(","))) for spot in one.attrib["points"].split()] for one in found]  # type: ignore[misc]


def test_the_axis_begins_at_zero_and_the_last_value_has_a_dot() -> None:
    svg = sparkline([50, 100], 60, 30)
    ((_, (x, y)),) = lines_of(svg)
    assert lines_of(svg)[0][0][1] == 15.0  # half of the largest is half as high
    dot = ElementTree.fromstring(svg).findall(f"{SVG}circle")[-1].attrib
    assert (float(dot["cx"]), float(dot["cy"])) == (x, y) == (57.0, 3.0)


def test_a_gap_parts_the_line_and_a_value_between_two_gaps_is_a_dot() -> None:
    svg = sparkline([1, 2, None, 3, math.nan, 4, 5])
    assert [len(line) for line in lines_of(svg)] == [2, 2]
    assert len(ElementTree.fromstring(svg).findall(f"{SVG}circle")) == 2


def test_what_may_still_change_is_dashed() -> None:
    firm, loose = ElementTree.fromstring(sparkline([1, 2, 3, 4], open_ends=1)).findall(f"{SVG}polyline")
    assert "stroke-dasharray" not in firm.attrib
    assert loose.attrib["stroke-dasharray"]
    assert len(loose.attrib["points"].split()) == 2


def test_negative_values_hang_below_the_base() -> None:
    svg = sparkline([-1, 1], 60, 30)
    base = ElementTree.fromstring(svg).find(f"{SVG}path")
    assert base is not None
    assert base.attrib["d"].startswith("M0 15")


@pytest.mark.parametrize("values", [[], [None], [0, 0, 0], [7]])
def test_nothing_zeros_and_one_value_are_drawn_as_such(values: list[float | None]) -> None:
    assert not any("nan" in svg for svg in [sparkline(values)])


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_of_any_kind_is_text(label: str) -> None:
    root = ElementTree.fromstring(sparkline([1], label=label))
    assert len(root.attrib["aria-label"]) <= 10_000
    assert "script" not in {child.tag for child in root}
    assert "onload" not in root.attrib


def test_without_a_label_it_is_hidden_from_screen_readers() -> None:
    assert ElementTree.fromstring(sparkline([1])).attrib["aria-hidden"] == "true"


@pytest.mark.parametrize(("values", "width", "height"), [([1], 5, 30), ([1], 60, 5), ([1] * 401, 60, 30)])
def test_what_cannot_be_drawn_is_refused(values: list[float | None], width: int, height: int) -> None:
    with pytest.raises(QueryError, match="sparkline"):
        sparkline(values, width, height)


@given(st.lists(st.none() | st.floats() | st.integers(-(2**63), 2**63), max_size=50))
def test_every_spot_is_inside_the_picture_and_no_style_is_inline(values: list[float | None]) -> None:
    svg = sparkline(values, 60, 30)
    assert "style" not in svg
    assert all(0 <= x <= 60 and 0 <= y <= 30 for line in lines_of(svg) for x, y in line)


def test_it_loads_no_renderer() -> None:
    code = "import sys, footfall.charts.sparklines; print('altair' in sys.modules or 'vl_convert' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
