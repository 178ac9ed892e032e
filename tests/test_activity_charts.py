"""Charts of activity: what is not over looks unlike what is, nobody is not a zero, and every text can be read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities import NOW, InMemory, visits, weeks
from footfall.charts.colours import ink_on, mix
from footfall.charts.look import THEMES, wrapped
from footfall.errors import FootfallError
from footfall.retention.cohorts import cohort
from footfall.retention.funnels import Funnel, funnel
from footfall.retention.growth import growth
from footfall.retention.stickiness import stickiness


def spec_of(chart: Any) -> dict[str, Any]:
    spec = chart.to_dict()
    assert isinstance(spec, dict)
    return spec


def rows_of(spec: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    data = spec["layer"][layer].get("data") or spec["data"]
    values: list[dict[str, Any]] = data.get("values") or spec["datasets"][data["name"]]
    return values


def texts_of(spec: dict[str, Any]) -> str:
    title = spec["title"]["text"]
    return " | ".join([title if isinstance(title, str) else " ".join(title), *spec["title"]["subtitle"]])


# --- heat maps


def test_the_title_says_events_kind_and_grain() -> None:
    texts = texts_of(spec_of(weeks(kind="new", where_first="visit").chart()))
    assert texts.startswith(
        "Actors who did visit after arrive, by week of first arrive | 2026-02-09 to 2026-03-15 (UTC)"
    )
    assert "rows with visit" in texts
    later = texts_of(spec_of(weeks(retention="unbounded").chart()))
    assert later.startswith("Actors who did visit after arrive (then or later), by week of arrive")
    assert texts_of(spec_of(weeks().chart(title="Mine"))).startswith("Mine | ")


def test_then_or_later_has_a_star_in_cells_whose_period_is_over_too() -> None:
    asked = weeks(retention="unbounded")
    spec = spec_of(asked.chart())
    over = [cell for cell in rows_of(spec, 0) if cell["has_fill"] and not cell["is_open"]]
    assert {cell["text"].endswith("*") for cell in over if cell["count"] < cell["size"]} == {True}
    assert {cell["text"].endswith("*") for cell in over if cell["count"] == cell["size"]} == {False}
    assert "*: actors may still come back later" in texts_of(spec)
    assert "dashed outline: the week is not over" in texts_of(spec)
    curves = texts_of(spec_of(asked.chart("curves")))
    assert "values below 100 % may still grow, as actors may come back later" in curves


def test_a_cell_that_is_not_over_is_outlined_marked_and_explained() -> None:
    spec = spec_of(weeks().chart())
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rect", "bar", "text", "text", "text"]
    assert spec["layer"][1]["mark"]["strokeDash"]
    cells = rows_of(spec, 0)
    assert all(cell["text"].endswith("*") == cell["is_open"] for cell in cells if cell["has_fill"])
    assert sum(cell["is_open"] for cell in cells) == 5
    assert "dashed outline and *: the week is not over" in texts_of(spec)
    sizes = [row["text"] for row in rows_of(spec, 3)]
    assert [size.endswith("*") for size in sizes] == [False, False, False, False, True]
    told = texts_of(spec_of(weeks().chart(counts=True))).replace(" | ", " ")
    assert "number of actors who did 'visit', colour: percent of" in told
    over = spec_of(weeks(now=datetime(2026, 3, 9, tzinfo=UTC) - timedelta(microseconds=1), columns=1).chart())
    assert texts_of(over).count("not over") == 1


def test_a_cohort_of_nobody_is_a_dash_without_colour() -> None:
    cells = [cell for cell in rows_of(spec_of(weeks().chart()), 0) if cell["row"] == "2026-W10"]
    assert {(cell["text"], cell["has_fill"]) for cell in cells} == {("–", False)}
    assert "– no actors" in texts_of(spec_of(weeks().chart()))


def test_counts_have_no_average() -> None:
    spec = spec_of(weeks().chart(counts=True))
    assert rows_of(spec, 0)[0]["text"] == "140"
    assert len(spec["layer"]) == 4
    assert "average" not in texts_of(spec)


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_every_colour_can_be_read(theme: str) -> None:
    """At least the contrast that WCAG 2 asks for text (4.5), on all of the ramp."""
    for n in range(101):
        fill = mix(THEMES[theme].ramp, n / 100)
        assert contrast(fill, ink_on(fill)) >= 4.5
    background = "#ffffff" if theme == "light" else THEMES[theme].background
    assert contrast(background, "#5c5c5c" if theme == "light" else THEMES[theme].subtitle) >= 4.5


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("rows", "columns", "by"), [(1, 1, "day"), (3, 2, "month"), (12, 12, "week"), (31, 31, "day")])
@pytest.mark.parametrize("theme", THEMES)
def test_any_size_is_drawn_in_both_themes_with_all_of_its_text(
    rows: int, columns: int, by: str, theme: str, tmp_path: Path
) -> None:
    found = weeks(last=rows, columns=columns, grain=by)
    found.chart(theme=theme).save(tmp_path / "x.svg")
    svg = (tmp_path / "x.svg").read_text()
    for text in (str(columns - 1), found.rows[0].period.label, "actors", f"{by}s later"):
        assert f">{text}</text>" in svg
    width = float(re.findall(r'<svg[^>]* width="([\d.]+)"', svg)[0])
    assert width > 30 * columns


def test_png_and_html_are_written(tmp_path: Path) -> None:
    for name in ("x.png", "x.html", "x.json"):
        weeks().chart().save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000


# --- curves


def test_curves_are_dashed_where_not_over_and_leave_nobody_out() -> None:
    spec = spec_of(weeks().chart("curves"))
    data = rows_of(spec, 0)
    assert {point["series"] for point in data} == {"2026-W07", "2026-W08", "2026-W09"}
    ends = [p for p in data if not p["is_settled"] and not p.get("is_link")]
    assert [(p["series"], p["column"]) for p in ends] == [("2026-W07", 4), ("2026-W08", 3), ("2026-W09", 2)]
    assert "1 cohort without actors left out" in texts_of(spec)
    assert "dashed, hollow: the week is not over" in texts_of(spec)


def test_a_small_cohort_does_not_carry_the_average_curve_alone() -> None:
    first = datetime(2026, 3, 7, tzinfo=UTC)
    days = [dict.fromkeys(who, True) for who in (range(2), range(2, 50), range(50, 100), range(0), range(0))]
    store = InMemory({"in": {first + timedelta(n): list(who) for n, who in enumerate(days)}})
    found = cohort(store, "in", "in", now=NOW, grain="day", kind="new", last=5, columns=5)
    assert [row.size for row in found.rows] == [2, 48, 50, 0, 0]
    average = rows_of(spec_of(found.chart("curves")), 2)
    assert [point["column"] for point in average] == [1, 2]
    assert found.averages[3] == 0.0


def test_a_tenth_is_paler_than_the_whole_in_every_heat_map() -> None:
    first = datetime(2026, 3, 9, tzinfo=UTC)
    store = InMemory({"in": {first: range(100), first + timedelta(1): range(10)}})
    found = cohort(store, "in", "in", now=NOW, grain="day", kind="new", last=3, columns=3)
    for theme in THEMES:
        fills = {cell["share"]: cell["fill"] for cell in rows_of(spec_of(found.chart(theme=theme)), 0)}
        ramp = THEMES[theme].ramp
        assert fills["100.0 %"] == ramp[-1]
        assert fills["10.0 %"] == mix(ramp, 0.1**0.5) != ramp[-1]


def test_titles_speak_of_what_was_done_where_the_source_has_words_for_it() -> None:
    def titled(found: Any) -> str:
        return str(replace(found, actors="repositories", again="repositories launched again", action="launch").title)

    new = cohort(visits(), "visit", "visit", now=NOW, grain="week", kind="new")
    assert titled(new) == "Repositories launched again, by week of first launch"
    assert titled(growth(visits(), "visit", now=NOW)).startswith("Repositories launched per week: new, returning")
    assert titled(stickiness(visits(), "visit", now=NOW)) == "Stickiness of repositories launched, per day"
    assert growth(visits(), "visit", now=NOW).title.startswith("Actors who did visit per week: ")


def test_a_trivial_column_does_not_flatten_the_others() -> None:
    spec = spec_of(weeks(grain="day", last=8, columns=8).chart(form="curves"))
    assert min(point["column"] for point in rows_of(spec, 0)) == 1
    assert "column 0, the same day, is 100 % and left out" in texts_of(spec)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda: weeks().chart("heat"),
            "unknown form of a cohort chart 'heat'; did you mean 'heatmap'? Valid: heatmap, curves.",
        ),
        (lambda: weeks().chart(theme="drak"), "unknown theme 'drak'; did you mean 'dark'? Valid: light, dark."),
        (lambda: weeks(columns=1).chart("curves"), "one column makes no curve: ask for more columns, or a heat map."),
        (
            lambda: weeks(last=61, columns=2).chart(),
            "61 rows are too many for a heat map; it has at most 60: ask for fewer rows.",
        ),
        (
            lambda: weeks(grain="day", last=40).chart("curves"),
            "32 curves are too many to distinguish; a chart has at most 31: ask for fewer rows, or a heat map.",
        ),
        (
            lambda: cohort(visits(), "no", "visit", now=NOW, last=1).chart(),
            "there is nothing to draw: no actor did no in 2026-03-09 to 2026-03-15 (UTC).",
        ),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(draw: Any, message: str) -> None:
    with pytest.raises(FootfallError) as caught:
        draw()
    assert str(caught.value) == message


# --- funnels, stickiness, growth


def passed(**options: Any) -> Funnel:
    return funnel(visits(), ["arrive", "visit"], **dict[str, Any](now=NOW) | options)


def test_a_funnel_is_pale_while_somebody_has_time_left() -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    assert "pale: some actors still have time to finish" in texts_of(spec_of(passed().chart()))
    settled = spec_of(passed(until=until).chart(theme="dark"))
    assert "faint" not in texts_of(settled)
    assert [row["step"] for row in rows_of(settled, 0)] == ["1. arrive", "2. visit"]
    assert rows_of(settled, 0)[1]["text"].endswith("· 100.0 % of step 1")
    with pytest.raises(FootfallError, match="no actor did no"):
        funnel(visits(), ["no", "visit"], now=NOW).chart()


def test_stickiness_breaks_where_nobody_was_active_and_is_dashed_at_its_end() -> None:
    store = InMemory(
        {"in": {NOW.date(): [1], NOW.date() - timedelta(days=1): [1], NOW.date() - timedelta(days=50): [1]}}
    )
    spec = spec_of(stickiness(store, "in", now=NOW, last=60).chart())
    data = [row for row in rows_of(spec, 0) if row["series"] == "DAU / MAU"]
    assert {row["period"] for row in data if row["stroke"].endswith("provisional")} == {"2026-03-10", "2026-03-11"}
    assert len({row["stroke"] for row in data}) == 3
    assert "gap: no actor was active · dashed: not over" in texts_of(spec)
    with pytest.raises(FootfallError, match="no actor did no"):
        stickiness(store, "no", now=NOW).chart()


def test_growth_stands_on_zero_and_the_dormant_hang_below() -> None:
    spec = spec_of(growth(visits(), "visit", now=NOW, last=4).chart())
    for row in rows_of(spec, 0):
        assert (row["low"] < 0 or row["count"] == 0) if row["group"] == "dormant" else row["low"] >= 0
    assert "pale: the week is not over" in texts_of(spec)
    with pytest.raises(FootfallError, match="no actor did no"):
        growth(visits(), "no", now=NOW).chart()


def test_few_actors_have_whole_ticks() -> None:
    store = InMemory({"in": {NOW.date(): [1, 2], NOW.date() - timedelta(days=7): [3]}})
    axis = spec_of(growth(store, "in", now=NOW, last=2).chart())["layer"][0]["encoding"]["y"]["axis"]
    assert axis["values"] == [-1, 0, 1, 2]


def test_a_remark_wider_than_its_chart_is_folded_wherever_it_stands() -> None:
    assert wrapped([["word " * 20, "last"]], 100) == [*[("word " * 10).strip()] * 2, "last"]


def test_remarks_fold_between_and_not_within() -> None:
    assert wrapped([["a" * 40, "b" * 40, "c" * 20]], 100) == ["a" * 40, f"{'b' * 40} · {'c' * 20}"]
