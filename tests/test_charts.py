"""Charts: a gap is a gap, the axis starts at zero, and nothing is added that does not add up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from footfall.charts.look import THEMES
from footfall.charts.pictures import format_of
from footfall.charts.series import lone_points, points_of, stack, strokes
from footfall.errors import FootfallError, QueryError
from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain
from footfall.result import Result
from footfall.states import State
from results import LATEST, LAUNCHES, REPOS, moment, result


def spec_of(of: Result, **options: Any) -> dict[str, Any]:
    return of.chart(**options).to_dict()


def data_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of every layer that shows values."""
    found = [spec, *spec["layer"]]
    sets = spec.get("datasets", {})
    rows: list[dict[str, Any]] = []
    for part in found:
        data = part.get("data", {})
        rows += data.get("values", []) or sets.get(data.get("name", ""), [])
    return [row for row in rows if "period" in row]


def marks_of(spec: dict[str, Any]) -> list[str]:
    return [layer["mark"]["type"] if isinstance(layer["mark"], dict) else layer["mark"] for layer in spec["layer"]]


def texts_of(spec: dict[str, Any]) -> str:
    return " | ".join([spec["title"]["text"], *spec["title"]["subtitle"]])


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


# --- series


def test_a_gap_breaks_the_line_and_the_values_beside_it_stay() -> None:
    points = points_of(result([1, 2, None, 4, 5, 6], until="2026-01-07"))
    assert [[p.value for p in stretch] for _, _, stretch in strokes(points)] == [[1, 2], [4, 5, 6]]


def test_a_value_between_two_gaps_is_a_dot() -> None:
    points = points_of(result([1, 2, None, 4, None], until="2026-01-06"))
    assert [p.value for p in lone_points(points)] == [4]
    assert "circle" in marks_of(spec_of(result([1, 2, None, 4, None], until="2026-01-06")))


def test_what_may_still_change_is_a_stroke_of_its_own_that_joins_the_settled_one() -> None:
    points = points_of(result([1, 2, 3, 4], until="2026-01-05", provisional=[3]))
    assert [(settled, [p.value for p in stretch]) for _, settled, stretch in strokes(points)] == [
        (True, [1, 2, 3]),
        (False, [3, 4]),
    ]


def test_what_is_compared_in_part_is_not_drawn_beside_the_whole() -> None:
    of = result([100, 90], until="2026-01-03", previous=[20, 80], compare="year")
    change = of.rows.column_names.index("change")
    rows = of.rows.set_column(change, "change", pa.array([5, 10]))  # 25 of the 100 are compared
    assert [p.previous for p in points_of(replace(of, rows=rows))] == [None, 80]


def test_what_was_partly_collected_is_not_settled() -> None:
    points = points_of(result([1, 2], until="2026-01-03", coverage=[1, 0.5]))
    assert [p.is_settled for p in points] == [True, False]


def test_a_value_of_which_nothing_was_collected_is_a_gap_even_when_it_says_zero() -> None:
    assert [p.value for p in points_of(result([1, 0], until="2026-01-03", coverage=[1, 0]))] == [1, None]


def test_stacks_lie_on_each_other_without_filling_gaps() -> None:
    points = points_of(result({"a": [1, None, 3], "b": [10, 20, None]}, until="2026-01-04"))
    edges = [(p.series, p.period.start.day, low, high) for p, low, high in stack(points, ["b", "a"])]
    assert edges == [("b", 1, 0, 10), ("a", 1, 10, 11), ("b", 2, 0, 20), ("a", 3, 0, 3)]


# --- charts


