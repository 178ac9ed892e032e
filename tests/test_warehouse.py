"""The warehouse source: what it asks, what it believes, and what it says of settings and answers that cannot be."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import pytest

import footfall
from footfall.collect import collect
from footfall.errors import FootfallError
from footfall.http import Client
from footfall.lake import Lake
from footfall.settings import Settings
from footfall.sources import Context
from footfall.sources.warehouse import Warehouse
from footfall.testing import Upstream, check_source
from footfall.workspace import Workspace
from lengths import STEP

pytestmark = pytest.mark.slow

QUERY = """
-- Downloads by day; `:since` in a comment is not a placeholder
SELECT day, project, sum(n) AS downloads FROM d
WHERE day >= :since AND day < :until GROUP BY day, project
"""
CHANGES = "SELECT project, min(day) AS day FROM d WHERE arrived >= :since AND arrived < :until GROUP BY project"


class Daily(Upstream):
    """A SQLite file with downloads by day and project, filled every day."""

    def settings(self) -> dict[str, Any]:
        (self.folder.parent / "installs.sql").write_text(QUERY)
        table = {
            "name": "installs",
            "query": "installs.sql",
            "time": "day",
            "first_day": date(2026, 3, 1),
            "dimensions": ["project"],
            "measures": ["downloads"],
            "lag": "0s",
        }
        return {"connection": f"sqlite:///{self.folder}/usage.db", "tables": [table]}

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        with sqlite3.connect(self.folder / "usage.db") as connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)

    def begin(self) -> None:
        self.run("CREATE TABLE d (day TEXT, project TEXT, n INTEGER)")
        self.fill()

    def fill(self) -> None:
        days = [(self.starts_at.date() - timedelta(days=ago)).isoformat() for ago in range(5)]
        for n, day in enumerate(days):
            self.add(day, n + 1)

    def add(self, day: str, n: int) -> None:
        self.run("INSERT INTO d VALUES (?, ?, ?)", [(day, "icepyx", 10 * n), (day, "gget", 10 * n + 1)])

    def restate(self) -> None:
        day = (self.starts_at - timedelta(days=2)).date().isoformat()
        self.run("INSERT INTO d VALUES (?, ?, ?)", [(day, "icepyx", 1000)])

    def take_back(self) -> None:
        self.run("DELETE FROM d WHERE n = 1000")

    def fail(self) -> None:
        (self.folder / "usage.db").rename(self.folder / "gone.db")

    def be_empty(self) -> None:
        self.run("DELETE FROM d")

    def recover(self) -> None:
        if (self.folder / "gone.db").exists():
            (self.folder / "gone.db").rename(self.folder / "usage.db")
        else:
            self.fill()

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += timedelta(days=1)
            self.add(self.now.date().isoformat(), 7)
        self.now = now


class Arriving(Daily):
    """A DuckDB file whose rows say when they arrived, kept by project."""

    def settings(self) -> dict[str, Any]:
        (self.folder.parent / "installs.sql").write_text(QUERY)
        (self.folder.parent / "changes.sql").write_text(CHANGES)
        settings = super().settings()
        (table,) = settings["tables"]
        return {
            "connection": f"duckdb:///{self.folder}/usage.db",
            "tables": [{**table, "changes": "changes.sql", "scope": "project"}],
        }

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        with duckdb.connect(str(self.folder / "usage.db")) as connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)

    def begin(self) -> None:
        self.run("CREATE TABLE d (day DATE, project TEXT, n BIGINT, arrived TIMESTAMP)")
        self.fill()

    def add(self, day: str, n: int) -> None:
        rows = [(day, "icepyx", 10 * n, self.arrival), (day, "gget", 10 * n + 1, self.arrival)]
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", rows)

    @property
    def arrival(self) -> datetime:
        return self.now.replace(tzinfo=None)

    def restate(self) -> None:
        day = (self.starts_at - timedelta(days=2)).date().isoformat()
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", [(day, "icepyx", 1000, self.arrival)])

    def take_back(self) -> None:
        self.run("DELETE FROM d WHERE n = 1000")
        self.run("UPDATE d SET arrived = ? WHERE project = 'icepyx'", [(self.arrival,)])

    def add_scopes(self, count: int) -> None:
        day = self.starts_at.date().isoformat()
        rows = [(day, f"more-{n}", n + 1, self.arrival) for n in range(count)]
        self.run("INSERT INTO d VALUES (?, ?, ?, ?)", rows)


def test_promises_of_days(tmp_path: Path) -> None:
    checked = check_source(Warehouse, Daily, tmp_path, step=STEP)
    assert checked.skipped == ("300 scopes are collected together",)


def test_promises_of_projects_by_arrival(tmp_path: Path) -> None:
    checked = check_source(Warehouse, Arriving, tmp_path, step=STEP)
    assert checked.skipped == ()


# Settings


TABLE: dict[str, Any] = {
    "name": "installs",
    "query": "installs.sql",
    "time": "day",
    "first_day": date(2026, 3, 1),
    "dimensions": ["project"],
    "measures": ["downloads"],
}
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def workspace(folder: Path, connection: str = "sqlite:///usage.db", tables: Any = (), **more: Any) -> Workspace:
    part = {"connection": connection, "tables": list(tables) or [TABLE], **more}
    return footfall.open(Settings(folder=folder, sources={"warehouse": part}), now=lambda: NOW)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first_day": None}, "first_day"),
        ({"measures": []}, "measures"),
        ({"measures": [{"name": "n", "type": "string"}]}, "integer"),
        ({"resolution": "week"}, "resolution"),
        ({"settles_after": "3 weeks"}, '"90m", "12h" or "3d"'),
        ({"scope": "projekt", "changes": "c.sql"}, "scope is 'projekt', which is not one of the dimensions: project"),
        ({"scope": "project"}, "scope needs `changes`"),
        ({"project": "package"}, "project is 'package', which is not one of the dimensions: project"),
        ({"preset": "napari"}, "there is no preset 'napari'; valid: napari_hub"),
        ({"dimension": ["a"]}, "unknown setting 'dimension'; did you mean 'dimensions'"),
        ({"dimensions": ["Project"]}, "column 'Project' is not a valid name"),
        ({"dimensions": ["month"]}, "'month' is reserved"),
        ({"metrics": [{"name": "x", "of": "y"}]}, "unknown column 'y'"),
        ({"metrics": [{"name": "x", "kind": "level"}]}, "needs a step"),
        ({"measures": ["a", "b"], "metrics": [{"name": "x"}]}, "does not say what it reads"),
    ],
)
def test_a_table_that_cannot_be_is_one_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(FootfallError) as caught:
        _ = workspace(tmp_path, tables=[{**TABLE, **change}]).sources
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ("mysql://h/d", "the connection begins with 'mysql'"),
        ("usage.db", "write one such as postgresql://"),
        ("postgresql://u:geheim@h:port/d", "is not an address"),
    ],
)
def test_a_connection_that_cannot_be_is_one_sentence(tmp_path: Path, connection: str, said: str) -> None:
    with pytest.raises(FootfallError, match=said) as caught:
        _ = workspace(tmp_path, connection).sources
    assert "geheim" not in str(caught.value)


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FootfallError, match="two tables of the warehouse are called 'installs'"):
        _ = workspace(tmp_path, tables=[TABLE, TABLE]).sources


def test_two_warehouses_with_tables_of_their_own_stand_side_by_side(tmp_path: Path) -> None:
    other = {**TABLE, "name": "orders", "measures": ["ordered"]}
    parts = {
        "warehouse": {"connection": "sqlite:///a.db", "tables": [TABLE]},
        "shop": {"kind": "warehouse", "connection": "sqlite:///b.db", "tables": [other]},
    }
    assert set(footfall.open(Settings(folder=tmp_path, sources=parts)).metrics) >= {"downloads", "ordered"}
    parts["shop"]["tables"] = [{**other, "measures": ["downloads"]}]
    with pytest.raises(FootfallError, match="both declare the metric 'downloads'"):
        _ = footfall.open(Settings(folder=tmp_path, sources=parts)).sources


def test_names_of_projects_are_spelled_as_the_settings_say(tmp_path: Path) -> None:
    ff = workspace(tmp_path, tables=[{**TABLE, "project": "project"}], project_names="pypi")
    names = ff.sources["warehouse"].project_names  # type: ignore[attr-defined]
    assert (names.dimension, names.normalise("RecOrder_Napari")) == ("project", "recorder-napari")


def test_a_preset_is_a_whole_table_and_what_is_set_beside_it_wins(tmp_path: Path) -> None:
    table = {"preset": "napari_hub", "first_day": date(2024, 1, 1)}
    ff = workspace(tmp_path, "snowflake://u@account/db", tables=[table])
    assert ff.tables["plugin_downloads"].rule.scope == "project"
    source = ff.sources["warehouse"]
    source._queried["plugin_downloads"].read()  # type: ignore[attr-defined]


# Answers


def fill(folder: Path, sql: str, *rows: tuple[Any, ...]) -> None:
    (folder / "installs.sql").write_text(sql)
    with sqlite3.connect(folder / "usage.db") as connection:
        connection.execute("CREATE TABLE d (day TEXT, project TEXT, n)")
        connection.executemany("INSERT INTO d VALUES (?, ?, ?)", rows)


PLAIN = "SELECT day, project, n AS downloads FROM d WHERE day >= :since AND day < :until"


@pytest.mark.parametrize(
    ("sql", "row", "said"),
    [
        ("SELECT day, project, n AS downloads FROM d -- :since :until", ("2020-01-01", "x", 1), "has no :since"),
        (PLAIN.replace("day >=", "'2020' <= :since OR day >="), ("2020-01-01", "x", 1), "returned a row of 2020-01-01"),
        (PLAIN, ("2026-03-09 07:00:00", "x", 1), "which is not the start of a day in UTC"),
        (PLAIN, ("2026-03-09", "x", "many"), "the column downloads is declared as integer"),
        (PLAIN.replace("day,", "NULL AS day,"), ("2026-03-09", "x", 1), "a row has no day"),
        (PLAIN.replace("n AS downloads", "n"), ("2026-03-09", "x", 1), "gives no column 'downloads'"),
        (PLAIN.replace("FROM d", "FROM nowhere"), ("2026-03-09", "x", 1), "no such table: nowhere"),
        ("DELETE FROM d WHERE day >= :since AND day < :until", ("2026-03-09", "x", 1), "refuses"),
    ],
)
def test_an_answer_that_cannot_be_is_a_failure_with_a_reason(
    tmp_path: Path, sql: str, row: tuple[Any, ...], said: str
) -> None:
    fill(tmp_path, sql, row)
    with workspace(tmp_path) as ff:
        (summary,) = ff.collect().sources
        assert said in summary.error + "".join(note.reason for note in summary.notes)
        assert "AS downloads FROM" not in f"{summary.error}{summary.notes}", "a query may hold what is secret"
        checks = list(ff.sources["warehouse"].checks(NOW))  # type: ignore[attr-defined]
    assert next(check.state for check in checks) == "ok"
    with sqlite3.connect(tmp_path / "usage.db") as connection:
        assert connection.execute("SELECT count(*) FROM d").fetchone() == (1,)


def test_the_doctor_says_what_works(tmp_path: Path) -> None:
    fill(tmp_path, PLAIN)
    with workspace(tmp_path) as ff:
        found = {c.name: c.state for c in ff.sources["warehouse"].checks(NOW)}  # type: ignore[attr-defined]
    assert found == {"connect to sqlite:///usage.db": "ok", "query of installs": "ok"}
    with workspace(tmp_path, "sqlite:///none.db") as ff:
        found = {c.name: c.state for c in ff.sources["warehouse"].checks(NOW)}  # type: ignore[attr-defined]
    assert found == {"connect to sqlite:///none.db": "failed", "query of installs": "unknown"}


def test_many_nulls_at_the_beginning_do_no_harm(tmp_path: Path) -> None:
    """SQLite's driver takes the type of a column from its first rows."""
    rows = [("2026-03-08", None, 1)] * 5_000 + [("2026-03-09", "x", 2)]
    fill(tmp_path, PLAIN + " ORDER BY day", *rows)
    with workspace(tmp_path) as ff:
        assert not ff.collect().sources[0].failed
        assert ff.query("downloads", grain="total").rows["downloads"].to_pylist() == [5_002]


