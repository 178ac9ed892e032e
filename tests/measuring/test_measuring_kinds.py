"""How rows become one number per period and group, run on DuckDB; nothing becomes a row of nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from footfall.measuring.kinds import VALUE, aggregate, measure_distinct, measure_latest, measure_sum, series_column

ROWS = [("a", 3), ("a", None), ("a", 3), ("b", 4), ("c", None)]


def rows(given: list[tuple[str, int | None]]) -> ir.Table:
    return ibis.memtable([{"group": g, VALUE: v} for g, v in given], schema={"group": "string", VALUE: "int64"})


@pytest.mark.parametrize(
    ("measure", "by_group", "whole"),
    [
        (measure_sum, {"a": 6, "b": 4, "c": None}, 10),
        (measure_distinct, {"a": 1, "b": 1, "c": 0}, 2),
        (measure_latest, {"a": 3, "b": 4, "c": None}, 4),
    ],
)
def test_values_that_are_not_there_do_not_count(measure: Callable[..., ir.Table], by_group: Any, whole: int) -> None:
    found = ibis.duckdb.connect().to_pyarrow(measure(rows(ROWS), ["group"])).to_pylist()
    assert {row["group"]: row[VALUE] for row in found} == by_group
    assert ibis.duckdb.connect().to_pyarrow(measure(rows(ROWS), [])).to_pylist() == [{VALUE: whole}]


@pytest.mark.parametrize("measure", [measure_sum, measure_distinct, measure_latest])
@pytest.mark.parametrize("keys", [[], ["group"]])
def test_no_rows_give_no_number_and_not_zero(measure: Callable[..., ir.Table], keys: list[str]) -> None:
    assert ibis.duckdb.connect().to_pyarrow(measure(rows([]), keys)).num_rows == 0


def test_several_values_at_once() -> None:
    given = rows(ROWS)
    found = aggregate(given, [], most=given[VALUE].max(), least=given[VALUE].min())
    assert ibis.duckdb.connect().to_pyarrow(found).to_pylist() == [{"most": 4, "least": 3}]


def test_series_have_names_of_their_own() -> None:
    assert [series_column(n) for n in range(2)] == ["series_0", "series_1"]
