"""Reading: the rows of one fact, from its table or from the narrowest rollup that gives the same result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

from footfall.measuring.facts import UsedFact
from footfall.measuring.matching import keep_window
from footfall.measuring.parts import Part, keep_parts
from footfall.metrics import Kind
from footfall.periods import FAR_FUTURE, Grain, Period, Window, floor
from footfall.tables import Column, Observe, Rollup, Table

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from footfall.engine import Engine
    from footfall.lake import Snapshot


@dataclass(frozen=True)
class FactReader:
    """Reads one fact of a metric on a snapshot."""

    used: UsedFact
    scope: str | None
    """The dimension that holds the scope, if there is one."""
    snapshot: Snapshot
    engine: Engine
    as_of: datetime | None = None
    use_rollups: bool = True
    parts: tuple[Part, ...] | None = None
    """The time of each scope that counts; None for all."""

    @property
    def table(self) -> Table:
        return self.used.table

    def mount(self, rollup: Rollup | None) -> ir.Table:
        """The rows of the table or of a rollup, with names instead of ids."""
        if rollup is None:
            return reduce(self._named, self.table.named, self._rows_of(self.table))
        rolled = self.table.rolled(rollup)
        return reduce(self._named, rolled.named, self.engine.mount(self.snapshot.tables[rollup.name], rolled))

    def _rows_of(self, table: Table) -> ir.Table:
        return self.engine.mount(self.snapshot.tables.get(table.name), table, self.as_of)

    def _named(self, rows: ir.Table, column: Column) -> ir.Table:
        """The same rows, with each id of a column replaced by its current name."""
        import ibis

        names = column.names
        assert names is not None
        known = self._rows_of(names.table)
        current = known.filter(known[names.is_current]).select(named_id=names.id, current_name=names.name)
        joined = rows.left_join(current, rows[column.name] == current.named_id)
        called = ibis.coalesce(joined.current_name, joined[column.name])
        return joined.mutate(**{column.name: called}).select(*rows.columns)

    def rows(self, rollup: Rollup | None, window: Window) -> ir.Table:
        """The rows of `window` for which this fact is read."""
        rows = self.used.keep_turn(keep_window(self.mount(rollup), self.used.time, window), self.scope)
        return rows if self.parts is None else keep_parts(rows, self.used.time, self.scope, self.parts)

    def values_of(self, dimension: str) -> ir.StringColumn:
        """The non-null values of a dimension, from the smallest rollup or table that has all of them."""
        rows = self.mount(self._narrowest({dimension}, Grain.TOTAL))
        return rows.filter(rows[dimension].notnull())[dimension]

    def bounds(self, grain: Grain) -> Window | None:
        """The whole periods of `grain` from the first row of the table to the last, ignoring filters."""
        rows = self.mount(self._narrowest(set(), grain))
        moment = rows[self.used.time]
        first, last = self.engine.run(rows.aggregate(first=moment.min(), last=moment.max())).to_pylist()[0].values()
        return None if first is None else Window(floor(grain, first), Period.containing(grain, last).end)

    def rollup_for(self, kind: Kind, needed: set[str], grain: Grain, window: Window) -> Rollup | None:
        """Only sums of a plain measure and counts of dimensions can be computed from a rollup."""
        fact, columns = self.used.fact, set(self.used.fact.columns)
        parts = self.parts or ()
        if self.scope is not None and (self.used.claims or any(part.scopes is not None for part in parts)):
            needed = needed | {self.scope}
        edges = (window.start, window.end, *(edge for edge in self.used.edges if edge < FAR_FUTURE))
        edges += tuple(edge for part in parts for w in part.windows for edge in (w.start, w.end))
        match kind:
            case Kind.SUM if fact.expression is None and columns <= set(self.table.measures):
                return self._narrowest(needed, grain, edges)
            case Kind.DISTINCT if columns:
                return self._narrowest(needed | columns, grain, edges)
            case _:
                return None

    def _narrowest(self, needed: set[str], grain: Grain, edges: tuple[datetime, ...] = ()) -> Rollup | None:
        """The narrowest rollup that gives the same result as the table: the coarsest, then the fewest dimensions."""
        pinned = self.snapshot.tables.get(self.table.name)
        # a rollup of observed values aggregates the current ones
        is_earlier = self.as_of is not None and isinstance(self.table.rule, Observe)
        if not self.use_rollups or pinned is None or is_earlier or self.used.fact.time:
            return None
        fitting = [
            rollup
            for rollup in self.table.rollups
            if needed <= set(rollup.dimensions)
            and grain.holds(rollup.grain)
            and all(floor(rollup.grain, edge) == edge for edge in edges)
            and (built := self.snapshot.tables.get(rollup.name)) is not None
            and built.built_from == pinned.version
        ]
        coarsest = list(Grain)[::-1]
        return min(fitting, key=lambda r: (coarsest.index(r.grain), len(r.dimensions)), default=None)
