"""Remarks: notes about the time of a result, one sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from footfall.annotations import remarks_on_annotations
from footfall.measuring.plan import Plan
from footfall.measuring.series import Cells, Series, is_by_weekday
from footfall.measuring.zeros import improbable_zeros
from footfall.metrics import Kind
from footfall.periods import Grain, Period, short
from footfall.states import State

_MOST_NAMED = 3


def remarks_on_time(plan: Plan) -> list[str]:
    """Notes on the window: known events in it, and what was not collected."""
    window = plan.window
    assert window is not None
    notes = [*remarks_on_annotations(plan.annotations), *plan.coverage.notes(window)]
    known = plan.coverage.bounds
    if plan.subject.actors is not None and plan.subject.actors.table is None and known and window.start < known.start:
        notes.insert(0, f"{plan.metric.event} was first marked on {short(known.start)}; there is no data before.")
    if window.start > plan.now:
        notes.insert(0, f"{short(window.start)} is in the future: there is no data yet.")
    return notes


def remark_on_overlap(plan: Plan, overlaps: Mapping[str, int]) -> list[str]:
    """A note that the groups add up to more than their total, as they share some of what is counted."""
    more, shared = overlaps.get(plan.metric.name, 0), plan.metric.shared
    if not more or shared is None:
        return []
    return [
        f"Some {plan.metric.unit} are in several groups of {shared.by}: the groups add up to {more:,} more than their total, "
        "in which each counts once."
    ]


def remark_on_means(plan: Plan, series: Series) -> list[str]:
    """How many means have no value because not all of their time was collected."""
    if plan.query.rolling is None:
        return []
    least, count, grain = plan.query.min_coverage, plan.query.rolling, plan.query.grain
    absent = sum(any(values[i] is None for values in series.values.values()) for i in range(len(series.periods)))
    if not absent:
        return []
    part = "not all" if least >= 1 else f"less than {least:.0%}"
    means, their = ("1 mean has", "its") if absent == 1 else (f"{absent:,} means have", "their")
    weekdays = ", or a weekday is missing" if is_by_weekday(grain, count, least) else ""
    hint = " (lower min_coverage to get them)" if least >= 1 else ""
    return [f"{means} no value: {part} of {their} {count} {grain}s were collected{weekdays}{hint}."]


def remark_on_baselines(plan: Plan, seen: Cells | None) -> list[str]:
    """How many periods of a counter have only observations without a known gain."""
    if plan.metric.kind is not Kind.COUNTER or seen is None:
        return []
    count = len({position for parts in seen.values() for position, part in parts.items() if part == 0})
    if not count:
        return []
    grain = plan.query.grain
    periods = (
        "The window has" if grain is Grain.TOTAL else f"1 {grain} has" if count == 1 else f"{count:,} {grain}s have"
    )
    return [f"{periods} only first observations, which have no earlier value to compare with."]


def remark_on_zero_days(plan: Plan, series: Series) -> list[str]:
    """Settled days with an improbable value of 0: the source may have lost them.

    Only for daily queries without filters: for small subsets, 0 is common. See `improbable_zeros`.
    """
    query = plan.query
    if (
        query.grain is not Grain.DAY
        or query.where
        or query.rolling
        or query.cumulative
        or plan.metric.kind is not Kind.SUM
    ):
        return []
    if not series.values:
        return []
    states = [cover.states for cover in series.covers.values()]
    totals = [
        sum(v for values in series.values.values() if isinstance(v := values[i], int | float))
        if all(state[i] is State.COMPLETE for state in states)
        else None
        for i in range(len(series.periods))
    ]
    found = [series.periods[i] for i in improbable_zeros(totals)]
    if not found:
        return []
    days, are = ("day", "is") if len(found) == 1 else ("days", "are")
    return [
        f"{len(found):,} settled {days} between busy days {are} 0: {_named(found)}. If the source lost "
        f"{'it' if len(found) == 1 else 'them'}, add [[known_wrong]] to footfall.toml."
    ]


def _named(periods: Sequence[Period]) -> str:
    more = f" and {len(periods) - _MOST_NAMED:,} more" if len(periods) > _MOST_NAMED else ""
    return ", ".join(period.label for period in periods[:_MOST_NAMED]) + more
