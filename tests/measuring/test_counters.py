"""Counters: gains between observations, against a plain loop."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.measuring.counters import gains_of, measure_counter
from footfall.measuring.kinds import MOMENT, SHARE, VALUE

START = datetime(2026, 3, 1, tzinfo=UTC)
Seen = list[tuple[str, int, int | None]]
"""Series, hour and value."""


def gains(seen: Seen, *, with_baselines: bool = False) -> dict[tuple[str, int], list[int | None]]:
    """By series and hour."""
    rows = ibis.memtable(
        [{"series": s, MOMENT: START + timedelta(hours=h), VALUE: v} for s, h, v in seen],
        schema={"series": "string", MOMENT: "timestamp('UTC', 6)", VALUE: "int64"},
    )
    found = ibis.duckdb.connect().to_pyarrow(gains_of(rows, ["series"], with_baselines=with_baselines)).to_pylist()
    by: dict[tuple[str, int], list[int | None]] = defaultdict(list)
    for row in found:
        by[row["series"], (row[MOMENT] - START) // timedelta(hours=1)].append(row[VALUE])
    return {key: sorted(values, key=lambda v: (v is not None, v)) for key, values in by.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 12, 12, 20], [None, 2, 0, 8]),
        ([10, 3, 5], [None, 3, 2]),  # reset: 3 since then
        ([10, None, 15], [None, None, 5]),  # what was not seen comes with the next
        ([10, 0, 4], [None, 0, 4]),
        ([10, -5, -3], [None, 0, 2]),  # never negative
        ([None, 7], [None, None]),
    ],
)
def test_by_hand(values: list[int | None], expected: list[int | None]) -> None:
    found = gains([("a", hour, value) for hour, value in enumerate(values)])
    assert [found["a", hour] for hour in range(len(values))] == [[value] for value in expected]


def test_with_baselines_the_gains_add_up_to_the_counter() -> None:
    found = gains([("a", 0, 10), ("a", 1, 12), ("b", 1, 5)], with_baselines=True)
    assert found == {("a", 0): [10], ("a", 1): [2], ("b", 1): [5]}


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.one_of(st.none(), st.integers(-3, 30))),
        min_size=1,
        max_size=12,
        unique_by=lambda one: one[:2],
    )
)
def test_as_a_loop_over_each_series(seen: Seen) -> None:
    right: dict[tuple[str, int], list[int | None]] = {(s, h): [None] for s, h, _ in seen}
    for series in {s for s, *_ in seen}:
        known = sorted((h, v) for s, h, v in seen if s == series and v is not None)
        for (_, before), (hour, value) in pairwise(known):
            right[series, hour] = [value - before if value >= before else max(value, 0)]
    assert gains(seen) == right


def test_a_period_of_first_observations_has_no_gain_and_says_that_nothing_is_known() -> None:
    rows = ibis.memtable({"day": [1, 1, 2, 2], VALUE: [None, None, 3, None]}, schema={"day": "int64", VALUE: "int64"})
    found = ibis.duckdb.connect().to_pyarrow(measure_counter(rows, ["day"])).to_pylist()
    assert {row["day"]: (row[VALUE], row[SHARE]) for row in found} == {1: (None, 0.0), 2: (3, 1.0)}
