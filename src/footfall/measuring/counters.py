"""Counters: cumulative values, per series, that only grow until they are reset.

The increase from one observation to the next counts in the period of the later one; it is
never split over the time between. A value lower than the previous one is a reset: it counts as growth since. A first
observation is a baseline without a gain. A series that disappears keeps its last value in the running total. A gain is
never negative, even if a value is. An observation without a value is skipped: the next one includes its gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footfall.measuring.kinds import MOMENT, SHARE, VALUE, aggregate

if TYPE_CHECKING:
    import ibis.expr.types as ir

BEFORE = "value_before"


def gains_of(rows: ir.Table, series: Sequence[str], *, with_baselines: bool) -> ir.Table:
    """The observations with VALUE as the gain since the previous one.

    The first gets null, or its whole value if `with_baselines`: the running total of these is the counter itself.
    """
    import ibis

    known, unknown = rows.filter(rows[VALUE].notnull()), rows.filter(rows[VALUE].isnull())
    # For several values of a series at one moment the smallest is read first: their order in files is not a reset.
    by_time = ibis.window(group_by=list(series) or None, order_by=[MOMENT, VALUE])
    followed = known.mutate(**{BEFORE: known[VALUE].lag().over(by_time)})
    value, before = followed[VALUE], followed[BEFORE]
    gained = (value >= before).ifelse(value - before, (value > 0).ifelse(value, 0))
    first = value if with_baselines else ibis.null(value.type())
    gains = followed.mutate(**{VALUE: before.isnull().ifelse(first, gained)}).drop(BEFORE)
    return gains.union(unknown.mutate(**{VALUE: unknown[VALUE].cast(gains[VALUE].type())}))


def measure_counter(gains: ir.Table, keys: Sequence[str]) -> ir.Table:
    """One row per key: VALUE, null if no gain is known (first observations, or without a value), and SHARE, then 0."""
    known = gains[VALUE].notnull().any().ifelse(1.0, 0.0)
    return aggregate(gains, keys, **{VALUE: gains[VALUE].sum(), SHARE: known})
