"""Changes between two values: unknown where either is, and no percentage of nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from footfall.measuring.rows import changes
from footfall.measuring.series import Number

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "before", "difference", "percent"),
    [
        (12, 10, 2, 20.0),
        (8, 10, -2, -20.0),
        (0, 10, -10, -100.0),
        (5, 0, 5, None),
        (0, 0, 0, None),
        (-5, -10, 5, 50.0),  # a rise is a rise below zero too
        (1.5, 0.5, 1.0, 200.0),
        (None, 10, None, None),
        (10, None, None, None),
        (MOMENT, MOMENT, None, None),  # moments have no percentage
    ],
)
def test_a_change_and_its_percentage(value: Number, before: Number, difference: Number, percent: float | None) -> None:
    assert changes([value], [before]) == ([difference], [percent])


def test_each_value_has_its_own_and_none_is_left_over() -> None:
    assert changes([], []) == ([], [])
    assert changes([1, 2], [1, 1]) == ([0, 1], [0.0, 100.0])
    with pytest.raises(ValueError, match="shorter"):
        changes([1, 2], [1])
