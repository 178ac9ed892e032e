"""Steps of gauges, and a few series by hand; the promises about levels have more, against plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import ibis
import pytest

from footfall.measuring.kinds import MOMENT, SHARE, VALUE
from footfall.measuring.levels import STEP, Steps, measure_level
from footfall.periods import EPOCH, Window

HOUR = timedelta(hours=1)
STEPS = Steps(HOUR, 3 * HOUR)
START = datetime(2026, 3, 1, tzinfo=UTC)


def test_steps_are_numbered_from_1970() -> None:
    assert [STEPS.number(EPOCH + n * HOUR / 2) for n in (-1, 0, 1, 2, 3)] == [-1, 0, 0, 1, 1]
    assert STEPS.most_silent == 3
    assert Steps(HOUR, HOUR / 2).most_silent == 1


def test_what_tells_silence_from_an_end_is_around_the_window() -> None:
    around = STEPS.around(Window(START, START + 6 * HOUR))
    assert (around.start, around.end) == (START - 4 * HOUR, START + 10 * HOUR)


def level(samples: dict[str, dict[int, float]], within: Literal["mean", "max", "last"]) -> tuple[Any, Any]:
    """Of six hours."""
    listed = [
        (series, START + hour * HOUR, value) for series, by_hour in samples.items() for hour, value in by_hour.items()
    ]
    rows = ibis.memtable(
        [{"series": s, MOMENT: moment, STEP: STEPS.number(moment), VALUE: value} for s, moment, value in listed],
        schema={"series": "string", MOMENT: "timestamp('UTC', 6)", STEP: "int64", VALUE: "float64"},
    )
    sampled = rows.select(STEP).distinct()
    found = measure_level(rows, sampled, [], ["series"], STEPS, Window(START, START + 6 * HOUR), within)
    (row,) = ibis.duckdb.connect().to_pyarrow(found).to_pylist()
    return row[VALUE], row[SHARE]


@pytest.mark.parametrize(
    ("samples", "mean", "most", "last", "share"),
    [
        ({"a": {0: 2, 1: 4}}, 3, 4, 4, 1.0),
        ({"a": {0: 2, 1: 4}, "b": {0: 10, 1: 10}}, 13, 14, 14, 1.0),
        # b is silent for a step and keeps its value there, unseen: 5 of 6 expected samples
        ({"a": {0: 1, 1: 1, 2: 1}, "b": {0: 10, 2: 20}}, (11 + 11 + 21) / 3, 21, 21, 5 / 6),
        # b ended with its first sample: others were seen for as long as it may be silent
        ({"a": {0: 1, 1: 1, 2: 1, 3: 1}, "b": {0: 10}}, (11 + 1 + 1 + 1) / 4, 11, 1, 1.0),
    ],
)
def test_by_hand(samples: dict[str, dict[int, float]], mean: float, most: float, last: float, share: float) -> None:
    for within, right in (("mean", mean), ("max", most), ("last", last)):
        value, seen = level(samples, within)  # type: ignore[arg-type]
        assert value == pytest.approx(right)
        if within == "mean":
            assert seen == pytest.approx(share)
