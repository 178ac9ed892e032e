"""Query → Ibis → Result, as a visible list of small passes.

plan      what exactly is asked: policies, window, which groups stand for themselves
measure   filter, group and count, in one expression on the engine, from the table or a rollup of it
series    fill gaps, roll, accumulate: small, and the same for every engine
rows      order, compare, and hand over as Arrow
coverage  what the ledger says about it, all along
remarks   what a reader must know about the time
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from footfall.annotations import NOTHING_HAPPENED, Happened
from footfall.errors import QueryError
from footfall.measuring.alike import Comparison, compare_alike, pair_up, window_before
from footfall.measuring.comparing import compare_means, compare_values, remarks_on_comparison
from footfall.measuring.kinds import PERIOD, VALUE
from footfall.measuring.matching import Group
from footfall.measuring.measure import groups_of
from footfall.measuring.plan import (
    Plan,
    check_values,
    choose_policies,
    find_spellings,
    find_window,
    keep_top,
    whole_periods,
)
from footfall.measuring.remarks import remark_on_means, remark_on_zero_days, remarks_on_time
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
from footfall.measuring.version import version_of
from footfall.metrics import Kind, Subject
from footfall.periods import EPOCH, Grain, Period, Window, periods_in
from footfall.query import Query
from footfall.result import Result

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

__all__ = ["MOST_ROWS", "answer"]

MOST_ROWS = 200_000
"""Up to here every group gets a row for every period. Beyond it only rows with data come, and a note says so."""


def answer(
    query: Query,
    subject: Subject,
    snapshot: Snapshot,
    engine: Engine,
    now: datetime,
    use_rollups: bool = True,
    happened: Happened = NOTHING_HAPPENED,
) -> Result:
    """What `query` asks; `use_rollups` changes how fast it comes, never what it says.

    `happened` is what is known to have happened to the values that are read.
    """
    plan = Plan(query, subject, snapshot, engine, now, use_rollups=use_rollups, happened=happened)
    plan = find_window(find_spellings(choose_policies(plan)))
    if plan.window is None:
        return _result(plan, schema_of(plan, _int64()).empty_table())
    plan = keep_top(whole_periods(plan))
    window = plan.window
    assert window is not None
    measured = _measure(plan, reach_back(plan, window))
    check_values(plan, has_rows=measured.rows.num_rows > 0)
    if window.start > now and not measured.rows.num_rows:
        return _result(plan, schema_of(plan, measured.value_type).empty_table())
    if measured.is_sparse:
        rows = sparse_rows(plan, measured.periods, measured.rows)
        plan = plan.note(_SPARSE.format(len(measured.periods), plan.query.grain))
        return _result(plan, rows, {None: Cover.of_rows(rows)})
    if plan.query.compare is not None:
        return _compare(plan, window, measured)
    series = transform(plan, measured.series(plan, measured.cells))
    plan = plan.note(*remark_on_means(plan, series), *remark_on_zero_days(plan, series))
    return _result(plan, rows_of(plan, series, measured.value_type), series.covers)


_SPARSE = "There are too many groups to show a row for each in every one of {:,} {}s: only rows with data are here."


@dataclass(frozen=True)
class _Measured:
    """What the engine gave for one window."""

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
        groups = self.rows.select(columns).group_by(columns).aggregate([]).num_rows if columns else 1
        return groups * len(self.periods) > MOST_ROWS

    @cached_property
    def cells(self) -> Cells:
        if PERIOD in self.rows.column_names:
            slots = {_micros(period.start): i for i, period in enumerate(self.periods)}
            positions = [slots[micros] for micros in self.rows[PERIOD].cast("int64").to_pylist()]
        else:
            positions = [0] * self.rows.num_rows
        cells: dict[Group, dict[int, Number]] = {}
        groups = groups_of(self.rows, self.group_columns)
        for position, group, value in zip(positions, groups, self.rows[VALUE].to_pylist(), strict=True):
            cells.setdefault(group, {})[position] = value
        return cells if self.group_columns else {(): cells.get((), {})}

    def series(self, plan: Plan, groups: Iterable[Group]) -> Series:
        return fill_gaps(plan, self.periods, self.cells, groups)


def _measure(plan: Plan, window: Window) -> _Measured:
    grain = plan.query.grain
    shortest = _SHORTEST_HOURS.get(grain)
    if shortest and window.length / timedelta(hours=shortest) > MOST_ROWS:
        raise QueryError(f"{window} has more than {MOST_ROWS:,} {grain}s; ask for a coarser grain or a shorter window.")
    counts_first = plan.query.cumulative and plan.metric.kind is Kind.DISTINCT
    measurement = plan.measurement
    is_ranked = plan.ranked is not None and window == plan.window
    rows = plan.ranked if is_ranked else measurement.run(window, grain, counts_first)
    measured = _Measured(window, periods_in(grain, window), rows, measurement.group_columns)
    query = plan.query
    if measured.is_sparse and (query.top or query.rolling or query.cumulative or query.compare):
        raise QueryError(
            f"the answer would have more than {MOST_ROWS:,} rows; narrow it with where, a smaller top, a coarser grain "
            "or a shorter window."
        )
    return measured


_SHORTEST_HOURS = {Grain.HOUR: 1, Grain.DAY: 24, Grain.WEEK: 168, Grain.MONTH: 672, Grain.YEAR: 8760}


def _compare(plan: Plan, window: Window, measured: _Measured) -> Result:
    """The same measured over the earlier window, with the groups of either: one that vanished fell to 0."""
    pairs = pair_up(plan, window, periods_in(plan.query.grain, window))
    if plan.query.rolling is not None:
        before = _measure(plan, reach_back(plan, window_before(pairs)))
        groups = list(dict.fromkeys([*measured.cells, *before.cells]))
        series = transform(plan, measured.series(plan, groups))
        compared = compare_means(plan, pairs, series, transform(plan, before.series(plan, groups)))
    else:
        comparison = compare_alike(plan, pairs)
        here, before_by_position = _measure_alike(plan, comparison, measured)
        groups = list(dict.fromkeys([*measured.cells, *here, *before_by_position]))
        series = transform(plan, measured.series(plan, groups))
        compared = compare_values(plan, comparison, groups, here, before_by_position)
    plan = plan.note(*remarks_on_comparison(plan, pairs, compared))
    return _result(plan, rows_of(plan, series, measured.value_type, compared), series.covers)


def _measure_alike(plan: Plan, comparison: Comparison, measured: _Measured) -> tuple[Cells, Cells]:
    """What is compared of the periods, and of those they are compared with; both by the position of the period."""
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


def _result(plan: Plan, rows: pa.Table, covers: Mapping[Hashable, Cover] | None = None) -> Result:
    """The answer; `covers` are what its rows say about their periods, by scope."""
    window, query = plan.window, replace(plan.query, policies=plan.policies)
    notes = (*plan.happened.remarks, *plan.notes)
    if window is None:
        result = Result(query, plan.metric, rows, notes, "")
    else:
        result = Result(
            replace(query, since=window.start, until=window.end),
            plan.metric,
            rows,
            (*notes, *plan.division.notes(window), *remarks_on_time(plan)),
            "",
            coverage=plan.coverage.share(window),
            annotations=plan.annotations,
        )
    return replace(result, version=version_of(plan, result, covers or {}))


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _int64() -> pa.DataType:
    import pyarrow as pa

    return pa.int64()
