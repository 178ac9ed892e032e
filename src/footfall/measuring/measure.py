"""Measuring: the Ibis expressions that filter, group and count the rows of one table for one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, TypeAlias

from footfall.filters import RANGES, Filter, Prefix, Value
from footfall.metrics import Kind, Metric
from footfall.periods import Grain, Period, Window, floor
from footfall.tables import Replace, Rollup, Table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

Group: TypeAlias = tuple[Value, ...]
"""One value for each dimension asked."""

PERIOD, VALUE, MOMENT, RANK, TOTAL = "period_start", "measured_value", "measured_at", "rank_of_group", "total_of_values"


def group_column(position: int) -> str:
    """The name of a dimension while it is measured: its own might clash with ours."""
    return f"group_{position}"


@dataclass(frozen=True)
class Measurement:
    """What is measured: a metric on a snapshot, split by dimensions, of the rows that filters keep."""

    metric: Metric
    table: Table
    snapshot: Snapshot
    engine: Engine
    by: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    as_of: datetime | None = None
    use_rollups: bool = True
    kept: tuple[Group, ...] | None = None
    """The groups that stand for themselves; None is all."""
    other: str = "other"
    """What the rest is called, where there is one."""

    @property
    def group_columns(self) -> tuple[str, ...]:
        return tuple(group_column(i) for i in range(len(self.by)))

    @property
    def _key(self) -> Measurement:
        """What expressions depend on: the tables, not what the ledger says of them."""
        return replace(self, snapshot=replace(self.snapshot, ledger=None))

    def run(self, window: Window, grain: Grain, counts_first: bool = False) -> pa.Table:
        """One row a period and group that has rows: PERIOD (not of a total), the group columns, VALUE.

        With `counts_first` a thing is counted once, in the period where its group first had it.
        """
        asked = (self._key, window, grain, counts_first)
        return self.engine.run(self.engine.recall(asked, lambda: self._expression(window, grain, counts_first)))

    def rank(self, window: Window, count: int) -> pa.Table:
        """The first `count` groups by value over the whole window; ties by name, groups without value last.

        Of a sum one row more adds up the rest, where there is a rest: that needs no second reading.
        """
        ranked = self.engine.run(self.engine.recall((self._key, window, count), lambda: self._ranked(window, count)))
        return _with_rest(ranked, count) if TOTAL in ranked.column_names else ranked

    def _ranked(self, window: Window, count: int) -> ir.Table:
        import ibis

        groups = self._expression(window, Grain.TOTAL)
        names = [ibis.asc(name, nulls_first=False) for name in self.group_columns]
        order = [ibis.desc(VALUE, nulls_first=False), *names]
        if self.metric.kind is not Kind.SUM:
            return groups.order_by(order).limit(count)
        if groups[VALUE].type().is_integer():
            # one group more tells whether there is a rest
            return groups.mutate(**{TOTAL: groups[VALUE].sum().over()}).order_by(order).limit(count + 1)
        # Of fractions what is left of the total is not what the rest adds up to: that is added up itself.
        numbered = groups.mutate(**{RANK: ibis.row_number().over(order_by=order)})
        folded = numbered.group_by(**{RANK: ibis.least(numbered[RANK], ibis.literal(count, type="int64"))}).aggregate(
            **{name: numbered[name].max() for name in self.group_columns}, **{VALUE: numbered[VALUE].sum()}
        )
        return folded.order_by(RANK).drop(RANK)

    def bounds(self, grain: Grain) -> Window | None:
        """The whole periods of `grain` from the first row of the table to the last, filters aside."""
        rows = self.mount(self.choose_rollup(set(), grain, None))
        moment = rows[self.table.time]
        first, last = self.engine.run(rows.aggregate(first=moment.min(), last=moment.max())).to_pylist()[0].values()
        return None if first is None else Window(floor(grain, first), Period.containing(grain, last).end)

    def mount(self, rollup: Rollup | None) -> ir.Table:
        if rollup is not None:
            return self.engine.mount(self.snapshot.tables[rollup.name], self.table.rolled(rollup))
        return self.engine.mount(self.snapshot.tables.get(self.table.name), self.table, self.as_of)

    def choose_rollup(self, needed: set[str], grain: Grain, window: Window | None) -> Rollup | None:
        """The narrowest rollup that gives the same answer as the table: the coarsest, then the fewest dimensions."""
        pinned = self.snapshot.tables.get(self.table.name)
        if not self.use_rollups or pinned is None or not isinstance(self.table.rule, Replace):
            return None
        fitting = [
            rollup
            for rollup in self.table.rollups
            if needed <= set(rollup.dimensions)
            and grain.holds(rollup.grain)
            and (window is None or _is_aligned(window, rollup.grain))
            and (built := self.snapshot.tables.get(rollup.name)) is not None
            and built.built_from == pinned.version
        ]
        coarsest = list(Grain)[::-1]
        return min(fitting, key=lambda r: (coarsest.index(r.grain), len(r.dimensions)), default=None)

    def _expression(self, window: Window, grain: Grain, counts_first: bool = False) -> ir.Table:
        rollup = self._rollup_for(window, grain)
        rows = self.mount(rollup)
        rows = keep_window(rows, self.table.time, window)
        rows = reduce(keep_matching, self.filters, rows)
        rows = self._pick(rows, grain)
        keys = [*([] if grain is Grain.TOTAL else [PERIOD]), *self.group_columns]
        if counts_first:
            return self._first_seen(rows, grain, keys)
        return MEASURES[self.metric.kind](rows, keys, self.metric)

    def _rollup_for(self, window: Window, grain: Grain) -> Rollup | None:
        """Only sums of a plain measure and counts of dimensions survive being added up beforehand."""
        needed = {*self.by, *(f.dimension for f in self.filters)}
        columns = set(self.metric.columns)
        match self.metric.kind:
            case Kind.SUM if len(columns) == 1 and columns <= set(self.table.measures) and self._is_plain():
                return self.choose_rollup(needed, grain, window)
            case Kind.DISTINCT if columns:
                return self.choose_rollup(needed | columns, grain, window)
            case _:
                return None

    def _is_plain(self) -> bool:
        import ibis
        import ibis.expr.operations as ops

        column = self.metric.expression(ibis.table(dict.fromkeys(self.table.names, "int64"), name="any"))
        return isinstance(column.op(), ops.Field)

    def _pick(self, rows: ir.Table, grain: Grain) -> ir.Table:
        """Only what the measuring needs, under our names; the groups that are not kept become one."""
        moment = rows[self.table.time]
        groups = {name: rows[dimension] for name, dimension in zip(self.group_columns, self.by, strict=True)}
        if self.kept is not None:
            groups = fold_others(groups, self.kept, self.other)
        period = {} if grain is Grain.TOTAL else {PERIOD: self.engine.truncate(moment, grain)}
        return rows.select(**period, **groups, **{VALUE: self.metric.expression(rows), MOMENT: moment})

    def _first_seen(self, rows: ir.Table, grain: Grain, keys: Sequence[str]) -> ir.Table:
        """Running counts of distinct things come from their first appearances: those may be added."""
        firsts = (
            rows.filter(rows[VALUE].notnull())
            .group_by([*self.group_columns, VALUE])
            .aggregate(**{MOMENT: lambda t: t[MOMENT].min()})
        )
        firsts = firsts.mutate(**{PERIOD: self.engine.truncate(firsts[MOMENT], grain)})
        return firsts.group_by(list(keys)).aggregate(**{VALUE: lambda t: t.count()})


def _with_rest(rows: pa.Table, count: int) -> pa.Table:
    """The first `count` groups; what these leave of the total stands where one more came."""
    import pyarrow as pa

    groups = rows.drop_columns([TOTAL])
    if rows.num_rows <= count:
        return groups
    # Groups without value come last: when the next has none, nothing is left to add up.
    *first, next_one = groups[VALUE].to_pylist()
    rest = None if next_one is None else rows[TOTAL][0].as_py() - sum(first)
    return pa.concat_tables([groups.slice(0, count), pa.Table.from_pylist([{VALUE: rest}], schema=groups.schema)])


def keep_window(rows: ir.Table, time: str, window: Window) -> ir.Table:
    import ibis

    start, end = (ibis.literal(moment, type="timestamp('UTC', 6)") for moment in (window.start, window.end))
    return rows.filter(rows[time] >= start, rows[time] < end)


def keep_matching(rows: ir.Table, filter: Filter) -> ir.Table:
    """SQL drops rows without a value from both sides of a comparison; a negated filter must keep them."""
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
    """Whether a value is one of those of `filter`, no value aside; None where no other is named."""
    starts = [value.start for value in filter.values if isinstance(value, Prefix)]
    values = [_literal(v, column) for v in filter.values if v is not None and not isinstance(v, Prefix)]
    ways = [column.startswith(start) if start else column.notnull() for start in starts]
    if values:  # engines are quicker at comparing with one value than at looking it up in a list of one
        ways.append(column == values[0] if len(values) == 1 else column.isin(values))
    return reduce(or_, ways) if ways else None


def _literal(value: object, column: ir.Column) -> ir.Scalar:
    """`value` as the type of `column`."""
    import ibis

    return ibis.literal(value, type=column.type())


def fold_others(groups: dict[str, ir.Column], kept: Sequence[Group], other: str) -> dict[str, ir.Column]:
    """The values of groups that are not `kept` become `other`, as text, so that they are measured as one."""
    import ibis

    if not kept:  # compared with a window that has groups where this one has none
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


def groups_of(rows: pa.Table, columns: Sequence[str]) -> list[Group]:
    """The groups of `rows`, in order."""
    return list(zip(*(rows[name].to_pylist() for name in columns), strict=True)) if columns else [()] * rows.num_rows


def _is_aligned(window: Window, grain: Grain) -> bool:
    return all(floor(grain, moment) == moment for moment in (window.start, window.end))
