"""Cohorts in bitmapist's shape: the numbers, the table, the form and the CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from browsers import chromium
from footfall import bitmapist
from footfall.bitmapist import DayEvents, MonthEvents, cohort, mark_event
from footfall.bitmapist.cohort import table
from footfall.errors import QueryError, UnknownNameError


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[None]:
    before = dict(bitmapist.SYSTEMS)
    bitmapist.setup_store("default", tmp_path / "activity.db")
    yield
    bitmapist.activity_of().close()
    bitmapist.SYSTEMS.clear()
    bitmapist.SYSTEMS.update(before)


def mark(event: str, actors: list[Any], *days: str) -> None:
    for day in days:
        mark_event(event, actors, now=datetime.fromisoformat(day))


# The numbers


@pytest.mark.parametrize(
    ("select1", "select1b", "select2", "select2b", "expected"),
    [
        ("active", None, "active", None, [2, 100.0, 50.0, ""]),
        ("active", "paid", "active", None, [1, 100.0, 100.0, ""]),
        ("active", None, "active", "paid", [2, 50.0, "", ""]),
        ("paid", None, "left", None, [1, 0.0, "", ""]),
        ("active", None, "unknown", None, [2, "", "", ""]),
        ("unknown", None, "active", None, [0, "", "", ""]),
    ],
)
def test_a_row_is_who_began_and_who_of_them_came_back(
    select1: str, select1b: str | None, select2: str, select2b: str | None, expected: list[Any]
) -> None:
    mark("active", [1, "ada"], "2026-01-01")
    mark("active", ["ada"], "2026-01-02")
    mark("paid", ["ada"], "2026-01-01")
    mark("left", [9], "2026-01-01")
    rows = cohort.get_dates_data(
        select1, select2, select1b, select2b, num_results=1, num_of_rows=2, start_date="2026-01-01"
    )
    assert rows == [[datetime(2026, 1, 1, tzinfo=UTC), *expected]]


def test_counts_instead_of_percentages_where_asked() -> None:
    mark("active", [1, 2], "2026-01-01")
    for switch in (False, "0"):
        [row] = cohort.get_dates_data(
            "active", "active", as_percent=switch, num_results=1, num_of_rows=0, start_date="2026-01-01"
        )
        assert row[1:] == [2, 2]


@pytest.mark.parametrize(
    ("group", "starts"),
    [
        ("days", ["2026-01-07", "2026-01-08", "2026-01-09"]),
        ("weeks", ["2026-01-05", "2026-01-12", "2026-01-19"]),
        ("months", ["2026-01-01", "2026-02-01", "2026-03-01"]),
        ("years", ["2026-01-01", "2027-01-01", "2028-01-01"]),
    ],
)
@pytest.mark.parametrize("start", ["2026-01-07", date(2026, 1, 7)])
def test_the_first_row_holds_the_start_date_whatever_the_group(
    group: str, starts: list[str], start: str | date
) -> None:
    rows = cohort.get_dates_data("a", "b", time_group=group, num_results=3, num_of_rows=1, start_date=start)
    assert [row[0].date().isoformat() for row in rows] == starts


def test_without_a_start_date_the_last_row_is_the_present_period() -> None:
    mark_event("active", 1)
    for group, rows in (("days", 31), ("weeks", 31), ("months", 31), ("years", 3)):
        data = cohort.get_dates_data("active", "active", time_group=group)
        assert len(data) == rows
        assert all(len(row) == 2 + 13 for row in data)
        assert data[-1][1:4] == [1, 100.0, ""]


def test_what_a_form_sends_is_understood() -> None:
    mark_event("active", 1)
    sent: dict[str, Any] = {
        "time_group": "weeks",
        "as_percent": "1",
        "num_results": "4",
        "num_of_rows": "3",
        "start_date": "",
    }
    data = cohort.get_dates_data("active", "active", select1b="", select2b="", **sent)
    assert len(data) == 4
    assert cohort.render_html_data(data, **sent)
    assert len(cohort.render_csv_data(data, **sent).splitlines()) == 5


def test_handlers_make_sets_of_their_own(request: pytest.FixtureRequest) -> None:
    def anywhere(name: str, cls: Any, cls_args: Any) -> Any:
        return cls("ios", *cls_args) | cls("android", *cls_args)

    cohort.set_custom_handler("anywhere", anywhere)
    request.addfinalizer(cohort.CUSTOM_HANDLERS.clear)
    mark("ios", [1], "2026-01-01")
    mark("android", [2], "2026-01-01", "2026-01-02")
    [row] = cohort.get_dates_data("anywhere", "anywhere", num_results=1, num_of_rows=1, start_date="2026-01-01")
    assert row[1:] == [2, 100.0, 50.0]


def test_reading_a_cohort_leaves_the_callers_results_alone() -> None:
    mark_event("active", 1)
    mine = DayEvents("active") & MonthEvents("active")
    cohort.get_dates_data("active", "active", select1b="active", num_results=2, num_of_rows=1)
    assert list(mine) == [1]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"num_results": "many"}, "num_results is 'many'"),
        ({"num_of_rows": -1}, "num_of_rows is -1"),
        ({"num_results": 10**9}, "num_results"),
        ({"start_date": "01/02/2026"}, "2026-11-23"),
        ({"start_date": "1950-01-01"}, "1970"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(wrong: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        cohort.get_dates_data("a", "b", **wrong)
    with pytest.raises(UnknownNameError, match="weeks"):
        cohort.get_dates_data("a", "b", time_group="week")


# The table and the CSV

WEEKS = [
    [datetime(2025, 12, 29, tzinfo=UTC), 1200, 100.0, 33.333333, 0.0],
    [datetime(2026, 1, 5, tzinfo=UTC), 10, 70.0, "", ""],
    [datetime(2026, 1, 12, tzinfo=UTC), 0, "", "", ""],
]


def test_csv_names_weeks_as_iso_8601_does() -> None:
    assert cohort.render_csv_data(WEEKS, time_group="weeks", num_of_rows=2).splitlines() == [
        "Date,Total,0,1,2",
        "2026-W01,1200,100.0,33.33,0.0",
        "2026-W02,10,70.0,0.0,0.0",
        "2026-W03,0,,,",
    ]
    counts = [[datetime(2026, 1, 5), 10, 7, 0.0, ""]]  # noqa: DTZ001  # rows are the caller's
    for group, label in (("days", "2026-01-05"), ("months", "2026-01"), ("years", "2026")):
        text = cohort.render_csv_data(counts, as_percent=False, time_group=group, num_of_rows=2)
        assert text.splitlines()[1] == f"{label},10,7,0,{'' if group == 'years' else 0}"


class Page(HTMLParser):
    """The elements of a page, each with its attributes and the text that follows its start."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.elements:
            tag, attributes, text = self.elements[-1]
            self.elements[-1] = (tag, attributes, text + data.strip())

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]


