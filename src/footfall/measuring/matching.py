"""Matching: the rows of a window that pass the filters, and the groups that are shown individually."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, TypeAlias

from footfall.filters import RANGES, Filter, Prefix, Value
from footfall.periods import Window

if TYPE_CHECKING:
    import ibis.expr.types as ir

Group: TypeAlias = tuple[Value, ...]
"""One value for each dimension of the query."""


def instant(moment: datetime) -> ir.TimestampScalar:
    """A moment in UTC as the type of moments in tables."""
    import ibis

    return ibis.literal(moment, type="timestamp('UTC', 6)")


def keep_window(rows: ir.Table, time: str, window: Window) -> ir.Table:
    return rows.filter(rows[time] >= instant(window.start), rows[time] < instant(window.end))


def keep_matching(rows: ir.Table, filter: Filter) -> ir.Table:
    """SQL drops rows without a value on both sides of a comparison; a negated filter must keep them."""
    column = rows[filter.dimension]
    if filter.is_range:
        return rows.filter(RANGES[filter.operator](column, _literal(filter.values[0], column)))
    is_among = _is_among(column, filter)
    keeps_empty = (None in filter.values) != filter.is_negated
    if is_among is None:
        return rows.filter(column.isnull() if keeps_empty else column.notnull())
    is_kept = ~is_among if filter.is_negated else is_among
    return rows.filter(column.isnull() | is_kept if keeps_empty else is_kept)


def _is_among(column: ir.Column, filter: Filter) -> ir.BooleanValue | None:
    """Whether a value is one of those in `filter`, ignoring nulls; None if it has no others."""
    starts = [value.start for value in filter.values if isinstance(value, Prefix)]
    values = [_literal(v, column) for v in filter.values if v is not None and not isinstance(v, Prefix)]
    ways = [column.startswith(start) if start else column.notnull() for start in starts]
    if values:  # engines compare with one value faster than with a list of one
        ways.append(column == values[0] if len(values) == 1 else column.isin(values))
    return reduce(or_, ways) if ways else None


def _literal(value: object, column: ir.Column) -> ir.Scalar:
    """`value` converted to the type of `column`."""
    import ibis

    return ibis.literal(value, type=column.type())


def fold_others(groups: dict[str, ir.Column], kept: Sequence[Group], other: str) -> dict[str, ir.Column]:
    """The values of groups that are not `kept` become `other`, as text, so that they are aggregated as one group."""
    import ibis

    if not kept:  # compared with a window that has groups when this one has none
        is_kept = ibis.literal(False)
    elif len(groups) == 1:
        (column,) = groups.values()
        values = [value for (value,) in kept if value is not None]
        is_kept = column.isin(values).fill_null(False) if values else ibis.literal(False)
        if (None,) in kept:
            is_kept = is_kept | column.isnull()
    else:
        is_kept = reduce(or_, (reduce(and_, map(_equals, groups.values(), group)) for group in kept))
    return {name: is_kept.ifelse(column.cast("string"), other) for name, column in groups.items()}


def _equals(column: ir.Column, value: Value) -> ir.BooleanValue:
    return column.isnull() if value is None else (column == value).fill_null(False)
