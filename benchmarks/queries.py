"""Queries on three years of launches (30 million), each against the same question in SQL by hand.

The peer is DuckDB reading the very Parquet files of the raw hourly table. Where a rollup covers the question it
stands in for the table by itself; the answers are compared before anything is timed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

import footfall
from footfall.lake import Restated
from footfall.lake.files import connect
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.periods import Grain, Window, periods_in
from footfall.tables import Table
from footfall.workspace import Workspace
from measure import BUILD, alternate, claim, timed

SPAN = Window(datetime(2021, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
LAUNCHES = 30_000_000
REPOSITORIES = 20_000
ROUNDS = 7


@dataclass(frozen=True)
class Question:
    what: str
    ask: Callable[[Workspace], list[int]]
    sql: str
    has_rollup: bool


QUESTIONS = (
    Question(
        "a year by day by federation",
        lambda ws: _values(ws, "launches", grain="day", by=["federation"], since="2022", until="2023"),
        "SELECT date_trunc('day', hour), federation, sum(launches) FROM raw "
        "WHERE hour >= '2022-01-01' AND hour < '2023-01-01' AND status = 'success' GROUP BY ALL ORDER BY ALL",
        True,
    ),
    Question(
        "top ten repositories",
        lambda ws: _values(ws, "launches", grain="total", by=["repo"], top=10, since="2021", until="2024"),
        "SELECT repo, sum(launches) n FROM raw WHERE status = 'success' GROUP BY repo ORDER BY n DESC, repo LIMIT 10",
        True,
    ),
    Question(
        "unique repositories per month",
        lambda ws: _values(ws, "repos", grain="month", since="2021", until="2024"),
        "SELECT date_trunc('month', hour), count(DISTINCT repo) FROM raw WHERE status = 'success' GROUP BY ALL ORDER BY ALL",
        True,
    ),
    Question(
        "unique repositories per week (no rollup covers weeks)",
        lambda ws: _values(ws, "repos", grain="week", since="2022-W01", until="2023-W01"),
        "SELECT date_trunc('week', hour), count(DISTINCT repo) FROM raw "
        "WHERE hour >= '2022-01-03' AND hour < '2023-01-02' AND status = 'success' GROUP BY ALL ORDER BY ALL",
        False,
    ),
)


def _values(ws: Workspace, metric: str, **asked: Any) -> list[int]:
    """The answer's numbers, but for the row of all the rest."""
    rows = ws.query(metric, **asked).to_arrow().to_pylist()
    return [row[metric] for row in rows if row.get("repo") != "other"]


def workspace() -> Workspace:
    """A workspace whose lake holds the launches, written through the lake as collecting would; made once."""
    folder = BUILD / "three-years"
    ws_file = folder / "footfall.toml"
    if not (folder / "done").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        ws_file.write_text('[sources.binder]\narchive = "archive"\n')
        ws = footfall.open(folder)
        _fill(ws, ws.tables["launches"])
        (folder / "done").touch()
    return footfall.open(folder)


def _fill(ws: Workspace, table: Table) -> None:
    connection = connect()
    connection.execute("SELECT setseed(0.5)")
    months = periods_in(Grain.MONTH, SPAN)
    for month in months:
        print(f"\rwriting {month.label} …", end="", flush=True)
        hours = int(month.window.length.total_seconds() // 3600)
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE launches AS
            WITH event AS (
                SELECT TIMESTAMPTZ '{month.start:%Y-%m-%d} 00:00+00' + to_hours((random() * {hours})::INT % {hours}) AS hour,
                       pow({REPOSITORIES}, random())::INT AS n,
                       ['gesis', '2i2c', 'ovh2', 'gke'][1 + (random() * 4)::INT % 4] AS federation
                FROM range({LAUNCHES * month.window.length // SPAN.length})
            )
            SELECT hour, 'GitHub' AS provider, 'org' || n % 3000 || '/repo-' || n || '/HEAD' AS spec,
                   'GitHub:org' || n % 3000 || '/repo-' || n AS repo, federation || '.mybinder.org' AS origin, federation,
                   'success' AS status, 5::BIGINT AS version, n % 3 > 0 AS build_token, NULL::VARCHAR AS request_origin,
                   count(*) AS launches
            FROM event GROUP BY ALL
            """
        )
        ws.lake.commit(table, connection.table("launches"), replaces=[Restated(month.window)])
        ws.lake.record([Entry("binder", table.name, "", month.window, Status.COMPLETE, month.end)])
    refresh(ws.lake, table)
    print()


def main() -> None:
    ws = workspace()
    raw = duckdb.connect()
    raw.execute("SET timezone = 'UTC'")
    files = ws.snapshot().tables["launches"].files
    raw.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet({list(files)!r}, hive_partitioning = false)")
    [(launches, rows)] = raw.execute("SELECT sum(launches), count(*) FROM raw").fetchall()
    print(f"{launches:,} launches in {rows:,} hourly rows")
    for question in QUESTIONS:
        by_hand = raw.sql(question.sql).to_arrow_table().columns[-1].to_pylist()
        assert sorted(question.ask(ws)) == sorted(by_hand), f"{question.what}: not the same answer"

        def ask(question: Question = question) -> object:
            return question.ask(ws)

        def query(question: Question = question) -> object:
            return raw.sql(question.sql).to_arrow_table()

        best = alternate(ROUNDS, {"sql": lambda: timed(query), "footfall": lambda: timed(ask)})
        ratio = best["sql"].seconds / best["footfall"].seconds
        print(
            f"      SQL by hand {best['sql'].seconds * 1000:7.1f} ms, footfall {best['footfall'].seconds * 1000:7.1f} ms"
        )
        bound = 10 if question.has_rollup else 0.67
        claim(question.what, ratio, f"≥ {bound}" + ("" if question.has_rollup else " without a rollup"), ratio >= bound)


if __name__ == "__main__":
    main()
