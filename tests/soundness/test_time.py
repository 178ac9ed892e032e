"""Numbers and time: whole periods, like with like, means of whole time, and five words that are never mixed up.

Real series (downloads of a package by day, users of a university's hub by day) are checked against plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.annotations import Annotation, Happened, KnownWrong
from footfall.ledger import Status
from lakes import COMMITS, LakeOf, at, collected, days
from lengths import examples
from real_series import between, downloads, hub_users, lake_of, total


class TestWholePeriods:
    @pytest.mark.parametrize(
        ("grain", "since", "until", "first", "last"),
        [
            ("week", "2025", "2025-01-20", date(2024, 12, 30), date(2025, 1, 5)),
            ("week", "2024-12-31", "2025-01-03", date(2024, 12, 30), date(2025, 1, 5)),
            ("month", "2024-10-20", "2024-12", date(2024, 10, 1), date(2024, 10, 31)),
            ("year", "2023-05", "2024-02", date(2023, 1, 1), date(2023, 12, 31)),
            ("day", "2024-10-20T13:00Z", "2024-10-22", date(2024, 10, 20), date(2024, 10, 20)),
            ("day", "2024-10-20T00:00+02:00", "2024-10-22", date(2024, 10, 19), date(2024, 10, 19)),
        ],
    )
    def test_a_window_never_cuts_a_period(
        self, tmp_path: Path, shared_data: Path, grain: str, since: str, until: str, first: date, last: date
    ) -> None:
        """Published series showed the first week of a year as half of it."""
        series = downloads(shared_data)
        lake = lake_of(tmp_path, series, between(date(2023, 1, 1), date(2025, 4, 10)), at("2025-04-11"))
        result = lake.ask("launches", grain=grain, since=since, until=until)
        row = result.rows.to_pylist()[0]
        assert (row["period"].date(), row["launches"]) == (first, total(series, between(first, last)))
        assert (row["coverage"], row["state"]) == (1.0, "complete")
        assert any(f"widened to whole {grain}s in UTC" in note for note in result.notes)

    def test_a_pandas_moment_with_a_zone_is_widened_in_utc(self, tmp_path: Path, shared_data: Path) -> None:
        pandas = pytest.importorskip("pandas")
        series = downloads(shared_data)
        lake = lake_of(tmp_path, series, between(date(2024, 10, 1), date(2024, 11, 1)), at("2024-11-02"))
        since = pandas.Timestamp("2024-10-21", tz="Europe/Berlin")
        result = lake.ask("launches", since=since, until="2024-10-22")
        assert lake.rows_of("launches", since=since, until="2024-10-22") == [
            (f"{day}", series.get(day, 0), 1.0) for day in (date(2024, 10, 20), date(2024, 10, 21))
        ]
        assert any("widened to whole days in UTC (2024-10-20 … 2024-10-22)" in note for note in result.notes)


class TestMeans:
    def test_a_mean_needs_its_whole_time(self, tmp_path: Path, shared_data: Path) -> None:
        """A weekend that was not collected lets the mean of what is left rise by a third, its return lets it fall."""
        series = hub_users(shared_data)
        covered = [day for day in series if day not in (date(2023, 3, 4), date(2023, 3, 5))]
        lake = lake_of(tmp_path, series, covered, at("2023-06-01"))
        result = lake.ask("launches", rolling=7, since="2023-02-20", until="2023-04-01")
        for row in result.rows.to_pylist():
            week = between(row["period"].date() - timedelta(days=6), row["period"].date())
            mean = total(series, week) / 7 if all(day in covered for day in week) else None
            assert row["launches"] == (mean if mean is None else pytest.approx(mean))
        assert any(note.startswith("8 means have no value: not all of their 7 days") for note in result.notes)

    def test_with_less_each_weekday_counts_alike(self, tmp_path: Path, shared_data: Path) -> None:
        series = hub_users(shared_data)
        covered = [day for day in series if day not in (date(2023, 3, 4), date(2023, 3, 6), date(2023, 3, 11))]
        lake = lake_of(tmp_path, series, covered, at("2023-06-01"))
        rows = lake.ask(
            "launches", rolling=14, min_coverage=0.7, since="2023-02-20", until="2023-04-01"
        ).rows.to_pylist()
        for row in rows:
            on = row["period"].date()
            known = [day for day in between(on - timedelta(days=13), on) if day in covered]
            by_weekday: dict[int, list[int]] = {}
            for day in known:
                by_weekday.setdefault(day.weekday(), []).append(series[day])
            means = [sum(values) / len(values) for values in by_weekday.values()]
            assert row["launches"] == (pytest.approx(sum(means) / 7) if len(means) == 7 else None)
            assert row["coverage"] == pytest.approx(len(known) / 14)
        assert None in [row["launches"] for row in rows], "both Saturdays of a fortnight are missing for a while"

    @settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(holes=st.sets(st.integers(0, 41), max_size=14), weeks=st.sampled_from([1, 2, 3]))
    def test_what_is_the_same_every_week_never_falls(
        self, tmp_path_factory: pytest.TempPathFactory, holes: set[int], weeks: int
    ) -> None:
        week = [50, 60, 70, 60, 50, 10, 5]
        first = date(2021, 1, 4)
        series = {first + timedelta(days=n): week[n % 7] for n in range(42)}
        covered = [day for n, day in enumerate(series) if n not in holes]
        lake = lake_of(tmp_path_factory.mktemp("lake"), series, covered, at("2021-03-01"))
        asked: dict[str, Any] = {"rolling": 7 * weeks, "since": "2021-02-01", "until": "2021-02-15"}
        choices: tuple[dict[str, Any], ...] = ({}, {"min_coverage": 0.5})
        for more in choices:
            means = [
                row for row in lake.ask("launches", **asked, **more).rows["launches"].to_pylist() if row is not None
            ]
            assert means == [pytest.approx(sum(week) / 7)] * len(means)


class TestCoverageOfTheWindow:
    def test_quiet_days_are_collected_days(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, {}, days("2021-03-01", "2021-03-09"), at("2021-03-10T12"))
        result = lake.ask("launches", by="origin", since="2021-03-01", until="2021-03-10")
        assert (result.rows.num_rows, result.coverage, result.notes) == (0, 1.0, ())

    def test_is_by_time_and_not_by_rows(self, tmp_path: Path) -> None:
        """Two days of which one was lost, in a window of three: a mean over rows would say a half."""
        entries = collected(days("2021-03-01", "2021-03-01"))
        rows = [{"hour": at("2021-03-01"), "repo": "a", "origin": "x", "launches": 1}]
        lake = LakeOf(tmp_path, {"launches": rows}, entries)
        result = lake.ask("launches", by="origin", since="2021-03-01", until="2021-03-04")
        assert result.coverage == pytest.approx(1 / 3)

    def test_after_the_last_collected_day(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, {date(2021, 3, 1): 5}, days("2021-03-01", "2021-03-02"), at("2021-03-10T12"))
        result = lake.ask("launches", last=3, by="origin")
        assert (result.rows.num_rows, result.coverage) == (0, 0.0)
        assert result.notes == ("Not collected since 2021-03-03; run `footfall collect`.",)


class TestStates:
    def test_five_words_and_zero_are_six_things(self, tmp_path: Path) -> None:
        on = [*days("2021-03-01", "2021-03-03"), *days("2021-03-05", "2021-03-05")]
        lake = lake_of(tmp_path, {date(2021, 3, 1): 3, date(2021, 3, 5): 2}, on, at("2021-03-07T12"))
        lake.lake.record(collected(days("2021-03-06", "2021-03-06"), status=Status.PROVISIONAL))
        lake.happened = Happened(known_wrong=(KnownWrong.days(date(2021, 3, 3), date(2021, 3, 3), "a test"),))
        rows = lake.ask("launches", since="2021-03-01", until="2021-03-08").rows.to_pylist()
        assert [(row["launches"], row["coverage"], row["state"]) for row in rows] == [
            (3, 1.0, "complete"),
            (0, 1.0, "complete"),
            (None, 0.0, "known_wrong"),
            (None, 0.0, "lost"),
            (2, 1.0, "complete"),
            (0, 1.0, "provisional"),
            (None, 0.0, "not_over"),
        ]

    def test_an_open_total_ends_with_what_was_collected(self, tmp_path: Path) -> None:
        """A total to the end of today would never be finished."""
        lake = lake_of(tmp_path, {date(2021, 3, 1): 3}, days("2021-03-01", "2021-03-08"), at("2021-03-10T12"))
        lake.lake.record(collected(days("2021-03-09", "2021-03-09"), until=at("2021-03-09T18")))
        (row,) = lake.ask("launches", grain="total").rows.to_pylist()
        assert (row["coverage"], row["is_provisional"], row["state"]) == (1.0, False, "complete")
        (row,) = lake.ask("launches", grain="month").rows.to_pylist()
        assert (row["is_provisional"], row["state"]) == (True, "lost"), "six hours of the 9th are over and not there"

    def test_what_is_over_by_midnight_is_lost_and_today_is_not(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, {}, days("2021-03-01", "2021-03-08"), at("2021-03-10T00"))
        asked: dict[str, Any] = {"since": "2021-03-08", "until": "2021-03-11"}
        assert lake.ask("launches", **asked).rows["state"].to_pylist() == ["complete", "lost", "not_over"]
        hours = lake.ask("launches", grain="hour", since="2021-03-10T00:00Z", until="2021-03-10T03:00Z").rows
        assert hours["state"].to_pylist() == ["not_over"] * 3


class TestKnownWrong:
    LOST = KnownWrong.days(date(2021, 2, 10), date(2021, 2, 12), "one cluster was not recorded")

    def lake(self, folder: Path) -> LakeOf:
        series = {day: 10 if 10 <= day.day <= 12 else 50 for day in days("2021-01-01", "2021-03-09")}
        return lake_of(folder, series, series, at("2021-03-10T05"), happened=Happened(known_wrong=(self.LOST,)))

    def test_its_days_are_shown_and_not_covered(self, tmp_path: Path) -> None:
        lake = self.lake(tmp_path)
        result = lake.ask("launches", since="2021-02-09", until="2021-02-14")
        facts = [(r["launches"], r["coverage"], r["state"]) for r in result.rows.to_pylist()]
        assert facts == [(50, 1.0, "complete"), *[(10, 0.0, "known_wrong")] * 3, (50, 1.0, "complete")]
        assert result.notes == (
            "Known to be wrong, and counted as not collected: 2021-02-10 to 2021-02-12 (one cluster was not recorded).",
        )
        assert result.coverage == pytest.approx(2 / 5)
        assert "10,0,known_wrong" in result.to_csv()

    def test_no_mean_and_no_comparison_uses_it(self, tmp_path: Path) -> None:
        lake = self.lake(tmp_path)
        means = lake.ask("launches", rolling=7, since="2021-02-07", until="2021-02-25").rows.to_pylist()
        assert [row["launches"] for row in means if row["launches"] is not None] == [50] * 9
        assert [row["launches"] for row in means[3:12]] == [None] * 9
        (march,) = lake.ask(
            "launches", grain="month", since="2021-02", until="2021-03", compare="previous"
        ).rows.to_pylist()
        assert (march["launches_previous"], march["change"], march["compared"]) == (25 * 50, 0, "25 of 28 days")

    def test_other_scopes_stay_as_they_are(self, tmp_path: Path) -> None:
        entries = [e for repo in ("core", "docs") for e in collected(days("2021-02-01", "2021-02-02"), COMMITS, repo)]
        wrong = KnownWrong.days(date(2021, 2, 1), date(2021, 2, 1), "lost", scope="docs")
        lake = LakeOf(tmp_path, {}, entries, happened=Happened(known_wrong=(wrong,)))
        asked: dict[str, Any] = {"since": "2021-02-01", "until": "2021-02-03"}
        assert [row["coverage"] for row in lake.ask("commits", **asked).rows.to_pylist()] == [0.5, 1.0]
        core = lake.ask("commits", where="repo=core", **asked)
        assert (core.coverage, core.notes) == (1.0, ())


class TestBreaks:
    def test_no_change_is_given_across_one(self, tmp_path: Path) -> None:
        series = dict.fromkeys(days("2021-01-01", "2021-03-09"), 5)
        change = Annotation.at("break", date(2021, 2, 3), "bots are counted")
        lake = lake_of(tmp_path, series, series, at("2021-03-10T05"), happened=Happened((change,)))
        asked: dict[str, Any] = {"since": "2021-02-02", "until": "2021-02-06", "compare": "previous"}
        result = lake.ask("launches", **asked)
        rows = result.rows.to_pylist()
        assert [row["change"] for row in rows] == [0, None, None, None]
        assert [row["compared"] for row in rows] == ["whole", "break", "break", "break"]
        assert [row["launches_previous"] for row in rows] == [5] * 4
        assert any("No change is given across the break of 2021-02-03 (bots are counted)" in n for n in result.notes)
        after = lake.ask("launches", since="2021-02-07", until="2021-02-09", compare="previous")
        assert (after.rows["change"].to_pylist(), after.notes) == ([0, 0], ())

    def test_every_question_that_crosses_it_says_so(self, tmp_path: Path) -> None:
        series = dict.fromkeys(days("2021-02-01", "2021-02-09"), 5)
        change = Annotation.at("break", date(2021, 2, 3), "bots are counted")
        release = Annotation.at("release", date(2021, 2, 4), "2.0")
        lake = lake_of(tmp_path, series, series, at("2021-02-10T05"), happened=Happened((release, change)))
        for grain in ("day", "week", "total"):
            result = lake.ask("launches", grain=grain, since="2021-02-01", until="2021-02-08")
            assert result.annotations == (change, release)
            assert result.notes == (
                "A break: bots are counted, 2021-02-03. Numbers before and after it are not comparable.",
            )
        assert lake.ask("launches", since="2021-02-05", until="2021-02-08").annotations == ()


class TestZeroDays:
    def test_a_settled_zero_day_between_busy_days_is_noted(self, tmp_path: Path, shared_data: Path) -> None:
        series = {day: n for day, n in hub_users(shared_data).items() if day != date(2023, 3, 8)}
        on = between(date(2023, 2, 1), date(2023, 4, 1))
        lake = lake_of(tmp_path, series, on, at("2023-06-01"))
        (note,) = lake.ask("launches").notes
        assert note.startswith("1 settled day between busy days is 0: 2023-03-08. If the source lost it, add")

    def test_a_quiet_weekend_is_not(self, tmp_path: Path) -> None:
        on = days("2021-02-01", "2021-02-28")
        series = {day: 40 if day.weekday() < 5 else 0 for day in on}
        assert lake_of(tmp_path, series, on, at("2021-06-01")).ask("launches").notes == ()


class TestOutsideOfWhatIsKnown:
    def test_the_future(self, tmp_path: Path) -> None:
        lake = lake_of(tmp_path, {date(2021, 3, 1): 3}, days("2021-03-01", "2021-03-09"), at("2021-03-10T05"))
        for grain in ("day", "month", "total"):
            result = lake.ask("launches", grain=grain, since="2027", until="2027-03")
            assert result.rows.num_rows == 0
            assert result.notes[0] == "2027-01-01 is in the future: there is no data yet."

    @pytest.mark.parametrize("asked", [{}, {"since": "2021-03-01", "until": "2021-03-05"}, {"grain": "total"}])
    def test_before_the_first_collection(self, tmp_path: Path, asked: dict[str, Any]) -> None:
        lake = lake_of(tmp_path, {date(2021, 3, 1): 3}, days("2021-03-01", "2021-03-09"), at("2021-03-10T05"))
        lake.now = at("2021-04-01")
        lake.lake.record(collected(days("2021-03-01", "2021-03-09")))
        result = lake.ask("launches", as_of="2020-06-01", **asked)
        assert (result.rows.num_rows, result.coverage) == (0, 0.0)
        assert result.notes == ("Not known at 2020-06-01: launches was first collected on 2021-03-10.",)
        assert lake.ask("commits", as_of="2020-06-01", **asked).notes == (
            "Nothing was collected yet for commits; run `footfall collect`.",
        )


def test_ranges_are_the_same_with_and_without_rollups(tmp_path: Path, shared_data: Path) -> None:
    """Parts of periods are read from the table where a rollup cannot tell them apart."""
    series = downloads(shared_data)
    covered = [day for day in between(date(2023, 1, 1), date(2024, 11, 26)) if day.day != 13]
    lake = lake_of(tmp_path, series, covered, at("2024-11-27T05"))
    ask: Callable[..., Any] = lake.ask
    for asked in (
        {"grain": "month", "since": "2024-08"},
        {"grain": "year", "since": "2024"},
        {"grain": "week", "last": 5},
    ):
        both = [ask("launches", compare="year", use_rollups=use, **asked).rows.to_pylist() for use in (True, False)]
        assert both[0] == both[1]
