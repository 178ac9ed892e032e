"""SQLite through its driver, and what drivers say in plain sentences; a real PostgreSQL is asked in the tests of promises."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from footfall.errors import UnreachableError
from footfall.warehouses.adbc import open_sqlite, translated
from footfall.warehouses.refusals import RefusedQueryError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "usage #1?.db"  # as an address it would end at the #
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (day TEXT, n INT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [("2026-05-01", None)] * 3000 + [("2026-05-02", 7)])
    return path


def test_a_file_is_read_and_never_written(file: Path) -> None:
    found = open_sqlite(str(file), "sqlite:///usage.db")
    assert found.ask("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 3001}]
    with pytest.raises(RefusedQueryError, match=r"sqlite:///usage\.db refuses"):
        found.run("INSERT INTO t VALUES ('2026-05-03', 1)")
    assert found.ask("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 3001}]
    found.close()


def test_many_leading_nulls_do_not_decide_the_type(file: Path) -> None:
    found = open_sqlite(str(file), "sqlite:///usage.db")
    rows = found.ask("SELECT n FROM t")
    assert str(rows.schema.field("n").type) == "int64"
    assert rows["n"].to_pylist()[-1] == 7
    found.close()


@pytest.mark.parametrize(
    "sql", ["SELEKT 1", "SELECT * FROM nowhere", "SELECT nothing FROM t WHERE day = 'a-long-secret'"]
)
def test_what_it_refuses_is_one_sentence_without_the_query(file: Path, sql: str) -> None:
    found = open_sqlite(str(file), "sqlite:///usage.db")
    with pytest.raises(RefusedQueryError, match="correct the query") as raised:
        found.ask(sql)
    assert "\n" not in str(raised.value)
    assert "a-long-secret" not in str(raised.value)
    found.close()


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "usage.db").write_text("day,n\n" * 1000)
    found = open_sqlite(str(tmp_path / "usage.db"), "sqlite:///usage.db")
    with pytest.raises(RefusedQueryError, match="not a database"):
        found.ask("SELECT 1 FROM t")
    found.close()


def test_a_connection_that_fails_is_unreachable_and_a_query_that_fails_is_refused() -> None:
    from adbc_driver_manager import AdbcStatusCode, OperationalError

    lost = OperationalError("could not connect: connection refused", status_code=AdbcStatusCode.IO)
    with (
        pytest.raises(
            UnreachableError, match=r"^db cannot be reached: .*; check the address, the user and that it runs"
        ),
        translated("db"),
    ):
        raise lost
    with pytest.raises(RefusedQueryError, match=r"^db refuses: "), translated("db", "SELECT 1"):
        raise lost


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("28P01", "correct user and password"),
        ("42501", "GRANT SELECT"),
        ("42P01", "correct the name of the table"),
        ("57014", "statement_timeout"),
        ("22012", "correct the query"),
    ],
)
def test_the_state_of_an_error_says_what_to_do(state: str, hint: str) -> None:
    from adbc_driver_manager import AdbcStatusCode, ProgrammingError

    error = ProgrammingError(
        f"INTERNAL: [libpq] Failed to execute query: ERROR:  no. SQLSTATE: {state}\nQuery was: SELECT secret",
        status_code=AdbcStatusCode.INTERNAL,
    )
    with pytest.raises(RefusedQueryError) as raised, translated("db", "SELECT secret"):
        raise error
    assert hint in str(raised.value)
    assert "secret" not in str(raised.value)
    assert str(raised.value).startswith("db refuses: no. SQLSTATE")
