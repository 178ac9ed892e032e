"""Messages of databases in our sentences: one line, of limited length, without the texts of the query."""

from __future__ import annotations

import pytest

from footfall.warehouses.refusals import LONGEST, RefusedQueryError, in_words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no such table: t.", "no such table: t"),
        ("two\nlines\tand  blanks...", "two lines and blanks"),
        ("\x1b[31mred\x00", "[31mred"),
        ("", ""),
    ],
)
def test_a_message_becomes_one_line(text: str, said: str) -> None:
    assert in_words(text) == said


def test_a_long_message_is_cut() -> None:
    assert in_words("x" * LONGEST) == "x" * LONGEST
    assert in_words("x" * (LONGEST + 1)) == "x" * LONGEST + "…"


@pytest.mark.parametrize(
    ("sql", "text", "said"),
    [
        ("SELECT 'hunter2hunter2'", "bad value hunter2hunter2 here", "bad value … here"),
        ("SELECT 'short'", "bad value short", "bad value short"),  # words as short as this are not secrets
        ("SELECT 'it''s a secret'", "at it''s a secret", "at …"),
        ("SELECT 'one-secret', 'two-secret'", "one-secret two-secret", "… …"),
        ("SELECT 'not closed", "near not closed", "near not closed"),
    ],
)
def test_what_the_query_quotes_is_not_repeated(sql: str, text: str, said: str) -> None:
    assert in_words(text, sql) == said


def test_the_error_keeps_what_the_database_said() -> None:
    error = RefusedQueryError("it refuses: no.", "no", 47)
    assert (str(error), error.said, error.number, error.code) == ("it refuses: no.", "no", 47, "refused_query")
