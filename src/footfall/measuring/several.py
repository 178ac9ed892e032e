"""Several metrics in one query: they share window, groups and rows; each keeps its own values and coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from footfall.measuring.plan import Plan
from footfall.metrics import Kind
from footfall.periods import Window
from footfall.states import worst

if TYPE_CHECKING:
    from footfall.filters import Value


def shared_window(plans: Sequence[Plan]) -> Window | None:
    """From the earliest start to the latest end; None if all are empty."""
    windows = [plan.window for plan in plans if plan.window is not None]
    if not windows:
        return None
    return Window(min(w.start for w in windows), max(w.end for w in windows))


def share_top(first: Plan, others: Sequence[Plan]) -> list[Plan]:
    """The groups ranked by the first metric apply to all."""
    if first.query.top is not None and first.kept is None and others:  # nothing to rank by: everything is in the rest
        first = replace(first, kept=())
    return [first, *(replace(plan, kept=first.kept, other=first.other) for plan in others)]


def shared_policies(plans: Sequence[Plan]) -> tuple[tuple[str, str], ...]:
    """The choices made: METRIC.POLICY if metrics that share a policy differ in it."""
    if len(plans) == 1:
        return plans[0].policies
    made: dict[str, set[str]] = {}
    for plan in plans:
        for name, choice in plan.policies:
            made.setdefault(name, set()).add(choice)
    return tuple(
        dict.fromkeys(
            (name if len(made[name]) == 1 else f"{plan.metric.name}.{name}", choice)
            for plan in plans
            for name, choice in plan.policies
        )
    )


def shared_notes(plans: Sequence[Plan], notes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Notes that apply to all metrics appear once, those of some metrics with their names."""
    said = [
        note if all(note in each for each in notes) else f"{plan.metric.name}: {note}"
        for plan, own in zip(plans, notes, strict=True)
        for note in own
    ]
    return tuple(dict.fromkeys(said))


def join(plans: Sequence[Plan], tables: Sequence[pa.Table]) -> pa.Table:
    """One row per period and group, with the columns of each metric; the first one determines the order.

    If metrics are read from different tables, each has its own coverage, state and is_provisional next to those of
    the row, which are the worst of them.
    """
    if len(plans) == 1:
        return tables[0]
    keys = ["period", *plans[0].query.by]
    order = _keys_of(tables[0], keys)
    joined = tables[0].select(keys)
    placed = [_in_order(table, keys, order) for table in tables]
    for plan, table in zip(plans, placed, strict=True):
        for name in table.column_names:
            if name not in keys and name not in _SHARED:
                joined = joined.append_column(name_among_several(plan.metric.name, name), table[name])
    if not _are_covered_alike(plans):
        for plan, table in zip(plans, placed, strict=True):
            for name in _SHARED:
                joined = joined.append_column(f"{plan.metric.name}_{name}", table[name])
    for name, combine in _SHARED.items():
        if name in tables[0].column_names:
            cells = zip(*(table[name].to_pylist() for table in placed), strict=True)
            joined = joined.append_column(name, pa.array([combine(each) for each in cells], tables[0][name].type))
    return joined


_SHARED: dict[str, Callable[[Iterable[Any]], Any]] = {"coverage": min, "is_provisional": any, "state": worst}
"""What a row has once for all metrics, and how it is derived from the value of each."""


def name_among_several(metric: str, column: str) -> str:
    """The name of a column of one metric among several: change becomes commits_change."""
    return column if column == metric or column.startswith(f"{metric}_") else f"{metric}_{column}"


def _are_covered_alike(plans: Sequence[Plan]) -> bool:
    """Whether all were collected at the same times."""
    of_series = (Kind.LEVEL, Kind.COUNTER)
    return len({plan.subject.tables for plan in plans}) == 1 and all(p.metric.kind not in of_series for p in plans)


def _keys_of(table: pa.Table, keys: Sequence[str]) -> list[tuple[Value, ...]]:
    columns: list[list[Any]] = [table[name].to_pylist() for name in keys]
    return list(zip(*columns, strict=True))


def _in_order(table: pa.Table, keys: Sequence[str], order: Sequence[tuple[Value, ...]]) -> pa.Table:
    position = {key: n for n, key in enumerate(_keys_of(table, keys))}
    return table.take(pa.array([position[key] for key in order], pa.int64()))
