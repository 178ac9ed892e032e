"""Answers of ClickHouse, text with names and types, as a table of these types."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from footfall.errors import BrokenDataError
from footfall.warehouses.clickhouse_rows import rows_of


def read(kind: str, *texts: str) -> list[Any]:
    body = '"x"\n' + f'"{kind}"\n' + "".join(f"{text}\n" for text in texts)
    found: list[Any] = rows_of(body.encode(), "here")["x"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("UInt8", "255", 255),
        ("Int64", "-9223372036854775808", -(2**63)),
        ("UInt64", "18446744073709551615", 2**64 - 1),
        ("Float32", "0.5", 0.5),
        ("Bool", "true", True),
        ("Date32", '"1900-01-01"', date(1900, 1, 1)),
        ("DateTime", '"2026-05-12 01:02:03"', datetime(2026, 5, 12, 1, 2, 3, tzinfo=UTC).replace(tzinfo=None)),
        ("DateTime('UTC')", '"2026-05-12 01:02:03"', datetime(2026, 5, 12, 1, 2, 3, tzinfo=UTC).replace(tzinfo=None)),
        (
            "DateTime64(6, 'Asia/Kolkata')",
            '"2026-05-12 05:30:00.000001"',
            datetime(2026, 5, 12, 0, 0, 0, 1, tzinfo=UTC),
        ),
        ("Nullable(UInt16)", "\\N", None),
        ("LowCardinality(Nullable(String))", '"\\N"', "\\N"),  # in quotes it is a text
        ("SimpleAggregateFunction(sum, UInt64)", "7", 7),
        ("String", '"a ""quoted"" text\nof two lines"', 'a "quoted" text\nof two lines'),
        ("Decimal(9, 2)", "1.10", "1.10"),
    ],
)
def test_a_value_has_the_type_of_its_column(kind: str, text: str, value: Any) -> None:
    assert read(kind, text) == [value]


def test_columns_may_have_one_name_and_no_row() -> None:
    found = rows_of(b'"n","n"\n"UInt8","String"\n1,"a"\n', "here")
    assert ([column.to_pylist() for column in found.columns], found.column_names) == ([[1], ["a"]], ["n", "n"])
    empty = rows_of(b'"n"\n"UInt8"\n', "here")
    assert (empty.num_rows, str(empty.schema.field("n").type)) == (0, "uint8")
    assert rows_of(b"", "here").num_rows == 0


@pytest.mark.parametrize(
    "body", [b"Ok.\n", b"<html>\n<body>\n", b'"a","b"\n"UInt8"\n', b"\xff\xfe\n\xff\n", b'"n"', b"\n\n"]
)
def test_another_answer_is_one_sentence(body: bytes) -> None:
    with pytest.raises(BrokenDataError, match="here did not answer as ClickHouse does; check that the address"):
        rows_of(body, "here")


@pytest.mark.parametrize(("kind", "text"), [("UInt8", "256"), ("UInt8", "-1"), ("Date", '"soon"'), ("Bool", "1,2")])
def test_a_value_of_another_type_is_one_sentence(kind: str, text: str) -> None:
    with pytest.raises(BrokenDataError, match="here gave rows that cannot be read"):
        read(kind, text)


@pytest.mark.parametrize("text", ["2026-10-25 02:30:00", "2026-03-29 02:30:00"])
def test_a_moment_that_its_zone_has_twice_or_never_is_one_sentence(text: str) -> None:
    with pytest.raises(BrokenDataError, match=r"here, column 'x', has moments .* Europe/Berlin.*select toTimeZone"):
        read("DateTime('Europe/Berlin')", f'"{text}"')