def test_days_are_a_line_months_are_columns_and_totals_are_bars() -> None:
    year: dict[str, Any] = {"since": "2025-01-01", "until": "2026-01-01", "grain": Grain.MONTH}
    assert "line" in marks_of(spec_of(result(list(range(31)))))
    assert marks_of(spec_of(result(list(range(12)), **year)))[0] == "bar"
    bars = spec_of(result({"a": [1], "b": [2]}, grain=Grain.TOTAL))
    assert marks_of(bars) == ["bar", "text"]
    assert "line" in marks_of(spec_of(result({"a": range(12), "b": range(12)}, **year)))
    assert marks_of(spec_of(result({"a": range(12), "b": range(12)}, **year), stacked=True))[0] == "bar"
    assert marks_of(spec_of(result({"a": range(31), "b": range(31)}), stacked=True)) == ["area", "text"]


def test_a_gap_is_in_no_chart_a_zero() -> None:
    values: dict[str, Sequence[float | None]] = {"a": [5.0, None, 5.0, 5.0], "b": [5.0, None, 5.0, 5.0]}
    for stacked in (False, True):
        rows = data_of(spec_of(result(values, until="2026-01-05"), stacked=stacked))
        assert {row["period"] for row in rows} == {"2026-01-01", "2026-01-03", "2026-01-04"}
        assert all(row["value"] == 5 for row in rows)
        assert "gap: not collected" in texts_of(spec_of(result(values, until="2026-01-05"), stacked=stacked))


def test_every_axis_of_numbers_starts_at_zero_and_time_is_in_utc() -> None:
    for of, stacked in (
        (result([90, 100], until="2026-01-03"), False),
        (result({"a": [90, 100], "b": [90, 100]}, until="2026-01-03"), True),
        (result([90], until="2026-02-01", grain=Grain.MONTH), False),
    ):
        spec = spec_of(of, stacked=stacked)
        x = [n for n in walk(spec) if n.get("type") == "temporal" and "scale" in n]
        y = [layer["encoding"]["y"] for layer in spec["layer"] if "scale" in layer["encoding"].get("y", {})]
        assert {n["scale"]["type"] for n in x} == {"utc"}
        assert y
        assert all(axis["scale"]["zero"] for axis in y)


def test_title_unit_and_remarks_are_on_the_chart() -> None:
    spec = spec_of(
        result(
            {"a": [1, 2], "b": [3, 4]},
            until="2026-01-03",
            rolling=7,
            provisional=[1],
            notes=("sample data, generated by footfall demo",),
            policies=(("status", "success"),),
        )
    )
    texts = texts_of(spec)
    assert texts.startswith("Launches per day by federation, 7-day mean")
    for part in ("2026-01-01 to 2026-01-02 (UTC)", "dashed: provisional", "status = success", "sample data"):
        assert part in texts
    assert any(n.get("title") == "launches per day, 7-day mean" for n in walk(spec))
    assert texts_of(spec_of(result([1, 2], until="2026-01-03"), title="Mine")).startswith("Mine | ")


def test_groups_have_colours_by_size_and_the_rest_is_grey() -> None:
    spec = spec_of(result({"other": [900, 1], "small": [1, 2], "big": [10, 20]}, until="2026-01-03", top=2))
    scale = next(n["scale"] for n in walk(spec) if n.get("field") == "series" and "scale" in n)
    assert scale["domain"] == ["big", "small", "other"]
    assert scale["range"][:2] == list(THEMES["light"].series[:2])
    assert scale["range"][2] not in THEMES["light"].series


def test_names_of_stacked_areas_stand_beside_them_where_all_last_to_the_end() -> None:
    both = result({"low": [10] * 90, "high": [30] * 90}, until="2026-04-01")
    spec = spec_of(both, stacked=True)
    names = {row["end_name"]: row["end_y"] for row in walk(spec) if "end_name" in row}
    assert names == {"high": pytest.approx(340 * (1 - 15 / 40)), "low": pytest.approx(340 * (1 - 35 / 40))}
    assert all(n["legend"] is None for n in walk(spec) if n.get("field") == "series" and "scale" in n)
    gone = result({"low": [10] * 80 + [None] * 10, "high": [30] * 90}, until="2026-04-01")
    assert not any("end_name" in row for row in walk(spec_of(gone, stacked=True)))


