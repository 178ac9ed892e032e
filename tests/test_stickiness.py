"""Stickiness and growth accounting against plain sets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import NOW, InMemory, ever_before, periods_until, stores
from footfall.errors import FootfallError
from footfall.periods import Grain, Period, Window, periods_in
from footfall.retention.growth import Growth, growth
from footfall.retention.stickiness import Stickiness, stickiness

STORE = InMemory(
    {"in": {date(2026, 1, 20): [1, 2, 3], date(2026, 2, 20): [1, 4], date(2026, 3, 9): [1, 2], date(2026, 3, 10): [1]}}
)


@given(stores(days=80), st.integers(1, 75))
def test_trailing_windows_end_with_their_day(store: InMemory, rows: int) -> None:
    found = stickiness(store, "a", now=NOW, last=rows)
    assert [row.period for row in found.rows] == periods_until(Grain.DAY, NOW, rows)
    for row in found.rows:
        counts = [
            len(store.during("a", Window(row.period.end - timedelta(days=days), row.period.end))) for days in (1, 7, 30)
        ]
        assert [row.daily, row.weekly, row.monthly] == counts
        assert row.daily_of_monthly == (100 * counts[0] / counts[2] if counts[2] else None)


@given(stores(days=80), st.integers(1, 4))
def test_a_calendar_month_is_the_mean_of_its_days_over_everybody_in_it(store: InMemory, rows: int) -> None:
    found = stickiness(store, "a", now=NOW, last=rows, windows="calendar")
    for row in found.rows:
        days = [d for d in periods_in(Grain.DAY, row.period.window) if d.start <= NOW]
        daily = [len(store.during("a", d.window)) for d in days]
        weekly = [len(store.during("a", Window(d.end - timedelta(days=7), d.end))) for d in days]
        assert row.monthly == len(store.during("a", row.period.window))
        assert row.daily == pytest.approx(sum(daily) / len(days))
        assert row.weekly == pytest.approx(sum(weekly) / len(days))


@given(stores(days=80), st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR]), st.integers(1, 12))
def test_the_four_groups_are_what_plain_sets_say_and_add_up(store: InMemory, grain: Grain, rows: int) -> None:
    found = growth(store, "a", now=NOW, grain=grain, last=rows)
    assert [row.period for row in found.rows] == periods_until(grain, NOW, rows)
    for row in found.rows:
        here, last = store.during("a", row.period.window), store.during("a", row.period.prev().window)
        ever = ever_before(store, "a", row.period.start)
        assert row.new == len(here - ever)
        assert row.returning == len(here & last)
        assert row.resurrected == len((here & ever) - last)
        assert row.dormant == len(last - here)
        assert row.active == len(here) == len(last) + row.new + row.resurrected - row.dormant


def sticky(**options: Any) -> Stickiness:
    return stickiness(STORE, "in", **dict[str, Any](now=NOW, last=3) | options)


def grown(**options: Any) -> Growth:
    return growth(STORE, "in", **dict[str, Any](now=NOW, last=3, grain="month") | options)


def test_csv_leaves_out_what_is_not_over() -> None:
    assert sticky().to_csv().splitlines() == [
        "period,dau,wau,mau,dau_mau,wau_mau",
        "2026-03-09,2,2,3,66.7,66.7",
        "2026-03-10,1,2,3,33.3,66.7",
        "2026-03-11,,,,,",
    ]
    assert grown().to_csv().splitlines() == [
        "period,active,new,returning,resurrected,dormant",
        "2026-01-01,3,3,0,0,0",
        "2026-02-01,2,1,1,0,2",
        "2026-03-01,,,,,",
    ]


def test_a_column_of_csv_has_as_many_decimals_everywhere() -> None:
    store = InMemory({"in": {date(2026, 2, n): [1, 2, 3][: 1 + n % 3] for n in range(1, 29)}})
    found = stickiness(store, "in", now=NOW, windows="calendar", last=2)
    assert found.to_csv().splitlines()[1] == "2026-02-01,2.0,3.0,3,66.7,98.8"
    assert stickiness(STORE, "in", now=NOW, last=1, since=datetime(2026, 1, 20, tzinfo=UTC)).to_csv().splitlines()[
        1
    ] == ("2026-01-20,3,3,3,100.0,100.0")


def test_who_is_marked_for_a_later_day_has_not_come_yet() -> None:
    store = InMemory({"a": {date(2026, 3, 2): [1], date(2026, 3, 11): [2], date(2026, 3, 20): [3, 4]}})
    assert growth(store, "a", now=NOW, grain="month", last=1).rows[0].active == 2
    assert stickiness(store, "a", now=NOW, windows="calendar", last=1).rows[0].monthly == 2


def test_of_nobody_there_is_no_share() -> None:
    empty = stickiness(STORE, "in", now=NOW, last=1, since=datetime(2020, 1, 1, tzinfo=UTC))
    assert empty.to_csv().splitlines()[1] == "2020-01-01,0,0,0,,"
    assert empty.rows[0].weekly_of_monthly is None


def test_json_and_frames_keep_what_is_provisional_and_mark_it() -> None:
    told = json.loads(sticky(windows="calendar", last=2).to_json())
    assert told["question"]["windows"] == "calendar"
    assert [row["is_provisional"] for row in told["rows"]] == [False, True]
    assert told["rows"][0]["mau"] == 2
    last = json.loads(grown().to_json())["rows"][-1]
    assert last == {
        "period": "2026-03-01",
        "label": "2026-03",
        "active": 2,
        "new": 0,
        "returning": 1,
        "resurrected": 1,
        "dormant": 1,
        "is_provisional": True,
    }
    assert grown().to_arrow().column_names[-1] == "is_provisional"
    assert sticky().to_polars().columns == ["period", "dau", "wau", "mau", "dau_mau", "wau_mau", "is_provisional"]
    assert Period.containing(Grain.MONTH, NOW) == grown().rows[-1].period


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: sticky(windows="calender"),
            "unknown windows 'calender'; did you mean 'calendar'? Valid: trailing, calendar.",
        ),
        (lambda: sticky(last=0), "last is 0; it must be a whole number from 1 to 1,000."),
        (lambda: grown(grain="quarter"), "unknown grain 'quarter'; valid: day, week, month, year."),
        (
            lambda: grown(since=datetime(2027, 1, 1, tzinfo=UTC)),
            "since 2027-01-01 is in the future; it is now 2026-03-11T15:30Z.",
        ),
    ],
)
def test_what_is_no_question_is_one_sentence(ask: Any, message: str) -> None:
    with pytest.raises(FootfallError) as caught:
        ask()
    assert str(caught.value) == message
