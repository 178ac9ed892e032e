"""CSV for spreadsheets: a text is never a formula, and a number stays a number."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.frames import csv_of, for_spreadsheets


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=cmd()",
        '=HYPERLINK("http://x","y")',
        "+1+1",
        "-1+2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "-a/b",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_what_looks_like_a_formula_is_marked(text: str) -> None:
    assert cells(for_spreadsheets(csv_of(["repo"], [[text]]))) == [["repo"], [f"'{text}"]]


@pytest.mark.parametrize("text", ["-5", "+5", "-0.25", "-1e-7", "12", "-5%", "", "a=b", "2026-11-01", "'=x"])
def test_numbers_and_harmless_texts_stay(text: str) -> None:
    assert cells(for_spreadsheets(csv_of(["n", "m"], [[text, "x"]]))) == [["n", "m"], [text, "x"]]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2, max_size=2)
    )
)
def test_nothing_else_changes(rows: list[list[str]]) -> None:
    found = cells(for_spreadsheets(csv_of(["a", "b"], rows)))
    assert [[cell.removeprefix("'") for cell in row] for row in found[1:]] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
