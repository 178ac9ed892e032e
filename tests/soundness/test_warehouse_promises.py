"""Promises of the warehouse source, against a real PostgreSQL: each number is checked against the database's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.collect import SourceSummary
from footfall.lake_settings import LakeSettings
from footfall.settings import Settings
from footfall.workspace import Workspace
from postgres import postgresql

adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="the extra footfall[postgresql] is not installed")
pytestmark = pytest.mark.slow

QUERY = (
    "SELECT day, project, sum(n)::bigint AS downloads FROM d WHERE day >= :since AND day < :until GROUP BY day, project"
)
BY_PROJECT = "SELECT project, min(day) AS day FROM d WHERE ingested >= :since AND ingested < :until GROUP BY project"
BY_DAY = "SELECT min(day) AS day FROM d WHERE ingested >= :since AND ingested < :until"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


class Database:
    """A database with one table of downloads, and a clock; what is stored is compared with what it says itself."""

    def __init__(self, address: str, folder: Path, ingested: str = "timestamptz", **table: Any) -> None:
        self.address, self.folder = address, folder
        self.now = datetime(2026, 5, 13, 12, tzinfo=UTC)
        self.run("DROP TABLE IF EXISTS d")
        self.run(f"CREATE TABLE d(day date, project text, n bigint, ingested {ingested})")
        (folder / "installs.sql").write_text(QUERY)
        for name, text in (("project.sql", BY_PROJECT), ("day.sql", BY_DAY)):
            (folder / name).write_text(text)
        self.table = {
            "name": "installs",
            "query": "installs.sql",
            "time": "day",
            "first_day": date(2026, 4, 1),
            "dimensions": ["project"],
            "measures": ["downloads"],
            "lag": "0s",
            **table,
        }

    def run(self, *statements: str) -> None:
        with adbc.connect(self.address, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def open(self, name: str = "lake") -> Workspace:
        sources = {"warehouse": {"connection": self.address, "tables": [self.table]}}
        return footfall.open(
            Settings(folder=self.folder, lake=LakeSettings(address=name), sources=sources), now=lambda: self.now
        )

    def collect(self, name: str = "lake", **asked: Any) -> SourceSummary:
        with self.open(name) as ff:
            (summary,) = ff.collect(**asked).sources
        assert not summary.error
        assert not summary.failed, summary.notes
        return summary

    def stored(self, name: str = "lake") -> list[tuple[date, str, int]]:
        with self.open(name) as ff:
            files = list(ff.snapshot().tables["installs"].files)
            found = ff.lake.cursor().sql(f"SELECT day, project, downloads FROM read_parquet({files})").to_arrow_table()
        rows = found.to_pylist()
        return sorted((row["day"].astimezone(UTC).date(), row["project"], row["downloads"]) for row in rows)

    def right(self) -> list[tuple[date, str, int]]:
        with adbc.connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT day, project, sum(n)::bigint FROM d GROUP BY 1, 2")
            return sorted((day, project, n) for day, project, n in cursor.fetchall())


KINDS: Sequence[dict[str, Any]] = (
    {"changes": "project.sql", "scope": "project"},
    {"changes": "day.sql", "settles_after": "1d"},
)


@pytest.mark.parametrize("kind", KINDS, ids=["by project", "by day"])
def test_rows_that_arrive_on_the_day_of_the_cursor_are_counted(
    server: str, tmp_path: Path, kind: dict[str, Any]
) -> None:
    """The column of arrivals tells days alone: what arrives later on the day of the last look is still seen."""
    there = Database(server, tmp_path, ingested="date", **kind)
    there.run("INSERT INTO d VALUES ('2026-05-12', 'x', 5, '2026-05-13')")
    there.collect()
    there.run("INSERT INTO d VALUES ('2026-05-12', 'x', 2, '2026-05-13')")
    there.now += timedelta(days=3)
    there.collect()
    assert there.stored() == [(date(2026, 5, 12), "x", 7)]


@pytest.mark.parametrize("kind", KINDS, ids=["by project", "by day"])
def test_a_transaction_that_ends_after_the_look_is_counted_by_the_next(
    server: str, tmp_path: Path, kind: dict[str, Any]
) -> None:
    there = Database(server, tmp_path, **kind)
    there.run(
        "INSERT INTO d VALUES ('2026-05-11', 'x', 5, '2026-05-12 01:00Z'), ('2026-05-04', 'y', 1, '2026-05-05 00:00Z')"
    )
    with adbc.connect(server) as open_one, open_one.cursor() as cursor:
        cursor.execute("INSERT INTO d VALUES ('2026-05-04', 'x', 3, '2026-05-13 11:59Z')")
        there.run("INSERT INTO d VALUES ('2026-05-12', 'x', 7, '2026-05-13 12:00Z')")
        there.collect()
        open_one.commit()
    there.now += timedelta(minutes=30)
    there.collect()
    assert there.stored() == there.right()


@pytest.mark.parametrize("kind", KINDS, ids=["by project", "by day"])
def test_late_rows_of_old_days_are_counted_and_a_full_recount_agrees(
    server: str, tmp_path: Path, kind: dict[str, Any]
) -> None:
    there = Database(server, tmp_path, **kind)
    for n in range(30):
        day = date(2026, 4, 10) + timedelta(days=n)
        there.run(
            f"INSERT INTO d VALUES ('{day}', 'x', {n + 1}, '{day} 23:00Z'), ('{day}', 'y', {n + 50}, '{day} 23:00Z')"
        )
    there.collect()
    assert there.stored() == there.right()
    there.now += timedelta(days=2)
    there.run(
        "INSERT INTO d VALUES ('2026-04-12', 'x', 400, '2026-05-15 01:00Z')",
        "INSERT INTO d VALUES ('2026-05-14', 'z', 9, '2026-05-15 02:00Z')",
        "INSERT INTO d VALUES ('2026-04-30', 'y', -3, '2026-05-15 03:00Z')",
    )
    there.collect()
    assert there.stored() == there.right()
    there.collect("from the beginning")
    assert there.stored("from the beginning") == there.right()
    assert there.collect(recheck=True).rows
    assert there.stored() == there.right()


def test_only_projects_that_changed_are_asked_for(server: str, tmp_path: Path) -> None:
    """Old rows of another project are changed without a trace of their arrival: they are not read again."""
    there = Database(server, tmp_path, **KINDS[0])
    there.run("INSERT INTO d VALUES ('2026-05-01', 'x', 5, '2026-05-02'), ('2026-05-02', 'y', 6, '2026-05-03')")
    there.collect()
    there.now += timedelta(days=4)
    there.run("UPDATE d SET n = 1000 WHERE project = 'x'", "INSERT INTO d VALUES ('2026-05-15', 'y', 6, '2026-05-16')")
    there.collect()
    assert there.stored() == [
        (date(2026, 5, 1), "x", 5),
        (date(2026, 5, 2), "y", 6),
        (date(2026, 5, 15), "y", 6),
    ]


def test_collecting_a_part_does_not_move_past_the_rest(server: str, tmp_path: Path) -> None:
    there = Database(server, tmp_path, **KINDS[0])
    there.run("INSERT INTO d VALUES ('2026-04-20', 'x', 5, '2026-05-02'), ('2026-05-02', 'x', 6, '2026-05-03')")
    there.collect(since="2026-05-01", until="2026-05-13")
    assert there.stored() == [(date(2026, 5, 2), "x", 6)]
    there.now += timedelta(days=4)
    there.collect()
    assert there.stored() == there.right()


def test_a_day_begins_at_midnight_utc_whatever_the_server_is_set_to(server: str, tmp_path: Path) -> None:
    """The server's own time zone is Los Angeles: half an hour before midnight UTC is the afternoon there."""
    there = Database(server, tmp_path)
    there.run("DROP TABLE d", "CREATE TABLE d(at timestamptz, n bigint)")
    there.run("INSERT INTO d VALUES ('2026-05-11 23:30Z', 1), ('2026-05-12 00:30Z', 2)")
    (tmp_path / "installs.sql").write_text(
        "SELECT date_trunc('day', at) AS day, 'x' AS project, sum(n) AS downloads FROM d "
        "WHERE at >= :since AND at < :until GROUP BY 1"
    )
    there.collect()
    assert there.stored() == [(date(2026, 5, 11), "x", 1), (date(2026, 5, 12), "x", 2)]