def test_the_table_says_what_its_rows_and_columns_are() -> None:
    page = Page(cohort.render_html_data(WEEKS, time_group="weeks", num_of_rows=2))
    headings = [(attributes["scope"], text) for attributes, text in page.all("th")]
    assert headings == [
        ("col", "Week"),
        ("col", "Began"),
        ("colgroup", "Weeks later"),
        ("col", "0"),
        ("col", "1"),
        ("col", "2"),
        ("row", "2026-W01"),
        ("row", "2026-W02"),
        ("row", "2026-W03"),
        ("row", "Mean"),
    ]
    assert page.all("caption")[0][1] == "How many of each week's people came back so many weeks later, in percent"
    cells = [(attributes.get("class"), text) for attributes, text in page.all("td")]
    assert cells[:4] == [("total_count", "1,200"), ("share-10", "100.0%"), ("share-4", "33.3%"), ("share-0", "0.0%")]
    assert cells[-4:] == [("avg_row", ""), ("avg_row", "85.0%"), ("avg_row", "16.7%"), ("avg_row", "0.0%")]


def test_rows_with_fewer_cells_than_columns_are_rendered() -> None:
    assert Page(cohort.render_html_data(WEEKS, time_group="weeks")).all("td")[-1][1] == ""


def test_what_is_not_over_is_marked_and_left_out_of_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "now", lambda: datetime(2026, 1, 14, tzinfo=UTC))
    rows = [WEEKS[0], [datetime(2026, 1, 5, tzinfo=UTC), 10, 70.0, 20.0, ""]]
    page = Page(cohort.render_html_data(rows, time_group="weeks", num_of_rows=2))
    cells = [text for _, text in page.all("td")]
    assert cells == ["1,200", "100.0%", "33.3%", "0.0%*", "10", "70.0%", "20.0%*", "", "", "85.0%", "33.3%", ""]
    assert page.all("p")[0][1] == "* the week is not over: it may still grow, and is not part of the mean"
    monkeypatch.setattr(table, "now", lambda: datetime(2026, 1, 26, tzinfo=UTC))
    assert "*" not in cohort.render_html_data(rows, time_group="weeks", num_of_rows=2, include_assets=False)


