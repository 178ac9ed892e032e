"""The counts behind answers about activity: what is counted, and counting it from the sets of a store.

`engine_counting` counts the same on an engine, from the facts of activity in the lake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
from pyroaring import BitMap64

from footfall.periods import Grain, Period, Window, periods_in
from footfall.retention.groups import Narrowing, first_timers, narrowed, reader_of_members, then_or_later, unmet
from footfall.retention.overlaps import overlaps
from footfall.retention.spans import SetReader, active, before, present
from footfall.stores.store import day_slot

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.stores.members import Members

WEEK, MONTH = 7, 30
"""Lengths of the trailing windows of stickiness, in days."""
_NEVER = -1


@dataclass(frozen=True)
class CohortPlan:
    """What a cohort counts."""

    first: str
    then: str
    grain: Grain
    periods: Sequence[Period]
    """Of the rows."""
    begun: Sequence[Period]
    """The periods that count for coming back, from that of the first row on."""
    shown: int
    """How many of `begun` have a column."""
    width: int
    """The most columns of a row."""
    is_new: bool
    is_unbounded: bool
    of_rows: Sequence[Narrowing]
    of_columns: Sequence[Narrowing]
    now: datetime

    @property
    def spans(self) -> list[range]:
        """For each row, which of `begun` are its columns."""
        return [range(n, min(n + self.width, self.shown)) for n in range(len(self.periods))]


class CohortCounts(NamedTuple):
    """The sizes of the rows, their cells, and the conditions that no actor of any row or column meets."""

    sizes: Sequence[int]
    cells: Sequence[Sequence[int]]
    unmet_of_rows: Sequence[Narrowing]
    unmet_of_columns: Sequence[Narrowing]


class Growths(NamedTuple):
    """The groups of a period."""

    new: int
    returning: int
    resurrected: int
    dormant: int


class Actives(NamedTuple):
    """The actors of a day, and of the week and the 30 days that end with it."""

    daily: int
    weekly: int
    monthly: int


@runtime_checkable
class Counting(Protocol):
    """Counts actors for every kind of question."""

    def cohort(self, plan: CohortPlan) -> CohortCounts: ...

    def growth(self, event: str, periods: Sequence[Period], now: datetime) -> list[Growths]:
        """The groups of each period; the periods follow one another."""
        ...

    def actives(self, event: str, window: Window, now: datetime) -> Mapping[datetime, Actives]:
        """The counts of every day of a window that has started."""
        ...

    def per_period(self, event: str, periods: Sequence[Period], now: datetime) -> list[int]:
        """The actors of each period; the periods follow one another."""
        ...

    def funnel(
        self, events: Sequence[str], days: int, window: Window, now: datetime
    ) -> tuple[list[int], datetime | None]:
        """How many actors reached each step, and the last day on which one took the first step."""
        ...


def counting_of(given: SetReader | Counting) -> Counting:
    """A store counts from its sets."""
    return given if isinstance(given, Counting) else SetCounting(given)


@dataclass(frozen=True)
class SetCounting:
    """Counts from the sets of a store."""

    sets: SetReader

    def cohort(self, plan: CohortPlan) -> CohortCounts:
        members_of = reader_of_members(self.sets, plan.now)
        rows: Sequence[Members]
        if plan.is_new:
            rows = first_timers(self.sets, plan.first, plan.periods, members_of)
        else:
            rows = [members_of(plan.first, period) for period in plan.periods]
        groups = narrowed(rows, plan.of_rows, plan.periods, members_of)
        came = [members_of(plan.then, period) for period in plan.begun]
        back: Sequence[Members] = narrowed(came, plan.of_columns, plan.begun, members_of)
        if plan.is_unbounded:
            back = then_or_later(back)[: plan.shown]
        return CohortCounts(
            [len(group) for group in groups],
            overlaps(groups, back, plan.spans),
            unmet(rows, plan.of_rows, plan.periods, members_of),
            unmet(came, plan.of_columns, plan.begun, members_of),
        )

    def growth(self, event: str, periods: Sequence[Period], now: datetime) -> list[Growths]:
        ever = before(self.sets, event, periods[0].start)
        last = active(self.sets, event, periods[0].prev(), now)
        found = []
        for period in periods:
            actives = active(self.sets, event, period, now)
            known, returning = actives.intersection_cardinality(ever), actives.intersection_cardinality(last)
            found.append(Growths(len(actives) - known, returning, known - returning, len(last) - returning))
            ever, last = ever | actives, actives
        return found

    def actives(self, event: str, window: Window, now: datetime) -> Mapping[datetime, Actives]:
        started = Window(window.start - timedelta(days=MONTH - 1), min(window.end, present(Grain.DAY, now).end))
        week, month, counted = _Trailing(WEEK), _Trailing(MONTH), {}
        for day in periods_in(Grain.DAY, started):
            actives = active(self.sets, event, day, now)
            counted[day.start] = Actives(len(actives), week.with_one_more(actives), month.with_one_more(actives))
        return {start: counts for start, counts in counted.items() if start >= window.start}

    def per_period(self, event: str, periods: Sequence[Period], now: datetime) -> list[int]:
        return [len(active(self.sets, event, period, now)) for period in periods]

    def funnel(
        self, events: Sequence[str], days: int, window: Window, now: datetime
    ) -> tuple[list[int], datetime | None]:
        """`started[k]` holds, per actor, the latest first step of a chain that leads to step k. Among chains of the
        same length that one stays open longest, so one pass over the days is enough, however long `days` is.
        """
        everyone = self.sets.union(events[0], day_slot(window.start), day_slot(window.end))
        actors = np.frombuffer(everyone.to_array(), np.uint64)
        started = np.full((len(events), len(actors)), _NEVER, np.int32)
        has_reached = np.zeros(started.shape, np.bool_)
        last_start = None
        for n, day in enumerate(periods_in(Grain.DAY, Window(window.start, end_of_funnel(window, days, now)))):
            for k, event in enumerate(events):
                if k == 0 and day.start >= window.end:
                    continue
                actives = _ranks(active(self.sets, event, day, now) & everyone, actors)
                since = started[k - 1, actives] if k else np.full(len(actives), n, np.int32)
                if k == 0 and len(actives):
                    last_start = day.start
                is_open = since > max(n - days, _NEVER)
                started[k, actives[is_open]] = np.maximum(started[k, actives[is_open]], since[is_open])
                has_reached[k, actives[is_open]] = True
        return [int(n) for n in has_reached.sum(axis=1)], last_start


def end_of_funnel(window: Window, days: int, now: datetime) -> datetime:
    """The end of the last day on which a step counts."""
    return min(window.end + timedelta(days=days - 1), present(Grain.DAY, now).end)


def _ranks(group: BitMap64, actors: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """The positions of a group's members among all actors."""
    return np.searchsorted(actors, np.frombuffer(group.to_array(), np.uint64))


class _Trailing:
    """Counts the actors of the last `width` days with three unions per day (van Herk 1992, Gil and Werman 1993).

    Days are grouped in blocks of `width`: any `width` days are the end of one block and the beginning of the next.
    """

    def __init__(self, width: int) -> None:
        self._block: list[BitMap64] = []
        self._beginning = BitMap64()
        self._ends = [BitMap64()] * (width + 1)

    def with_one_more(self, actives: BitMap64) -> int:
        self._block.append(actives)
        self._beginning = self._beginning | actives
        count = int(self._beginning.union_cardinality(self._ends[len(self._block)]))
        if len(self._block) + 1 == len(self._ends):
            for n in reversed(range(len(self._block))):
                self._ends[n] = self._ends[n + 1] | self._block[n]
            self._block, self._beginning = [], BitMap64()
        return count