def test_what_is_not_filled_yet_is_missing_and_a_day_between_is_zero(server: str, tmp_path: Path) -> None:
    there = Database(server, tmp_path)
    there.run("INSERT INTO d VALUES ('2026-05-05', 'x', 5), ('2026-05-08', 'x', 8)")
    there.collect()
    with there.open() as ff:
        answer = ff.query("downloads", grain="day", since="2026-05-03", until="2026-05-11")
        found = {row["period"].day: (row["downloads"], row["coverage"]) for row in answer.rows.to_pylist()}
    assert found[5] == (5, 1.0)
    assert found[6] == (0, 1.0)
    assert found[8] == (8, 1.0)
    assert (found[4][1], found[9][1]) == (0.0, 0.0)
    assert not found[4][0]
    assert not found[9][0]


def test_a_day_with_nothing_new_writes_nothing(server: str, tmp_path: Path) -> None:
    there = Database(server, tmp_path, **KINDS[0])
    there.run("INSERT INTO d VALUES ('2026-05-05', 'x', 5, '2026-05-06'), ('2026-05-08', 'y', 8, '2026-05-09')")
    there.collect()
    files = _contents(tmp_path / "lake" / "installs")
    for _ in range(3):
        there.now += timedelta(hours=8)
        assert not there.collect().rows
    assert _contents(tmp_path / "lake" / "installs") == files


