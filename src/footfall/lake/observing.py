"""Writing observed values: only values that differ from the last observation of their key are appended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.lake.delta import LIVE
from footfall.lake.files import ask, months_of, read_as, write_month, write_months
from footfall.ledger import LEDGER
from footfall.sql import literal, quote
from footfall.tables import OBSERVED_AT, Observe, Table

if TYPE_CHECKING:
    import duckdb

    from footfall.lake.delta import DataFile, DeltaFolder

MOST_AT_ONCE = 100_000
"""Incoming rows of months without observations that are written in one pass: all are in memory then."""


def observed(delta: DeltaFolder, table: Table, incoming: duckdb.DuckDBPyRelation, now: datetime) -> list[DataFile]:
    """Files with the incoming rows that are new or different.

    A row without `observed_at` gets `now`, or the moment after the last observation of its key if the clock went back:
    the later observation wins. Rows may arrive late or repeatedly; each is compared with the observation before it.
    """
    is_dated = table is not LEDGER and OBSERVED_AT in incoming.columns
    files = [file for file in delta.files() if is_dated or not file.is_past]
    months = months_of(table, incoming)
    held = {file.month for file in files}
    at_once = [month for month in months if month not in held]
    if len(at_once) < 2 or ask(incoming, "SELECT count(*) FROM incoming")[0][0] > MOST_AT_ONCE:
        at_once = []
    with delta.staging() as added:
        if at_once:
            for file in _first_ones(delta, table, incoming, at_once, now):
                added.append(file)
        for month in [month for month in months if month not in at_once]:
            old = [delta.folder / file.path for file in files if file.month == month]
            news = _news(table, incoming, _is_of(table, month), read_as(table, old), now)
            prefix = LIVE if not old and not _ambiguous(table, incoming, _is_of(table, month)) else ""
            if written := write_month(delta.folder, table, month, incoming, news, prefix):
                added.append(written)
    return added


def _first_ones(
    delta: DeltaFolder, table: Table, incoming: duckdb.DuckDBPyRelation, months: Sequence[str], now: datetime
) -> Iterator[DataFile]:
    """Files of months that have no observation yet, in one pass."""
    chosen = f"strftime({quote(table.time)}, '%Y-%m') IN ({', '.join(map(literal, months))})"
    ambiguous = _ambiguous(table, incoming, chosen)
    prefixes = {month: "" if month in ambiguous else LIVE for month in months}
    yield from write_months(
        delta.folder, table, incoming, _news(table, incoming, chosen, read_as(table, []), now), prefixes
    )


def _ambiguous(table: Table, incoming: duckdb.DuckDBPyRelation, chosen: str) -> set[str]:
    """The months in which two of the chosen rows have the same key; else all rows of a first file are in force."""
    assert isinstance(table.rule, Observe)
    keys = ", ".join(map(quote, table.rule.key))
    month = f"strftime(any_value({quote(table.time)}), '%Y-%m')"
    found = ask(incoming, f"SELECT {month} FROM incoming WHERE {chosen} GROUP BY {keys} HAVING count(*) > 1")
    return {name for (name,) in found}


def _is_of(table: Table, month: str) -> str:
    return f"strftime({quote(table.time)}, '%Y-%m') = {literal(month)}"


def _news(table: Table, incoming: duckdb.DuckDBPyRelation, chosen: str, known: str, now: datetime) -> str:
    """The SQL of the chosen incoming rows that are new or different, compared with the known ones."""
    assert isinstance(table.rule, Observe)
    key, stamp = table.rule.key, f"greatest({literal(now)}, last.{OBSERVED_AT} + INTERVAL 1 MICROSECOND)"
    names = [c.name for c in table.columns if c.name != OBSERVED_AT]
    columns = ", ".join(f"new.{quote(name)}" for name in names)
    moment = f"new.{OBSERVED_AT}" if OBSERVED_AT in incoming.columns else "NULL"
    in_time = [f"{quote(name)} NULLS FIRST" for name in (OBSERVED_AT, *table.tie_breakers)]
    keys = ", ".join(map(quote, key))
    return f"""
        WITH incoming_rows AS (
            FROM incoming WHERE {chosen}
        ), known AS (
            SELECT old.* FROM {known} old SEMI JOIN incoming_rows new ON {_equal("old", key)}
        ), last AS (
            SELECT {keys}, max({OBSERVED_AT}) AS {OBSERVED_AT} FROM known GROUP BY ALL
        ), stamped AS (
            SELECT {columns}, coalesce({moment}, {stamp}) AS {OBSERVED_AT}
            FROM incoming_rows new LEFT JOIN last ON {_equal("last", key)}
        ), all_rows AS (
            SELECT *, row({", ".join(map(quote, names))}) AS said FROM (
                SELECT *, true AS is_new FROM stamped UNION ALL BY NAME SELECT *, false AS is_new FROM known
            )
        )
        SELECT * FROM all_rows
        QUALIFY is_new AND said IS DISTINCT FROM lag(said) OVER (
            PARTITION BY {keys} ORDER BY {", ".join(in_time)}, is_new
        )
    """


def _equal(other: str, key: tuple[str, ...]) -> str:
    return " AND ".join(f"new.{quote(name)} IS NOT DISTINCT FROM {other}.{quote(name)}" for name in key)
