"""Rows of BigQuery, whose values are all texts, as a table of their types."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest

from footfall.errors import BrokenDataError
from footfall.warehouses.bigquery_rows import rows_of


def read(kind: str, *values: str | None, **more: str) -> list[Any]:
    rows = [{"f": [{"v": value}]} for value in values]
    found: list[Any] = rows_of([{"name": "x", "type": kind, **more}], rows)["x"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("INTEGER", "-9223372036854775808", -(2**63)),
        ("INT64", "42", 42),
        ("FLOAT", "1.5e300", 1.5e300),
        ("FLOAT64", "-Infinity", -math.inf),
        ("BOOLEAN", "true", True),
        ("BOOL", "FALSE", False),
        ("DATE", "2026-05-12", date(2026, 5, 12)),
        ("TIMESTAMP", "1778544000000001", datetime(2026, 5, 12, 0, 0, 0, 1, tzinfo=UTC)),
        ("TIMESTAMP", "-1", datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("DATETIME", "2026-05-12T01:02:03.000004", datetime(2026, 5, 12, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)),
        ("NUMERIC", "1.10", "1.10"),
        ("STRING", "", ""),
        ("SOMETHING_NEW", "x", "x"),
    ],
)
def test_a_value_has_the_type_of_its_column(kind: str, text: str, value: Any) -> None:
    assert read(kind, text, None) == [value, None]


def test_no_rows_are_a_table_with_its_columns() -> None:
    found = rows_of([{"name": "n", "type": "INTEGER"}, {"name": "day", "type": "DATE"}], [])
    assert (found.num_rows, [str(kind) for kind in found.schema.types]) == (0, ["int64", "date32[day]"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("INTEGER", "1.5"),
        ("FLOAT", "much"),
        ("BOOLEAN", "yes"),
        ("DATE", "2026-02-30"),
        ("TIMESTAMP", "1.778544E9"),
        ("TIMESTAMP", "9" * 30),
        ("DATETIME", "noon"),
    ],
)
def test_a_value_of_another_type_is_one_sentence(kind: str, text: str) -> None:
    with pytest.raises(BrokenDataError, match=r"BigQuery gave a row that cannot be read; check the address\."):
        read(kind, text)


@pytest.mark.parametrize("row", [{}, {"f": []}, {"f": [{}]}, {"f": None}, {"f": ["x"]}])
def test_a_row_of_another_shape_is_one_sentence(row: dict[str, Any]) -> None:
    with pytest.raises(BrokenDataError, match="BigQuery gave a row that cannot be read"):
        rows_of([{"name": "x", "type": "INTEGER"}], [row])


@pytest.mark.parametrize("more", [{"mode": "REPEATED"}, {"type": "RECORD"}, {"type": "STRUCT"}])
def test_lists_and_records_are_refused_with_their_column(more: dict[str, str]) -> None:
    with pytest.raises(BrokenDataError, match="the column 'x' holds lists or records; name a single value"):
        rows_of([{"name": "x", "type": "STRING", **more}], [])
