"""Zeros that chance explains, and zeros that it does not."""

from __future__ import annotations

from math import exp

import pytest

from footfall.measuring.zeros import _chance_of_zero, improbable_zeros

WEEK: list[float | None] = [540, 560, 550, 545, 500, 250, 260]


def test_a_lost_day_of_a_busy_series() -> None:
    series = WEEK * 4
    series[9] = 0
    assert list(improbable_zeros(series)) == [9]


def test_a_lost_weekend_day_and_a_run_of_days() -> None:
    series = WEEK * 6
    series[12] = 0
    series[20:30] = [0.0] * 10
    assert list(improbable_zeros(series)) == [12, *range(20, 30)]


@pytest.mark.parametrize(
    "series",
    [
        pytest.param([0, 0, 0, 0, 0, 28, 0, 111, 0, 93], id="commits in bursts"),
        pytest.param([12, 15, 11, 13, 12, 0, 0] * 4, id="free weekends"),
        pytest.param([40, 41, 44, 39, 45, 0, 0, 42], id="one weekend, with nothing to compare it with"),
        pytest.param([14, 3, 25, 0, 11, 40, 2, 12, 7, 31, 18, 26, 5, 1] * 3, id="a day of a busy repository"),
        pytest.param([2, 1, 0, 3, 1, 2, 1, 2, 1, 1, 3, 1, 2, 1], id="few"),
        pytest.param([None, 0, 500, 510, 490, 500, 505, None, 500], id="next to a day that is not known"),
        pytest.param([500, 500, 500, 0], id="the last day"),
        pytest.param([500, 0, 500], id="three days"),
        pytest.param([0, 0, 0], id="nothing at all"),
        pytest.param([-5, 0, -5, -5, -5, -5, -5, -5, -5], id="negative"),
        pytest.param([None, None], id="nothing known"),
        pytest.param([], id="no days"),
    ],
)
def test_zeros_that_are_no_accident(series: list[float | None]) -> None:
    assert list(improbable_zeros(series)) == []


def test_what_varies_more_has_more_zeros() -> None:
    assert _chance_of_zero(5, 0.5) == exp(-5)
    assert _chance_of_zero(5, 1.0001) == pytest.approx(exp(-5), rel=1e-3)
    # the negative binomial distribution with mean 5 and variance 20: (1 - p) ** r, r = 5 / 3, p = 3 / 4
    assert _chance_of_zero(5, 4) == pytest.approx(0.25 ** (5 / 3))
