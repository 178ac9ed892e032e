"""Each test pins one wrong number that somebody published, or that is easily published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from footfall.engine import DuckDB, Engine
from footfall.ledger import Entry, Status
from footfall.periods import FAR_FUTURE, Window
from lakes import COMMITS, LakeOf, at, collected, days


def launch(on: str, repo: str = "a/b", launches: int = 1, origin: str | None = "ovh") -> dict[str, object]:
    return {"hour": at(on), "provider": "GitHub", "repo": repo, "origin": origin, "launches": launches}


def test_missing_day_is_not_zero(tmp_path: Path) -> None:
    """A day that nobody collected has no number; a quiet day that was collected has 0."""
    lake = LakeOf(
        tmp_path,
        {"launches": [launch("2021-02-01"), launch("2021-02-04")]},
        collected(days("2021-02-01", "2021-02-02")) + collected(days("2021-02-04", "2021-02-04")),
    )
    assert lake.rows_of("launches") == [
        ("2021-02-01", 1, 1.0),
        ("2021-02-02", 0, 1.0),
        ("2021-02-03", None, 0.0),
        ("2021-02-04", 1, 1.0),
    ]


@pytest.mark.parametrize(("grain", "length"), [("week", 7), ("month", 28)])
def test_one_missing_day_does_not_discard_its_week_or_month(tmp_path: Path, grain: str, length: int) -> None:
    lake = LakeOf(
        tmp_path,
        {"launches": [launch(f"{day}") for day in days("2021-02-01", "2021-02-28") if day != date(2021, 2, 3)]},
        [e for e in collected(days("2021-02-01", "2021-02-28")) if e.window.start != at("2021-02-03")],
    )
    period, value, coverage = lake.rows_of("launches", grain=grain)[0]
    assert (period, value) == ("2021-02-01", length - 1)
    assert coverage == pytest.approx((length - 1) / length)


def test_rolling_is_over_days_not_rows(tmp_path: Path) -> None:
    """Three days apart are not three rows apart: a mean over rows would take the 1st for a neighbour of the 9th."""
    lake = LakeOf(
        tmp_path,
        {"launches": [launch("2021-02-01", launches=90), launch("2021-02-09", launches=9)]},
        collected(days("2021-02-01", "2021-02-10")),
    )
    values = lake.values_of("launches", rolling=3)
    assert values["2021-02-09"] == 3
    assert values["2021-02-03"] == 30
    assert values["2021-02-04"] == 0


def test_third_of_january_2021_is_in_week_53_of_2020(tmp_path: Path) -> None:
    """%W and %Y labels put it in a week of its own."""
    lake = LakeOf(
        tmp_path,
        {"launches": [launch("2020-12-28"), launch("2021-01-03T23"), launch("2021-01-04")]},
        collected(days("2020-12-28", "2021-01-10")),
    )
    assert lake.values_of("launches", grain="week") == {"2020-12-28": 2, "2021-01-04": 1}


def test_unique_things_are_never_added(tmp_path: Path) -> None:
    """The same repository on every day of a month is one repository of the month, with rollups and without."""
    rows = [launch(f"{day}", repo="a/b") for day in days("2021-02-01", "2021-02-28")]
    lake = LakeOf(
        tmp_path, {"launches": [*rows, launch("2021-02-05", repo="c/d")]}, collected(days("2021-02-01", "2021-02-28"))
    )
    assert set(lake.values_of("repos").values()) == {1, 2}
    for use_rollups in (True, False):
        result = lake.ask("repos", grain="month", use_rollups=use_rollups)
        assert result.rows["repos"].to_pylist() == [2]
        assert lake.ask("repos", grain="total", use_rollups=use_rollups).rows["repos"].to_pylist() == [2]


def test_running_count_of_unique_things_counts_first_appearances(tmp_path: Path) -> None:
    rows = [
        launch("2021-02-01", "a/b"),
        launch("2021-02-02", "a/b"),
        launch("2021-02-02", "c/d"),
        launch("2021-02-03", "c/d"),
    ]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-03")))
    assert lake.values_of("repos", cumulative=True) == {"2021-02-01": 1, "2021-02-02": 2, "2021-02-03": 2}


def test_other_of_unique_things_is_recounted(tmp_path: Path) -> None:
    """Repositories of the lesser hosts overlap: 2 + 2 of them are 3, and all minus the top is not what is left."""
    rows = [
        *(launch("2021-02-01", repo, origin="gke") for repo in ("r1", "r2", "r3", "r4")),
        *(launch("2021-02-01", repo, origin="ovh") for repo in ("r1", "r2")),
        *(launch("2021-02-01", repo, origin="gesis") for repo in ("r2", "r5")),
    ]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
    assert [row[1:3] for row in lake.rows_of("repos", grain="total", by="origin", top=1)] == [("gke", 4), ("other", 3)]


def test_rows_without_a_value_stay_under_negation(tmp_path: Path) -> None:
    """SQL's `origin <> 'ovh'` drops every launch from before origins existed: half of a mixed month."""
    rows = [
        launch("2021-02-01", origin=None, launches=5),
        launch("2021-02-01", origin="gke", launches=2),
        launch("2021-02-01"),
    ]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
    assert lake.values_of("launches", where="origin!=ovh") == {"2021-02-01": 7}
    assert lake.values_of("launches", where="origin!=ovh,(none)") == {"2021-02-01": 2}


