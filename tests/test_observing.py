"""The first observations of many months are written in one pass, as month by month: what differs is appended."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.lake import Lake, observing
from lakes import NOW, STARS, arrow

Row = tuple[datetime, str, int, datetime]
MONTHS = [datetime(2020 + n // 12, n % 12 + 1, 5, tzinfo=UTC) for n in range(10, 15)]
ROWS = st.fixed_dictionaries(
    {
        "day": st.sampled_from([*MONTHS, MONTHS[0] + timedelta(days=1)]),
        "repo": st.sampled_from(["a", "b"]),
        "views": st.integers(0, 2),
        "observed_at": st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    }
)


def changes(known: list[Row], rows: list[Row]) -> list[Row]:
    """The rows whose value differs from the observation before them, known or new, of their day and repository."""
    of_key = defaultdict(list)
    for row, is_new in [*((row, False) for row in known), *((row, True) for row in rows)]:
        of_key[row[:2]].append((row[3], row[2], is_new))
    return [
        (day, repo, views, at)
        for (day, repo), seen in of_key.items()
        for before, (at, views, is_new) in zip([(None, None, None), *sorted(seen)], sorted(seen), strict=False)
        if is_new and before[1] != views
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROWS, min_size=1, max_size=12), min_size=1, max_size=2), st.sampled_from([0, 100_000]))
def test_what_is_stored_are_the_changes(tmp_path: Path, commits: list[list[dict[str, Any]]], most: int) -> None:
    """Whether months are written one by one or together, and whether some of them have observations already."""
    shutil.rmtree(tmp_path, ignore_errors=True)
    lake = Lake(tmp_path, now=lambda: NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observing, "MOST_AT_ONCE", most)
        for rows in commits:
            lake.commit(STARS, arrow(STARS, rows))
    stored = lake.cursor().sql(
        f"SELECT day, repo, views, observed_at FROM read_parquet('{tmp_path}/stars/*/*.parquet')"
    )
    expected: list[Row] = []
    for rows in commits:
        expected += changes(expected, [(row["day"], row["repo"], row["views"], row["observed_at"]) for row in rows])
    assert sorted(stored.fetchall()) == sorted(expected)


def test_a_first_file_is_live_if_each_of_its_rows_is_in_force(tmp_path: Path) -> None:
    """Readers need no other file then; one with two observations of a key is compacted first."""
    lake = Lake(tmp_path, now=lambda: NOW)
    rows = [{"day": day, "repo": "a", "views": 1, "observed_at": NOW} for day in MONTHS]
    again = {"day": MONTHS[1], "repo": "a", "views": 2, "observed_at": NOW + timedelta(hours=1)}
    lake.commit(STARS, arrow(STARS, [*rows, again]))
    files = sorted(tmp_path.glob("stars/*/*.parquet"))
    assert [file.name.startswith("live-") for file in files] == [True, False, True, True, True]
    assert [file.parent.name for file in files] == [f"month={day:%Y-%m}" for day in MONTHS]
