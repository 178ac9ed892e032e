"""Counting on an engine, from the facts of activity in the lake (`footfall.activity.facts`): one query for each part.

Days are numbers since 1970, and so are the periods of a grain: each follows the one before. Conditions on sets that are
not events, and parts of days, are left to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Protocol

from footfall.activity.counts import EventCounts
from footfall.periods import EPOCH, Grain, Period, Window, ceil, floor
from footfall.retention.counting import (
    MONTH,
    WEEK,
    Actives,
    CohortCounts,
    CohortPlan,
    Growths,
    SetCounting,
    end_of_funnel,
)
from footfall.retention.groups import Narrowing
from footfall.retention.spans import SetReader, present
from footfall.stopping import check_stopped

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

_DAY = timedelta(days=1)
_MOST_WINDOWS = 60
"""Windows that are no calendar periods, counted by one query; more are counted by the store."""


class Runner(Protocol):
    """The part of an engine that counting needs."""

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column: ...

    def run(self, expression: ir.Table) -> pa.Table: ...


def number_of(grain: Grain, moment: datetime) -> int:
    """The number of the period of `grain` that holds a moment; consecutive periods have consecutive numbers."""
    if grain is Grain.YEAR:
        return moment.year
    if grain is Grain.MONTH:
        return moment.year * 12 + moment.month - 1
    day = (moment - EPOCH) // _DAY
    return day if grain is Grain.DAY else (day + 3) // 7  # 1970-01-01 was a Thursday


@dataclass(frozen=True)
class EngineCounting:
    """Counts from a table of facts: day, event, actor; each row once."""

    engine: Runner
    facts: ir.Table
    sets: SetReader
    """The store, for what the facts do not have."""

    def cohort(self, plan: CohortPlan) -> CohortCounts:
        if not all(isinstance(each, str) for each in (*plan.of_rows, *plan.of_columns)):
            return SetCounting(self.sets).cohort(plan)
        rows = self._rows_of(plan)
        came = self._periods_of(plan.then, plan.grain, _span_of(plan.begun), plan.now)
        groups = self._narrowed(rows, plan.of_rows, plan.grain, _span_of(plan.periods), plan.now)
        back = self._narrowed(came, plan.of_columns, plan.grain, _span_of(plan.begun), plan.now)
        first = number_of(plan.grain, plan.periods[0].start)
        sizes = self._by_period(groups, first, len(plan.periods))
        return CohortCounts(
            sizes,
            self._cells(plan, groups, back, first),
            self._unmet(rows, plan.of_rows, plan.grain, _span_of(plan.periods), plan.now),
            self._unmet(came, plan.of_columns, plan.grain, _span_of(plan.begun), plan.now),
        )

    def _rows_of(self, plan: CohortPlan) -> ir.Table:
        """Actor and period of the rows; of new actors only that of the first time."""
        span = _span_of(plan.periods)
        if not plan.is_new:
            return self._periods_of(plan.first, plan.grain, span, plan.now)
        earliest = self._earliest(plan.first, plan.grain, plan.now)
        start, last = (number_of(plan.grain, at) for at in (span.start, plan.periods[-1].start))
        return earliest.filter(earliest.period.between(start, last))

    def _cells(self, plan: CohortPlan, groups: ir.Table, back: ir.Table, first: int) -> list[list[int]]:
        import ibis

        if plan.is_unbounded:
            back = back.group_by("actor").agg(period=back.period.max())
        later = back.select(actor_then=back.actor, then=back.period)
        last = number_of(plan.grain, plan.begun[-1].start) if plan.is_unbounded else None
        within = [groups.actor == later.actor_then, later.then >= groups.period]
        if last is None:
            within.append(later.then < groups.period + ibis.literal(plan.width))
        pairs = groups.join(later, within)
        found = self.ask(pairs.group_by(["period", "then"]).agg(actors=pairs.count()))
        counted = {(row["period"] - first, row["then"] - first): row["actors"] for row in found}
        if not plan.is_unbounded:
            return [[counted.get((n, k), 0) for k in span] for n, span in enumerate(plan.spans)]
        cells = []
        for n, span in enumerate(plan.spans):
            latest = [counted.get((n, k), 0) for k in range(n, len(plan.begun))]
            or_later = list(accumulate(reversed(latest)))[::-1]
            cells.append([or_later[k - n] for k in span])
        return cells

    def growth(self, event: str, periods: Sequence[Period], now: datetime) -> list[Growths]:
        import ibis

        grain, before = periods[0].grain, periods[0].prev()
        first = number_of(grain, before.start)
        active = self._periods_of(event, grain, Window(before.start, periods[-1].end), now)
        earliest = self._earliest(event, grain, now)
        earliest = earliest.select(actor_first=earliest.actor, first=earliest.period)
        last = active.period.lag().over(ibis.window(group_by=active.actor, order_by=active.period))
        known = active.mutate(last=last).join(earliest, [active.actor == earliest.actor_first])
        found = self.ask(
            known.group_by("period").agg(
                actors=known.count(),
                fresh=(known.first == known.period).sum(),
                returning=(known.last == known.period - 1).fill_null(False).sum(),
            )
        )
        nothing = {"actors": 0, "fresh": 0, "returning": 0}
        counted = {row["period"] - first: row for row in found}
        each = [counted.get(n, nothing) for n in range(len(periods) + 1)]
        return [
            Growths(
                row["fresh"],
                row["returning"],
                row["actors"] - row["fresh"] - row["returning"],
                previous["actors"] - row["returning"],
            )
            for previous, row in pairwise(each)
        ]

    def actives(self, event: str, window: Window, now: datetime) -> Mapping[datetime, Actives]:
        """An actor counts in the window of a day from one of their days on, until it is too old or they have a newer one."""
        import ibis

        end = min(window.end, present(Grain.DAY, now).end)
        days = self._periods_of(event, Grain.DAY, Window(window.start - (MONTH - 1) * _DAY, end), now)
        never = number_of(Grain.DAY, end) + MONTH
        following = days.period.lead().over(ibis.window(group_by=days.actor, order_by=days.period))
        days = days.mutate(following=following.fill_null(ibis.literal(never, "int64")))
        daily = self.tally(days, days.period)
        leaving = [self.tally(days, ibis.least(days.period + width, days.following)) for width in (WEEK, MONTH)]
        first, found = number_of(Grain.DAY, window.start), {}
        weekly = monthly = 0
        for day in range(first - MONTH + 1, number_of(Grain.DAY, end)):
            weekly += daily.get(day, 0) - leaving[0].get(day, 0)
            monthly += daily.get(day, 0) - leaving[1].get(day, 0)
            if day >= first:
                found[EPOCH + day * _DAY] = Actives(daily.get(day, 0), weekly, monthly)
        return found

    def per_period(self, event: str, periods: Sequence[Period], now: datetime) -> list[int]:
        grain = periods[0].grain
        active = self._periods_of(event, grain, _span_of(periods), now)
        return self._by_period(active, number_of(grain, periods[0].start), len(periods))

    def funnel(
        self, events: Sequence[str], days: int, window: Window, now: datetime
    ) -> tuple[list[int], datetime | None]:
        """Per step, actor and day: the latest first step of a chain that ends there. Among chains of one length that one
        stays open longest."""
        import ibis

        end = end_of_funnel(window, days, now)
        step = self._periods_of(events[0], Grain.DAY, window, now)
        step = step.mutate(started=step.period)
        [first] = self.ask(step.agg(actors=step.actor.nunique(), last=step.period.max()))
        reached = [first["actors"]]
        for event in events[1:]:
            check_stopped()
            done = self._periods_of(event, Grain.DAY, Window(window.start, end), now)
            nothing = ibis.null("int64")
            both = step.mutate(order=ibis.literal(0, "int64")).union(
                done.mutate(started=nothing, order=ibis.literal(1, "int64"))
            )
            so_far = both.started.max().over(
                ibis.window(group_by=both.actor, order_by=[both.period, both.order], preceding=None, following=0)
            )
            chained = both.mutate(so_far=so_far)
            chained = chained.filter(chained.order == 1, chained.so_far > chained.period - days)
            step = chained.select("actor", "period", started=chained.so_far)
            [row] = self.ask(step.agg(actors=step.actor.nunique()))
            reached.append(row["actors"])
        return reached, None if first["last"] is None else EPOCH + first["last"] * _DAY

    # Pieces

    def within(self, event: str, window: Window) -> ir.Table:
        """Actor and day of an event in the whole days of a window."""
        import ibis

        facts = self.facts.filter(self.facts.event == event)
        day = self.engine.step_number(facts.day, _DAY).cast("int64")
        found = facts.select(actor=facts.actor, day=day, at=facts.day)
        start, end = (ibis.literal(number_of(Grain.DAY, at), "int64") for at in (window.start, window.end))
        return found.filter(found.day >= start, found.day < end)

    def distinct(self, event: str, window: Window) -> int:
        """The number of actors of an event in the whole days of a window."""
        found = self.within(event, window)
        [row] = self.ask(found.agg(actors=found.actor.nunique()))
        return int(row["actors"])

    def _periods_of(self, event: str, grain: Grain, window: Window, now: datetime) -> ir.Table:
        """Each actor once in each period of a window. Days after today have not started."""
        found = self.within(event, Window(window.start, max(window.start, min(window.end, ceil(Grain.DAY, now)))))
        return found.select(actor=found.actor, period=numbered(found, grain)).distinct()

    def _earliest(self, event: str, grain: Grain, now: datetime) -> ir.Table:
        """The period of each actor's first time."""
        found = self.within(event, Window(_EARLIEST, ceil(Grain.DAY, now)))
        numbers = found.select(actor=found.actor, period=numbered(found, grain))
        return numbers.group_by("actor").agg(period=numbers.period.min())

    def _narrowed(
        self, groups: ir.Table, conditions: Sequence[Narrowing], grain: Grain, window: Window, now: datetime
    ) -> ir.Table:
        for condition in conditions:
            meeting = self._periods_of(str(condition), grain, window, now)
            groups = groups.semi_join(meeting, ["actor", "period"])
        return groups

    def _unmet(
        self, groups: ir.Table, conditions: Sequence[Narrowing], grain: Grain, window: Window, now: datetime
    ) -> list[Narrowing]:
        if not conditions or not self._count(groups):
            return []
        return [each for each in conditions if not self._count(self._narrowed(groups, [each], grain, window, now))]

    def _count(self, rows: ir.Table) -> int:
        [row] = self.ask(rows.agg(rows=rows.count()))
        return int(row["rows"])

    def _by_period(self, groups: ir.Table, first: int, many: int) -> list[int]:
        counted = self.tally(groups, groups.period)
        return [counted.get(first + n, 0) for n in range(many)]

    def tally(self, rows: ir.Table, key: ir.Value) -> dict[int, int]:
        """How many rows have each key."""
        keyed = rows.select(key=key.cast("int64"))
        found = self.ask(keyed.group_by("key").agg(rows=keyed.count()))
        return {row["key"]: row["rows"] for row in found}

    def ask(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows of a query."""
        check_stopped()
        found: list[dict[str, Any]] = self.engine.run(expression).to_pylist()
        return found


_EARLIEST = EPOCH - timedelta(days=365 * 300)


def numbered(found: ir.Table, grain: Grain) -> ir.Value:
    """The number of the period that holds a day; see `number_of`."""
    if grain is Grain.DAY:
        return found.day
    if grain is Grain.WEEK:
        return ((found.day + 3) // 7).cast("int64")
    year = found.at.year().cast("int64")
    return year if grain is Grain.YEAR else year * 12 + found.at.month().cast("int64") - 1


def _span_of(periods: Sequence[Period]) -> Window:
    return Window(periods[0].start, periods[-1].end)


@dataclass(frozen=True)
class EngineEventCounts(EventCounts):
    """The distinct actors of an event in windows, counted on an engine where the windows are whole days."""

    counting: Callable[[], EngineCounting]

    def per_window(self, windows: Sequence[Window], *, is_calendar: bool = True) -> list[int]:
        clipped = [self._clipped(window, is_calendar) for window in windows]
        if not windows or not all(map(_has_whole_days, clipped)):
            return super().per_window(windows, is_calendar=is_calendar)
        counting = self.counting()
        if grain := _grain_of(windows):
            periods = [Period(window.start, window.end, grain) for window in windows]
            return counting.per_period(self.event, periods, self.now)
        if len(windows) > _MOST_WINDOWS:
            return super().per_window(windows, is_calendar=is_calendar)
        return [counting.distinct(self.event, window) for window in clipped]

    def running(self, windows: Sequence[Window]) -> list[int]:
        clipped = [self._clipped(window, is_calendar=True) for window in windows]
        if not windows or (len(windows) > 1 and not _grain_of(windows)) or not all(map(_has_whole_days, clipped)):
            return super().running(windows)
        counting = self.counting()
        span = Window(clipped[0].start, clipped[-1].end)
        found = counting.within(self.event, span)
        earliest = found.group_by("actor").agg(day=found.day.min())
        new = counting.tally(earliest, earliest.day)
        days = {EPOCH + day * _DAY: actors for day, actors in new.items()}
        return [sum(actors for day, actors in days.items() if day < window.end) for window in clipped]


def _has_whole_days(window: Window) -> bool:
    return window.start == floor(Grain.DAY, window.start) and window.end == floor(Grain.DAY, window.end)


def _grain_of(windows: Sequence[Window]) -> Grain | None:
    """The grain of which the windows are consecutive periods, if there is one."""
    if any(first.end != second.start for first, second in pairwise(windows)):
        return None
    for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR):
        if all(Period.containing(grain, window.start).window == window for window in windows):
            return grain
    return None
