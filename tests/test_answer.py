from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.engine import DuckDB, Engine
from footfall.errors import QueryError, UnknownNameError
from footfall.lake import Lake, Pinned, Restated
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.measuring.alike import year_before
from footfall.metrics import Fact, Subject
from footfall.periods import Grain, Window
from footfall.query import Query
from footfall.tables import Table
from lakes import COMMITS, LAUNCHES, METRICS, NOW, TABLES, LakeOf, arrow, at, collected, days
from lengths import examples


def launch(on: str, repo: str | None = "a/b", launches: int = 1, **more: Any) -> dict[str, Any]:
    return {"hour": at(on), "provider": "GitHub", "repo": repo, "origin": "ovh", "launches": launches, **more}


def commit(on: str, repo: str, author: str = "ada") -> dict[str, Any]:
    return {"committed_at": at(on), "repo": repo, "author": author, "commits": 1}


@dataclass(eq=False)
class Watched:
    """An engine that tells which tables it was asked for."""

    engine: Engine = field(default_factory=DuckDB)
    mounted: list[str] = field(default_factory=list)

    def mount(self, pinned: Pinned | None, table: Table, as_of: datetime | None = None) -> ir.Table:
        self.mounted.append(table.name)
        return self.engine.mount(pinned, table, as_of)

    def recall(self, key: Hashable, build: Callable[[], ir.Table]) -> ir.Table:
        return build()

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        return self.engine.truncate(moment, grain)

    def next_period(self, start: ir.Column, grain: Grain) -> ir.Column:
        return self.engine.next_period(start, grain)

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return self.engine.step_number(moment, length)

    def run(self, expression: ir.Table) -> pa.Table:
        return self.engine.run(expression)

    def close(self) -> None:
        self.engine.close()


class TestWindow:
    """What is not asked begins and ends with what is known, in whole periods."""

    def test_from_the_first_to_the_last_that_is_known(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {"launches": [launch("2021-02-10T05")]}, collected(days("2021-02-09", "2021-02-12")))
        assert [row[0] for row in lake.rows_of("launches")] == [f"2021-02-{n:02}" for n in (9, 10, 11, 12)]
        assert lake.rows_of("launches", grain="month") == [("2021-02-01", 1, pytest.approx(4 / 28))]
        assert lake.rows_of("launches", grain="total") == [("2021-02-09", 1, 1.0)]

    def test_rows_that_the_ledger_does_not_know_are_shown(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {"launches": [launch("2021-02-07T05")]}, collected(days("2021-02-09", "2021-02-09")))
        assert lake.rows_of("launches") == [("2021-02-07", 1, 0.0), ("2021-02-08", None, 0.0), ("2021-02-09", 0, 1.0)]

    def test_a_source_that_covers_all_time_begins_with_its_rows(self, tmp_path: Path) -> None:
        whole = Entry("git", "commits", "core", Window(at("1970-01-01"), at("9999-01-01")), Status.COMPLETE, NOW)
        lake = LakeOf(tmp_path, {"commits": [commit("2021-03-08", "core")]}, [whole])
        assert lake.rows_of("commits") == [("2021-03-08", 1, 1.0), ("2021-03-09", 0, 1.0), ("2021-03-10", 0, 0.5)]

    def test_nothing_after_the_current_period_unless_asked(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {"launches": [launch("2021-03-10T05"), launch("2021-04-01")]})
        assert [row[0] for row in lake.rows_of("launches")] == ["2021-03-10"]
        assert lake.rows_of("launches", since="2021-04-01", until="2021-04-03") == [
            ("2021-04-01", 1, 0.0),
            ("2021-04-02", None, 0.0),
        ]

    def test_nothing_collected(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {})
        result = lake.ask("launches")
        assert result.rows.num_rows == 0
        assert result.rows.column_names == ["period", "launches", "coverage", "is_provisional", "state"]
        assert result.notes == ("Nothing was collected yet for launches; run `footfall collect`.",)
        assert lake.ask("launches", by="origin", top=3, since="2021-01-01").rows.num_rows == 0

    def test_the_result_names_the_window_it_settled_on(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {}, collected(days("2021-02-09", "2021-02-12")))
        query = lake.ask("launches", grain="week").query
        assert (query.since, query.until) == (at("2021-02-08"), at("2021-02-15"))

    @pytest.mark.parametrize(
        ("grain", "since", "until", "period", "value"),
        [
            ("day", "2021-02-09T12:00Z", "2021-02-10", "2021-02-09", 2),
            ("day", "2021-02-09T01:00+02:00", "2021-02-09T20:00Z", "2021-02-08", 0),
            ("week", "2021-02-10", "2021-02-12", "2021-02-08", 2),
            ("month", "2021-02-09", "2021-02-10", "2021-02-01", 2),
            ("year", "2021-02", "2021-03", "2021-01-01", 2),
        ],
    )
    def test_a_window_that_cuts_a_period_is_widened(
        self, tmp_path: Path, grain: str, since: str, until: str, period: str, value: int
    ) -> None:
        rows = [launch("2021-02-09T05"), launch("2021-02-09T13")]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-01-01", "2021-12-31")))
        result = lake.ask("launches", grain=grain, since=since, until=until)
        first = result.rows.to_pylist()[0]
        assert (f"{first['period']:%Y-%m-%d}", first["launches"], first["coverage"]) == (period, value, 1.0)
        assert any(f"widened to whole {grain}s" in note for note in result.notes)

    def test_a_total_keeps_its_exact_window(self, tmp_path: Path) -> None:
        rows = [launch("2021-02-09T05"), launch("2021-02-09T13")]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-08", "2021-02-09")))
        result = lake.ask("launches", grain="total", since="2021-02-09T12:00Z", until="2021-02-09T14:00Z")
        assert result.rows["launches"].to_pylist() == [1]
        assert (result.coverage, result.notes) == (1.0, ())


