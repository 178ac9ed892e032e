"""How activity looks in the terminal: digits below digits, nothing cut silently, colours that can be read."""

from __future__ import annotations

import io
import re
from typing import Any

from rich.console import Console, RenderableType

from activities import NOW, InMemory, visits, weeks
from footfall import formats
from footfall.retention.funnels import funnel
from footfall.retention.growth import growth
from footfall.retention.stickiness import stickiness
from footfall.terminal import activity


def text_of(shown: RenderableType, width: int = 100, *, is_terminal: bool = False) -> str:
    out = io.StringIO()
    system: Any = "truecolor" if is_terminal else None
    console = Console(
        file=out, width=width, markup=False, highlight=False, force_terminal=is_terminal, color_system=system
    )
    console.print(shown)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(start))


def test_a_cohort_is_a_table_of_percentages_with_its_average() -> None:
    shown = text_of(activity.cohort(weeks()))
    assert shown.startswith("Actors who did visit after arrive, by week of arrive\n2026-02-09 to 2026-03-15 (UTC)\n")
    assert line_of(shown, "week").split() == ["week", "actors", "0", "1", "2", "3", "4"]
    assert line_of(shown, "2026-W09").split() == ["2026-W09", "140", "100.0", "0.0", "10.0*"]
    assert line_of(shown, "2026-W10").split() == ["2026-W10", "0", "–", "–"]
    assert line_of(shown, "2026-W11").split() == ["2026-W11", "60*", "100.0*"]
    assert line_of(shown, "average").split()[:2] == ["average", "100.0"]
    assert "* provisional: the week is not over" in shown
    assert "– no actors" in shown


def test_digits_of_a_column_stand_below_digits() -> None:
    lines = text_of(activity.cohort(weeks())).splitlines()
    whole = [line for line in lines if re.search(r"^ (2026-W(07|08|09|11)|average)", line)]
    assert len({line.index("100.0") for line in whole}) == 1


def test_counts_have_no_percentages_and_no_average() -> None:
    shown = text_of(activity.cohort(weeks(), counts=True))
    assert line_of(shown, "2026-W09").split() == ["2026-W09", "140", "140", "0", "14*"]
    assert "average" not in shown
    assert "Percent" not in shown


def test_a_narrow_terminal_gives_up_decimals_then_columns_and_says_which() -> None:
    day = weeks(grain="day", last=5, columns=31)
    assert "100.0" in text_of(activity.cohort(day, width=300), 300)
    shown = text_of(activity.cohort(day, width=160), 160)
    assert max(map(len, shown.splitlines())) <= 160
    assert "Columns 23 to 30 do not fit" in shown.replace("\n", " ")
    narrow = text_of(activity.cohort(day, width=60), 60)
    assert max(map(len, narrow.splitlines())) <= 60


def test_colours_come_with_the_colour_of_their_text_and_only_for_what_is_over() -> None:
    shown = text_of(activity.cohort(weeks()), is_terminal=True)
    cells = re.findall(r"\x1b\[([\d;]+)m( *[\d.]+[ *])", shown)
    coloured = [(codes, text) for codes, text in cells if "48;2" in codes]
    assert coloured
    assert all("38;2" in codes and not text.endswith("*") for codes, text in coloured)
    assert "\x1b" not in text_of(activity.cohort(weeks()))


def test_a_funnel_has_a_line_a_step() -> None:
    shown = text_of(activity.funnel(funnel(visits(), ["arrive", "visit"], now=NOW)))
    assert shown.startswith("arrive → visit: actors within 7 days\nfirst steps 2026-02-10 to 2026-03-11 (UTC)\n")
    assert line_of(shown, "2.").split()[:6] == ["2.", "visit", "460*", "100.0", "%", "100.0"]
    assert "still have time to finish" in shown
    empty = text_of(activity.funnel(funnel(InMemory(), ["a", "b"], now=NOW)))
    assert line_of(empty, "1.").split() == ["1.", "a", "0", "–", "–"]


def test_stickiness_has_a_line_a_day_and_a_sparkline() -> None:
    shown = text_of(activity.stickiness(stickiness(visits(), "visit", now=NOW, last=5)))
    assert line_of(shown, "day").split() == ["day", "DAU", "WAU", "MAU", "DAU/MAU", "WAU/MAU"]
    assert line_of(shown, "2026-03-07  ").split()[:2] == ["2026-03-07", "0"]
    assert "DAU/MAU lowest 0.0 %" in shown
    empty = text_of(activity.stickiness(stickiness(InMemory(), "a", now=NOW, last=2, windows="calendar")))
    assert line_of(empty, "2026-02 ").split() == ["2026-02", "0.0", "0.0", "0", "–", "–"]
    assert "no active actors" in empty


def test_growth_has_a_line_a_period() -> None:
    shown = text_of(activity.growth(growth(visits(), "visit", now=NOW, last=3)))
    assert line_of(shown, "week").split() == ["week", "active", "new", "returning", "resurrected", "dormant"]
    assert line_of(shown, "2026-W10").split()[:5] == ["2026-W10", "0", "0", "0", "0"]
    assert line_of(shown, "2026-W10").split()[5].startswith("−")
    assert "* provisional: not over" in shown


def test_a_share_never_rounds_to_nothing() -> None:
    assert [formats.percent(share) for share in (None, 0.0, 0.01, 12.34, 100.0)] == [
        "–",
        "0.0",
        "<0.1",
        "12.3",
        "100.0",
    ]
    assert formats.percent(0.4, 0) == "<1"
