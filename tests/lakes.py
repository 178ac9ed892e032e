"""Lakes for tests of answers: small ones that hold every kind of metric, real in every part."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.annotations import NOTHING_HAPPENED, Happened
from footfall.engine import DuckDB, Engine
from footfall.filters import Filter
from footfall.lake import Lake, Restated
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Policy, Subject
from footfall.periods import Grain, Window
from footfall.query import Query
from footfall.result import Result
from footfall.tables import Column, Observe, Replace, Role, Rollup, Table
from templates import copy_of

HOUR = timedelta(hours=1)
NOW = datetime(2021, 3, 10, 12, tzinfo=UTC)

LAUNCHES = Table(
    name="launches",
    description="Launches by hour.",
    columns=(
        Column("hour", "timestamp", Role.TIME, "When."),
        Column("provider", "string", Role.DIMENSION, "Where the code is."),
        Column("repo", "string", Role.DIMENSION, "Which code."),
        Column("origin", "string", Role.DIMENSION, "Which host; early rows have none."),
        Column("token", "boolean", Role.DIMENSION, "Whether a token was used; early rows do not say."),
        Column("launches", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(),
    rollups=(
        Rollup("launches_by_day", Grain.DAY, ("provider", "repo", "origin")),
        Rollup("launches_by_month", Grain.MONTH, ("provider", "origin")),
        Rollup("launches_by_year", Grain.YEAR, ("provider", "origin")),
    ),
    sort=("repo", "hour"),
)
COMMITS = Table(
    name="commits",
    description="Commits, collected repository by repository.",
    columns=(
        Column("committed_at", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which repository.", folds_case=True),
        Column("author", "string", Role.DIMENSION, "Who."),
        Column("commits", "integer", Role.MEASURE, "Always 1."),
    ),
    rule=Replace(scope="repo"),
)
USERS = Table(
    name="users",
    description="Users seen by each hub, sampled.",
    columns=(
        Column("sampled_at", "timestamp", Role.TIME, "When."),
        Column("hub", "string", Role.DIMENSION, "Which hub."),
        Column("users", "number", Role.MEASURE, "How many."),
    ),
    rule=Replace(),
)
VIEWS = Table(
    name="views",
    description="Views of a day, revised for a fortnight.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("views", "integer", Role.MEASURE, "How many."),
        Column("observed_at", "timestamp", Role.ATTRIBUTE, "When it was learnt."),
    ),
    rule=Observe(key=("day", "repo"), resolve="max"),
    resolution=Grain.DAY,
)
STARS = Table(
    name="stars",
    description="Stars as last observed.",
    columns=VIEWS.columns,
    rule=Observe(key=("day", "repo"), resolve="latest"),
    resolution=Grain.DAY,
)
TABLES = {table.name: table for table in (LAUNCHES, COMMITS, USERS, VIEWS, STARS)}

HOSTS = Policy(
    name="hosts",
    description="Which hosts count.",
    choices={"all": None, "without_staging": Filter("origin", ("staging",), "!=")},
    default="all",
)


ROBOTS = Policy(
    name="robots",
    description="Whether robots count.",
    choices={"included": None, "excluded": Filter("author", ("robot",), "!=")},
    default="excluded",
)


def metric(name: str, table: Table, kind: Kind, read: str, **more: Any) -> Metric:
    return Metric(name, name.title(), f"What {name} counts.", kind, name, (Fact(table.name, (read,)),), **more)


METRICS = {
    each.name: each
    for each in (
        metric("launches", LAUNCHES, Kind.SUM, "launches", policies=(HOSTS,)),
        metric("repos", LAUNCHES, Kind.DISTINCT, "repo", policies=(HOSTS,)),
        metric("latest_launch", LAUNCHES, Kind.LATEST, "hour"),
        metric("commits", COMMITS, Kind.SUM, "commits"),
        metric("people_commits", COMMITS, Kind.SUM, "commits", policies=(ROBOTS,)),
        metric("authors", COMMITS, Kind.DISTINCT, "author"),
        metric("users", USERS, Kind.LEVEL, "users", step=HOUR),
        metric("peak_users", USERS, Kind.LEVEL, "users", step=HOUR, within="max"),
        metric("last_users", USERS, Kind.LEVEL, "users", step=HOUR, within="last"),
        metric("views", VIEWS, Kind.SUM, "views"),
        metric("stars", STARS, Kind.LEVEL, "views", step=24 * HOUR, within="last"),
    )
}


def at(text: str) -> datetime:
    """2021-01-03 or 2021-01-03T09 as a moment in UTC."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T00").replace(tzinfo=UTC)