class TestCoverage:
    SCOPES = (
        *collected(days("2021-02-01", "2021-02-02"), COMMITS, "core"),
        *collected(days("2021-02-01", "2021-02-01"), COMMITS, "docs"),
        *collected(days("2021-02-02", "2021-02-02"), COMMITS, "docs", Status.FAILED, reason="no network"),
    )

    @pytest.fixture
    def lake(self, tmp_path: Path) -> LakeOf:
        rows = [commit("2021-02-01", "core"), commit("2021-02-01", "docs"), commit("2021-02-02T05", "core", "bob")]
        return LakeOf(tmp_path, {"commits": rows}, self.SCOPES)

    def test_is_the_mean_over_scopes(self, lake: LakeOf) -> None:
        assert lake.rows_of("commits") == [("2021-02-01", 2, 1.0), ("2021-02-02", 1, 0.5)]

    def test_of_the_scopes_asked(self, lake: LakeOf) -> None:
        assert lake.rows_of("commits", where="repo=core") == [("2021-02-01", 1, 1.0), ("2021-02-02", 1, 1.0)]
        assert lake.rows_of("commits", where="repo!=core", until="2021-02-03") == [
            ("2021-02-01", 1, 1.0),
            ("2021-02-02", None, 0.0),
        ]

    def test_of_each_scope(self, lake: LakeOf) -> None:
        """What was not collected of docs is unknown, though core was collected that day."""
        assert lake.rows_of("commits", by="repo") == [
            ("2021-02-01", "core", 1, 1.0),
            ("2021-02-01", "docs", 1, 1.0),
            ("2021-02-02", "core", 1, 1.0),
            ("2021-02-02", "docs", None, 0.0),
        ]

    def test_of_the_rest(self, lake: LakeOf) -> None:
        assert lake.rows_of("commits", by="repo", top=1) == [
            ("2021-02-01", "core", 1, 1.0),
            ("2021-02-01", "other", 1, 1.0),
            ("2021-02-02", "core", 1, 1.0),
            ("2021-02-02", "other", None, 0.0),
        ]

    def test_of_the_rest_of_several_dimensions(self, lake: LakeOf) -> None:
        """Any scope may have a part in it."""
        rows = lake.rows_of("commits", by=["repo", "author"], top=1)
        assert [row for row in rows if row[1] == "other"] == [
            ("2021-02-01", "other", "other", 1, 1.0),
            ("2021-02-02", "other", "other", 1, 0.5),
        ]

    def test_what_vanished_upstream_after_it_was_collected_is_not_missing(self, tmp_path: Path) -> None:
        day = days("2021-02-01", "2021-02-01")
        lake = LakeOf(tmp_path, {"launches": [launch("2021-02-01")]}, collected(day))
        lake.now += timedelta(days=1)
        lake.lake.record(collected(day, status=Status.MISSING))
        result = lake.ask("launches")
        assert (result.rows["coverage"].to_pylist(), result.notes) == ([1.0], ())

    def test_notes_say_what_is_missing_failed_and_refused(self, tmp_path: Path) -> None:
        lake = LakeOf(
            tmp_path,
            {"launches": [launch("2021-02-01")]},
            [
                *collected(days("2021-02-01", "2021-02-01"), rejected=3, sample="{oops"),
                *collected(days("2021-02-02", "2021-02-06"), status=Status.MISSING, reason="no file in the index"),
                *collected(days("2021-02-07", "2021-02-07"), status=Status.FAILED, reason="HTTP 503."),
            ],
        )
        assert lake.ask("launches", until="2021-02-08").notes == (
            "5 days missing: the source has nothing for 2021-02-02, 2021-02-03, 2021-02-04 and 2 more (no file in the index).",
            "1 day failed in the last run: 2021-02-07 (HTTP 503); stored data still counts.",
            "3 lines were refused in 1 day, such as '{oops'.",
        )
        assert lake.ask("launches", until="2021-02-02").notes == ("3 lines were refused in 1 day, such as '{oops'.",)

    def test_a_period_that_is_not_over_is_provisional(self, tmp_path: Path) -> None:
        lake = LakeOf(tmp_path, {"launches": [launch("2021-03-09")]}, collected(days("2021-03-01", "2021-03-09")))
        assert lake.ask("launches", last=2).rows["is_provisional"].to_pylist() == [False, True]
        assert lake.ask("launches", grain="month").rows["is_provisional"].to_pylist() == [True]

    def test_of_a_running_total_is_that_of_all_its_time(self, tmp_path: Path) -> None:
        rows = [launch(f"2021-02-0{n}", launches=n) for n in (1, 3, 4)]
        lake = LakeOf(
            tmp_path, {"launches": rows}, collected([d for d in days("2021-02-01", "2021-02-04") if d.day != 2])
        )
        assert lake.rows_of("launches", cumulative=True) == [
            ("2021-02-01", 1, 1.0),
            ("2021-02-02", None, 0.0),
            ("2021-02-03", 4, pytest.approx(2 / 3)),
            ("2021-02-04", 8, 0.75),
        ]


