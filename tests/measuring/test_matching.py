"""Rows that pass a filter, and groups that are shown apart: against plain Python, with values that are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from footfall.filters import Filter, Prefix
from footfall.measuring.matching import fold_others, keep_matching, keep_window
from footfall.periods import Window

NAMES = ["a/x", "a/y", "b/x", "", None]


def run(table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ibis.duckdb.connect().to_pyarrow(table).to_pylist()
    return found


def kept(filter: Filter) -> list[str | None]:
    table = ibis.memtable([{"repo": name} for name in NAMES], schema={"repo": "string"})
    found = [row["repo"] for row in run(keep_matching(table, filter))]
    return [name for name in NAMES if name in found]


@pytest.mark.parametrize(
    ("values", "is_among"),
    [
        (("a/x",), lambda name: name == "a/x"),
        (("a/x", "b/x"), lambda name: name in ("a/x", "b/x")),
        ((None,), lambda name: name is None),
        (("a/x", None), lambda name: name in ("a/x", None)),
        ((Prefix("a/"),), lambda name: name is not None and name.startswith("a/")),
        ((Prefix("a/"), "b/x", None), lambda name: name is None or name.startswith("a/") or name == "b/x"),
        ((Prefix(""),), lambda name: name is not None),
        (("",), lambda name: name == ""),
        (("nowhere",), lambda name: False),
    ],
)
def test_a_filter_and_its_opposite_part_all_rows(values: Any, is_among: Callable[[str | None], bool]) -> None:
    """SQL would drop rows without a value from both."""
    assert kept(Filter("repo", values)) == [name for name in NAMES if is_among(name)]
    assert kept(Filter("repo", values, "!=")) == [name for name in NAMES if not is_among(name)]


@pytest.mark.parametrize(("operator", "right"), [("<", [1]), ("<=", [1, 2]), (">", [3]), (">=", [2, 3])])
def test_ranges_hold_only_what_is_there(operator: Any, right: list[int]) -> None:
    table = ibis.memtable([{"n": n} for n in (1, 2, 3, None)], schema={"n": "int64"})
    assert sorted(row["n"] for row in run(keep_matching(table, Filter("n", (2,), operator)))) == right


def test_a_window_holds_its_start_and_not_its_end() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moments = [start + n * timedelta(hours=1) for n in range(-1, 3)]
    table = ibis.memtable([{"at": at} for at in moments], schema={"at": "timestamp('UTC', 6)"})
    found = [row["at"] for row in run(keep_window(table, "at", Window(start, start + timedelta(hours=2))))]
    assert sorted(found) == moments[1:3]


PAIRS: list[tuple[str | None, int | None]] = [("a", 1), ("a", 2), ("b", 1), (None, 1), ("a", None), (None, None)]


@pytest.mark.parametrize(
    "shown",
    [[("a", 1)], [(None, 1), ("a", None)], [(None, None)], [("a", 1), ("b", 1), (None, 1)], [("nobody", 9)], []],
)
def test_of_two_dimensions_only_the_groups_named_are_shown(shown: list[Any]) -> None:
    table = ibis.memtable([{"x": x, "n": n} for x, n in PAIRS], schema={"x": "string", "n": "int64"})
    folded = table.select(**fold_others({"x": table.x, "n": table.n}, shown, "(others)"))
    right = [(x, None if n is None else str(n)) if (x, n) in shown else ("(others)", "(others)") for x, n in PAIRS]
    assert sorted(map(repr, (tuple(row.values()) for row in run(folded)))) == sorted(map(repr, right))


@pytest.mark.parametrize("shown", [[("a",)], [("a",), (None,)], [(None,)], [("nobody",)], []])
def test_of_one_dimension_too(shown: list[Any]) -> None:
    names = ["a", "b", None]
    table = ibis.memtable([{"x": x} for x in names], schema={"x": "string"})
    folded = table.select(**fold_others({"x": table.x}, shown, "(others)"))
    right = [x if (x,) in shown else "(others)" for x in names]
    assert sorted(map(repr, (row["x"] for row in run(folded)))) == sorted(map(repr, right))