def test_the_legend_of_a_stack_is_in_the_order_of_the_stack() -> None:
    columns = spec_of(
        result({"low": [10] * 12, "high": [30] * 12}, grain=Grain.MONTH, until="2027-01-01"), stacked=True
    )
    legend = next(n["legend"] for n in walk(columns) if n.get("field") == "series" and n.get("legend"))
    top = {row["series"]: row["high"] for row in walk(columns) if "high" in row and "series" in row}
    assert legend["values"] == sorted(top, key=lambda name: -top[name]) == ["low", "high"]


def test_a_partly_collected_sum_breaks_the_line_and_is_a_pale_dot() -> None:
    states = [State.COMPLETE, State.COMPLETE, State.LOST, State.COMPLETE, State.COMPLETE]
    cut = result([70, 72, 11, 71, 70], until="2026-01-06", coverage=[1, 1, 0.15, 1, 1], states=states)
    spec = spec_of(cut)
    lines = [n for n in spec["layer"] if n["mark"]["type"] == "line"]
    drawn = [row["value"] for n in lines for row in spec["datasets"][(n.get("data") or spec["data"])["name"]]]
    assert sorted(drawn) == [70, 70, 71, 72]
    dots = [n for n in spec["layer"] if n["mark"]["type"] == "circle"]
    assert [row["value"] for n in dots for row in spec["datasets"][n["data"]["name"]]] == [11]
    assert dots[0]["mark"]["opacity"] < 1
    assert "partly collected" in [row.get("name") for row in walk(spec)]
    assert "pale dot: partly collected" in texts_of(spec)


def test_labels_stand_below_the_columns_that_they_name() -> None:
    spec = spec_of(result([1] * 12, grain=Grain.MONTH, until="2027-01-01"))
    axis = next(n["axis"] for n in walk(spec) if n.get("field") == "left" and n.get("axis"))
    columns = [(row["left"], row["right"]) for row in walk(spec) if "left" in row and "period" in row]
    assert len(axis["values"]) == len(columns) == 12
    for middle, (left, right) in zip(axis["values"], columns, strict=True):
        assert abs(middle - (left + right) / 2) < 0.1 * (right - left)


def test_only_the_first_title_of_several_begins_with_a_capital() -> None:
    other = Metric("x", "PyPI downloads", "Downloads.", Kind.SUM, "downloads", LAUNCHES.facts)
    assert replace(result([1]), metrics=(REPOS, LAUNCHES, other)).title == (
        "Repositories, launches and PyPI downloads per day"
    )


def test_names_of_lines_that_end_low_are_a_line_apart_and_above_the_axis_of_time() -> None:
    spec = spec_of(result({"big": [900] * 90, **{name: [1] * 90 for name in "abcd"}}, until="2026-04-01"))
    places = sorted(row["end_y"] for row in walk(spec) if "end_name" in row)
    assert len(places) == 5
    assert places[-1] <= 340 - 7
    assert all(lower - upper >= 14.9 for upper, lower in pairwise(places))


def test_totals_on_a_logarithmic_axis_are_dots_which_need_no_zero() -> None:
    of = result({"a": [1000], "b": [10], "none": [0]}, grain=Grain.TOTAL, until="2026-01-02")
    spec = spec_of(of, log=True)
    assert marks_of(spec)[0] == "circle"
    assert {row["series"]: (row["value"], row["text_at"]) for row in data_of(spec)} == {
        "a": (1000, 1000),
        "b": (10, 10),
        "none": (None, 10),
    }


def test_a_comparison_is_drawn_behind_and_named() -> None:
    spec = spec_of(result([5, 6, 7], until="2026-01-04", previous=[4, 5, None], compare="year"))
    assert marks_of(spec) == ["line", "line"]
    assert "grey line: a year before" in texts_of(spec)


