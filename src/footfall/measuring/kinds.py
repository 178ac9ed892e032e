"""Kinds: how the rows of a period and group become one number, as Ibis expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footfall.metrics import Kind, Metric

if TYPE_CHECKING:
    import ibis.expr.types as ir

PERIOD, VALUE, MOMENT = "period_start", "measured_value", "measured_at"


def measure_sum(rows: ir.Table, keys: Sequence[str], metric: Metric) -> ir.Table:
    return _aggregate(rows, keys, rows[VALUE].sum())


def measure_distinct(rows: ir.Table, keys: Sequence[str], metric: Metric) -> ir.Table:
    return _aggregate(rows, keys, rows[VALUE].nunique())


def measure_latest(rows: ir.Table, keys: Sequence[str], metric: Metric) -> ir.Table:
    return _aggregate(rows, keys, rows[VALUE].max())


def measure_level(rows: ir.Table, keys: Sequence[str], metric: Metric) -> ir.Table:
    """First the series of a group are added up at each sampling moment, then one value stands for the moments."""
    samples = rows.group_by([*keys, MOMENT]).aggregate(**{VALUE: rows[VALUE].sum()})
    samples = samples.filter(samples[VALUE].notnull())
    match metric.within:
        case "mean":
            value = samples[VALUE].mean()
        case "max":
            value = samples[VALUE].max()
        case "last":
            value = samples[VALUE].argmax(samples[MOMENT])
    return _aggregate(samples, keys, value)


MEASURES = {
    Kind.SUM: measure_sum,
    Kind.DISTINCT: measure_distinct,
    Kind.LEVEL: measure_level,
    Kind.LATEST: measure_latest,
}


def _aggregate(rows: ir.Table, keys: Sequence[str], value: ir.Scalar) -> ir.Table:
    if keys:
        return rows.group_by(list(keys)).aggregate(**{VALUE: value})
    # Without keys SQL makes a row of nothing; a group that has no rows is no row.
    whole = rows.aggregate(**{VALUE: value, "rows_seen": rows.count()})
    return whole.filter(whole.rows_seen > 0).select(VALUE)
