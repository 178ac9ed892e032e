"""Query → Ibis → Result, as an explicit list of small passes.

plan      the resolved query: policies, window, which groups are shown
measure   filter, group and aggregate, in one engine expression, on the table or one of its rollups
series    fill gaps, roll, accumulate: on small data, identical for every engine
rows      sort, compare, and return as Arrow
coverage  what the ledger says about the time, used at every step
remarks   notes about the time
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from footfall.annotations import NOTHING_HAPPENED, Happened
from footfall.errors import QueryError
from footfall.measuring.alike import Comparison, compare_alike, pair_up, window_before
from footfall.measuring.comparing import compare_means, compare_values, remarks_on_comparison
from footfall.measuring.kinds import PERIOD, SHARE, VALUE
from footfall.measuring.matching import Group
from footfall.measuring.measure import groups_of
from footfall.measuring.plan import (
    Plan,
    check_values,
    choose_policies,
    find_window,
    keep_top,
    whole_periods,
)
from footfall.measuring.remarks import (
    remark_on_baselines,
    remark_on_means,
    remark_on_overlap,
    remark_on_zero_days,
    remarks_on_time,
)
from footfall.measuring.reported import LEAST, MOST
from footfall.measuring.rows import rows_of, schema_of, sparse_rows
from footfall.measuring.series import (
    Cells,
    Cover,
    Number,
    Series,
    fill_gaps,
    reach_back,
    transform,
)
from footfall.measuring.several import join, share_top, shared_notes, shared_policies, shared_window
from footfall.measuring.spellings import find_names, find_spellings
from footfall.measuring.version import version_of
from footfall.metrics import Subject
from footfall.periods import EPOCH, Grain, Period, Window, periods_in
from footfall.query import Query
from footfall.result import Result

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

__all__ = ["MOST_ROWS", "answer"]

MOST_ROWS = 200_000
"""Up to this many rows, every group gets a row for every period. Beyond that only rows with data are shown."""


def answer(
    query: Query,
    subjects: Sequence[Subject],
    snapshot: Snapshot,
    engine: Engine,
    now: datetime,
    use_rollups: bool = True,
    happened: Mapping[str, Happened] = {},
) -> Result:
    """The result of `query` for one or several `subjects`; `use_rollups` affects only the speed.

    `happened` has, by metric, the known events for the values that are read.
    """
    plans = [
        Plan(
            query,
            subject,
            snapshot,
            engine,
            now,
            use_rollups,
            happened.get(subject.metric.name, NOTHING_HAPPENED),
        )
        for subject in subjects
    ]
    plans = [find_window(find_spellings(find_names(choose_policies(plan)))) for plan in plans]
    window = shared_window(plans)
    if window is None:
        return _without_rows(plans)
    plans = [whole_periods(replace(plan, window=window)) for plan in plans]
    plans = share_top(keep_top(plans[0]), plans[1:])
    measured = [_measure(plan, reach_back(plan, _window_of(plan))) for plan in plans]
    has_rows = any(each.rows.num_rows for each in measured)
    check_values(plans, has_rows)
    if window.start > now and not has_rows:
        return _without_rows(plans)
    if any(each.is_sparse for each in measured):
        return _sparse(plans, measured)
    return _beside_each_other(plans, measured)


@dataclass(frozen=True)
class _Rows:
    """The rows of one metric, and the coverage of their periods."""

    plan: Plan
    rows: pa.Table
    covers: Mapping[Hashable, Cover]


@dataclass(frozen=True)
class _Shown:
    """One metric, ready to be returned: its own groups, and its rows for given groups."""

    groups: Sequence[Group]
    show: Callable[[Sequence[Group]], _Rows]


def _without_rows(plans: Sequence[Plan]) -> Result:
    return _result([_Rows(plan, schema_of(plan, _int64()).empty_table(), {}) for plan in plans])


def _beside_each_other(plans: Sequence[Plan], measured: Sequence[_Measured]) -> Result:
    """The values of all metrics, with the groups of each."""
    make = _plain if plans[0].query.compare is None else _compare
    shown = [make(plan, each) for plan, each in zip(plans, measured, strict=True)]
    groups = list(dict.fromkeys(group for each in shown for group in each.groups))
    return _result([each.show(groups) for each in shown])


def _window_of(plan: Plan) -> Window:
    assert plan.window is not None, "it was found before anything was measured"
    return plan.window


def _plain(plan: Plan, measured: _Measured) -> _Shown:
    def show(groups: Sequence[Group]) -> _Rows:
        series = transform(plan, measured.series(plan, groups))
        noted = plan.note(
            *remark_on_means(plan, series),
            *remark_on_zero_days(plan, series),
            *remark_on_baselines(plan, measured.seen),
        )
        return _Rows(noted, rows_of(plan, series, measured.value_type), series.covers)

    return _Shown(list(measured.cells), show)


def _sparse(plans: Sequence[Plan], measured: Sequence[_Measured]) -> Result:
    """Only the rows that have data, if there are too many groups for all of them."""
    if len(plans) > 1:
        raise QueryError(_TOO_MANY)
    (plan,), (only,) = plans, measured
    rows = sparse_rows(plan, only.periods, only.rows)
    return _result(
        [_Rows(plan.note(_SPARSE.format(len(only.periods), plan.query.grain)), rows, {None: Cover.of_rows(rows)})]
    )


_TOO_MANY = (
    f"the answer would have more than {MOST_ROWS:,} rows; narrow it with where, a smaller top, a coarser grain "
    "or a shorter window."
)
_SPARSE = "There are too many groups to show every one in each of {:,} {}s: only rows with data are shown."


@dataclass(frozen=True)
class _Measured:
    """The engine's result for one window."""

    window: Window
    periods: list[Period]
    rows: pa.Table
    group_columns: tuple[str, ...]

    @property
    def value_type(self) -> pa.DataType:
        return self.rows[VALUE].type

    @cached_property
    def is_sparse(self) -> bool:
        """Whether a row for every group and period would be too many."""
        columns = list(self.group_columns)
        if self.rows.num_rows * len(self.periods) <= MOST_ROWS:  # a group has at least one row
            return False
        groups = self.rows.select(columns).group_by(columns).aggregate([]).num_rows if columns else 1
        return groups * len(self.periods) > MOST_ROWS

    @cached_property
    def cells(self) -> Cells:
        return self._cells_of(VALUE)

    def _cells_of(self, name: str) -> Cells:
        """A column of values by group and position of the period."""
        if PERIOD in self.rows.column_names:
            slots = {_micros(period.start): i for i, period in enumerate(self.periods)}
            positions = [slots[micros] for micros in self.rows[PERIOD].cast("int64").to_pylist()]
        else:
            positions = [0] * self.rows.num_rows
        cells: dict[Group, dict[int, Number]] = {}
        groups = groups_of(self.rows, self.group_columns)
        for position, group, value in zip(positions, groups, self.rows[name].to_pylist(), strict=True):
            cells.setdefault(group, {})[position] = value
        return cells if self.group_columns else {(): cells.get((), {})}

    @cached_property
    def seen(self) -> Cells | None:
        """For kinds that report it: the share of expected samples that was seen."""
        return self._cells_of(SHARE) if SHARE in self.rows.column_names else None

    def series(self, plan: Plan, groups: Iterable[Group]) -> Series:
        series = fill_gaps(plan, self.periods, self.cells, groups, self.seen)
        if LEAST not in self.rows.column_names:
            return series
        least, most = self._cells_of(LEAST), self._cells_of(MOST)
        ranges = {
            group: [(least.get(group, {}).get(i), most.get(group, {}).get(i)) for i in range(len(self.periods))]
            for group in series.values
        }
        return replace(series, ranges=ranges)


