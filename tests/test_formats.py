"""How numbers, shares, spans and sizes are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from footfall.formats import (
    GAP,
    compact,
    counted,
    days_of,
    instant_of,
    length_of,
    listed,
    moment_of,
    number,
    percent,
    share_of,
    size_of,
)
from footfall.periods import ALL_TIME, Window

NIGHT = datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (1234567, "1,234,567"), (12.5, "12.50"), (1234.5, "1,234.5"), (98765.4, "98,765"), (-0.25, "-0.25")],
)
def test_numbers(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(999, "999"), (1000, "1k"), (999_499, "999k"), (999_500, "1M"), (1_500_000_000, "1.5G"), (-14_358, "-14.4k")],
)
def test_compact_numbers_change_their_unit_where_rounding_would_need_four_digits(value: float, shown: str) -> None:
    assert compact(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (0.0001, "1 %"), (0.5, "50 %"), (0.9999, "99 %"), (1, "100 %"), (1.2, "100 %")]
)
def test_a_share_that_is_not_whole_never_reads_as_whole_nor_one_of_something_as_nothing(
    share: float, shown: str
) -> None:
    assert share_of(share) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, GAP), (0, "0.0"), (0.01, "<0.1"), (0.05, "0.1"), (12.34, "12.3")])
def test_a_small_percentage_is_not_nothing_and_a_missing_one_is_a_dash(value: float | None, shown: str) -> None:
    assert percent(value) == shown


def test_words() -> None:
    assert [counted(n, "day") for n in (0, 1, 1000)] == ["0 days", "1 day", "1,000 days"]
    assert counted(2, "entry", "entries") == "2 entries"
    assert [listed(names) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_a_window_is_said_from_its_first_to_its_last_day() -> None:
    assert days_of(Window(NIGHT, NIGHT + timedelta(days=1))) == "2026-02-28"
    assert days_of(Window(NIGHT, NIGHT + timedelta(days=2))) == "2026-02-28 to 2026-03-01"
    assert days_of(Window(NIGHT, NIGHT + timedelta(hours=6))) == "2026-02-28 00:00 to 2026-02-28 06:00"
    assert days_of(ALL_TIME) == "all time"


def test_moments_are_of_utc() -> None:
    tokyo = datetime(2026, 11, 23, 9, 30, 0, 5, tzinfo=timezone(timedelta(hours=9)))
    assert moment_of(tokyo) == "2026-11-23 00:30 UTC"
    assert instant_of(tokyo) == "2026-11-23T00:30:00.000005Z"
    assert instant_of(tokyo.replace(microsecond=0)) == "2026-11-23T00:30:00Z"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (4.21, "4.2 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
        (86_400, "1 day"),
        (90_000, "25 h 00 min"),
        (691_200, "8 days"),
    ],
)
def test_lengths(seconds: float, shown: str) -> None:
    assert length_of(seconds) == shown


@pytest.mark.parametrize(("count", "shown"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (691_000_000, "691 MB")])
def test_sizes(count: float, shown: str) -> None:
    assert size_of(count) == shown
