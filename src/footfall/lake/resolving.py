"""Which rows of an observed table are current: one per key for readers, and the minimal equivalent set for storage."""

from __future__ import annotations

from datetime import datetime

from footfall.ledger import LEDGER
from footfall.sql import literal, quote
from footfall.tables import OBSERVED_AT, Observe, Table

SUCCESS = "status IN ('complete', 'provisional')"
"""Whether a ledger entry is a success."""


def resolved(table: Table, rows: str) -> str:
    """The SQL of one row per key, as readers see an observed table; for other tables the rows are unchanged."""
    if not isinstance(table.rule, Observe):
        return f"SELECT * FROM {rows}"
    newest = f"SELECT *, {_nth(table, _newest_first(table))} AS nth FROM {rows}"
    if table.rule.resolve == "max":
        tops = ", ".join(
            f"max({quote(m)}) OVER (PARTITION BY {', '.join(map(quote, table.rule.key))}) AS {quote(m)}"
            for m in table.measures
        )
        newest = f"SELECT * REPLACE ({tops}), {_nth(table, _newest_first(table))} AS nth FROM {rows}"
    return f"SELECT * EXCLUDE (nth) FROM ({newest}) WHERE nth = 1"


def marked(table: Table, rows: str, horizon: datetime | None = None) -> str:
    """The SQL of the same rows with `is_in_force`: whether the row is needed for what readers see.

    With a `horizon` also `is_needed`: whether a reader as of any moment since then may need it.
    A row that is not in force never will be again, whatever is observed later.
    """
    found = f"SELECT *, {in_force(table)} AS is_in_force FROM {rows}"
    if horizon is None:
        return found
    is_old = f"{OBSERVED_AT} <= {literal(horizon)}"
    needed = f"NOT ({is_old}) OR {in_force(table, is_old)}"
    return f"SELECT *, is_in_force OR {needed} AS is_needed FROM ({found})"


def in_force(table: Table, part: str = "") -> str:
    """The SQL of whether a row is needed to resolve its key, among all rows or among those with an equal `part`.

    In the ledger these are the newest entry and the newest success. For values of which the largest counts, the newest
    row, and for each measure the first that has its maximum. For others the newest row.
    """
    assert isinstance(table.rule, Observe)
    if table is LEDGER:
        newest, newest_success = (
            _nth(table, _newest_first(table), part),
            _nth(table, _newest_first(table), part, SUCCESS),
        )
        return f"({newest} = 1 OR ({SUCCESS} AND {newest_success} = 1))"
    orders = [_newest_first(table)]
    if table.rule.resolve == "max":
        orders += [f"{quote(m)} DESC NULLS LAST, {OBSERVED_AT}, {_newest_first(table)}" for m in table.measures]
    return f"({' OR '.join(f'{_nth(table, order, part)} = 1' for order in orders)})"


def _nth(table: Table, order: str, *parts: str) -> str:
    assert isinstance(table.rule, Observe)
    partition = ", ".join([*map(quote, table.rule.key), *(part for part in parts if part)])
    return f"row_number() OVER (PARTITION BY {partition} ORDER BY {order})"


def _newest_first(table: Table) -> str:
    """The last observed first. Further columns break ties, so that all readers pick the same row."""
    if table is LEDGER:
        return f"{OBSERVED_AT} DESC, ({SUCCESS}) DESC, rows DESC, fingerprint DESC"
    return ", ".join(f"{quote(name)} DESC NULLS LAST" for name in [OBSERVED_AT, *table.tie_breakers])