def test_a_column_with_nothing_to_compare_has_no_mean() -> None:
    page = Page(cohort.render_html_data([WEEKS[2]], time_group="weeks", num_of_rows=2))
    assert [text for _, text in page.all("td")[-3:]] == ["", "", ""]


def test_a_period_that_is_over_and_in_which_nobody_came_counts_as_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "now", lambda: datetime(2026, 1, 24, tzinfo=UTC))
    rows = [
        [datetime(2026, 1, 22, tzinfo=UTC), 4, 4, "", ""],  # the 23rd is over, the 24th is not
        [datetime(2026, 1, 23, tzinfo=UTC), 4, 4, "", ""],
        [datetime(2026, 1, 21, tzinfo=UTC), 4, 4, 2, ""],
    ]
    options: dict[str, Any] = {"as_percent": False, "num_of_rows": 2}
    page = Page(cohort.render_html_data(rows, **options))
    assert [text for _, text in page.all("td")] == [
        *("4", "4", "0", ""),
        *("4", "4", "", ""),
        *("4", "4", "2", "0"),
        *("", "4", "1", "0"),
    ]
    assert cohort.render_csv_data(rows, **options).splitlines()[1:] == [
        "2026-01-22,4,4,0,",
        "2026-01-23,4,4,,",
        "2026-01-21,4,4,2,0",
    ]


def test_lists_of_events_have_the_class_that_scripts_of_applications_look_for() -> None:
    page = Page(cohort.render_html_form("/", [("Active", "active")]))
    classes = {attributes["name"]: attributes.get("class") for attributes, _ in page.all("select")}
    events = ("select1", "select1b", "select2", "select2b")
    assert {name for name, of in classes.items() if of == "cohort-event-select"} == set(events)


def test_a_table_that_is_wider_than_the_page_is_reached_with_the_keyboard() -> None:
    [(frame, _)] = Page(cohort.render_html_data(WEEKS, time_group="weeks", num_of_rows=2)).all("div")
    assert (frame["role"], frame["tabindex"], frame["aria-label"]) == ("region", "0", "Cohorts by week")


# The form

EVIL = '"><script>alert(1)</script>'


def test_everything_in_the_form_is_escaped() -> None:
    html = cohort.render_html_form(
        EVIL, [(EVIL, EVIL)], [(EVIL, EVIL)], [(EVIL, EVIL)], [(EVIL, EVIL)], select1=EVIL, start_date=EVIL
    )
    page = Page(html)
    assert page.all("script") == []
    assert page.all("form")[0][0]["action"] == EVIL
    assert (dict(page.all("option")[0][0]), page.all("option")[0][1]) == ({"value": EVIL, "selected": None}, EVIL)


def test_every_field_has_a_label_and_bitmapists_name() -> None:
    page = Page(cohort.render_html_form("/cohort", [("Active", "active"), "---", ("Paid", "paid")], select2="paid"))
    names = [a["name"] for tag, a, _ in page.elements if tag in ("select", "input")]
    assert names == [
        "select1",
        "select1b",
        "select2",
        "select2b",
        "time_group",
        "as_percent",
        "num_results",
        "num_of_rows",
        "start_date",
    ]
    at = [tag for tag, _, _ in page.elements]
    assert all(at[n - 2] == "label" for n, tag in enumerate(at) if tag in ("select", "input"))
    assert ["disabled" in a for a, _ in page.all("option")[:3]] == [False, True, False]
    assert page.all("button")[1][0] == {"type": "submit", "name": "export_csv", "value": "1"}


