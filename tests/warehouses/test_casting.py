"""Answers of databases → declared types: what is read, and what is refused with its value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from footfall.errors import BrokenDataError
from footfall.tables import Column, Role
from footfall.warehouses.casting import cast

DAY = datetime(2026, 11, 1, tzinfo=UTC)
FAR = datetime(9999, 12, 31, tzinfo=UTC)


def read(values: pa.Array, kind: Any, role: Role = Role.ATTRIBUTE) -> list[Any]:
    column = Column("c", kind, role, "")
    found = cast(pa.table({"C": values}), [column], "a.sql")
    assert found.column_names == ["c"]
    return [v.astimezone(UTC) if isinstance(v, datetime) else v for v in found["c"].to_pylist()]


@pytest.mark.parametrize(
    ("values", "kind", "right"),
    [
        (pa.array([42], pa.int8()), "integer", [42]),
        (pa.array([2**63 - 1], pa.uint64()), "integer", [2**63 - 1]),
        (pa.array(["42", " -7", None, "3.000"]), "integer", [42, -7, None, 3]),
        (pa.array([Decimal("42.00"), None]), "integer", [42, None]),
        (pa.array([42.0, None]), "integer", [42, None]),
        (pa.array([None, None], pa.null()), "integer", [None, None]),
        (pa.array(["1.5", "1e3"]), "number", [1.5, 1000.0]),
        (pa.array([Decimal("1.25")]), "number", [1.25]),
        (pa.array([2**60 + 1]), "number", [float(2**60)]),
        (pa.array([True, None]), "boolean", [True, None]),
        (pa.array([0, 1, None]), "boolean", [False, True, None]),
        (pa.array(["t", "False", None]), "boolean", [True, False, None]),
        (pa.array([3, None]), "string", ["3", None]),
        (pa.array(["", "NA", None]), "string", ["", "NA", None]),
        (pa.array(["a", "a"]).dictionary_encode(), "string", ["a", "a"]),
        (pa.array(["a"], pa.large_string()), "string", ["a"]),
        (pa.array([date(2026, 11, 1), None]), "timestamp", [DAY, None]),
        (pa.array([date(9999, 12, 31)]), "timestamp", [FAR]),
        (pa.array([FAR.replace(tzinfo=None)], pa.timestamp("us")), "timestamp", [FAR]),
        (pa.array([DAY], pa.timestamp("ns", "America/Los_Angeles")), "timestamp", [DAY]),
        (pa.array([1_793_491_200_000_000_999], pa.timestamp("ns")), "timestamp", [DAY]),
        (pa.array(["2026-11-01", None]), "timestamp", [DAY, None]),
        (pa.array(["2026-11-01 00:00:00", "2026-11-01T02:00:00+02:00"]), "timestamp", [DAY, DAY]),
    ],
)
def test_a_value_is_what_it_is_declared_to_be(values: pa.Array, kind: str, right: list[Any]) -> None:
    assert read(values, kind) == right


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (pa.array([1.5]), "integer", "1.5"),
        (pa.array([float("nan")]), "integer", "nan cannot be added up"),
        (pa.array(["NaN"]), "integer", "NaN"),
        (pa.array(["NaN"]), "number", "nan cannot be added up"),
        (pa.array([float("inf")]), "number", "inf cannot be added up"),
        (pa.array(["many"]), "number", "many"),
        (pa.array(["1,000"]), "integer", "1,000"),
        (pa.array([2**64 - 1], pa.uint64()), "integer", "18446744073709551615"),
        (pa.array([2.0**60]), "integer", "beyond what a double holds"),
        (pa.array([Decimal("1.25")]), "integer", "cast it in the query"),
        (pa.array(["yes"]), "boolean", "neither true nor false"),
        (pa.array([2]), "boolean", "neither true nor false"),
        (pa.array([1_700_000_000]), "timestamp", "it is not a moment"),
        (pa.array(["01/11/2026"]), "timestamp", "ISO text"),
        (pa.array([[1]]), "string", "several values"),
        (pa.array([True]), "integer", "it is not a number"),
        (pa.array([DAY], pa.timestamp("us", "UTC")), "number", "it is not a number"),
    ],
)
def test_what_would_lose_something_is_refused_with_its_value(values: pa.Array, kind: str, said: str) -> None:
    with pytest.raises(BrokenDataError, match="the column c is declared as") as caught:
        read(values, kind)
    assert said in str(caught.value)


@pytest.mark.parametrize("values", [pa.array([date(2026, 1, 1), None]), pa.nulls(2)])
def test_a_row_without_a_time_is_an_error(values: pa.Array) -> None:
    with pytest.raises(BrokenDataError, match="a row has no c, the time"):
        read(values, "timestamp", Role.TIME)


def test_parts_whose_types_differ_are_cast_one_by_one() -> None:
    """A driver picks the width of an integer for each part, and of no rows it knows no type at all."""
    assert read(pa.array([42], pa.int8()), "integer") + read(pa.array([3_000_000_000]), "integer") == [
        42,
        3_000_000_000,
    ]
    assert read(pa.array([], pa.int64()), "timestamp", Role.TIME) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": [1]}, "gives no column 'b'; it gives: a"),
        ({"a": [1], "b": [1], "x\x1b[2J": [1]}, r"gives the column 'x \[2J', which is not declared; declared: a, b"),
        ({"a": [1], "b": [1], "B": [1]}, "gives several columns 'b'"),
    ],
)
def test_columns_are_those_that_are_declared(given: dict[str, list[int]], said: str) -> None:
    columns = [Column(name, "integer", Role.MEASURE, "") for name in ("a", "b")]
    with pytest.raises(BrokenDataError, match=said):
        cast(pa.table(given), columns, "a.sql")