def test_rows_without_a_value_are_a_group(tmp_path: Path) -> None:
    """A group-by that drops rows without origin loses them from every sum."""
    rows = [launch("2021-02-01", origin=None, launches=5), launch("2021-02-01", launches=2)]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
    assert lake.values_of("launches", by="origin") == {("2021-02-01", "ovh"): 2, ("2021-02-01", None): 5}


def test_half_covered_period_has_its_value_and_says_half(tmp_path: Path) -> None:
    """Today at noon is not a fall by half: it is half a day, and provisional."""
    lake = LakeOf(
        tmp_path,
        {"launches": [launch("2021-03-09", launches=10), launch("2021-03-10T03", launches=5)]},
        collected(days("2021-03-09", "2021-03-09"))
        + collected(days("2021-03-10", "2021-03-10"), status=Status.PROVISIONAL, until=at("2021-03-10T12")),
    )
    rows = lake.ask("launches").rows.to_pylist()
    assert [(r["launches"], r["coverage"], r["is_provisional"]) for r in rows] == [(10, 1.0, False), (5, 0.5, True)]


def test_failed_attempt_does_not_uncover_a_day(tmp_path: Path) -> None:
    """What was stored before a failure is still what is known of the day."""
    day = days("2021-02-01", "2021-02-01")
    lake = LakeOf(tmp_path, {"launches": [launch("2021-02-01", launches=4)]}, collected(day))
    lake.now = at("2021-03-11")
    lake.lake.record(collected(day, status=Status.FAILED, reason="HTTP 500"))
    result = lake.ask("launches")
    assert result.rows.select(["launches", "coverage"]).to_pylist() == [{"launches": 4, "coverage": 1.0}]
    assert any("HTTP 500" in note and "still counts" in note for note in result.notes)


def test_comparing_over_a_gap_gives_nothing_not_a_rise(tmp_path: Path) -> None:
    """From a day that was not collected to 8 launches is not a rise by 8."""
    lake = LakeOf(
        tmp_path,
        {
            "launches": [
                launch("2021-02-01", launches=4),
                launch("2021-02-03", launches=6),
                launch("2021-02-04", launches=8),
            ]
        },
        collected(days("2021-02-01", "2021-02-01")) + collected(days("2021-02-03", "2021-02-04")),
    )
    rows = lake.rows_of("launches", since="2021-02-03", until="2021-02-05", compare="previous")
    assert rows == [("2021-02-03", 6, 4, 2, 50.0, 1.0), ("2021-02-04", 8, None, None, None, 1.0)]


def test_gauges_are_not_added_over_time(tmp_path: Path) -> None:
    """Two hubs at two moments: 10 + 20 users, then 12 + 22; the day had 32 on average, not 64."""
    samples = [
        ("2021-02-01T06", "a", 10),
        ("2021-02-01T06", "b", 20),
        ("2021-02-01T18", "a", 12),
        ("2021-02-01T18", "b", 22),
    ]
    from lakes import USERS

    lake = LakeOf(
        tmp_path,
        {"users": [{"sampled_at": at(t), "hub": hub, "users": n} for t, hub, n in samples]},
        collected(days("2021-02-01", "2021-02-01"), USERS),
    )
    assert lake.values_of("users") == {"2021-02-01": 32}
    assert lake.values_of("peak_users") == {"2021-02-01": 34}
    assert lake.values_of("last_users", by="hub") == {("2021-02-01", "a"): 12, ("2021-02-01", "b"): 22}


def test_the_last_hour_of_a_day_belongs_to_it(tmp_path: Path) -> None:
    """Rounding moments instead of flooring them moves an afternoon to the next day."""
    lake = LakeOf(
        tmp_path,
        {"launches": [launch("2021-02-01T23"), launch("2021-02-02T00")]},
        collected(days("2021-02-01", "2021-02-02")),
    )
    assert lake.values_of("launches") == {"2021-02-01": 1, "2021-02-02": 1}
    assert lake.values_of("launches", until="2021-02-02") == {"2021-02-01": 1}