class TestGroups:
    @pytest.fixture
    def lake(self, tmp_path: Path) -> LakeOf:
        rows = [
            launch("2021-02-01", "big", 10, origin="ovh"),
            launch("2021-02-01", "tie b", 5, origin="other"),
            launch("2021-02-02", "tie a", 5, origin="gke", token=True),
            launch("2021-02-02", "small", 1, origin=None, token=False),
        ]
        return LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-02")))

    def test_a_total_goes_from_the_largest_down(self, lake: LakeOf) -> None:
        assert [row[1] for row in lake.rows_of("launches", by="repo", grain="total")] == [
            "big",
            "tie a",
            "tie b",
            "small",
        ]

    def test_ties_go_by_name(self, lake: LakeOf) -> None:
        for grain in ("total", "week"):
            rows = lake.rows_of("launches", by="repo", grain=grain, top=2)
            assert [row[1:3] for row in rows] == [("big", 10), ("tie a", 5), ("other", 6)]

    def test_no_other_without_a_rest(self, lake: LakeOf) -> None:
        assert [row[1] for row in lake.rows_of("launches", by="repo", grain="total", top=4)] == [
            "big",
            "tie a",
            "tie b",
            "small",
        ]

    def test_the_rest_of_a_total_is_that_of_a_month(self, tmp_path: Path) -> None:
        """Groups without a value come last: the rest may hold some of them, or nothing else."""
        rows = [launch("2021-02-01", name, n) for name, n in (("a", 3), ("b", 2), ("c", 1))]
        rows += [{**launch("2021-02-01", name), "launches": None} for name in ("d", None)]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
        for top in range(1, 6):
            total, month = (lake.rows_of("launches", by="repo", grain=g, top=top) for g in ("total", "month"))
            assert [row[1:3] for row in total] == [row[1:3] for row in month]
        assert [row[1:3] for row in lake.rows_of("launches", by="repo", grain="total", top=2)][-1] == ("other", 1)

    def test_a_group_named_other_is_not_the_rest(self, lake: LakeOf) -> None:
        for grain in ("total", "month"):
            result = lake.ask("launches", by="origin", grain=grain, top=3)
            assert result.rows["origin"].to_pylist() == ["ovh", "gke", "other", "(other)"]
            assert result.rows["launches"].to_pylist() == [10, 5, 5, 1]
            assert any("group is named 'other'" in note for note in result.notes)

    def test_truth_values_stand_beside_other_as_text(self, lake: LakeOf) -> None:
        result = lake.ask("launches", by="token", grain="total", top=1)
        assert (result.rows["token"].to_pylist(), result.rows["launches"].to_pylist()) == ([None, "other"], [15, 6])

    def test_every_group_has_every_period(self, lake: LakeOf) -> None:
        assert len(lake.rows_of("launches", by=["repo", "token"])) == 4 * 2

    def test_too_many_rows_are_not_filled(self, tmp_path: Path) -> None:
        rows = [launch("2021-02-01", f"r{n}") for n in range(120)] + [launch("2021-02-02", None, origin="x")]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
        asked: dict[str, Any] = {"by": "repo", "grain": "hour", "since": "2020-01-01", "until": "2022-01-01"}
        result = lake.ask("launches", **asked)
        assert result.rows.num_rows == 121
        assert "only rows with data" in result.notes[0]
        assert result.rows["repo"].to_pylist()[:2] == ["r0", "r1"]
        assert result.rows["coverage"].to_pylist()[-2:] == [1.0, 0.0]
        assert result.rows.schema == lake.ask("launches", by="repo").rows.schema
        with pytest.raises(QueryError, match="more than 200,000 rows; narrow it"):
            lake.ask("launches", rolling=2, **asked)
        with pytest.raises(QueryError, match="more than 200,000 hours"):
            lake.ask("launches", grain="hour", since="1970-01-01", until="2021-01-01")


