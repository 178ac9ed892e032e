"""Measuring: the Ibis expressions that filter, group and aggregate the rows of a metric's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from footfall.filters import Filter
from footfall.measuring.counters import gains_of, measure_counter
from footfall.measuring.facts import Division
from footfall.measuring.kinds import MEASURES, MOMENT, PERIOD, VALUE, series_column
from footfall.measuring.levels import STEP, Steps, measure_level
from footfall.measuring.matching import Group, fold_others, instant, keep_matching, keep_window
from footfall.measuring.parts import Part, keep_parts
from footfall.measuring.reading import FactReader
from footfall.metrics import Kind, Metric
from footfall.periods import FAR_FUTURE, Grain, Window

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

_FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
_EVER = Window(_FIRST_MOMENT, FAR_FUTURE)
RANK, TOTAL = "rank_of_group", "total_of_values"
SHARED = "id_of_shared"


def group_column(position: int) -> str:
    """The internal name of a dimension while it is measured: its own might clash with ours."""
    return f"group_{position}"


@dataclass(frozen=True)
class Measurement:
    """What is measured: a metric on a snapshot, split by dimensions, for the rows that pass the filters."""

    metric: Metric
    series: tuple[str, ...]
    """The dimensions that identify its series."""
    division: Division
    snapshot: Snapshot
    engine: Engine
    by: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    as_of: datetime | None = None
    use_rollups: bool = True
    kept: tuple[Group, ...] | None = None
    """The groups that are shown individually; None for all."""
    other: str = "other"
    """The name of the remaining group, if there is one."""
    parts: tuple[Part, ...] | None = None
    """The time of each scope that counts; None for all of the window."""

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
        """What expressions depend on: the tables and which is read when, but not the rest of the ledger."""
        return replace(self, snapshot=replace(self.snapshot, ledger=None), division=self.division.without_ledger)

    def run(self, window: Window, grain: Grain, is_running: bool = False) -> pa.Table:
        """One row per period and group that has rows: PERIOD (not of a total), the group columns, VALUE, maybe SHARE.

        With `is_running` the values are such that their sums are running totals: a distinct thing is counted
        once, in the period where its group first had it; a counter starts with its value before the window.
        """
        asked = (self._key, window, grain, is_running)
        return self.engine.run(self.engine.recall(asked, lambda: self._expression(window, grain, is_running)))

    def rank(self, window: Window, count: int) -> pa.Table:
        """The first `count` groups by value over the whole window; ties by name, groups without a value last.

        For a sum, one more row holds the total of the rest, if there is a rest: this avoids a second read.
        """
        ranked = self.engine.run(self.engine.recall((self._key, window, count), lambda: self._ranked(window, count)))
        return _with_rest(ranked, count) if TOTAL in ranked.column_names else ranked

    def _ranked(self, window: Window, count: int) -> ir.Table:
        import ibis

        groups = self._expression(window, Grain.TOTAL)
        names = [ibis.asc(name, nulls_first=False) for name in self.group_columns]
        order = [ibis.desc(VALUE, nulls_first=False), *names]
        if self.metric.kind is not Kind.SUM or self.metric.may_overlap(self.by):
            return groups.order_by(order).limit(count)
        if groups[VALUE].type().is_integer():
            # one more group shows whether there is a rest
            return groups.mutate(**{TOTAL: groups[VALUE].sum().over()}).order_by(order).limit(count + 1)
        # For fractions the total minus the groups is not exactly the rest: the rest is summed separately.
        numbered = groups.mutate(**{RANK: ibis.row_number().over(order_by=order)})
        folded = numbered.group_by(**{RANK: ibis.least(numbered[RANK], ibis.literal(count, type="int64"))}).aggregate(
            **{name: numbered[name].max() for name in self.group_columns}, **{VALUE: numbered[VALUE].sum()}
        )
        return folded.order_by(RANK).drop(RANK)

    def overlap(self, window: Window) -> int:
        """By how much the sum of the groups of `window` exceeds their total."""
        if not self.metric.may_overlap(self.by):
            return 0
        groups = self.run(window, Grain.TOTAL)[VALUE].to_pylist()
        total = replace(self, by=(), kept=None).run(window, Grain.TOTAL)[VALUE].to_pylist()
        return sum(value or 0 for value in groups) - sum(value or 0 for value in total)

    def bounds(self, grain: Grain) -> Window | None:
        """The whole periods of `grain` from the first row of the facts to the last, ignoring filters."""
        known = [bounds for reader in self.readers if (bounds := reader.bounds(grain))]
        return Window(min(w.start for w in known), max(w.end for w in known)) if known else None

    def values_of(self, dimension: str) -> ir.StringColumn:
        """The distinct values of a dimension, in all facts."""
        columns = [reader.values_of(dimension) for reader in self.readers]
        if len(columns) == 1:
            return columns[0]
        return reduce(lambda a, b: a.union(b), (column.as_table() for column in columns))[dimension]

    def _expression(self, window: Window, grain: Grain, is_running: bool = False) -> ir.Table:
        keys = [*([] if grain is Grain.TOTAL else [PERIOD]), *self.group_columns]
        match self.metric.kind:
            case Kind.LEVEL:
                return self._level(window, grain, keys)
            case Kind.COUNTER:
                return self._counter(window, grain, keys, is_running)
            case Kind.DISTINCT if is_running:
                return self._first_seen(self._read(window, grain), grain, keys)
            case kind:
                return MEASURES[kind](self._read(window, grain), keys)

    def _level(self, window: Window, grain: Grain, keys: Sequence[str]) -> ir.Table:
        """Samples from around the window show which series are silent and which have ended."""
        metric = self.metric
        steps = Steps(metric.step_length, metric.silence)
        around = steps.around(window)
        sampled = self._numbered(self._read(around, grain, by=(), filters=()), steps)
        sampled = sampled.select(STEP, *(name for name in keys if name == PERIOD)).distinct()
        rows = self._read(around, grain, more=self._series_columns)
        rows = self._numbered(rows.filter(rows[VALUE].notnull()), steps)
        return measure_level(rows, sampled, keys, list(self._series_columns), steps, window, metric.within)

    def _numbered(self, rows: ir.Table, steps: Steps) -> ir.Table:
        return rows.mutate(**{STEP: self.engine.step_number(rows[MOMENT], steps.length)})

    def _counter(self, window: Window, grain: Grain, keys: Sequence[str], is_running: bool) -> ir.Table:
        """The last observation before the window is a baseline, so all earlier ones are read.

        Filters that do not select whole series apply to the gains: the previous value may have had another version.
        """
        history = Window(_FIRST_MOMENT, window.end)
        whole = tuple(f for f in self.filters if f.dimension in self.series)
        rest = {f"later_{n}": f for n, f in enumerate(self.filters) if f not in whole}
        more = {**self._series_columns, **{name: f.dimension for name, f in rest.items()}}
        if (scope := self.division.scope) is not None:
            more["scope_of_part"] = scope
        every = replace(self, parts=None)
        rows = every._read(history, grain, filters=whole, more=more, since=window.start if is_running else None)
        gains = gains_of(rows, list(self._series_columns), with_baselines=is_running)
        gains = reduce(keep_matching, (replace(f, dimension=name) for name, f in rest.items()), gains)
        if self.parts is not None:  # only now: the time before a part is its baseline
            gains = keep_parts(gains, MOMENT, None if scope is None else "scope_of_part", self.parts)
        return measure_counter(gains if is_running else keep_window(gains, MOMENT, window), keys)

    @property
    def _series_columns(self) -> dict[str, str]:
        return {series_column(i): dimension for i, dimension in enumerate(self.series)}

    def _read(
        self,
        window: Window,
        grain: Grain,
        *,
        by: tuple[str, ...] | None = None,
        filters: tuple[Filter, ...] | None = None,
        more: Mapping[str, str] = {},
        since: datetime | None = None,
    ) -> ir.Table:
        """The counting rows of all facts, each for its own time: PERIOD, the group columns, VALUE and MOMENT.

        `more` are further dimensions by their internal names. Rows earlier than `since` stay in their period.
        """
        by, filters = self.by if by is None else by, self.filters if filters is None else filters
        needed = {*by, *(f.dimension for f in filters)}
        parts = []
        for reader in self.readers:
            rollup = None if self._has_shared else reader.rollup_for(self.metric.kind, needed, grain, window)
            # Shared things may have a different moment in each group, and count at the first one.
            read = _EVER if self._has_shared and reader.used.fact.time else window
            rows = reduce(keep_matching, filters, reader.rows(rollup, read))
            parts.append(self._pick(reader, rows, grain, by, more, since))
        rows = reduce(lambda a, b: a.union(b), parts)
        return self._each_once(rows, window, grain) if self._has_shared else rows

    @property
    def _has_shared(self) -> bool:
        """Whether a group may have several rows for one thing, as a total over repositories has for a commit."""
        shared = self.metric.shared
        if shared is None or (shared.by == self.division.scope and len(self.division.collected.spans) < 2):
            return False
        return shared.by not in self.by or self.kept is not None

    def _each_once(self, rows: ir.Table, window: Window, grain: Grain) -> ir.Table:
        """For several rows of one thing in a group, the largest value and the first moment: in any row order."""
        keys = [name for name in rows.columns if name not in (PERIOD, VALUE, MOMENT)]
        once = rows.group_by(keys).aggregate(**{VALUE: rows[VALUE].max(), MOMENT: rows[MOMENT].min()}).drop(SHARED)
        period = {} if grain is Grain.TOTAL else {PERIOD: self.engine.truncate(once[MOMENT], grain)}
        return keep_window(once.mutate(**period), MOMENT, window)

    def _pick(
        self,
        reader: FactReader,
        rows: ir.Table,
        grain: Grain,
        by: tuple[str, ...],
        more: Mapping[str, str],
        since: datetime | None,
    ) -> ir.Table:
        """Only the columns that are needed, under internal names; groups that are not kept are merged into one."""
        import ibis

        moment = rows[reader.used.time]
        groups = {group_column(i): rows[dimension] for i, dimension in enumerate(by)}
        if self.kept is not None and groups:
            groups = fold_others(groups, self.kept, self.other)
        dated = moment if since is None else ibis.greatest(moment, instant(since))
        period = {} if grain is Grain.TOTAL else {PERIOD: self.engine.truncate(dated, grain)}
        columns = {name: rows[dimension] for name, dimension in more.items()}
        if self._has_shared and self.metric.shared is not None:
            columns[SHARED] = rows[self.metric.shared.id]
        return rows.select(**period, **groups, **columns, **{VALUE: reader.used.fact.values(rows), MOMENT: moment})

    def _first_seen(self, rows: ir.Table, grain: Grain, keys: Sequence[str]) -> ir.Table:
        """Running counts of distinct things use their first appearances: those can be added up."""
        firsts = (
            rows.filter(rows[VALUE].notnull())
            .group_by([*self.group_columns, VALUE])
            .aggregate(**{MOMENT: lambda t: t[MOMENT].min()})
        )
        firsts = firsts.mutate(**{PERIOD: self.engine.truncate(firsts[MOMENT], grain)})
        return firsts.group_by(list(keys)).aggregate(**{VALUE: lambda t: t.count()})


def _with_rest(rows: pa.Table, count: int) -> pa.Table:
    """The first `count` groups; the total minus these is the rest, if one more group was returned."""
    import pyarrow as pa

    groups = rows.drop_columns([TOTAL])
    if rows.num_rows <= count:
        return groups
    # Groups without a value come last: if the next has none, nothing is left to add up.
    *first, next_one = groups[VALUE].to_pylist()
    rest = None if next_one is None else rows[TOTAL][0].as_py() - sum(first)
    return pa.concat_tables([groups.slice(0, count), pa.Table.from_pylist([{VALUE: rest}], schema=groups.schema)])


def groups_of(rows: pa.Table, columns: Sequence[str]) -> list[Group]:
    """The groups of `rows`, in order."""
    return list(zip(*(rows[name].to_pylist() for name in columns), strict=True)) if columns else [()] * rows.num_rows
