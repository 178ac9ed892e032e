"""Query files: placeholders, and what a file cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from footfall.errors import SettingsError
from footfall.warehouses.dialects import BIGQUERY, CLICKHOUSE, DUCKDB, POSTGRESQL, SNOWFLAKE, SQLITE, Dialect
from footfall.warehouses.statements import Statement, checked_statement, read_statement

BOTH = ("since", "until")
MOMENT = datetime(2026, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ':until' FROM d WHERE t >= :since",
        "SELECT 'it''s :until' FROM d WHERE t >= :since",
        r"SELECT 'it\'s :until' FROM d WHERE t >= :since",
        'SELECT ":until" FROM d WHERE t >= :since',
        "SELECT `:until` FROM d WHERE t >= :since",
        "SELECT t::until FROM d WHERE t >= :since -- before :until",
        "SELECT $$:until$$, $x$ $$ :until $x$ FROM d /* :until\n; */ WHERE t >= :since",
    ],
)
def test_a_placeholder_stands_in_code_alone(text: str) -> None:
    assert Statement(text).names == ("since",)
    assert Statement(text).filled({"since": "X"}) == text.replace(":since", "X")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" ; ", "is empty"),
        ("SELECT :since, :until; SELECT 2", "several statements"),
        ("SELECT :since, :untill", r"placeholder :untill; valid: :since, :until"),
        ("SELECT :since", "has no :until"),
    ],
)
def test_a_query_that_cannot_be_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        checked_statement(text, "a.sql", BOTH, BOTH)


def test_a_semicolon_at_the_end_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT :since, :until ;\n")
    assert read_statement(tmp_path / "a.sql", BOTH).text == "SELECT :since, :until"


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.sql cannot be read: No such file"):
        read_statement(tmp_path / "none.sql", BOTH)
    (tmp_path / "latin.sql").write_bytes("SELECT 'ö'".encode("latin-1"))
    with pytest.raises(SettingsError, match="save it as UTF-8"):
        read_statement(tmp_path / "latin.sql", BOTH)


@pytest.mark.parametrize("dialect", [POSTGRESQL, SQLITE, DUCKDB, SNOWFLAKE, BIGQUERY, CLICKHOUSE], ids=lambda d: d.name)
def test_a_name_cannot_leave_its_text(dialect: Dialect) -> None:
    hostile = "x' OR 1=1 -- \\"
    text = dialect.text(hostile)
    inner = text[1:-1]
    plain = inner.replace("\\\\", "").replace("\\'", "") if dialect.has_backslash else inner.replace("''", "")
    assert "'" not in plain


def test_moments_are_texts_with_a_cast() -> None:
    assert POSTGRESQL.moment(MOMENT) == "CAST('2026-05-13 00:00:00' AS TIMESTAMP)"
    assert SNOWFLAKE.moment(MOMENT) == "CAST('2026-05-13 00:00:00' AS TIMESTAMP_NTZ)"
    assert SQLITE.moment(MOMENT) == "'2026-05-13'"
    assert SQLITE.moment(MOMENT.replace(hour=9, microsecond=5)) == "'2026-05-13 09:00:00.000005'"


def test_some_values_of_a_query_are_picked() -> None:
    found = duckdb.sql(DUCKDB.among("SELECT * FROM (VALUES ('a', 1), ('b''', 2)) v(name, n) -- end", "name", ["b'"]))
    assert found is not None
    assert found.fetchall() == [("b'", 2)]
