"""The one suite that runs on every engine: each query against plain Python, on the same lake."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from footfall.engine import Engine
from footfall.errors import LakeError, UnknownNameError
from footfall.lake import Lake, Restated
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Shared, Subject
from footfall.periods import Window
from footfall.query import Query
from footfall.tables import Column, Replace, Role, Table
from lakes import COMMITS, LAUNCHES, METRICS, STARS, TABLES, USERS, VIEWS, LakeOf, arrow, at, collected, days
from oracle import expected

ROWS: dict[str, list[dict[str, Any]]] = {}
ENTRIES: list[Entry] = []


def _fill() -> None:
    """Two winters of launches with a hole, commits of two repositories, samples of hubs, revised views."""
    chance = random.Random(2021)
    winters = [day for day in days("2019-12-20", "2021-01-25") if day.month in (12, 1)]
    holes = {date(2020, 1, 7), date(2021, 1, 5), date(2021, 1, 6)}
    hosts = [None, "ovh", "gke", "gesis", "staging"]
    for day in winters:
        if day in holes:
            continue
        for _ in range(chance.randrange(0, 9)):
            ROWS.setdefault("launches", []).append(
                {
                    "hour": at(f"{day}") + timedelta(hours=chance.randrange(24)),
                    "provider": chance.choice(["GitHub", "Gist", "Zenodo"]),
                    "repo": f"r{chance.randrange(7)}",
                    "origin": chance.choice(hosts),
                    "token": chance.choice([True, False, None]),
                    "launches": chance.randrange(1, 20),
                }
            )
    ENTRIES.extend(e for day in winters for e in collected([day]) if day not in holes)
    ENTRIES.extend(collected([date(2021, 1, 26)], status=Status.PROVISIONAL, until=at("2021-01-26T12")))
    ENTRIES.extend(collected([date(2021, 1, 6)], status=Status.MISSING, reason="no file"))
    for repo, people in (("core", 4), ("docs", 2)):
        for _ in range(40):
            ROWS.setdefault("commits", []).append(
                {
                    "committed_at": at("2021-01-01") + timedelta(hours=chance.randrange(24 * 20)),
                    "repo": repo,
                    "author": f"p{chance.randrange(people)}",
                    "commits": 1,
                }
            )
    ENTRIES.extend(collected(days("2021-01-01", "2021-01-20"), COMMITS, "core"))
    ENTRIES.extend(collected(days("2021-01-01", "2021-01-10"), COMMITS, "docs"))
    for day in days("2021-01-01", "2021-01-14"):
        for hour in (0, 6, 18):
            for hub, size in (("big", 100), ("small", 10)):
                moment = at(f"{day}") + timedelta(hours=hour)
                ROWS.setdefault("users", []).append(
                    {"sampled_at": moment, "hub": hub, "users": float(chance.randrange(size))}
                )
    ENTRIES.extend(collected(days("2021-01-01", "2021-01-15"), USERS))
    for name, table in (("views", VIEWS), ("stars", STARS)):
        for day in days("2021-01-01", "2021-01-07"):
            for polled in range(3):
                row = {"day": at(f"{day}"), "repo": "core", "views": chance.randrange(50)}
                ROWS.setdefault(name, []).append({**row, "observed_at": at(f"{day}") + timedelta(days=polled + 1)})
        ENTRIES.extend(collected(days("2021-01-01", "2021-01-07"), table))


_fill()
NOW = at("2021-01-26T13")


@dataclass(frozen=True)
class Case:
    """A question in Footfall's words, and the same told to the oracle."""

    metric: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[Any], bool] = lambda row: True
    since: str = "2020-12-20"
    until: str = "2021-01-20"
    grain: str = "day"

    def __str__(self) -> str:
        words = [f"{name}={value}" for name, value in self.asked.items()]
        return " ".join([self.metric, self.grain, *words]).replace("/", "_")


