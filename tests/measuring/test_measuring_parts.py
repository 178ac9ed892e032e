"""Time that counts for some scopes: rows within their windows, and no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import pytest

from footfall.measuring.parts import Part, keep_parts
from footfall.periods import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(first: int, end: int) -> Window:
    return Window(START + first * HOUR, START + end * HOUR)


def kept(*parts: Part) -> set[tuple[str | None, int]]:
    rows = [(scope, hour) for scope in ("Core", "docs", None) for hour in range(4)]
    table = ibis.memtable(
        [{"scope": scope, "at": START + hour * HOUR} for scope, hour in rows],
        schema={"scope": "string", "at": "timestamp('UTC', 6)"},
    )
    found = ibis.duckdb.connect().to_pyarrow(keep_parts(table, "at", "scope", parts)).to_pylist()
    return {(row["scope"], (row["at"] - START) // HOUR) for row in found}


def test_of_every_scope() -> None:
    assert kept(Part(None, (window(1, 2), window(3, 9)))) == {(s, h) for s in ("Core", "docs", None) for h in (1, 3)}


def test_of_some_scopes_each_its_own_time() -> None:
    parts = (Part(("Core",), (window(0, 2),)), Part(("docs", "more"), (window(2, 4),)))
    assert kept(*parts) == {("Core", 0), ("Core", 1), ("docs", 2), ("docs", 3)}


@pytest.mark.parametrize(("folds_case", "right"), [(True, {("Core", 0)}), (False, set())])
def test_scopes_ignore_case_where_their_column_does(folds_case: bool, right: set[tuple[str, int]]) -> None:
    assert kept(Part(("CORE",), (window(0, 1),), folds_case)) == right


@pytest.mark.parametrize("parts", [(), (Part(None, ()),), (Part((), (window(0, 4),)),)])
def test_no_time_or_no_scope_is_no_row(parts: tuple[Part, ...]) -> None:
    assert kept(*parts) == set()


def test_hundreds_of_windows_are_no_deep_expression() -> None:
    """Engines process conditions recursively: a chain of them would overflow."""
    many = Part(None, tuple(window(2 * n, 2 * n + 1) for n in range(1500)))
    assert kept(many) == {(s, h) for s in ("Core", "docs", None) for h in (0, 2)}


def test_scopes_need_their_column() -> None:
    table = ibis.memtable([{"at": START}], schema={"at": "timestamp('UTC', 6)"})
    with pytest.raises(AssertionError, match="a column that tells scopes apart"):
        keep_parts(table, "at", None, [Part(("a",), (window(0, 1),))])
