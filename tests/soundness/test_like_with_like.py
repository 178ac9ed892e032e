"""Like with like: a part of a period is never compared with a whole one. Real downloads by day against plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.ledger import Status
from lakes import COMMITS, LakeOf, at, collected, days
from real_series import between, downloads, lake_of, total


@pytest.mark.parametrize("compare", ["year", "previous"])
@pytest.mark.parametrize("done", [1, 9, 26, 29])
def test_an_unfinished_month_is_compared_with_the_same_days(
    tmp_path: Path, shared_data: Path, done: int, compare: str
) -> None:
    """26 of 30 days next to a whole month would be a fall of 13 %, with nothing fallen."""
    series = downloads(shared_data)
    last = date(2024, 11, done)
    lake = lake_of(tmp_path, series, between(date(2023, 10, 1), last), at(f"{last}") + timedelta(days=1, hours=5))
    (row,) = lake.ask("launches", grain="month", last=1, compare=compare).rows.to_pylist()
    year, month = (2023, 11) if compare == "year" else (2024, 10)
    before = total(series, between(date(year, month, 1), date(year, month, done)))
    here = total(series, between(date(2024, 11, 1), last))
    assert (row["launches"], row["launches_previous"], row["change"]) == (here, before, here - before)
    assert row["change_percent"] == pytest.approx(100 * (here - before) / before)
    assert (row["compared"], row["state"]) == (f"{done} of 30 days", "not_over")


def test_an_unfinished_leap_year_is_compared_with_the_same_dates(tmp_path: Path, shared_data: Path) -> None:
    """Counting days from the start would set 1 March 2024 against 2 March 2023."""
    series = downloads(shared_data)
    lake = lake_of(tmp_path, series, between(date(2022, 1, 1), date(2024, 3, 10)), at("2024-03-11T05"))
    for compare in ("year", "previous"):
        (row,) = lake.ask("launches", grain="year", last=1, compare=compare).rows.to_pylist()
        assert row["launches_previous"] == total(series, between(date(2023, 1, 1), date(2023, 3, 10)))
        same = [day for day in between(date(2024, 1, 1), date(2024, 3, 10)) if day != date(2024, 2, 29)]
        assert row["change"] == total(series, same) - row["launches_previous"]
        assert row["compared"] == "69 of 366 days"


def test_29_february_and_its_month(tmp_path: Path, shared_data: Path) -> None:
    series = downloads(shared_data)
    lake = lake_of(tmp_path, series, between(date(2023, 2, 1), date(2024, 2, 29)), at("2024-03-01T05"))
    (month,) = lake.ask("launches", grain="month", since="2024-02", until="2024-03", compare="year").rows.to_pylist()
    before = total(series, between(date(2023, 2, 1), date(2023, 2, 28)))
    assert (month["compared"], month["launches_previous"]) == ("whole", before), "whole months are compared whole"
    assert month["change"] == total(series, between(date(2024, 2, 1), date(2024, 2, 29))) - before
    leap = lake.ask("launches", since="2024-02-28", until="2024-03-01", compare="year").rows.to_pylist()
    assert [row["launches_previous"] for row in leap] == [series[date(2023, 2, 28)]] * 2


def test_a_hole_on_either_side_takes_its_days_from_both(tmp_path: Path, shared_data: Path) -> None:
    series = downloads(shared_data)
    holes = {date(2023, 11, 7), date(2024, 11, 20), date(2024, 11, 21)}
    covered = [day for day in between(date(2023, 10, 1), date(2024, 11, 30)) if day not in holes]
    lake = lake_of(tmp_path, series, covered, at("2024-12-01T05"))
    (row,) = lake.ask("launches", grain="month", since="2024-11", until="2024-12", compare="year").rows.to_pylist()
    both = [n for n in range(1, 31) if n not in (7, 20, 21)]
    here, before = (total(series, (date(year, 11, n) for n in both)) for year in (2024, 2023))
    assert (row["launches_previous"], row["change"], row["compared"]) == (before, here - before, "27 of 30 days")
    assert (row["launches"], row["state"]) == (
        total(series, [day for day in covered if (day.year, day.month) == (2024, 11)]),
        "lost",
    )


def test_week_53_of_which_a_part_is_over(tmp_path: Path) -> None:
    series = {day: day.day for day in between(date(2019, 12, 1), date(2020, 12, 30))}
    lake = lake_of(tmp_path, series, series, at("2020-12-31T05"))
    (row,) = lake.ask("launches", grain="week", last=1, compare="year").rows.to_pylist()
    assert row["period"].date() == date(2020, 12, 28)
    assert (row["launches"], row["launches_previous"]) == (28 + 29 + 30, 23 + 24 + 25), "2019-W52"
    assert row["compared"] == "3 of 7 days"


def test_weeks_52_and_53_with_different_holes_share_the_week_before(tmp_path: Path) -> None:
    series = {day: day.day for day in between(date(2019, 12, 1), date(2021, 1, 3))}
    covered = [day for day in series if day not in (date(2020, 12, 22), date(2020, 12, 31))]
    lake = lake_of(tmp_path, series, covered, at("2021-01-04T05"))
    rows = lake.ask("launches", grain="week", since="2020-12-21", until="2021-01-04", compare="year").rows.to_pylist()
    week = [23, 24, 25, 26, 27, 28, 29]
    assert [row["launches_previous"] for row in rows] == [sum(week) - 24, sum(week) - 26]
    assert [row["compared"] for row in rows] == ["6 of 7 days"] * 2


def test_today_is_compared_with_the_same_hours(tmp_path: Path) -> None:
    rows = [
        {"hour": at(f"{day}T{hour:02}"), "repo": "a", "launches": 1}
        for day in ("2021-03-09", "2021-03-10")
        for hour in range(24 if day < "2021-03-10" else 10)
    ]
    entries = collected(days("2021-03-09", "2021-03-09"))
    entries += collected(days("2021-03-10", "2021-03-10"), status=Status.PROVISIONAL, until=at("2021-03-10T10"))
    lake = LakeOf(tmp_path, {"launches": rows}, entries)
    (row,) = lake.ask("launches", last=1, compare="previous").rows.to_pylist()
    assert (row["launches"], row["launches_previous"], row["change"]) == (10, 10, 0)
    assert (row["compared"], row["state"]) == ("10 of 24 hours", "not_over")


def test_repositories_collected_at_different_times_are_each_compared_with_themselves(tmp_path: Path) -> None:
    """docs was collected for one day less: of it only that day less counts, on both sides."""
    rows = [
        {"committed_at": at(f"{day}T08"), "repo": repo, "author": "a", "commits": 1}
        for day in days("2021-03-01", "2021-03-09")
        for repo in ("core", "docs")
        if not (repo == "docs" and f"{day}" == "2021-03-09")
    ]
    entries = collected(days("2021-03-01", "2021-03-09"), COMMITS, "core")
    entries += collected(days("2021-03-01", "2021-03-08"), COMMITS, "docs")
    lake = LakeOf(tmp_path, {"commits": rows}, entries)
    asked: dict[str, Any] = {"grain": "week", "last": 1, "compare": "previous"}
    (row,) = lake.ask("commits", **asked).rows.to_pylist()
    assert (row["commits"], row["commits_previous"], row["change"], row["compared"]) == (3, 3, 0, "21 %")
    split = lake.ask("commits", by="repo", **asked).rows.to_pylist()
    assert [(r["commits_previous"], r["compared"]) for r in split] == [(2, "2 of 7 days"), (1, "1 of 7 days")]


def test_running_totals_run_over_the_days_that_both_have(tmp_path: Path, shared_data: Path) -> None:
    series = downloads(shared_data)
    hole = date(2023, 11, 3)
    covered = [day for day in between(date(2023, 10, 1), date(2024, 11, 5)) if day != hole]
    lake = lake_of(tmp_path, series, covered, at("2024-11-06T05"))
    rows = lake.ask("launches", since="2024-11-01", until="2024-11-06", compare="year", cumulative=True).rows
    both = [1, 2, 4, 5]
    here, before = (total(series, (date(year, 11, n) for n in both)) for year in (2024, 2023))
    last = rows.to_pylist()[-1]
    assert (last["launches_previous"], last["change"]) == (before, here - before)
