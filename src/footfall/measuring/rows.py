"""Rows: series as the Arrow table of a Result, one row per period and group."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from footfall.filters import Value, version_order
from footfall.measuring.kinds import PERIOD, SHARE, VALUE
from footfall.measuring.matching import Group
from footfall.measuring.plan import Plan, as_text
from footfall.measuring.series import Number, Series, cover_of
from footfall.metrics import Kind
from footfall.periods import Grain, Period
from footfall.states import State

MOMENT_TYPE = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Compared:
    """For each group and period what is compared, and with what; for each scope the share of a period."""

    here: Mapping[Group, Sequence[Number]]
    before: Mapping[Group, Sequence[Number]]
    words: Mapping[Hashable, Sequence[str | None]]
    """"whole", "26 of 30 days", BREAK if no change is shown; None if nothing can be compared."""


BREAK = "break"


def schema_of(plan: Plan, value_type: pa.DataType) -> pa.Schema:
    """The columns of the result, in order."""
    if plan.query.rolling is not None:
        value_type = pa.float64()
    types = {f.name: pa.string() if plan.kept is not None else f.type for f in plan.subject.schema}
    name, compared = plan.metric.name, plan.query.compare is not None
    columns = [
        ("period", MOMENT_TYPE),
        *((dimension, types[dimension]) for dimension in plan.query.by),
        (name, value_type),
    ]
    if plan.metric.kind is Kind.REPORTED:
        columns += [(f"{name}_least", value_type), (f"{name}_most", value_type)]
    if compared:
        columns += [(f"{name}_previous", value_type), ("change", value_type), ("change_percent", pa.float64())]
        columns += [("compared", pa.string())]
    return pa.schema([*columns, ("coverage", pa.float64()), ("is_provisional", pa.bool_()), ("state", pa.string())])


def rows_of(plan: Plan, series: Series, value_type: pa.DataType, compared: Compared | None = None) -> pa.Table:
    """The rows of `series`: by period, then by group."""
    groups = order_groups(plan, series)
    covers = [series.covers[plan.cover_key(group)] for group in groups]
    count = range(len(series.periods))
    columns: list[list[Any]] = [[p.start for p in series.periods for _ in groups]]
    columns += [[group[i] for _ in count for group in groups] for i in range(len(plan.query.by))]
    values = [series.values[group][i] for i in count for group in groups]
    columns.append(values)
    if plan.metric.kind is Kind.REPORTED:
        ranges = [series.ranges[group][i] for i in count for group in groups]
        columns += [[least for least, _ in ranges], [most for _, most in ranges]]
    if compared is not None:
        here, earlier = (
            [each[group][i] for i in count for group in groups] for each in (compared.here, compared.before)
        )
        words = [compared.words[plan.scope_of(group)][i] for i in count for group in groups]
        usable = [None if word == BREAK else value for value, word in zip(here, words, strict=True)]
        known = [
            word if word == BREAK or None not in pair else None
            for word, *pair in zip(words, here, earlier, strict=True)
        ]
        columns += [earlier, *changes(usable, earlier), known]
    columns.append([cover.shares[i] for i in count for cover in covers])
    columns.append([cover.provisional[i] for i in count for cover in covers])
    columns.append([cover.states[i] for i in count for cover in covers])
    schema = schema_of(plan, value_type)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def changes(values: Sequence[Number], earlier: Sequence[Number]) -> tuple[list[Number], list[float | None]]:
    """Difference, and in percent of the earlier value; null if one is unknown, or the earlier one is 0."""
    differences: list[Number] = []
    percents: list[float | None] = []
    for value, before in zip(values, earlier, strict=True):
        if not isinstance(value, int | float) or not isinstance(before, int | float):
            differences.append(None)
            percents.append(None)
            continue
        differences.append(value - before)
        percents.append(100 * (value - before) / abs(before) if before else None)
    return differences, percents


def order_groups(plan: Plan, series: Series) -> list[Group]:
    """A ranking keeps its order and ends with the rest; a total is sorted by decreasing value; otherwise by name."""
    if plan.kept is not None:
        ranks: dict[Group, int] = {tuple(map(as_text, group)): rank for rank, group in enumerate(plan.kept)}
        return sorted(series.values, key=lambda group: ranks.get(group, len(ranks)))
    versions = [plan.subject.dimensions[name].is_version for name in plan.query.by]
    named = sorted(series.values, key=lambda group: _by_name(group, versions))
    if plan.query.grain is not Grain.TOTAL:
        return named
    return sorted(named, key=lambda group: _from_largest(series.values[group][0]))


def _by_name(group: Group, versions: Sequence[bool]) -> tuple[tuple[bool, Any], ...]:
    """Sorts text by letters, versions by numbers, and nulls last."""
    return tuple((value is None, _order(value, *one)) for value, *one in zip(group, versions, strict=True))


def _order(value: Value, is_version: bool) -> Any:
    if value is None:
        return ""
    return version_order(value) if is_version and isinstance(value, str) else value


def _from_largest(value: Number) -> tuple[bool, float]:
    if isinstance(value, datetime):
        return False, -value.timestamp()
    return value is None, -(value or 0)


def sparse_rows(plan: Plan, periods: Sequence[Period], measured: pa.Table) -> pa.Table:
    """The rows that have data, as measured, each with the coverage of its period (and scope)."""
    import pyarrow.compute as pc

    columns = list(plan.measurement.group_columns)
    if PERIOD not in measured.column_names:
        start = pa.array([periods[0].start] * measured.num_rows, MOMENT_TYPE)
        measured = measured.append_column(PERIOD, start)
    scope_column = None if plan.scope_position is None else columns[plan.scope_position]
    scopes = [None] if scope_column is None else pc.unique(measured[scope_column]).to_pylist()
    cover = pa.concat_tables(_cover_table(plan, periods, scope, scope_column) for scope in scopes)
    keys = [PERIOD] if scope_column is None else [PERIOD, scope_column]
    joined = measured.join(cover, keys, join_type="left outer")
    schema = schema_of(plan, measured[VALUE].type)
    by_value = [(VALUE, "descending")] if plan.query.grain is Grain.TOTAL else []
    order = pc.sort_indices(
        joined,
        sort_keys=[(PERIOD, "ascending"), *by_value, *((name, "ascending") for name in columns)],
    )
    if SHARE in joined.column_names:
        seen = pc.multiply(joined["coverage"], joined[SHARE])
        joined = joined.set_column(joined.schema.get_field_index("coverage"), "coverage", seen)
    picked = joined.take(order).select([PERIOD, *columns, VALUE, *_UNKNOWN])
    for name, value in _UNKNOWN.items():
        position = picked.column_names.index(name)
        picked = picked.set_column(position, name, pc.fill_null(picked[name], value))
    return picked.rename_columns(schema.names).cast(schema)


_UNKNOWN: dict[str, Any] = {"coverage": 0.0, "is_provisional": False, "state": str(State.LOST)}
"""For rows outside of every requested period."""


def _cover_table(plan: Plan, periods: Sequence[Period], scope: Any, column: str | None) -> pa.Table:
    group: Group = ()
    if plan.scope_position is not None:
        group = tuple(scope if i == plan.scope_position else None for i in range(len(plan.query.by)))
    cover = cover_of(plan, plan.scope_of(group), periods)
    table = pa.table(
        {
            PERIOD: pa.array([period.start for period in periods], MOMENT_TYPE),
            "coverage": cover.shares,
            "is_provisional": cover.provisional,
            "state": [str(state) for state in cover.states],
        }
    )
    return table if column is None else table.append_column(column, pa.array([scope] * len(periods), pa.string()))
