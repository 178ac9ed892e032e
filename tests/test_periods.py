from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import QueryError
from footfall.periods import Grain, Period, Window, ceil, floor, merge, parse_moment, periods_in, shift, subtract

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CALENDAR = [grain for grain in Grain if grain is not Grain.TOTAL]
moments = st.integers(631152000, 2840140800).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2021, 1, 3), "2020-W53"),
        (date(2021, 1, 4), "2021-W01"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2026, 11, 23), "2026-W48"),
    ],
)
def test_a_week_belongs_to_the_year_of_its_thursday(day: date, label: str) -> None:
    assert Period.containing(Grain.WEEK, Window.of_day(day).start).label == label


@given(moments, st.sampled_from(CALENDAR))
def test_a_moment_lies_in_exactly_the_period_that_contains_it(moment: datetime, grain: Grain) -> None:
    period = Period.containing(grain, moment)
    assert moment in period.window
    assert moment not in period.next().window
    assert moment not in period.prev().window
    assert period.next().start == period.end
    assert period.shift(3).shift(-3) == period


@given(moments, st.sampled_from(CALENDAR))
def test_ceil_is_the_floor_or_the_next_period(moment: datetime, grain: Grain) -> None:
    assert ceil(grain, moment) - moment < shift(grain, floor(grain, moment), 1) - floor(grain, moment) or ceil(
        grain, moment
    ) == shift(grain, floor(grain, moment), 1)
    assert ceil(grain, floor(grain, moment)) == floor(grain, moment)


@given(moments, moments, st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR]))
def test_periods_cover_a_window_without_gap_or_overlap(a: datetime, b: datetime, grain: Grain) -> None:
    window = Window(min(a, b), max(a, b))
    periods = periods_in(grain, window)
    assert len(merge(p.window for p in periods)) <= 1
    assert sum((p.window.length for p in periods), timedelta()) == sum(
        (w.length for w in merge(p.window for p in periods)), timedelta()
    )
    assert all(p.window.overlaps(window) for p in periods)


def test_an_hour_period_starts_at_the_hour_before_never_the_nearest() -> None:
    assert floor(Grain.DAY, datetime(2020, 5, 1, 12, 31, tzinfo=UTC)) == datetime(2020, 5, 1, tzinfo=UTC)
    assert floor(Grain.HOUR, datetime(2020, 5, 1, 23, 59, tzinfo=UTC)) == datetime(2020, 5, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("coarse", "fine", "is_held"),
    [
        (Grain.MONTH, Grain.DAY, True),
        (Grain.WEEK, Grain.DAY, True),
        (Grain.MONTH, Grain.WEEK, False),
        (Grain.WEEK, Grain.MONTH, False),
        (Grain.YEAR, Grain.WEEK, False),
        (Grain.TOTAL, Grain.WEEK, True),
        (Grain.DAY, Grain.DAY, True),
        (Grain.DAY, Grain.MONTH, False),
    ],
)
def test_which_grains_lie_within_which(coarse: Grain, fine: Grain, is_held: bool) -> None:
    assert coarse.holds(fine) is is_held


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021", datetime(2021, 1, 1, tzinfo=UTC)),
        ("2021-05", datetime(2021, 5, 1, tzinfo=UTC)),
        ("2021-05-03", datetime(2021, 5, 3, tzinfo=UTC)),
        ("2020-W53", datetime(2020, 12, 28, tzinfo=UTC)),
        ("2021-05-03T10:15Z", datetime(2021, 5, 3, 10, 15, tzinfo=UTC)),
        ("2021-05-03T10:15+02:00", datetime(2021, 5, 3, 8, 15, tzinfo=UTC)),
        ("today", datetime(2026, 11, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2021, 5, 3), datetime(2021, 5, 3, tzinfo=UTC)),
    ],
)
def test_moments_as_people_write_them(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "2021-13", "2021-02-30", "2021-00-01", "2021-W54", "2021-W00", "soon", "21-01-01", "²021"]
)
def test_what_is_no_moment_is_said_with_the_valid_forms(text: str) -> None:
    with pytest.raises(QueryError, match="is not a date or time; write one like"):
        parse_moment(text, NOW)


@pytest.mark.parametrize("text", ["20210503", "2021W18", "2021-W18-1", "2021-123", "202105"])
def test_other_forms_of_a_date_are_refused_as_dates(text: str) -> None:
    """Python reads some of them, and would then ask for a time zone."""
    with pytest.raises(QueryError, match="is not a date or time; write one like"):
        parse_moment(text, NOW)


def test_an_instant_without_a_zone_is_refused_not_guessed() -> None:
    with pytest.raises(QueryError, match="has no time zone"):
        parse_moment("2021-05-03T10:15", NOW)


hours = st.integers(0, 60).map(lambda h: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=h))
windows = st.tuples(hours, hours).map(lambda pair: Window(min(pair), max(pair)))


@given(windows, st.lists(windows))
def test_subtracting_leaves_exactly_the_hours_that_none_covers(window: Window, taken: list[Window]) -> None:
    left = subtract(window, taken)
    for h in range(61):
        moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=h)
        expected = moment in window and not any(moment in other for other in taken)
        assert any(moment in part for part in left) is expected


def test_a_year_has_four_digits_however_long_ago() -> None:
    start = datetime(999, 12, 30, 7, tzinfo=UTC)
    labels = {
        grain: Period.containing(grain, start).label for grain in (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.YEAR)
    }
    assert list(labels.values()) == ["0999-12-30T07", "0999-12-30", "0999-12", "0999"]
    assert Period.containing(Grain.HOUR, start).iso == "0999-12-30T07:00:00Z"
    assert Period.containing(Grain.DAY, start).iso == "0999-12-30"
