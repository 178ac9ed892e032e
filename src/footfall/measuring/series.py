"""Series: one value per period for each group, and the passes over them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate as accumulate_with
from typing import TYPE_CHECKING, TypeAlias

from footfall.measuring.matching import Group
from footfall.measuring.plan import Plan
from footfall.periods import Grain, Period, Window
from footfall.query import step
from footfall.states import State, worst

if TYPE_CHECKING:
    import pyarrow as pa

Number: TypeAlias = int | float | datetime | None

Cells: TypeAlias = Mapping[Group, Mapping[int, Number]]
"""What was measured: by group and position of the period; no cell if there were no rows."""


@dataclass(frozen=True)
class Cover:
    """For each period: the share that was collected, whether it may still change, and its state as one word."""

    shares: tuple[float, ...]
    provisional: tuple[bool, ...]
    states: tuple[State, ...]

    @classmethod
    def of_rows(cls, rows: pa.Table) -> Cover:
        """The coverage of the periods of a result, row by row."""
        shares, flags, states = (rows[name].to_pylist() for name in ("coverage", "is_provisional", "state"))
        return cls(tuple(shares), tuple(flags), tuple(map(State, states)))

    def times(self, seen: Mapping[int, Number]) -> Cover:
        """The same, if only a part was `seen` of what was collected, by position of the period."""
        parts = [part if isinstance(part := seen.get(i), float) else 1.0 for i in range(len(self.shares))]
        shares = tuple(share * part for share, part in zip(self.shares, parts, strict=True))
        final = (State.COMPLETE, State.PROVISIONAL)
        states = (
            State.LOST if part < 1 and state in final else state for state, part in zip(self.states, parts, strict=True)
        )
        return replace(self, shares=shares, states=tuple(states))


@dataclass(frozen=True)
class Series:
    """One value per period for each group, None if unknown; covers by the keys of `Plan.cover_of`."""

    periods: tuple[Period, ...]
    values: dict[Group, list[Number]]
    covers: dict[Hashable, Cover]
    ranges: dict[Group, list[tuple[Number, Number]]] = field(default_factory=dict)
    """For reported counts: the lower and upper bound of each."""


def fill_gaps(
    plan: Plan, periods: Sequence[Period], cells: Cells, groups: Iterable[Group], seen: Cells | None = None
) -> Series:
    """A slot for every period of every group: without rows it is 0 if something was collected, otherwise unknown.

    What was `seen` for a group, if its kind reports that, is a share of what was collected.
    """
    collected: dict[Hashable, Cover] = {}
    covers: dict[Hashable, Cover] = {}
    alike: dict[Hashable, Cover] = {}
    values: dict[Group, list[Number]] = {}
    is_additive = plan.is_additive
    for group in groups:
        scope = plan.scope_of(group)
        if scope not in collected:
            signature = plan.coverage_of(scope).signature
            if signature not in alike:
                alike[signature] = cover_of(plan, scope, periods)
            collected[scope] = alike[signature]
        cover, measured = collected[scope], cells.get(group, {})
        covers[plan.cover_key(group)] = cover if seen is None else cover.times(seen.get(group, {}))
        values[group] = [
            measured.get(i, 0 if share > 0 and is_additive else None) for i, share in enumerate(cover.shares)
        ]
    return Series(tuple(periods), values, covers)


def cover_of(plan: Plan, scope: Hashable, periods: Sequence[Period]) -> Cover:
    """What the ledger says about each period, for one scope or for all."""
    coverage, windows = plan.coverage_of(scope), [period.window for period in periods]
    return Cover(
        tuple(coverage.share(window) for window in windows),
        tuple(window.end > plan.now or coverage.is_provisional(window) for window in windows),
        tuple(coverage.state(window) for window in windows),
    )


def roll(plan: Plan, series: Series) -> Series:
    """The mean over the last N calendar periods; no value if too little of them was collected.

    The series starts N - 1 periods before the window; those are dropped here. The coverage of a
    mean is the mean coverage of its N periods, so a mean over four days of seven says so.
    """
    count = plan.query.rolling
    if count is None:
        return series
    spans = [slice(i - count + 1, i + 1) for i in range(count - 1, len(series.periods))]
    mean = mean_over(plan.query.grain, count, plan.query.min_coverage)
    return Series(
        series.periods[count - 1 :],
        {
            group: [mean(values[span], series.covers[plan.cover_key(group)].shares[span]) for span in spans]
            for group, values in series.values.items()
        },
        {
            scope: Cover(
                tuple(sum(cover.shares[span]) / count for span in spans),
                tuple(any(cover.provisional[span]) for span in spans),
                tuple(worst(cover.states[span]) for span in spans),
            )
            for scope, cover in series.covers.items()
        },
    )


Mean: TypeAlias = Callable[[Sequence[Number], Sequence[float]], float | None]


def mean_over(grain: Grain, count: int, least: float) -> Mean:
    """The mean of `count` periods by their values and coverage; None below the coverage `least`.

    A period counts if at least that part of it was collected. If some may be absent, whole weeks of days are
    weighted by weekday: all weekdays must be present and have equal weight, so that a missing weekend is not a rise.
    """
    by_weekday = is_by_weekday(grain, count, least)

    def mean(values: Sequence[Number], shares: Sequence[float]) -> float | None:
        if sum(shares) / count < least:
            return None
        known = [
            (position % 7, value)
            for position, (value, share) in enumerate(zip(values, shares, strict=True))
            if isinstance(value, int | float) and share >= least
        ]
        if len(known) / count < least:
            return None
        if not by_weekday:
            return sum(value for _, value in known) / len(known)
        days: dict[int, list[int | float]] = {}
        for day, value in known:
            days.setdefault(day, []).append(value)
        return sum(sum(each) / len(each) for each in days.values()) / 7 if len(days) == 7 else None

    return mean


def is_by_weekday(grain: Grain, count: int, least: float) -> bool:
    """Whether a mean is weighted by weekday."""
    return grain is Grain.DAY and count % 7 == 0 and least < 1


def accumulate(plan: Plan, series: Series) -> Series:
    """Running totals from the start of the window. A period without data stays null and adds nothing.

    The coverage of a running total is that of all the time it includes.
    """
    if not plan.query.cumulative:
        return series
    lengths = [period.window.length for period in series.periods]
    return replace(
        series,
        values={group: list(running(values)) for group, values in series.values.items()},
        covers={scope: _running_cover(lengths, cover) for scope, cover in series.covers.items()},
    )


def running(values: Iterable[Number]) -> Iterable[Number]:
    total: int | float = 0
    for value in values:
        if isinstance(value, int | float):
            total += value
            yield total
        else:
            yield None


def _running_cover(lengths: Sequence[timedelta], cover: Cover) -> Cover:
    """Each period is weighted by its length."""
    shares: list[float] = []
    collected = elapsed = 0.0
    for length, share in zip(lengths, cover.shares, strict=True):
        seconds = length.total_seconds()
        collected, elapsed = collected + share * seconds, elapsed + seconds
        shares.append(collected / elapsed if share > 0 else 0.0)
    return Cover(
        tuple(shares),
        tuple(accumulate_with(cover.provisional, bool.__or__)),
        tuple(accumulate_with(cover.states, lambda a, b: worst((a, b)))),
    )


PASSES = (roll, accumulate)


def transform(plan: Plan, series: Series) -> Series:
    for each in PASSES:
        series = each(plan, series)
    return series


def reach_back(plan: Plan, window: Window) -> Window:
    """The window with the additional earlier periods that its first rolling means need."""
    if plan.query.rolling is None:
        return window
    return Window(step(plan.query.grain, window.start, 1 - plan.query.rolling), window.end)
