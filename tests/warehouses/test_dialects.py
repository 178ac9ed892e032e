"""What Footfall adds to a query, as each database writes it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest

from footfall.warehouses.dialects import BIGQUERY, CLICKHOUSE, DUCKDB, POSTGRESQL, SNOWFLAKE, SQLITE, Dialect

EVERY = (POSTGRESQL, SQLITE, DUCKDB, SNOWFLAKE, BIGQUERY, CLICKHOUSE)
MOMENT = datetime(2026, 5, 13, 1, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("dialect", EVERY, ids=lambda dialect: dialect.name)
def test_a_moment_is_in_utc(dialect: Dialect) -> None:
    assert "2026-05-12 23:30:00" in dialect.moment(MOMENT)


def test_moments_as_each_writes_them() -> None:
    midnight = datetime(2026, 5, 13, tzinfo=UTC)
    assert [dialect.moment(midnight) for dialect in EVERY] == [
        "CAST('2026-05-13 00:00:00' AS TIMESTAMP)",
        "'2026-05-13'",  # as a text it is before every moment of its day
        "CAST('2026-05-13 00:00:00' AS TIMESTAMP)",
        "CAST('2026-05-13 00:00:00' AS TIMESTAMP_NTZ)",
        "TIMESTAMP('2026-05-13 00:00:00+00')",
        "toDateTime64('2026-05-13 00:00:00', 6, 'UTC')",
    ]
    assert SQLITE.moment(midnight + timedelta(microseconds=1)) == "'2026-05-13 00:00:00.000001'"


TEXTS = ["plain", "it's", "'; DROP TABLE t; --", "\\", "\\'", "'\\''", "two\nlines", "数", ""]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_from_its_database(text: str) -> None:
    """By the engines that run here; those with escapes are read by their rule."""
    with sqlite3.connect(":memory:") as database:
        assert database.execute(f"SELECT {SQLITE.text(text)}").fetchone() == (text,)
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {DUCKDB.text(text)}").fetchall() == [(text,)]
    assert POSTGRESQL.text(text) == DUCKDB.text(text)
    for dialect in (BIGQUERY, CLICKHOUSE, SNOWFLAKE):
        quoted = dialect.text(text)
        assert unescaped(quoted[1:-1]) == text
        assert (quoted[0], quoted[-1]) == ("'", "'")


def unescaped(inside: str) -> str:
    """A string literal with backslashes, read as such databases do: a quote without one would end it."""
    found, rest = "", iter(inside)
    for character in rest:
        assert character != "'"
        found += next(rest) if character == "\\" else character
    return found


def test_only_some_rows_of_a_query() -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE t (project TEXT, n INT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [("it's", 1), ("b", 2), ("c", 3)])
        sql = SQLITE.among("SELECT project, n FROM t -- all", "project", ["it's", "c", "nobody"])
        assert database.execute(f"{sql} ORDER BY n").fetchall() == [("it's", 1), ("c", 3)]


def test_names_are_quoted_where_that_does_not_change_them() -> None:
    assert [dialect.column("Day") for dialect in EVERY] == ['"Day"', '"Day"', '"Day"', "Day", "`Day`", "`Day`"]