def test_a_new_query_counts_everything_again(tmp_path: Path) -> None:
    fill(tmp_path, PLAIN, ("2026-03-01", "x", 1), ("2026-03-09", "x", 2))
    with workspace(tmp_path) as ff:
        ff.collect()
    (tmp_path / "installs.sql").write_text(PLAIN.replace("n AS", "10 * n AS"))
    with workspace(tmp_path) as ff:
        ff.collect()
        assert ff.query("downloads", grain="total").rows["downloads"].to_pylist() == [30]


@pytest.mark.parametrize("resolution", ["hour", "day", "month", "year"])
def test_every_resolution_counts_the_same(tmp_path: Path, resolution: str) -> None:
    cut = {"hour": "%Y-%m-%d %H:00:00", "day": "%Y-%m-%d", "month": "%Y-%m-01", "year": "%Y-01-01"}[resolution]
    sql = f"SELECT strftime('{cut}', day) AS day, project, sum(n) AS downloads FROM d WHERE day >= :since AND day < :until GROUP BY 1, 2"
    fill(
        tmp_path, sql, ("2026-01-01 23:30:00", "x", 1), ("2026-03-09 22:10:00", "x", 2), ("2026-03-09 22:50:00", "x", 4)
    )
    table = {**TABLE, "resolution": resolution, "first_day": date(2026, 1, 1)}
    for _ in range(2):
        with workspace(tmp_path, tables=[table]) as ff:
            (summary,) = ff.collect().sources
            assert not summary.failed, summary.notes
            assert ff.query("downloads", grain="year").rows["downloads"].to_pylist() == [7]
    assert not summary.rows


