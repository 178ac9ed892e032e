"""Distinct counts that a source reports for spans: exact where it did, an honest range elsewhere, never a sum."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.engine import DuckDB, Engine, connect
from footfall.errors import FootfallError
from footfall.lake import Lake, Restated
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Subject
from footfall.periods import ALL_TIME, Grain, Window
from footfall.query import Query
from footfall.result import Result
from footfall.tables import Column, Replace, Role, Table
from lakes import arrow, at
from lengths import examples

DAYS = Table(
    name="views",
    description="Views by day.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("uniques", "integer", Role.MEASURE, "Different visitors of the day."),
    ),
    rule=Replace(scope="repo"),
    resolution=Grain.DAY,
)
FORTNIGHTS = Table(
    name="fortnights",
    description="Views of two weeks.",
    columns=(
        Column("since", "timestamp", Role.TIME, "From here."),
        Column("until", "timestamp", Role.ATTRIBUTE, "To here, excluded."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("uniques", "integer", Role.MEASURE, "Different visitors of the two weeks."),
    ),
    rule=Replace(scope="repo"),
    resolution=Grain.DAY,
)

TABLES = {table.name: table for table in (DAYS, FORTNIGHTS)}
UNIQUES = Metric(
    "uniques",
    "Visitors",
    "Different visitors.",
    Kind.REPORTED,
    "visitors",
    (Fact("views", ("uniques",)), Fact("fortnights", ("uniques",), ends="until")),
)
METRICS = {"uniques": UNIQUES}
NOW = at("2026-04-01")
FIRST = at("2026-03-01")


def day(n: int) -> datetime:
    return FIRST + timedelta(days=n)


@dataclass
class Visits:
    """A lake of reported counts: (repo, first day, days, count); one day goes into the table of days."""

    folder: Path
    reported: Sequence[tuple[str, int, int, int]]
    entries: Sequence[Entry] = ()
    engine: Engine = field(default_factory=DuckDB)

    def __post_init__(self) -> None:
        self.lake = Lake.open(str(self.folder), now=lambda: NOW)
        rows: dict[str, list[dict[str, Any]]] = {"views": [], "fortnights": []}
        for repo, first, length, count in self.reported:
            named = {"repo": repo, "uniques": count}
            if length == 1:
                rows["views"].append({"day": day(first), **named})
            else:
                rows["fortnights"].append({"since": day(first), "until": day(first + length), **named})
        for name, each in rows.items():
            scopes = sorted({row["repo"] for row in each})
            if scopes:
                restated = [Restated(ALL_TIME, scope) for scope in scopes]
                self.lake.commit(TABLES[name], arrow(TABLES[name], each), replaces=restated)
        self.lake.record(list(self.entries))

    def ask(self, **asked: Any) -> Result:
        query = Query.parse("uniques", metrics=METRICS, tables=TABLES, now=NOW, **asked)
        subject = Subject.of(UNIQUES, TABLES)
        return answer(query, [subject], self.lake.snapshot(subject.tables), self.engine, NOW)

    def known(self, **asked: Any) -> list[tuple[Any, Any, Any]]:
        """(value, least, most) of each row."""
        rows = self.ask(**asked).rows
        columns = (rows[name].to_pylist() for name in ("uniques", "uniques_least", "uniques_most"))
        return list(zip(*columns, strict=True))


def complete(repo: str, first: int, until: int, table: str = "views") -> Entry:
    return Entry("test", table, repo, Window(day(first), day(until)), Status.COMPLETE, NOW)


TOTAL = {"grain": "total", "since": "2026-03-01", "until": "2026-03-15"}


class TestBounds:
    def test_a_reported_span_is_known(self, tmp_path: Path) -> None:
        visits = Visits(tmp_path, [("a", 0, 1, 5), ("a", 1, 1, 7), ("a", 0, 14, 9)])
        assert visits.known(grain="day", since="2026-03-01", until="2026-03-04") == [(5, 5, 5), (7, 7, 7), (None, 0, 9)]
        assert visits.known(**TOTAL) == [(9, 9, 9)]

    def test_days_give_the_range_from_the_largest_to_their_sum(self, tmp_path: Path) -> None:
        visits = Visits(tmp_path, [("a", n, 1, 3 + n) for n in range(14)])
        assert visits.known(**TOTAL) == [(None, 16, sum(range(3, 17)))]

    def test_a_containing_span_bounds_from_above_and_a_contained_one_from_below(self, tmp_path: Path) -> None:
        days = [("a", n, 1, 5) for n in range(20)]
        visits = Visits(tmp_path, [*days, ("a", 0, 20, 30)])
        assert visits.known(**TOTAL) == [(None, 5, 30)]
        assert Visits(tmp_path / "b", [*days, ("a", 2, 10, 22)]).known(**TOTAL) == [(None, 22, 22 + 4 * 5)]

    def test_what_lies_outside_of_a_containing_span_lifts_the_least(self, tmp_path: Path) -> None:
        """30 in 20 days, of which at most 2 a day came in the six days after: at least 18 came before."""
        visits = Visits(tmp_path, [*(("a", n, 1, 2) for n in range(20)), ("a", 0, 20, 30)])
        assert visits.known(**TOTAL) == [(None, 18, 28)]

    def test_a_day_that_was_collected_and_has_no_row_is_zero(self, tmp_path: Path) -> None:
        visits = Visits(tmp_path, [("a", 0, 1, 5)], [complete("a", 0, 14)])
        assert visits.known(**TOTAL) == [(5, 5, 5)]
        assert Visits(tmp_path / "b", [("a", 0, 1, 5)], [complete("a", 0, 3)]).known(**TOTAL) == [(None, 5, None)]

    def test_several_series_may_share_their_people(self, tmp_path: Path) -> None:
        visits = Visits(tmp_path, [("a", 0, 14, 9), ("b", 0, 14, 4)])
        assert visits.known(**TOTAL) == [(None, 9, 13)]
        assert visits.known(**TOTAL, by="repo") == [(9, 9, 9), (4, 4, 4)]
        assert visits.known(**TOTAL, where="repo=b") == [(4, 4, 4)]

    @pytest.mark.parametrize("asked", [{"rolling": 7}, {"cumulative": True}, {"by": "repo", "top": 1}])
    def test_what_it_cannot_give_is_refused(self, tmp_path: Path, asked: Any) -> None:
        with pytest.raises(FootfallError, match=r"uniques is a distinct count made by its source.*(leave out|without)"):
            Visits(tmp_path, [("a", 0, 1, 5)]).ask(**asked)

    def test_csv_has_the_range(self, tmp_path: Path) -> None:
        visits = Visits(tmp_path, [("a", 0, 1, 5), ("a", 1, 1, 6)], [complete("a", 0, 2)])
        lines = visits.ask(grain="total", since="2026-03-01", until="2026-03-03").to_csv().splitlines()
        assert lines[0].startswith("period,uniques,uniques_least,uniques_most,coverage")
        assert lines[1].startswith("2026-03-01,,6,11,1")


# --- against people who really visited

_VISITS = st.lists(st.frozensets(st.integers(0, 12), max_size=6), min_size=12, max_size=12)
_SPANS = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=12, unique=True)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(_VISITS, _VISITS, _SPANS, _SPANS, st.integers(0, 11), st.integers(1, 12))
def test_the_truth_lies_within(
    a: list[frozenset[int]],
    b: list[frozenset[int]],
    spans_a: list[tuple[int, int]],
    spans_b: list[tuple[int, int]],
    first: int,
    length: int,
) -> None:
    """Random visits: the true count of any span is within the range that is derived from reported ones."""
    visits = {"a": a, "b": b}
    spans = {"a": spans_a, "b": spans_b}

    def true(repos: str, start: int, days: int) -> int:
        return len(frozenset(chain.from_iterable(p for r in repos for p in visits[r][start : start + days])))

    reported = [(r, start, n, true(r, start, n)) for r in "ab" for start, n in spans[r]]
    if not reported:
        return
    asked = {"grain": "total", "since": day(first), "until": day(first + length)}
    with TemporaryDirectory() as folder:
        lake = Visits(Path(folder), reported)
        for row in lake.ask(**asked, by="repo").rows.to_pylist():
            count = true(row["repo"], first, length)
            exact = (first, length) in spans[row["repo"]]
            _check(row, count, exact)
            touching = [s for s in spans[row["repo"]] if s[0] < first + length and first < s[0] + s[1]]
            assert row["uniques_most"] == _least_cover(row["repo"], touching, first, length, true) or exact
        for row in lake.ask(**asked).rows.to_pylist():
            touched = [r for r in "ab" if any(s < first + length and first < s + n for s, n in spans[r])]
            _check(row, true("".join(touched), first, length), False)


def _check(row: dict[str, Any], count: int, is_exact: bool) -> None:
    if row["uniques_least"] is None:  # nothing was reported of this time
        assert (row["uniques"], row["uniques_most"]) == (None, None)
        return
    assert row["uniques_least"] <= count
    assert row["uniques_most"] is None or count <= row["uniques_most"]
    assert row["uniques"] in (None, count)
    assert row["uniques"] == count or not is_exact


def _least_cover(repo: str, spans: Sequence[tuple[int, int]], first: int, length: int, true: Any) -> int | None:
    """Day by day: the least sum of spans that cover all days up to each."""
    best: dict[int, int] = {first: 0}
    for at_day in range(first, first + length):
        if at_day not in best:
            continue
        for start, n in spans:
            if start <= at_day < start + n:
                for reached in range(at_day + 1, min(start + n, first + length) + 1):
                    cost = best[at_day] + true(repo, start, n)
                    best[reached] = min(best.get(reached, cost), cost)
    return best.get(first + length)


def test_engines_agree(server: str, tmp_path: Path) -> None:
    reported = [("a", n, 1, 3 + n) for n in range(14)] + [("b", 0, 14, 20), ("a", 0, 14, 30)]
    entries = [complete("a", 0, 14)]
    spark = connect(server)
    try:
        first = Visits(tmp_path / "a", reported, entries)
        second = Visits(tmp_path / "b", reported, entries, spark)
        for asked in ({"grain": "day", "by": "repo"}, TOTAL, {"grain": "week"}):
            assert first.known(**asked) == second.known(**asked)
    finally:
        spark.close()


# --- real answers of GitHub


def test_real_polls(shared_data: Path, tmp_path: Path) -> None:
    """The visitors of a fortnight lie within what its days allow, and are known once the fortnight itself is there."""
    file = shared_data / "github_traffic" / "agenttoolkit" / "traffic_polls.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        polls = [json.loads(line) for line in lines]
    chosen = [poll["views"] for poll in polls if len(poll["views"].get("views", ())) == 14 and poll["views"]["uniques"]]
    assert len(chosen) > 100, "the file holds polls of whole fortnights"
    for number, views in enumerate(chosen[::60]):
        starts = [datetime.fromisoformat(each["timestamp"]) for each in views["views"]]
        counts = [each["uniques"] for each in views["views"]]
        if (starts[-1] - starts[0]).days != 13:
            continue
        days = [("a", (start - FIRST).days, 1, n) for start, n in zip(starts, counts, strict=True)]
        asked = {"grain": "total", "since": starts[0], "until": starts[-1] + timedelta(days=1)}
        ((_, least, most),) = Visits(tmp_path / f"{number}", days).known(**asked)
        assert (least, most) == (max(counts), sum(counts))
        assert least <= views["uniques"] <= most
        fortnight = ("a", (starts[0] - FIRST).days, 14, views["uniques"])
        assert Visits(tmp_path / f"{number}+", [*days, fortnight]).known(**asked) == [(views["uniques"],) * 3]