def _contents(folder: Path) -> dict[str, int]:
    return {str(file.relative_to(folder)): file.stat().st_size for file in folder.rglob("*") if file.is_file()}


def test_a_table_that_was_emptied_erases_nothing(server: str, tmp_path: Path) -> None:
    there = Database(server, tmp_path)
    there.run("INSERT INTO d VALUES ('2026-05-12', 'x', 5)")
    there.collect()
    there.run("DELETE FROM d")
    with there.open() as ff:
        (summary,) = ff.collect().sources
    assert summary.failed
    assert there.stored() == [(date(2026, 5, 12), "x", 5)]


FAULTS = [
    (
        "SELECT day, project, n AS downloads FROM nowhere WHERE day >= :since AND day < :until",
        "correct the name of the table",
    ),
    (QUERY.replace("FROM d", "FROM hidden"), "permission denied"),
    (QUERY.replace("sum(n)", "sum(n / (n - n))"), "division by zero"),
    (QUERY.replace("project,", "project || 't0ken-in-a-query' || nope AS project,"), 'column "nope" does not exist'),
    ("DELETE FROM d WHERE day >= :since AND day < :until RETURNING day, project, n AS downloads", "refuses"),
]


@pytest.mark.parametrize(("sql", "said"), FAULTS)
def test_a_fault_of_the_server_is_one_sentence_without_secrets(
    server: str, tmp_path: Path, sql: str, said: str
) -> None:
    there = Database(server, tmp_path)
    there.run(
        "INSERT INTO d VALUES ('2026-05-12', 'x', 5)",
        "DROP TABLE IF EXISTS hidden",
        "CREATE TABLE hidden(day date, project text, n bigint)",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader LOGIN; END IF; END $$",
        "GRANT SELECT, DELETE ON d TO reader",
    )
    there.address = server.replace("postgres@", "reader:geheim-password@")
    (tmp_path / "installs.sql").write_text(sql)
    with there.open() as ff:
        (summary,) = ff.collect().sources
    reasons = summary.error + "".join(note.reason for note in summary.notes)
    assert said in reasons
    assert_nothing_secret(tmp_path, reasons)
    there.address = server
    assert there.right() == [(date(2026, 5, 12), "x", 5)]


@pytest.mark.parametrize(
    "address", ["postgresql://u:geheim-password@127.0.0.1:1/d", "postgresql://u:geheim-password@no.invalid/d"]
)
def test_a_server_that_is_away_is_one_sentence_without_secrets(tmp_path: Path, address: str) -> None:
    (tmp_path / "installs.sql").write_text(QUERY)
    table = {"name": "installs", "query": "installs.sql", "time": "day", "first_day": date(2026, 5, 1)}
    part = {"connection": address, "tables": [{**table, "dimensions": ["project"], "measures": ["downloads"]}]}
    now = datetime(2026, 5, 13, 12, tzinfo=UTC)
    with footfall.open(Settings(folder=tmp_path, sources={"warehouse": part}), now=lambda: now) as ff:
        (summary,) = ff.collect().sources
        checks = list(ff.sources["warehouse"].checks(now))  # type: ignore[attr-defined]
    reasons = summary.error + "".join(note.reason for note in summary.notes)
    assert "cannot be reached" in reasons
    assert [check.state for check in checks] == ["failed", "unknown"]
    assert_nothing_secret(tmp_path, f"{reasons}{checks}")


def assert_nothing_secret(folder: Path, said: str) -> None:
    """Neither in words nor in any file of the lake and the ledger."""
    for secret in ("geheim-password", "t0ken-in-a-query"):
        assert secret not in said
        for file in (folder / "lake").rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