def test_the_form_shows_what_was_chosen_even_when_it_does_not_offer_it() -> None:
    page = Page(cohort.render_html_form("/", [("A", "a"), ("B", "b")], select1="b", num_results=10, as_percent=False))
    chosen = [a["value"] for a, _ in page.all("option") if "selected" in a]
    assert chosen == ["b", "days", "0", "10", "12"]


EVENTS = [(f"Event {n}", f"event:{n}") for n in range(1, 41)]


@pytest.mark.slow
def test_a_long_list_of_events_is_searched_by_label_and_name() -> None:
    with chromium() as browser:
        check_search(browser.new_page())


def check_search(page: Any) -> None:
    page.set_content(cohort.render_html_form("/", [*EVENTS, "---", ("Paid for <b>it</b>", "paid")], select1="event:7"))
    search, events = page.get_by_label("Search events for “Who did”"), page.locator("select[name=select1]")
    assert events.input_value() == "event:7"
    for typed, shown, chosen in [
        ("nt 3", ["Event 3", *(f"Event {n}" for n in range(30, 40))], "event:3"),
        ("PAID", ["Paid for <b>it</b>"], "paid"),
        ("event:12", ["Event 12"], "event:12"),
        ("nothing", ["Event 12"], "event:12"),
    ]:
        search.fill(typed)
        assert (events.locator("option").all_inner_texts(), events.input_value()) == (shown, chosen)
    assert search.evaluate("field => field.validationMessage") == "No event matches."
    search.fill("")
    assert (events.locator("option").count(), events.input_value()) == (42, "event:12")
    assert page.locator("select[name=select2] option").count() == 42


def test_a_short_list_needs_no_script_and_a_long_one_only_where_assets_are_included() -> None:
    assert "<script" not in cohort.render_html_form("/", EVENTS[:11])
    assert cohort.render_html_form("/", EVENTS).count("<script") == 1
    assert "<script" not in cohort.render_html_form("/", EVENTS, include_assets=False)


@pytest.mark.parametrize("render", ["form", "table"])
def test_nothing_is_loaded_from_anywhere_and_styles_can_be_left_out(render: str) -> None:
    def html(**kw: Any) -> str:
        if render == "form":
            return cohort.render_html_form("/cohort", [("A", "a")], **kw)
        return cohort.render_html_data(WEEKS, time_group="weeks", num_of_rows=2, **kw)

    assert "://" not in html()
    assert "@import" not in html()
    assert "<script" not in html()
    assert html().count("<style>") == 1
    assert "<style" not in html(include_assets=False)
    assert "style=" not in html(include_assets=False)


def test_text_is_readable_on_every_shade_in_light_and_in_dark() -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1, of all text on all it stands on."""
    css = cohort.render_html_data(WEEKS, time_group="weeks", num_of_rows=2)
    light, dark = css.split("@media")[:2]
    for colours in (variables(light), variables(light) | variables(dark)):
        for share in range(11):
            shade = tuple(p + (d - p) * share / 10 for p, d in zip(colours["paper"], colours["deep"], strict=True))
            assert contrast(colours["ink"], shade) >= 4.5
        for text, ground in (("quiet", "paper"), ("accent", "paper"), ("on-accent", "accent"), ("ink", "field")):
            assert contrast(colours[text], colours[ground]) >= 4.5
        assert contrast(colours["edge"], colours["paper"]) >= 3


def variables(css: str) -> dict[str, tuple[float, ...]]:
    import re

    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6});", css)
    return {name: tuple(int(code[n : n + 2], 16) for n in (0, 2, 4)) for name, code in found}


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    def luminance(colour: tuple[float, ...]) -> float:
        parts = (c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_cohort_of_days_walks_over_the_end_of_a_year() -> None:
    mark("active", [1], "2025-12-31")
    mark("active", [1], "2026-01-01")
    data = cohort.get_dates_data("active", "active", num_results=2, num_of_rows=1, start_date="2025-12-31")
    assert [row[1:] for row in data] == [[1, 100.0, 100.0], [1, 100.0, ""]]
    assert data[1][0] - data[0][0] == timedelta(days=1)
