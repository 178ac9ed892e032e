"""A metric with several facts: of every scope and day one of them is counted, never two, and the grain changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.engine import DuckDB
from footfall.errors import DeclarationError
from footfall.lake import Lake, Restated
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Subject
from footfall.periods import ALL_TIME, Grain, Window
from footfall.query import Query
from footfall.result import Result
from footfall.tables import Column, Replace, Role, Rollup, Table
from lakes import arrow, at, days
from lengths import examples

FROM_GIT = Table(
    name="git_commits",
    description="Commits by repository, to the second.",
    columns=(
        Column("committed_at", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which.", folds_case=True),
        Column("author", "string", Role.DIMENSION, "Who."),
        Column("commits", "integer", Role.MEASURE, "1."),
    ),
    rule=Replace(scope="repo"),
    rollups=(Rollup("git_commits_by_day", Grain.DAY, ("repo", "author")),),
)
FROM_API = Table(
    name="api_commits",
    description="Commits by repository and day.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which.", folds_case=True),
        Column("author", "string", Role.DIMENSION, "Who."),
        Column("verified", "boolean", Role.DIMENSION, "Only the API says."),
        Column("n", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(scope="repo"),
    resolution=Grain.DAY,
)

TABLES = {table.name: table for table in (FROM_GIT, FROM_API)}
COMMITS = Metric(
    "commits",
    "Commits",
    "Commits.",
    Kind.SUM,
    "commits",
    (Fact("git_commits", ("commits",)), Fact("api_commits", ("n",))),
)
AUTHORS = Metric(
    "authors",
    "Authors",
    "Authors.",
    Kind.DISTINCT,
    "authors",
    (Fact("git_commits", ("author",)), Fact("api_commits", ("author",))),
)
METRICS = {metric.name: metric for metric in (COMMITS, AUTHORS)}
NOW = at("2021-03-10T12")
FIRST = date(2021, 2, 1)
DAYS = days("2021-02-01", "2021-02-12")


@dataclass
class Facts:
    """A lake with rows and coverage of both tables."""

    folder: Path
    rows: dict[str, list[dict[str, Any]]]
    entries: list[Entry]

    def __post_init__(self) -> None:
        self.engine = DuckDB()
        self.lake = Lake.open(str(self.folder), now=lambda: NOW)
        for name, rows in self.rows.items():
            table = TABLES[name]
            scopes = {row["repo"] for row in rows}
            if rows:
                self.lake.commit(table, arrow(table, rows), replaces=[Restated(ALL_TIME, s) for s in sorted(scopes)])
                refresh(self.lake, table)
        self.lake.record(self.entries)

    def ask(self, name: str, **asked: Any) -> Result:
        asked = {"since": at("2021-02-01"), "until": at("2021-02-13"), **asked}
        subject = Subject.of(METRICS[name], TABLES)
        query = Query.parse(name, metrics=METRICS, tables=TABLES, now=NOW, **asked)
        return answer(query, [subject], self.lake.snapshot(subject.tables), self.engine, NOW)


def entry(table: Table, scope: str, start: datetime, end: datetime, status: Status = Status.COMPLETE) -> Entry:
    return Entry("git" if table is FROM_GIT else "api", table.name, scope, Window(start, end), status, end)


def commit(moment: str, repo: str = "a", author: str = "ada", n: int = 1) -> dict[str, Any]:
    return {"committed_at": at(moment), "day": at(moment[:10]), "repo": repo, "author": author, "commits": n, "n": n}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class TestTwoFacts:
    """git knows 1 to 4 February, the API 3 to 6: 3 and 4 are git's."""

    ROWS: ClassVar = {
        "git_commits": [commit("2021-02-01T05"), commit("2021-02-03T07", author="bob"), commit("2021-02-04T23", n=2)],
        "api_commits": [commit("2021-02-03", author="Bob", n=5), commit("2021-02-05", n=7), commit("2021-02-06", n=9)],
    }
    ENTRIES: ClassVar = [
        entry(FROM_GIT, "a", at("2021-02-01"), at("2021-02-05")),
        entry(FROM_API, "a", at("2021-02-03"), at("2021-02-07")),
    ]

    def test_are_never_added(self, folder: Path) -> None:
        result = Facts(folder, self.ROWS, self.ENTRIES).ask("commits", until=at("2021-02-08"))
        assert result.rows["commits"].to_pylist() == [1, 0, 1, 2, 7, 9, None]
        assert result.rows["coverage"].to_pylist() == [1, 1, 1, 1, 1, 1, 0]
        assert any("Read from the table api_commits" in note and "2021-02-05" in note for note in result.notes)

    def test_count_distinct_things_of_the_time_that_each_is_read_for(self, folder: Path) -> None:
        facts = Facts(folder, self.ROWS, self.ENTRIES)
        assert facts.ask("authors", grain="month").rows["authors"].to_pylist() == [2]

    def test_the_first_alone_says_nothing_of_the_other(self, folder: Path) -> None:
        facts = Facts(folder, self.ROWS, self.ENTRIES)
        result = facts.ask("commits", until=at("2021-02-05"))
        assert not any("Read from" in note for note in result.notes)

    def test_only_what_both_know_can_be_asked(self, folder: Path) -> None:
        facts = Facts(folder, self.ROWS, self.ENTRIES)
        with pytest.raises(Exception, match="unknown dimension of commits 'verified'; valid: repo, author"):
            facts.ask("commits", by="verified")
        with pytest.raises(Exception, match="commits is known by day, not by hour"):
            facts.ask("commits", grain="hour")

    def test_half_a_day_is_not_taken_from_a_table_of_days(self, folder: Path) -> None:
        """git was read at noon: the API has the whole day, so the day is the API's."""
        entries = [
            entry(FROM_GIT, "a", at("2021-02-01"), at("2021-02-04T12")),
            entry(FROM_API, "a", at("2021-02-03"), at("2021-02-05")),
        ]
        rows = {
            "git_commits": [commit("2021-02-03T05"), commit("2021-02-04T07")],
            "api_commits": [commit("2021-02-03", n=5), commit("2021-02-04", n=5)],
        }
        result = Facts(folder, rows, entries).ask("commits", since=at("2021-02-03"), until=at("2021-02-05"))
        assert result.rows["commits"].to_pylist() == [1, 5]
        assert result.rows["coverage"].to_pylist() == [1, 1]

    def test_a_scope_is_one_whatever_its_spelling(self, folder: Path) -> None:
        entries = [
            entry(FROM_GIT, "Org/Repo", at("2021-02-01"), at("2021-02-02")),
            entry(FROM_API, "org/repo", at("2021-02-01"), at("2021-02-03")),
        ]
        rows = {
            "git_commits": [commit("2021-02-01T05", "Org/Repo")],
            "api_commits": [commit("2021-02-01", "org/repo", n=5), commit("2021-02-02", "org/repo", n=3)],
        }
        result = Facts(folder, rows, entries).ask("commits", until=at("2021-02-03"))
        assert result.rows["commits"].to_pylist() == [1, 3]
        assert result.rows["coverage"].to_pylist() == [1, 1]


