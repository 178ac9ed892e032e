"""Kinds: how the rows of a period and group are aggregated to one number, as Ibis expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footfall.metrics import Kind

if TYPE_CHECKING:
    import ibis.expr.types as ir

PERIOD, VALUE, MOMENT = "period_start", "measured_value", "measured_at"
SHARE = "share_seen"
"""For kinds that report it: the share of expected samples in a period that was seen, 0 to 1."""


def series_column(position: int) -> str:
    """The name of an identifying dimension while it is measured."""
    return f"series_{position}"


def measure_sum(rows: ir.Table, keys: Sequence[str]) -> ir.Table:
    return aggregate(rows, keys, **{VALUE: rows[VALUE].sum()})


def measure_distinct(rows: ir.Table, keys: Sequence[str]) -> ir.Table:
    return aggregate(rows, keys, **{VALUE: rows[VALUE].nunique()})


def measure_latest(rows: ir.Table, keys: Sequence[str]) -> ir.Table:
    return aggregate(rows, keys, **{VALUE: rows[VALUE].max()})


MEASURES = {
    Kind.SUM: measure_sum,
    Kind.DISTINCT: measure_distinct,
    Kind.LATEST: measure_latest,
}
"""Kinds that need only the rows of the period; levels and counters also need earlier and later ones."""


def aggregate(rows: ir.Table, keys: Sequence[str], **values: ir.Scalar) -> ir.Table:
    if keys:
        return rows.group_by(list(keys)).aggregate(**values)
    # Without keys SQL returns a row for an empty input; a group without rows must have no row.
    whole = rows.aggregate(**values, rows_seen=rows.count())
    return whole.filter(whole.rows_seen > 0).select(*values)
