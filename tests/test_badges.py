"""Badges: one number with its window, nothing hidden of what is missing, and text of any kind stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from footfall.charts.badges import COLOURS, Badge, asked_of, badge_of, badge_of_error
from footfall.charts.colours import ink_on
from footfall.errors import QueryError, UnknownNameError
from footfall.periods import Grain
from results import LATEST, moment, result

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
HOSTILE = ("<script>alert(1)</script>", "'; drop table x; --", "=cmd()", "\x1b[31mred", "‮evil", "a" * 10_000)


@pytest.mark.parametrize(
    ("window", "since", "until"),
    [
        ("30d", "2026-10-28", "2026-11-27"),
        ("1d", "2026-11-26", "2026-11-27"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-10-01", "2026-11-01"),
        ("year", "2025-01-01", "2026-01-01"),
    ],
)
def test_all_of_a_window_is_over(window: str, since: str, until: str) -> None:
    assert asked_of(window, NOW) == {"grain": "total", "since": since, "until": until}


@pytest.mark.parametrize("window", ["0d", "1000d", "30", "", "fortnight", *HOSTILE])
def test_a_window_that_is_none_names_those_that_are(window: str) -> None:
    with pytest.raises(UnknownNameError, match="month"):
        asked_of(window, NOW)


def test_it_says_number_window_and_in_its_title_everything() -> None:
    badge = badge_of(result([14_358], grain=Grain.TOTAL), "30d", "icepyx")
    assert (badge.label, badge.message) == ("launches", "14.4k / 30 days")
    assert badge.title == "14,358 launches: Launches of icepyx · 2026-01-01 to 2026-01-31 (UTC)."


def test_what_was_not_collected_whole_says_so_on_the_badge() -> None:
    badge = badge_of(result([9], grain=Grain.TOTAL, coverage=[0.6]), "30d")
    assert badge.message == "9 / 30 days, 60 % collected"


def test_what_is_not_known_is_not_zero() -> None:
    badge = badge_of(result([None], grain=Grain.TOTAL), "30d")
    assert badge.message == "not known"
    assert badge.colour == COLOURS["grey"]
    assert badge_of(result([0], grain=Grain.TOTAL), "30d").message == "0 / 30 days"


def test_a_moment_has_no_window() -> None:
    badge = badge_of(result([moment("2026-01-20")], metric=LATEST, grain=Grain.TOTAL), "total")
    assert badge.message == "2026-01-20"


def test_several_numbers_are_no_badge() -> None:
    with pytest.raises(QueryError, match="one number"):
        badge_of(result([1, 2, 3]))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_any_kind_stays_text_and_short(text: str) -> None:
    for badge in (badge_of(result([1], grain=Grain.TOTAL), "30d", text, label=text), badge_of_error(text, text)):
        root = ElementTree.fromstring(badge.to_svg())
        assert {child.tag.partition("}")[2] for child in root.iter()} == {"svg", "title", "path", "g", "text"}
        assert len(badge.to_svg()) < 4_000
        assert not {"\x1b", "‮"} & set(badge.to_svg())


@pytest.mark.parametrize("colour", ["mauve", "#12345", "url(x)", *HOSTILE])
def test_a_colour_is_a_name_or_digits(colour: str) -> None:
    with pytest.raises(UnknownNameError, match="colour"):
        badge_of(result([1], grain=Grain.TOTAL), colour=colour)


def test_digits_are_colours_and_text_is_read_on_them() -> None:
    badge = badge_of(result([1], grain=Grain.TOTAL), colour="#FF0")
    assert badge.colour == "#ffff00"
    assert 'fill="#000000">1 / 30 days<' in badge.to_svg()
    assert {ink_on(colour) for colour in COLOURS.values()} == {"#ffffff"}


def test_shields_gets_its_schema() -> None:
    said = Badge("installs", "7 / 30 days", "#0b5c9e", "").to_shields()
    assert said == {
        "schemaVersion": 1,
        "label": "installs",
        "message": "7 / 30 days",
        "color": "#0b5c9e",
        "isError": False,
        "cacheSeconds": 3600,
    }


def test_an_empty_label_leaves_the_number_alone() -> None:
    texts = ElementTree.fromstring(badge_of(result([7], grain=Grain.TOTAL), label="").to_svg())
    assert [text.text for text in texts.iter("{http://www.w3.org/2000/svg}text")] == ["7 / 30 days"]