def test_facts_collected_by_different_scopes_are_refused() -> None:
    other = replace(FROM_API, name="other", rule=Replace())
    metric = replace(COMMITS, facts=(Fact("git_commits", ("commits",)), Fact("other", ("n",))))
    with pytest.raises(DeclarationError, match="collected by different scopes: git_commits by repo, other by nothing"):
        Subject.of(metric, {**TABLES, "other": other})


# --- against plain Python

REPOS = ("a", "b", "c")
_ROW = st.tuples(
    st.sampled_from(REPOS), st.integers(0, 11), st.integers(0, 23), st.sampled_from("xyz"), st.integers(1, 9)
)
_SPAN = st.tuples(st.sampled_from(REPOS), st.integers(0, 11), st.integers(1, 6))


def _moment(day: int, hour: int = 0) -> datetime:
    return at("2021-02-01") + timedelta(days=day, hours=hour)


def _expected(
    rows: dict[str, list[dict[str, Any]]], spans: dict[str, list[tuple[str, int, int]]], name: str
) -> Iterator[tuple[date, Any, float]]:
    """Day by day and repository by repository: the first table that has collected the day, else git."""
    known = {repo for each in spans.values() for repo, _, _ in each}
    for n, day in enumerate(DAYS):
        counted: list[tuple[str, int]] = []
        covered = 0
        for repo in REPOS:
            collected = [
                table
                for table in TABLES
                if any(r == repo and start <= n < start + length for r, start, length in spans[table])
            ]
            table = collected[0] if collected else "git_commits"
            covered += repo in known and bool(collected)
            time = TABLES[table].time
            counted += [
                (row["author"], row["n"]) for row in rows[table] if row["repo"] == repo and row[time].date() == day
            ]
        coverage = covered / len(known) if known else 0.0
        value: Any = sum(n for _, n in counted) if name == "commits" else len({author for author, _ in counted})
        yield day, (value if counted or coverage > 0 else None), coverage


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(_ROW, max_size=20),
    st.lists(_ROW, max_size=20),
    st.lists(_SPAN, max_size=5),
    st.lists(_SPAN, max_size=5),
    st.sampled_from(["commits", "authors"]),
)
def test_every_day_is_that_of_the_first_fact_that_has_it(
    git: list[Any], api: list[Any], git_spans: list[Any], api_spans: list[Any], name: str
) -> None:
    rows = {
        "git_commits": [
            {"committed_at": _moment(d, h), "repo": r, "author": a, "commits": n, "n": n} for r, d, h, a, n in git
        ],
        "api_commits": [{"day": _moment(d), "repo": r, "author": a, "n": n} for r, d, _, a, n in api],
    }
    spans = {"git_commits": git_spans, "api_commits": api_spans}
    entries = [
        entry(TABLES[table], repo, _moment(start), _moment(start + length))
        for table, each in spans.items()
        for repo, start, length in each
    ]
    with TemporaryDirectory() as folder:
        facts = Facts(Path(folder), rows, entries)
        result = facts.ask(name)
        got = zip((p.date() for p in result.rows["period"].to_pylist()), result.rows[name].to_pylist(), strict=True)
        wanted = list(_expected(rows, spans, name))
        assert list(got) == [(day, value) for day, value, _ in wanted]
        assert result.rows["coverage"].to_pylist() == pytest.approx([coverage for _, _, coverage in wanted])
        if name == "commits":
            by_repo = facts.ask("commits", grain="total", by="repo").rows["commits"].to_pylist()
            total = facts.ask("commits", grain="total").rows["commits"].to_pylist()[0]
            assert (total or 0) == sum(value or 0 for _, value, _ in wanted) == sum(value or 0 for value in by_repo)
