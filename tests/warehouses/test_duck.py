"""DuckDB as a warehouse: files, opened for reading alone, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from footfall.errors import UnreachableError
from footfall.periods import Window
from footfall.warehouses.duck import ROWS, open_duckdb
from footfall.warehouses.refusals import RefusedQueryError

WINDOW = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(5)")
    return path


def test_a_file_is_read_and_never_written(file: Path, tmp_path: Path) -> None:
    found = open_duckdb(file, tmp_path, "duckdb:///usage.duckdb")
    try:
        assert found.ask("SELECT sum(n) AS n FROM t").to_pylist() == [{"n": 10}]
        for statement in ("INSERT INTO t VALUES (9)", "DROP TABLE t", "CREATE TABLE u (n INT)"):
            with pytest.raises(RefusedQueryError):
                found.ask(statement)
        assert found.ask("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 5}]
    finally:
        found.close()


def test_without_a_file_it_reads_those_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("day,n\n2026-05-01,7\n")
    found = open_duckdb(None, tmp_path, "duckdb://")
    assert found.ask("SELECT n FROM 'visits.csv'").to_pylist() == [{"n": 7}]
    found.close()


def test_a_long_answer_comes_in_parts_and_an_empty_one_with_its_columns(tmp_path: Path) -> None:
    found = open_duckdb(None, tmp_path, "duckdb://")
    parts = list(found.answer(lambda window: f"SELECT range AS n FROM range({2 * ROWS + 1})", WINDOW, ()))
    assert parts[0].num_rows == 0
    assert len(parts) > 2
    assert sum(part.num_rows for part in parts) == 2 * ROWS + 1
    empty = found.ask("SELECT 1 AS n WHERE false")
    assert (empty.num_rows, empty.column_names) == (0, ["n"])
    found.close()


def test_its_clock_is_utc(tmp_path: Path) -> None:
    found = open_duckdb(None, tmp_path, "duckdb://")
    (row,) = found.ask("SELECT CAST(TIMESTAMPTZ '2026-05-01T00:30+02' AS TEXT) AS at").to_pylist()
    assert row["at"].startswith("2026-04-30 22:30:00")
    found.close()


@pytest.mark.parametrize("sql", ["SELEKT 1", "SELECT * FROM nowhere", "SELECT 1 WHERE x = 'a-long-secret'"])
def test_what_it_refuses_is_one_sentence_without_the_query(tmp_path: Path, sql: str) -> None:
    found = open_duckdb(None, tmp_path, "duckdb://")
    with pytest.raises(RefusedQueryError, match=r"^duckdb:// refuses: .*; correct the query") as raised:
        found.ask(sql)
    assert "\n" not in str(raised.value)
    assert "a-long-secret" not in str(raised.value)
    found.close()


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "usage.duckdb"
    path.write_text("day,n\n" * 1000)
    with pytest.raises(UnreachableError, match=r"duckdb:///usage\.duckdb cannot be opened"):
        open_duckdb(path, tmp_path, "duckdb:///usage.duckdb")
