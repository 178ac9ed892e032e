"""Measuring: the Ibis expressions that filter, group and count the rows of a metric's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

from footfall.filters import Filter
from footfall.measuring.facts import Division
from footfall.measuring.kinds import MEASURES, MOMENT, PERIOD, VALUE
from footfall.measuring.matching import Group, fold_others, keep_matching
from footfall.measuring.parts import Part
from footfall.measuring.reading import FactReader
from footfall.metrics import Kind, Metric
from footfall.periods import Grain, Window

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

RANK, TOTAL = "rank_of_group", "total_of_values"


def group_column(position: int) -> str:
    """The name of a dimension while it is measured: its own might clash with ours."""
    return f"group_{position}"


@dataclass(frozen=True)
class Measurement:
    """What is measured: a metric on a snapshot, split by dimensions, of the rows that filters keep."""

    metric: Metric
    division: Division
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
    parts: tuple[Part, ...] | None = None
    """The time of each scope that counts; None is all of the window."""

    @property
    def group_columns(self) -> tuple[str, ...]:
        return tuple(group_column(i) for i in range(len(self.by)))

    @property
    def readers(self) -> tuple[FactReader, ...]:
        division = self.division
        return tuple(
            FactReader(used, division.scope, self.snapshot, self.engine, self.as_of, self.use_rollups, self.parts)
            for used in division.used
        )

    @property
    def _key(self) -> Measurement:
        """What expressions depend on: the tables and which is read when, not what else the ledger says of them."""
        return replace(self, snapshot=replace(self.snapshot, ledger=None), division=self.division.without_ledger)

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
        """The whole periods of `grain` from the first row of the facts to the last, filters aside."""
        known = [bounds for reader in self.readers if (bounds := reader.bounds(grain))]
        return Window(min(w.start for w in known), max(w.end for w in known)) if known else None

    def values_of(self, dimension: str) -> ir.StringColumn:
        """The values of a dimension, in all facts."""
        columns = [reader.values_of(dimension) for reader in self.readers]
        if len(columns) == 1:
            return columns[0]
        return reduce(lambda a, b: a.union(b), (column.as_table() for column in columns))[dimension]

    def _expression(self, window: Window, grain: Grain, counts_first: bool = False) -> ir.Table:
        rows = self._read(window, grain)
        keys = [*([] if grain is Grain.TOTAL else [PERIOD]), *self.group_columns]
        if counts_first:
            return self._first_seen(rows, grain, keys)
        return MEASURES[self.metric.kind](rows, keys, self.metric)

    def _read(self, window: Window, grain: Grain) -> ir.Table:
        """The rows of all facts that count, each of its own time: PERIOD, the group columns, VALUE and MOMENT."""
        needed = {*self.by, *(f.dimension for f in self.filters)}
        parts = []
        for reader in self.readers:
            rollup = reader.rollup_for(self.metric.kind, needed, grain, window)
            rows = reduce(keep_matching, self.filters, reader.rows(rollup, window))
            parts.append(self._pick(reader, rows, grain))
        return reduce(lambda a, b: a.union(b), parts)

    def _pick(self, reader: FactReader, rows: ir.Table, grain: Grain) -> ir.Table:
        """Only what the measuring needs, under our names; the groups that are not kept become one."""
        moment = rows[reader.table.time]
        groups = {name: rows[dimension] for name, dimension in zip(self.group_columns, self.by, strict=True)}
        if self.kept is not None:
            groups = fold_others(groups, self.kept, self.other)
        period = {} if grain is Grain.TOTAL else {PERIOD: self.engine.truncate(moment, grain)}
        return rows.select(**period, **groups, **{VALUE: reader.used.fact.values(rows), MOMENT: moment})

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


def groups_of(rows: pa.Table, columns: Sequence[str]) -> list[Group]:
    """The groups of `rows`, in order."""
    return list(zip(*(rows[name].to_pylist() for name in columns), strict=True)) if columns else [()] * rows.num_rows