@pytest.mark.parametrize(
    ("of", "stacked", "message"),
    [
        (result([moment("2026-01-01")], metric=LATEST, grain=Grain.TOTAL), False, "a point in time, not a quantity"),
        (result({"a": [1], "b": [2]}, metric=REPOS, until="2026-01-02"), True, "repos cannot be stacked"),
        (result([1, 2], until="2026-01-03"), True, "nothing to stack"),
        (result([None, None], until="2026-01-03"), False, "nothing to draw"),
        (result({f"{n}": [n, n] for n in range(13)}, until="2026-01-03"), False, "at most 12: add `--top 8`"),
        (result({f"{n}": [n] for n in range(61)}, grain=Grain.TOTAL), False, "at most 60: add `--top 20`"),
    ],
)
def test_what_cannot_be_drawn_honestly_says_why_and_what_to_do(of: Result, stacked: bool, message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)):
        of.chart(stacked=stacked)


# --- files


@pytest.fixture(scope="module")
def chart() -> Any:
    return (result({"a": [1, None, 3], "b": [4, 5, 6]}, until="2026-01-04", notes=("sample data",))).chart()


def test_png_is_twice_the_size_of_svg(chart: Any, tmp_path: Path) -> None:
    chart.save(tmp_path / "x.png")
    chart.save(tmp_path / "x.svg")
    png, svg = (tmp_path / "x.png").read_bytes(), (tmp_path / "x.svg").read_text()
    assert png.startswith(b"\x89PNG")
    width = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
    assert width
    assert int.from_bytes(png[16:20], "big") == pytest.approx(2 * float(width[1]), abs=2)
    assert "sample data" in svg


@pytest.mark.parametrize(
    ("grain", "until"),
    [
        (Grain.HOUR, "2026-01-01T03:00"),
        (Grain.HOUR, "2026-01-03"),
        (Grain.DAY, "2026-01-02"),
        (Grain.DAY, "2026-03-01"),
        (Grain.DAY, "2027-03-01"),
        (Grain.WEEK, "2027-01-01"),
        (Grain.MONTH, "2026-02-01"),
        (Grain.MONTH, "2029-02-01"),
        (Grain.YEAR, "2036-01-01"),
    ],
)
def test_time_of_any_length_can_be_drawn_with_at_least_one_year_in_sight(
    grain: Grain, until: str, tmp_path: Path
) -> None:
    result([3] * 500, grain=grain, until=until).chart().save(tmp_path / "x.svg")
    assert re.search(r">([^<>(]*2026[^<>(]*)</t", (tmp_path / "x.svg").read_text())