def test_a_running_total_weighs_periods_by_their_length(tmp_path: Path) -> None:
    """A January that was missed and a February that was collected: 28 of 59 days are known."""
    lake = LakeOf(tmp_path, {"launches": [launch("2021-02-01")]}, collected(days("2021-02-01", "2021-02-28")))
    rows = lake.rows_of("launches", grain="month", since="2021-01-30", until="2021-03-01", cumulative=True)
    assert rows == [("2021-01-01", None, 0.0), ("2021-02-01", 1, pytest.approx(28 / 59))]


def test_top_holds_where_only_the_earlier_window_has_groups(tmp_path: Path) -> None:
    """Nothing is launched this week: last week's groups are the rest of a ranking of nothing, not a row each."""
    rows = [launch("2021-02-01", repo) for repo in ("a/b", "c/d", "e/f")]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-02")))
    asked = {"since": "2021-02-02", "until": "2021-02-03", "compare": "previous", "top": 2}
    for by, other in (("repo", ["other"]), (["repo", "origin"], ["other", "other"])):
        compared = lake.rows_of("launches", by=by, **asked)
        assert compared == [("2021-02-02", *other, 0, 3, -3, -100.0, 1.0)]


def test_a_repository_that_left_the_settings_is_not_missed_for_ever(tmp_path: Path) -> None:
    """It counts as far as it was read; afterwards it is not half of every day, and the answer says that it left."""
    entries = [
        *collected(days("2021-02-01", "2021-02-03"), COMMITS, "core"),
        *collected(days("2021-02-01", "2021-02-01"), COMMITS, "docs"),
        *collected(days("2021-02-02", "2021-02-02"), COMMITS, "docs", Status.PROVISIONAL, at("2021-02-02T12"), rows=1),
    ]
    left = Entry("test", "commits", "docs", Window(at("2021-02-02T12"), FAR_FUTURE), Status.RETIRED, at("2021-02-02"))
    rows = [{"committed_at": at("2021-02-01"), "repo": repo, "author": "a", "commits": 1} for repo in ("core", "docs")]
    lake = LakeOf(tmp_path, {"commits": rows}, [*entries, left])
    assert [row[2] for row in lake.rows_of("commits")] == [1.0, 0.75, 1.0]
    docs = [row[2:] for row in lake.rows_of("commits", by="repo") if row[1] == "docs"]
    assert docs == [(1, 1.0), (0, 0.5), (None, 0.0)]
    assert any(
        note.startswith("No longer collected: docs since 2021-02-02T12:00Z") for note in lake.ask("commits").notes
    )
    lake.lake.record(collected(days("2021-02-03", "2021-02-03"), COMMITS, "docs"))
    assert [row[2] for row in lake.rows_of("commits")] == [1.0, 0.75, 1.0]
    assert not any("any more" in note for note in lake.ask("commits").notes)


@pytest.mark.slow
def test_what_was_asked_before_changes_no_answer(tmp_path: Path) -> None:
    """Expressions are kept from one question to the next: each is of one question, on one state of the lake."""
    lake = LakeOf(
        tmp_path,
        {
            "launches": [
                {"hour": at("2021-01-03T05"), "repo": "a", "origin": "staging", "launches": 3},
                {"hour": at("2021-01-04T06"), "repo": "b", "origin": "main", "launches": 2},
                {"hour": at("2021-02-04T06"), "repo": None, "origin": "main", "launches": 1},
            ]
        },
        collected(days("2021-01-01", "2021-02-28")),
    )
    asked_more: list[dict[str, Any]] = [
        {},
        {"by": ["repo"]},
        {"by": ["repo"], "top": 1},
        {"by": ["repo"], "top": 2},
        {"by": ["origin"], "top": 1},
        {"where": ["origin=main"]},
        {"where": ["origin!=main"]},
        {"policies": {"hosts": "without_staging"}},
    ]
    questions: list[dict[str, Any]] = [
        {"grain": grain, "since": since, **more}
        for grain in ("total", "month")
        for since in ("2021-01-01", "2021-02-01")
        for more in asked_more
    ]
    questions += [{"grain": "month", "since": "2021-01-01", "cumulative": True}]

    def on(engine: Engine) -> LakeOf:
        lake.engine = engine
        return lake

    def answers(engine_for_each: Callable[[], Engine]) -> list[Any]:
        return [
            on(engine_for_each()).ask(name, **asked).rows.to_pylist()
            for name in ("launches", "repos")
            for asked in questions
        ]

    shared = lake.engine
    first = answers(lambda: shared)
    assert answers(lambda: shared) == first == answers(DuckDB)
    LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-05T05"), "repo": "c", "origin": "x", "launches": 9}]})
    assert answers(lambda: shared) == answers(DuckDB) != first