def _measure(plan: Plan, window: Window) -> _Measured:
    grain = plan.query.grain
    shortest = _SHORTEST_HOURS.get(grain)
    if shortest and window.length / timedelta(hours=shortest) > MOST_ROWS:
        raise QueryError(f"{window} has more than {MOST_ROWS:,} {grain}s; ask for a coarser grain or a shorter window.")
    measurement = plan.measuring
    is_ranked = plan.ranked is not None and window == plan.window
    rows = plan.ranked if is_ranked else measurement.run(window, grain, is_running=plan.query.cumulative)
    measured = _Measured(window, periods_in(grain, window), rows, measurement.group_columns)
    query = plan.query
    if measured.is_sparse and (query.top or query.rolling or query.cumulative or query.compare):
        raise QueryError(_TOO_MANY)
    return measured


_SHORTEST_HOURS = {Grain.HOUR: 1, Grain.DAY: 24, Grain.WEEK: 168, Grain.MONTH: 672, Grain.YEAR: 8760}


def _compare(plan: Plan, measured: _Measured) -> _Shown:
    """The same metric over the earlier window, with the groups of both: a group that vanished dropped to 0."""
    window = _window_of(plan)
    pairs = pair_up(plan, window, periods_in(plan.query.grain, window))
    if plan.query.rolling is not None:
        before = _measure(plan, reach_back(plan, window_before(pairs)))
        own = [*measured.cells, *before.cells]
    else:
        comparison = compare_alike(plan, pairs)
        here, before_by_position = _measure_alike(plan, comparison, measured)
        own = [*measured.cells, *here, *before_by_position]

    def show(groups: Sequence[Group]) -> _Rows:
        series = transform(plan, measured.series(plan, groups))
        if plan.query.rolling is not None:
            compared = compare_means(plan, pairs, series, transform(plan, before.series(plan, groups)))
        else:
            compared = compare_values(plan, comparison, groups, here, before_by_position)
        noted = plan.note(*remarks_on_comparison(plan, pairs, compared))
        return _Rows(noted, rows_of(plan, series, measured.value_type, compared), series.covers)

    return _Shown(own, show)