def test_html_has_a_title_a_language_and_room_on_a_small_screen(tmp_path: Path) -> None:
    result({"a": [1, 2]}, until="2026-01-03").chart(title="1 < 2").save(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert page.startswith(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n  <meta charset="UTF-8">\n  <title>1 &lt; 2</title>'
    )
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "overflow-x: auto" in page


def test_remarks_of_a_narrow_chart_are_folded() -> None:
    long = result({"a": [1]}, grain=Grain.MONTH, until="2026-02-01", notes=("word " * 40,))
    assert max(map(len, spec_of(long)["title"]["subtitle"])) <= 72


def test_html_needs_no_network(chart: Any, tmp_path: Path) -> None:
    chart.save(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert not re.search(r"<(script|link)[^>]*(src|href)=", page)
    assert not re.search(r"\bimport\s*\(?['\"]https?:", page)
    assert "vegaEmbed" in page
    assert "sample data" in page


def test_a_name_is_no_part_of_the_page(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    result({name: [1, 2], "b": [3, 4]}, until="2026-01-03").chart().save(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert "alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "\\u003cscript>alert(1)" in page


def test_json_is_vega_lite(chart: Any, tmp_path: Path) -> None:
    chart.save(tmp_path / "x.json")
    assert "vega-lite" in json.loads((tmp_path / "x.json").read_text())["$schema"]


def test_an_unknown_suffix_says_the_valid_ones() -> None:
    with pytest.raises(QueryError, match=r"did you mean 'png'.*svg"):
        format_of(Path("x.pngg"))


def test_a_folder_that_is_not_there_is_one_sentence(chart: Any, tmp_path: Path) -> None:
    for suffix in ("png", "html"):
        with pytest.raises(FootfallError, match="cannot be written: there is no folder"):
            chart.save(tmp_path / "no" / f"x.{suffix}")


def test_without_the_optional_part_one_sentence_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['altair'] = None\n"
        "from footfall.errors import MissingExtraError\n"
        "try: import footfall.charts.results\n"
        "except MissingExtraError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "a chart needs an optional dependency: run `pip install 'footfall[charts]'`.\n"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.NOT_OVER, "dashed: not over"),
        (State.LOST, "dashed: partly collected"),
        (State.PROVISIONAL, "dashed: provisional"),
        (State.KNOWN_WRONG, "dashed: known to be wrong"),
    ],
)
def test_a_caption_says_why_a_value_is_not_final(state: State, said: str) -> None:
    states = [State.COMPLETE, State.COMPLETE, state]
    spec = spec_of(result([1, 2, 3], until="2026-01-04", coverage=[1, 1, 0.95], states=states))
    assert texts_of(spec).split(" · ")[-1] == said


def test_what_is_not_over_is_no_gap_that_was_not_collected() -> None:
    states = [State.COMPLETE, State.COMPLETE, State.NOT_OVER]
    assert "gap: not over" in texts_of(spec_of(result([1, 2, None], until="2026-01-04", states=states)))


VISITS = Metric("visits", "Visits", "Visitors.", Kind.REPORTED, "visitors", (Fact("t", ("visits",)),))


def reported(values: list[float | None], ends: list[tuple[int | None, int | None]], **asked: Any) -> Result:
    """A reported count, with the range of each value."""
    of = result(values, metric=VISITS, **asked)
    rows = of.rows
    for name, each in (("least", [least for least, _ in ends]), ("most", [most for _, most in ends])):
        rows = rows.append_column(f"visits_{name}", pa.array(each, pa.int64()))
    return replace(of, rows=rows)


class TestRanges:
    ENDS: ClassVar[list[tuple[int | None, int | None]]] = [(5, 5), (2, 9), (3, None), (None, None)]

    @pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK])
    def test_what_lies_between_two_ends_is_no_gap(self, grain: Grain) -> None:
        since, until = ("2026-01-05", "2026-01-09") if grain is Grain.DAY else ("2026-01-05", "2026-02-02")
        of = reported([5, None, None, None], self.ENDS, grain=grain, since=since, until=until)
        spec = spec_of(of)
        assert {"rule", "point"} <= set(marks_of(spec))
        assert [row["range"] for row in data_of(spec) if "range" in row] == ["2…9", "at least 3"]
        said = texts_of(spec)
        assert "bar: between its ends · triangle: at least this · gap: not collected" in said.replace(" | ", " · ")
        assert of.chart().to_svg().startswith("<svg")

    def test_only_ranges_can_be_drawn(self) -> None:
        spec = spec_of(reported([None, None, None], [(1, 2)] * 3, until="2026-01-04"))
        assert "gap" not in texts_of(spec)

    def test_a_bar_says_its_range(self) -> None:
        of = reported([None], [(2, 9)], grain=Grain.TOTAL, until="2026-01-02")
        spec = spec_of(of)
        assert {row["text"] for row in data_of(spec) if "text" in row} == {"2…9"}
        assert "rule" in marks_of(spec)

    def test_they_are_not_stacked(self) -> None:
        of = result({"a": [1, 2], "b": [3, 4]}, metric=VISITS, until="2026-01-03")
        with pytest.raises(QueryError, match="visits cannot be stacked"):
            of.chart(stacked=True)