def days(first: str, last: str) -> list[date]:
    """Every day from `first` to `last`, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def collected(
    on: Iterable[date],
    table: Table = LAUNCHES,
    scope: str = "",
    status: Status = Status.COMPLETE,
    until: datetime | None = None,
    **more: Any,
) -> list[Entry]:
    """Ledger entries, one a day; `until` is when the day was read, if not after it."""
    windows = [Window.of_day(day) for day in on]
    return [Entry("test", table.name, scope, w, status, until or w.end, **more) for w in windows]


@dataclass
class LakeOf:
    """A lake with rows and a ledger, and questions to it."""

    folder: Path
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    entries: Sequence[Entry] = ()
    now: datetime = NOW
    engine: Engine = field(default_factory=DuckDB)
    happened: Happened = NOTHING_HAPPENED

    def __post_init__(self) -> None:
        made_of = hashlib.sha256(pickle.dumps((self.rows, self.entries, self.now))).digest()
        if self.folder.exists() and any(self.folder.iterdir()):
            self._write(self.folder)  # on top of the lake that is there
        else:
            copy_of(made_of, self._write, self.folder)
        self.lake = Lake.open(str(self.folder), now=lambda: self.now)

    def _write(self, folder: Path) -> None:
        lake = Lake.open(str(folder), now=lambda: self.now)
        for name, rows in self.rows.items():
            table = TABLES[name]
            for scope, part in _by_scope(table, rows):
                moments = [row[table.time] for row in part]
                window = Window(min(moments), max(moments) + timedelta(hours=1))
                replaces = [Restated(window, scope)] if isinstance(table.rule, Replace) else []
                lake.commit(table, arrow(table, part), replaces=replaces)
            refresh(lake, table)
        lake.record(list(self.entries))

    def ask(self, name: str | Sequence[str], *, use_rollups: bool = True, **asked: Any) -> Result:
        query = Query.parse(name, metrics=METRICS, tables=TABLES, now=self.now, **asked)
        subjects = [Subject.of(METRICS[each], TABLES) for each in query.metrics]
        snapshot = self.lake.snapshot([table for subject in subjects for table in subject.tables], query.as_of)
        happened = dict.fromkeys(query.metrics, self.happened)
        return answer(query, subjects, snapshot, self.engine, self.now, use_rollups, happened)

    def rows_of(self, name: str, **asked: Any) -> list[tuple[Any, ...]]:
        """The rows of the CSV, each (period, dimensions…, value…, coverage), typed."""
        result = self.ask(name, **asked)
        names = ["period", *result.query.by, *result.value_columns, "coverage"]
        rows = result.rows.select(names).to_pylist()
        return [(label(row["period"]), *list(row.values())[1:]) for row in rows]

    def values_of(self, name: str, **asked: Any) -> dict[Any, Any]:
        """The value by period, or by period and dimensions."""
        count = len(Query.parse(name, metrics=METRICS, tables=TABLES, now=self.now, **asked).by)
        rows = self.rows_of(name, **asked)
        return {row[0] if not count else row[: count + 1]: row[count + 1] for row in rows}


def arrow(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = table.names
    return pa.Table.from_pylist([{n: row.get(n) for n in names} for row in rows], schema=table.arrow_schema())


def label(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.hour == 0 else f"{moment:%Y-%m-%dT%H}"


def _by_scope(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    scope = table.rule.scope
    for value in sorted({row[scope] if scope else "" for row in rows}):
        part = [row for row in rows if not scope or row[scope] == value]
        if isinstance(table.rule, Replace):
            yield value, part
        else:  # each poll is its own commit, oldest first
            for moment in sorted({row["observed_at"] for row in part}):
                yield value, [row for row in part if row["observed_at"] == moment]