def _measure_alike(plan: Plan, comparison: Comparison, measured: _Measured) -> tuple[Cells, Cells]:
    """What is compared in the periods, and in their earlier counterparts; both by the position of the period."""
    window, grain = window_before(comparison.pairs), plan.query.grain
    positions = range(len(comparison.pairs))
    here = measured
    if not comparison.is_whole:
        here = _measure(plan.within(comparison.parts(positions, plan.folds_scopes, is_before=False)), measured.window)
    slots = {period.start: i for i, period in enumerate(periods_in(grain, window))}
    before: dict[Group, dict[int, Number]] = {}
    for layer in [positions] if comparison.is_whole or plan.query.cumulative else comparison.layers():
        of_layer = plan
        if not comparison.is_whole:
            of_layer = plan.within(comparison.parts(layer, plan.folds_scopes, is_before=True))
        for group, cells in _measure(of_layer, window).cells.items():
            found = before.setdefault(group, {})
            found |= {i: cells[slot] for i in layer if (slot := slots[comparison.pairs[i].before.start]) in cells}
    return here.cells, before


def _result(shown: Sequence[_Rows]) -> Result:
    """The result; `covers` is the coverage of its rows' periods."""
    plans = [each.plan for each in shown]
    query = replace(plans[0].query, policies=shared_policies(plans))
    notes: list[Sequence[str]] = [(*plan.happened.remarks, *plan.notes) for plan in plans]
    result = Result(query, tuple(plan.metric for plan in plans), join(plans, [each.rows for each in shown]), (), "")
    window = next((plan.window for plan in plans if plan.window is not None), None)
    if window is not None:
        overlaps = {plan.metric.name: n for plan in plans if (n := plan.measurement.overlap(window))}
        notes = [
            (*own, *plan.division.notes(window), *remarks_on_time(plan), *remark_on_overlap(plan, overlaps))
            for own, plan in zip(notes, plans, strict=True)
        ]
        result = replace(
            result,
            query=replace(query, since=window.start, until=window.end),
            labels={name: codes for name in query.by if (codes := plans[0].subject.dimensions[name].codes)},
            coverage=min(plan.coverage.share(window) for plan in plans),
            overlaps=overlaps,
            annotations=tuple(dict.fromkeys(one for plan in plans for one in plan.annotations)),
        )
    result = replace(result, notes=shared_notes(plans, notes))
    return replace(result, version=version_of([(each.plan, each.covers) for each in shown], result))


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _int64() -> pa.DataType:
    import pyarrow as pa

    return pa.int64()
