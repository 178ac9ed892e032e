"""Counters: values that only grow, per series, until they are reset.

The increase from one observation to the next counts in the period of the later one; it is
never split over the time between. A value below the one before is a reset: it has grown to that value since. A first
observation is a baseline and gains nothing. A series that disappears keeps its last value in the running total. A gain is
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
    """The observations with VALUE as what was gained since the one before.

    A first one gains null, or `with_baselines` its whole value: the running total of these is the counter's own.
    """
    import ibis

    known, unknown = rows.filter(rows[VALUE].notnull()), rows.filter(rows[VALUE].isnull())
    # Of values that one series has at one moment the smaller is read first: their order in files is not a reset.
    by_time = ibis.window(group_by=list(series) or None, order_by=[MOMENT, VALUE])
    followed = known.mutate(**{BEFORE: known[VALUE].lag().over(by_time)})
    value, before = followed[VALUE], followed[BEFORE]
    gained = (value >= before).ifelse(value - before, (value > 0).ifelse(value, 0))
    first = value if with_baselines else ibis.null(value.type())
    gains = followed.mutate(**{VALUE: before.isnull().ifelse(first, gained)}).drop(BEFORE)
    return gains.union(unknown.mutate(**{VALUE: unknown[VALUE].cast(gains[VALUE].type())}))


def measure_counter(gains: ir.Table, keys: Sequence[str]) -> ir.Table:
    """One row per key: VALUE, null where no gain is known (first observations, or without a value), and SHARE, 0 there."""
    known = gains[VALUE].notnull().any().ifelse(1.0, 0.0)
    return aggregate(gains, keys, **{VALUE: gains[VALUE].sum(), SHARE: known})