CASES = [
    # kinds and grains
    *(Case("launches", grain=grain) for grain in ("hour", "day", "week", "month", "year", "total")),
    *(Case("repos", grain=grain) for grain in ("hour", "day", "week", "month", "year", "total")),
    *(Case("latest_launch", grain=grain) for grain in ("day", "week", "month", "total")),
    *(
        Case(name, since="2021-01-01", until="2021-01-16", grain=grain)
        for name in ("users", "peak_users", "last_users")
        for grain in ("hour", "day", "week", "month", "total")
    ),
    Case("commits", since="2021-01-01", until="2021-01-22"),
    Case("authors", since="2021-01-01", until="2021-01-22", grain="week"),
    # edges within a period, and weeks across years
    Case("launches", since="2020-12-30T06", until="2021-01-03T18"),
    Case("launches", since="2020-12-30", until="2021-01-12", grain="week"),
    Case("repos", since="2020-12-15", until="2021-01-10", grain="month"),
    # groups, with rows that have no value
    Case("launches", {"by": "origin"}),
    Case("launches", {"by": "token"}),
    Case("launches", {"by": ["provider", "origin"]}, grain="week"),
    Case("repos", {"by": "origin"}, grain="month"),
    Case("repos", {"by": ["origin", "token"]}, grain="total"),
    Case("latest_launch", {"by": "origin"}, grain="month"),
    Case("users", {"by": "hub"}, since="2021-01-01", until="2021-01-16"),
    # filters
    Case("launches", {"where": "origin=ovh,gke"}, lambda r: r["origin"] in ("ovh", "gke")),
    Case("launches", {"where": "origin!=ovh"}, lambda r: r["origin"] != "ovh"),
    Case("launches", {"where": "origin!=ovh,(none)"}, lambda r: r["origin"] not in ("ovh", None)),
    Case("launches", {"where": "origin=(none)"}, lambda r: r["origin"] is None),
    Case("launches", {"where": "origin!=(none)"}, lambda r: r["origin"] is not None),
    Case("launches", {"where": "origin=ovh,(none)"}, lambda r: r["origin"] in ("ovh", None)),
    Case("launches", {"where": "token=true"}, lambda r: r["token"] is True),
    Case("launches", {"where": "token!=true"}, lambda r: r["token"] is not True),
    Case(
        "repos",
        {"where": ["provider=GitHub", "origin!=gke"]},
        lambda r: r["provider"] == "GitHub" and r["origin"] != "gke",
    ),
    Case("launches", {"policies": {"hosts": "without_staging"}}, lambda r: r["origin"] != "staging", grain="month"),
    # ranking
    Case("launches", {"by": "repo", "top": 3}, grain="total"),
    Case("launches", {"by": "repo", "top": 3}, grain="week"),
    Case("launches", {"by": "origin", "top": 2}),
    Case("launches", {"by": "token", "top": 1}, grain="total"),
    Case("launches", {"by": ["token", "origin"], "top": 3}),
    Case("launches", {"by": ["provider", "origin"], "top": 4}, grain="week"),
    Case("repos", {"by": "origin", "top": 2}, grain="month"),
    Case("repos", {"by": "provider", "top": 50}, grain="total"),
    Case("users", {"by": "hub", "top": 1}, since="2021-01-01", until="2021-01-16"),
    # time against time
    Case("launches", {"rolling": 7}),
    Case("launches", {"rolling": 3, "by": "origin"}),
    Case("repos", {"rolling": 2}, grain="week", since="2020-12-21", until="2021-01-18"),
    Case("users", {"rolling": 3}, since="2021-01-03", until="2021-01-16"),
    Case("launches", {"cumulative": True}),
    Case("launches", {"cumulative": True, "by": "origin"}, grain="week", since="2020-12-21", until="2021-01-18"),
    Case("repos", {"cumulative": True}),
    Case("repos", {"cumulative": True, "by": "origin", "top": 2}),
    Case("launches", {"compare": "previous"}, since="2021-01-08", until="2021-01-15"),
    Case("launches", {"compare": "previous", "by": "provider"}, grain="week", since="2021-01-04", until="2021-01-18"),
    Case("launches", {"compare": "year"}, since="2021-01-01", until="2021-01-20"),
    Case("launches", {"compare": "year"}, since="2021-01-04", until="2021-01-25", grain="week"),
    Case("launches", {"compare": "year", "rolling": 7}, since="2021-01-08", until="2021-01-20"),
    Case("repos", {"compare": "year"}, since="2021-01-01", until="2021-02-01", grain="month"),
    # like with like: days that were not collected, or are not over, on either side
    Case("launches", {"compare": "year"}, since="2021-01-01", until="2021-02-01", grain="month"),
    Case("launches", {"compare": "year", "by": "origin"}, since="2021-01-01", until="2021-02-01", grain="month"),
    Case("launches", {"compare": "year"}, since="2021-01-01", until="2022-01-01", grain="year"),
    Case("launches", {"compare": "previous"}, since="2021-01-26", until="2021-01-27"),
    Case("repos", {"compare": "previous"}, since="2021-01-04", until="2021-02-01", grain="week"),
    Case("commits", {"compare": "previous"}, since="2021-01-11", until="2021-01-25", grain="week"),
    Case("commits", {"compare": "previous", "by": "repo"}, since="2021-01-11", until="2021-01-25", grain="week"),
    Case("users", {"compare": "previous"}, since="2021-01-11", until="2021-01-18", grain="week"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lake")
    LakeOf(path, ROWS, ENTRIES, NOW)
    return path


@pytest.fixture(scope="module")
def lake(folder: Path, engine: Engine) -> LakeOf:
    return LakeOf(folder, {}, (), NOW, engine)


_RIGHT: dict[str, list[tuple[Any, ...]]] = {}


def right(case: Case, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What plain Python finds, once for all engines."""
    key = f"{case} {case.since} {case.until}"
    if key not in _RIGHT:
        metric = METRICS[case.metric]
        table = TABLES[metric.tables[0]]
        told = {name: value for name, value in asked.items() if name not in ("where", "policies")}
        told["by"] = [told["by"]] if isinstance(told.get("by"), str) else told.get("by", [])
        entries = [e for e in ENTRIES if e.table == table.name]
        _RIGHT[key] = expected(metric, table, ROWS[table.name], entries, keep=case.keep, **told)
    return _RIGHT[key]


@pytest.mark.parametrize("use_rollups", [True, False], ids=["rollups", "table"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_are_those_of_plain_python(lake: LakeOf, case: Case, use_rollups: bool) -> None:
    asked = {"grain": case.grain, "since": at(case.since), "until": at(case.until), **case.asked}
    wanted = right(case, asked)
    result = lake.ask(case.metric, use_rollups=use_rollups, **asked)
    names = ["period", *result.query.by, *result.value_columns, "coverage"]
    got = [tuple(row.values()) for row in result.rows.select(names).to_pylist()]
    if "top" in case.asked:  # beside "other", values are text
        wanted = [tuple(str(v).lower() if isinstance(v, bool) else v for v in row) for row in wanted]
    assert sorted(map(_close, got), key=repr) == sorted(map(_close, wanted), key=repr)


def _close(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Moments without their zone's name, floats without their last digits."""
    return tuple(
        v.isoformat()[:19] if isinstance(v, datetime) else round(float(v), 9) if type(v) in (int, float) else v
        for v in row
    )


def test_observed_values_are_resolved(lake: LakeOf) -> None:
    """Each day's views are the largest ever seen, its stars those seen last."""
    for name, choose in (("views", max), ("stars", lambda seen: seen[-1])):
        seen: dict[str, list[int]] = {}
        for row in ROWS[name]:
            seen.setdefault(f"{row['day']:%Y-%m-%d}", []).append(row["views"])
        assert lake.values_of(name) == {day: choose(values) for day, values in seen.items()}


def test_observed_values_as_of_an_earlier_moment(lake: LakeOf) -> None:
    as_of = at("2021-01-04")  # itself included
    seen: dict[str, int] = {}
    for row in ROWS["views"]:
        if row["observed_at"] <= as_of:
            day = f"{row['day']:%Y-%m-%d}"
            seen[day] = max(seen.get(day, 0), row["views"])
    values = lake.values_of("views", as_of=as_of, since="2021-01-01", until="2021-01-08")
    assert {day: value for day, value in values.items() if value is not None} == seen


def test_tables_without_rows(tmp_path: Path, engine: Engine) -> None:
    """Nothing was ever collected: no number, not 0."""
    empty = LakeOf(tmp_path, {}, (), NOW, engine)
    assert empty.rows_of("launches") == []
    assert empty.rows_of("launches", since="2021-01-01", until="2021-01-03") == [
        ("2021-01-01", None, 0.0),
        ("2021-01-02", None, 0.0),
    ]


def test_a_lake_that_cannot_be_read_is_told(tmp_path: Path, engine: Engine) -> None:
    gone = LakeOf(tmp_path, {"launches": ROWS["launches"][:5]}, (), NOW, engine)
    snapshot = gone.lake.snapshot([LAUNCHES])
    rmtree(tmp_path / "launches")
    with pytest.raises(LakeError, match=r"can(not)? (be )?read|is missing"):
        engine.run(engine.mount(snapshot.tables["launches"], LAUNCHES))


def test_unknown_value(lake: LakeOf) -> None:
    with pytest.raises(UnknownNameError, match="unknown value of origin 'gessis'; did you mean 'gesis'"):
        lake.ask("launches", where="origin=ovh,gessis")


def test_columns_added_later_are_empty_in_older_rows(tmp_path: Path, engine: Engine) -> None:
    """A table may gain a column; what was written before has no value in it."""
    lake = Lake.open(str(tmp_path), now=lambda: NOW)
    narrow = replace(LAUNCHES, columns=tuple(c for c in LAUNCHES.columns if c.name != "token"), rollups=())
    for table, day in ((narrow, "2020-12-01"), (LAUNCHES, "2021-01-01")):
        row = {"hour": at(day), "repo": "a/b", "token": True, "launches": 1}
        lake.commit(table, arrow(table, [row]), replaces=[Restated(Window.of_day(date.fromisoformat(day)))])
    asked = LakeOf(tmp_path, {}, collected(days("2020-12-01", "2021-01-01")), NOW, engine)
    values = asked.values_of("launches", by="token", grain="total")
    assert list(values.values()) == [1, 1]
    assert {key[1] for key in values} == {True, None}


HELD = Table(
    "held",
    "Commits, in each repository that holds them.",
    (
        Column("committed_at", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("sha", "string", Role.ATTRIBUTE, "Which commit."),
        Column("landed_at", "timestamp", Role.ATTRIBUTE, "When it came there."),
        Column("commits", "integer", Role.MEASURE, "Always 1."),
    ),
    Replace(scope="repo"),
)


def test_what_several_groups_share_counts_once(tmp_path: Path, engine: Engine) -> None:
    """By day, in a ranking's rest, and by another date: by the first of those that the groups give it."""
    chance = random.Random(7)
    committed = {f"c{n}": at("2021-01-01") + timedelta(hours=chance.randrange(24 * 9)) for n in range(40)}
    rows: list[dict[str, Any]] = [
        {
            "committed_at": moment,
            "repo": repo,
            "sha": sha,
            "landed_at": moment + timedelta(hours=chance.randrange(72)),
            "commits": 1,
        }
        for repo in ("a", "b", "c")
        for sha, moment in committed.items()
        if chance.random() < 0.6
    ]
    lake = Lake.open(str(tmp_path), now=lambda: NOW)
    for repo in ("a", "b", "c"):
        window = Window(at("2021-01-01"), at("2021-02-01"))
        part = [row for row in rows if row["repo"] == repo]
        lake.commit(HELD, arrow(HELD, part), replaces=[Restated(window, repo)])
        lake.record(collected(days("2021-01-01", "2021-01-31"), HELD, repo))
    shared = Shared("repo", id="sha")
    metrics = {
        name: Metric(name, name, "Once.", Kind.SUM, "commits", (Fact("held", ("commits",), time=time),), shared=shared)
        for name, time in {"once": "", "landed": "landed_at"}.items()
    }

    def ask(name: str, **asked: Any) -> dict[Any, int]:
        query = Query.parse(name, metrics=metrics, tables={"held": HELD}, now=NOW, **asked)
        found = answer(query, [Subject.of(metrics[name], {"held": HELD})], lake.snapshot([HELD]), engine, NOW)
        return {
            row["repo"] if query.by else f"{row['period']:%Y-%m-%d}": row[name] for row in found.to_dicts() if row[name]
        }

    month: dict[str, Any] = {"since": "2021-01-01", "until": "2021-02-01"}
    held = {sha for sha in committed if any(row["sha"] == sha for row in rows)}
    assert ask("once", grain="day", **month) == Counter(f"{committed[sha]:%Y-%m-%d}" for sha in held)
    sizes = Counter(row["repo"] for row in rows)
    assert ask("once", grain="total", by="repo", **month) == sizes
    ((first, most),) = sorted(sizes.items(), key=lambda one: (-one[1], one[0]))[:1]
    rest = {row["sha"] for row in rows if row["repo"] != first}
    assert ask("once", grain="total", by="repo", top=1, **month) == {first: most, "other": len(rest)}
    landed = {sha: min(row["landed_at"] for row in rows if row["sha"] == sha) for sha in held}
    assert ask("landed", grain="day", **month) == Counter(f"{moment:%Y-%m-%d}" for moment in landed.values())
    later = {sha for sha, moment in landed.items() if moment >= at("2021-01-05")}
    assert ask("landed", grain="total", since="2021-01-05", until="2021-02-01") == {"2021-01-05": len(later)}
    # rows of an earlier version have no moment: not known, and not 0
    undated = [{**row, "repo": "d", "landed_at": None} for row in rows if row["repo"] == "a"]
    lake.commit(HELD, arrow(HELD, undated), replaces=[Restated(Window(at("2021-01-01"), at("2021-02-01")), "d")])
    lake.record(collected(days("2021-01-01", "2021-01-31"), HELD, "d"))
    query = Query.parse("landed", metrics=metrics, tables={"held": HELD}, now=NOW, grain="total", **month)
    found = answer(query, [Subject.of(metrics["landed"], {"held": HELD})], lake.snapshot([HELD]), engine, NOW)
    assert [(row["landed"], row["coverage"]) for row in found.to_dicts()] == [(len(held), 0.75)]
    assert (
        "Stored without landed_at, by an earlier version, and not known here: d; run `footfall collect`." in found.notes
    )