def test_a_database_says_how_far_it_is_filled(tmp_path: Path) -> None:
    """With that, the days of a project without downloads are zeros up to there."""
    fill(tmp_path, PLAIN, ("2026-03-02", "x", 2))
    (tmp_path / "reaches.sql").write_text("SELECT '2026-03-08'")
    with workspace(tmp_path, tables=[{**TABLE, "reaches": "reaches.sql"}]) as ff:
        ff.collect()
        rows = ff.query("downloads", grain="day", since="2026-03-05", until="2026-03-10").rows.to_pylist()
    assert [(row["downloads"], row["coverage"]) for row in rows] == [(0, 1), (0, 1), (0, 1), (None, 0), (None, 0)]


def test_a_warehouse_over_http_is_collected_as_others_are(tmp_path: Path) -> None:
    """ClickHouse: the session's zone is asked first, and rows are checked against a control total."""
    (tmp_path / "installs.sql").write_text(PLAIN)
    asked: list[str] = []

    def network(request: httpx2.Request) -> httpx2.Response:
        sql = request.content.decode()
        asked.append(sql)
        if "timezone" in sql:
            zone = "UTC" if "session_timezone" in request.url.params else "Europe/Berlin"
            return httpx2.Response(200, text=f'"z"\n"String"\n"{zone}"\n')
        if sql.startswith("SELECT count()"):
            return httpx2.Response(200, text='"c","s"\n"UInt64","UInt64"\n1,5\n')
        return httpx2.Response(200, text='"day","project","downloads"\n"Date","String","UInt64"\n"2026-03-09","x",5\n')

    settings = Warehouse.Settings.model_validate(
        {"connection": "clickhouse+https://demo:geheim@h/pypi", "tables": [TABLE]}
    )
    client = Client(transport=httpx2.MockTransport(network), wait=0.0)
    source: Any = Warehouse(settings, Context(tmp_path, tmp_path / "scratch", lambda: NOW, lambda: client, "warehouse"))
    (summary,) = collect(Lake(tmp_path / "lake", lambda: NOW), {"warehouse": source}, now=lambda: NOW).sources
    assert (summary.rows, summary.failed) == (1, 0)
    assert any("toDateTime64('2026-03-01 00:00:00', 6, 'UTC')" in sql for sql in asked)