class TestComparing:
    def test_with_the_window_before(self, tmp_path: Path) -> None:
        rows = [launch(f"2021-02-0{n}", launches=n * n) for n in range(1, 5)]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-04")))
        asked: dict[str, Any] = {"since": "2021-02-03", "until": "2021-02-05", "compare": "previous"}
        assert [row[1:5] for row in lake.rows_of("launches", **asked)] == [(9, 1, 8, 800.0), (16, 4, 12, 300.0)]
        assert [row[1:5] for row in lake.rows_of("launches", grain="total", **asked)] == [(25, 5, 20, 400.0)]

    def test_groups_that_vanished_fell_to_zero(self, tmp_path: Path) -> None:
        rows = [launch("2021-02-01", "old", 4), launch("2021-02-02", "new", 6)]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-02")))
        asked: dict[str, Any] = {"since": "2021-02-02", "until": "2021-02-03", "compare": "previous", "by": "repo"}
        assert [row[1:6] for row in lake.rows_of("launches", **asked)] == [
            ("new", 6, 0, 6, None),
            ("old", 0, 4, -4, -100.0),
        ]

    def test_with_a_leap_day(self, tmp_path: Path) -> None:
        rows = [launch("2019-02-28", launches=3), launch("2020-02-28", launches=4), launch("2020-02-29", launches=6)]
        lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2019-02-01", "2020-03-01")))
        asked: dict[str, Any] = {"since": "2020-02-28", "until": "2020-03-01", "compare": "year"}
        assert [row[1:4] for row in lake.rows_of("launches", **asked)] == [(4, 3, 1), (6, 3, 3)]

    @pytest.mark.parametrize(
        ("grain", "moment", "before"),
        [
            (Grain.DAY, "2021-03-01", "2020-03-01"),
            (Grain.DAY, "2020-02-29", "2019-02-28"),
            (Grain.MONTH, "2021-02-01", "2020-02-01"),
            (Grain.WEEK, "2021-03-08", "2020-03-02"),  # 2021-W10, 2020-W10
            (Grain.WEEK, "2020-12-28", "2019-12-23"),  # 2020-W53, and 2019 ends with W52
            (Grain.WEEK, "2021-12-27", "2020-12-21"),  # 2021-W52, 2020-W52
            (Grain.HOUR, "2021-03-01T05", "2020-03-01T05"),
        ],
    )
    def test_a_year_before(self, grain: Grain, moment: str, before: str) -> None:
        assert year_before(grain, at(moment)) == at(before)

    def test_what_is_compared_in_part_is_told(self, tmp_path: Path) -> None:
        rows = [launch(f"2021-02-{n:02}", launches=n) for n in (1, 2, 3, 8, 9, 10, 11)]
        lake = LakeOf(
            tmp_path,
            {"launches": rows},
            collected(days("2021-02-01", "2021-02-03")) + collected(days("2021-02-08", "2021-02-14")),
        )
        asked: dict[str, Any] = {"grain": "week", "compare": "previous"}
        result = lake.ask("launches", since="2021-02-08", until="2021-02-15", **asked)
        row = result.rows.to_pylist()[0]
        assert (row["launches"], row["launches_previous"], row["change"], row["compared"]) == (38, 6, 21, "3 of 7 days")
        assert result.notes == (
            "1 period is compared only over the time that was collected in both: 2021-W06 (3 of 7 days).",
        )
        result = lake.ask("launches", since="2021-02-15", until="2021-02-22", **asked)
        assert result.rows["compared"].to_pylist() == [None]
        assert result.notes == ("Not collected since 2021-02-15; run `footfall collect`.",)
        result = lake.ask("launches", since="2021-02-01", until="2021-02-08", **asked)
        assert result.rows["compared"].to_pylist() == [None]