def test_the_examples_of_the_page_work(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "sources" / "warehouse.md").read_text()
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    queries = [text for kind, text in blocks if kind == "sql"]
    for name, text in zip(("installs.sql", "changes.sql"), queries, strict=True):
        (tmp_path / name).write_text(text)
    with sqlite3.connect(tmp_path / "usage.db") as connection:
        connection.execute("CREATE TABLE pypi (day TEXT, project TEXT, is_ci INTEGER, n INTEGER, arrived TEXT)")
        connection.execute("INSERT INTO pypi VALUES ('2026-03-09', 'icepyx', 1, 5, '2026-03-10 01:00:00')")
    for n, text in enumerate(text for kind, text in blocks if kind == "toml"):
        (tmp_path / "footfall.toml").write_text(f'lake = "lake-{n}"\n{text}')
        with footfall.open(tmp_path, now=lambda: NOW) as ff:
            (summary,) = ff.collect().sources
            assert (summary.rows, summary.failed) == (1, 0)
            assert ff.query("downloads", grain="total").rows["downloads"].to_pylist() == [5]


def test_bigquery_is_asked_in_utc_and_what_it_costs_first(tmp_path: Path) -> None:
    (tmp_path / "installs.sql").write_text(PLAIN.replace(":since", "DATE(:since)").replace(":until", "DATE(:until)"))
    asked: list[dict[str, Any]] = []

    def network(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        asked.append(body)
        assert {"key": "time_zone", "value": "UTC"} in body["connectionProperties"]
        if body.get("dryRun"):
            return httpx2.Response(200, json={"jobComplete": True, "totalBytesProcessed": "10"})
        names, row = ["day", "project", "downloads"], ["2026-03-09", "x", "5"]
        if "time_zone" in body["query"]:
            names, row = ["zone"], ["UTC"]
        types = {"day": "DATE", "downloads": "INTEGER"}
        fields = [{"name": name, "type": types.get(name, "STRING")} for name in names]
        rows = [{"f": [{"v": value} for value in row]}]
        answer = {"jobComplete": True, "schema": {"fields": fields}, "rows": rows, "totalRows": "1"}
        return httpx2.Response(200, json={**answer, "jobReference": {"jobId": "j"}})

    part = {"connection": "bigquery://me?api=https://bq.example.org", "password": "geheim", "tables": [TABLE]}
    client = Client(transport=httpx2.MockTransport(network), wait=0.0)
    context = Context(tmp_path, tmp_path / "scratch", lambda: NOW, lambda: client, "warehouse")
    source: Any = Warehouse(Warehouse.Settings.model_validate(part), context)
    (summary,) = collect(Lake(tmp_path / "lake", lambda: NOW), {"warehouse": source}, now=lambda: NOW).sources
    assert (summary.rows, summary.failed) == (1, 0)
    assert [bool(body.get("dryRun")) for body in asked] == [True, False, True, False]
    assert "DATE(TIMESTAMP('2026-03-01 00:00:00+00'))" in asked[-1]["query"]
    assert [check.detail for check in source.checks(NOW)][1] == "a day of it reads 10 B"