@pytest.fixture(scope="module")
def property_lake(tmp_path_factory: pytest.TempPathFactory) -> LakeOf:
    rows = [
        {
            "hour": at(["2021-01-01", "2022-01-01"][n % 5 == 0]) + timedelta(hours=(n * 37) % (24 * 63)),
            "provider": ["GitHub", "Gist", "Git"][n % 3],
            "repo": f"r{n * n % 7}",
            "origin": ["ovh", None, "gke", "gesis"][n % 4],
            "token": [True, None, False][n // 3 % 3],
            "launches": n % 11,
        }
        for n in range(400)
    ]
    windows = [*days("2021-01-01", "2021-03-01"), *days("2022-01-01", "2022-03-01")]
    return LakeOf(tmp_path_factory.mktemp("lake"), {"launches": rows}, collected(windows))


class TestRollups:
    """They change how fast an answer comes, and nothing else."""

    ROWS = (
        launch("2021-01-30T23", "a/b", 3),
        launch("2021-02-01T01", "a/b", 4, origin=None),
        launch("2021-02-28T23", "c/d", 5, token=True),
    )

    @pytest.fixture
    def watched(self) -> Watched:
        return Watched()

    @pytest.fixture
    def lake(self, tmp_path: Path, watched: Watched) -> LakeOf:
        return LakeOf(tmp_path, {"launches": self.ROWS}, collected(days("2021-01-30", "2021-02-28")), engine=watched)

    @pytest.mark.parametrize(
        ("metric", "asked", "used"),
        [
            ("launches", {"grain": "month"}, "launches_by_month"),
            ("launches", {"grain": "year", "by": "origin"}, "launches_by_year"),
            ("launches", {"grain": "week"}, "launches_by_day"),
            ("launches", {"grain": "day", "by": ["repo"]}, "launches_by_day"),
            ("launches", {"grain": "month", "where": "repo=a/b"}, "launches_by_day"),
            ("launches", {"grain": "month", "since": "2021-02-02T01:00Z"}, "launches_by_month"),
            ("launches", {"grain": "total", "since": "2021-02-02"}, "launches_by_day"),
            ("launches", {"grain": "total", "since": "2021-02-02T01:00Z"}, "launches"),
            ("launches", {"grain": "hour"}, "launches"),
            ("launches", {"grain": "month", "by": "token"}, "launches"),
            ("launches", {"grain": "month", "where": "token=true"}, "launches"),
            ("launches", {"grain": "total", "since": "2021-01-01", "until": "2021-03-01"}, "launches_by_month"),
            ("launches", {"grain": "total", "since": "2021", "until": "2022"}, "launches_by_year"),
            ("launches", {"grain": "year", "since": "2021", "until": "2023", "by": "provider"}, "launches_by_year"),
            ("repos", {"grain": "month"}, "launches_by_day"),
            ("repos", {"grain": "hour"}, "launches"),
            ("latest_launch", {"grain": "month"}, "launches"),
        ],
    )
    def test_the_narrowest_that_covers_the_query(
        self, lake: LakeOf, watched: Watched, metric: str, asked: dict[str, Any], used: str
    ) -> None:
        asked = {"since": "2021-01-01", "until": "2021-03-01", **asked}
        lake.ask(metric, **asked)
        assert watched.mounted == [used]
        watched.mounted.clear()
        lake.ask(metric, use_rollups=False, **asked)
        assert watched.mounted == ["launches"]

    def test_a_stale_one_is_not_used(self, lake: LakeOf, watched: Watched) -> None:
        row = launch("2021-02-03", launches=7)
        lake.lake.commit(LAUNCHES, arrow(LAUNCHES, [row]), replaces=[Restated(Window.of_day(at("2021-02-03")))])
        asked: dict[str, Any] = {"grain": "month", "since": "2021-02-01", "until": "2021-03-01"}
        assert lake.values_of("launches", **asked) == {"2021-02-01": 16}
        assert watched.mounted == ["launches"]
        refresh(lake.lake, LAUNCHES)
        assert lake.values_of("launches", **asked) == {"2021-02-01": 16}
        assert watched.mounted == ["launches", "launches_by_month"]

    def test_sums_of_computed_columns_do_not_use_them(self, lake: LakeOf, watched: Watched) -> None:
        """A count of rows, or of rows of some size, is another number over rows that were added up."""
        capped = replace(
            METRICS["launches"],
            facts=(Fact("launches", ("launches",), lambda t: (t.launches > 3).cast("int64")),),
        )
        asked: dict[str, Any] = {"grain": "total", "since": "2021-01-01", "until": "2021-03-01"}
        query = Query.parse("launches", metrics={"launches": capped}, tables=TABLES, now=NOW, **asked)
        result = answer(query, [Subject.of(capped, TABLES)], lake.lake.snapshot([LAUNCHES]), watched, NOW)
        assert result.rows["launches"].to_pylist() == [2]
        assert watched.mounted == ["launches"]

    @settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_they_never_change_an_answer(self, property_lake: LakeOf, data: st.DataObject) -> None:
        metric = data.draw(st.sampled_from(["launches", "repos", "latest_launch"]), label="metric")
        asked: dict[str, Any] = {
            "grain": data.draw(st.sampled_from(["day", "week", "month", "year", "total"]), label="grain")
        }
        asked["by"] = data.draw(
            st.lists(st.sampled_from(["provider", "origin", "repo", "token"]), max_size=2, unique=True)
        )
        start = data.draw(st.integers(0, 60 * 24))
        step = data.draw(st.sampled_from([1, 24, 24 * 28, 24 * 365]))
        asked["since"] = at("2021-01-01") + timedelta(hours=start // step * step)
        asked["until"] = asked["since"] + timedelta(hours=step * data.draw(st.integers(1, 40)))
        asked["where"] = data.draw(
            st.lists(
                st.sampled_from(["provider=GitHub", "origin!=ovh", "origin=(none)", "token=true", "repo=r1,r2"]),
                max_size=2,
            )
        )
        if asked["by"]:
            asked["top"] = data.draw(st.none() | st.integers(1, 3))
        if asked["grain"] != "total" and metric != "latest_launch":
            asked |= data.draw(st.sampled_from([{}, {"rolling": 2}, {"cumulative": True}, {"compare": "previous"}]))
        with_rollups, without = (property_lake.ask(metric, use_rollups=u, **asked) for u in (True, False))
        assert with_rollups.rows.to_pylist() == without.rows.to_pylist()
        assert (with_rollups.notes, with_rollups.query) == (without.notes, without.query)


class TestValues:
    @pytest.fixture
    def lake(self, tmp_path: Path) -> LakeOf:
        rows = [launch("2021-02-01", "a/b"), launch("2021-02-02", "c/d", origin="gesis")]
        return LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-02")))

    @pytest.mark.parametrize("where", ["origin=gessis", "origin=ovh,gessis", ["repo=a/b", "origin=gessis"]])
    def test_unknown_ones_are_told(self, lake: LakeOf, where: Any) -> None:
        for use_rollups in (True, False):
            with pytest.raises(UnknownNameError, match="unknown value of origin 'gessis'; did you mean 'gesis'"):
                lake.ask("launches", where=where, use_rollups=use_rollups)

    def test_known_ones_that_match_nothing_give_zero(self, lake: LakeOf) -> None:
        assert lake.values_of("launches", where=["origin=gesis", "repo=a/b"]) == {"2021-02-01": 0, "2021-02-02": 0}
        assert lake.values_of("launches", where="origin=gesis", until="2021-02-02") == {"2021-02-01": 0}

    def test_what_is_left_out_need_not_exist(self, lake: LakeOf) -> None:
        assert lake.values_of("launches", where="origin!=nowhere,(none)", grain="total") == {"2021-02-01": 2}
        assert lake.values_of("launches", where="origin=(none)", grain="total") == {"2021-02-01": 0}


def test_as_of_an_earlier_moment(tmp_path: Path) -> None:
    """A day that was restated later is asked as it stood before."""
    import time
    from datetime import UTC

    lake = LakeOf(tmp_path, {"launches": [launch("2021-02-01", launches=1)]})
    lake.now = datetime.now(UTC)
    lake.lake.record(collected(days("2021-02-01", "2021-02-01")))
    time.sleep(0.05)
    before = datetime.now(UTC)
    time.sleep(0.05)
    restated = launch("2021-02-01", launches=5)
    Lake.open(str(tmp_path)).commit(
        LAUNCHES, arrow(LAUNCHES, [restated]), replaces=[Restated(Window.of_day(at("2021-02-01")))]
    )
    assert lake.values_of("launches", grain="total") == {"2021-02-01": 5}
    assert lake.values_of("launches", grain="total", as_of=before) == {"2021-02-01": 1}


def test_policies_shape_the_number_and_are_named(tmp_path: Path) -> None:
    rows = [launch("2021-02-01"), launch("2021-02-01", origin="staging"), launch("2021-02-01", origin=None)]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-02-01", "2021-02-01")))
    assert lake.ask("launches").query.policies == (("hosts", "all"),)
    result = lake.ask("launches", policies={"hosts": "without_staging"})
    assert (result.rows["launches"].to_pylist(), result.policies) == ([2], {"hosts": "without_staging"})
