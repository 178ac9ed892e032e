"""Funnels: how many actors took the steps in order, each actor within some days of their first step.

Marks record the day but not the order within it, so a step may fall on the same day as the step before. An actor
reached step k if there are days d1 ≤ d2 ≤ … ≤ dk on which they did steps 1 to k, with d1 in the requested time and
dk < d1 + `within` days: Mixpanel's conversion window, in calendar days (UTC), counting each actor once ("uniques").
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.errors import QueryError
from footfall.formats import counted, days_of, instant_of
from footfall.frames import csv_of
from footfall.options import MOST
from footfall.periods import Grain, Window, ceil, floor, in_utc, short
from footfall.retention.answers import ActivityAnswer
from footfall.retention.counting import Counting, counting_of
from footfall.retention.spans import SetReader, events_of, has_hole, may_be_revised, present, share

if TYPE_CHECKING:
    import pyarrow as pa

_DAYS = 30
"""The default number of days for first steps."""
_LENGTH = re.compile(r"([0-9]{1,4})\s*(d|w)", re.IGNORECASE)


@dataclass(frozen=True)
class FunnelStep:
    """One step, and how many actors reached it; shares are in percent, None if the step before has no actors."""

    event: str
    actors: int
    of_first: float | None
    of_previous: float | None


@dataclass(frozen=True, repr=False)
class Funnel(ActivityAnswer):
    """The steps in order, and what they mean."""

    command: ClassVar[str] = "funnel"
    chart_by: ClassVar[str] = "footfall.charts.funnels:draw"
    table_by: ClassVar[str] = "footfall.terminal.activity:funnel"

    steps: tuple[FunnelStep, ...]
    within: int
    """The number of days in which the last step must fall, including the day of the first step."""
    window: Window
    """The days of the first step, as whole days."""
    last_start: datetime | None
    """The last day on which an actor took the first step; None if none did."""

    @property
    def observed(self) -> Window:
        """The days on which steps count."""
        return Window(self.window.start, self.window.end + timedelta(days=self.within - 1))

    @property
    def has_time_left(self) -> bool:
        """Whether an actor who took the first step still had time left for the last one."""
        return self.last_start is not None and self.last_start + timedelta(days=self.within) > self.asked_at

    @property
    def has_gaps(self) -> bool:
        """Whether a day on which steps would count was not collected."""
        return has_hole(self.observed, self.gaps)

    @property
    def is_provisional(self) -> bool:
        return self.has_time_left or self.has_gaps or may_be_revised(self.observed, self.revisable)

    @property
    def counts(self) -> list[int]:
        return [step.actors for step in self.steps]

    @property
    def description(self) -> str:
        days = "the same day" if self.within == 1 else f"{self.within} days, the day of the first step included"
        return f"Actors who took each step on the day of the step before or later, all within {days}."

    @property
    def question(self) -> dict[str, Any]:
        """The question with all defaults filled in: `ff.funnel(**question)` repeats it."""
        return {
            "steps": [step.event for step in self.steps],
            "within": f"{self.within}d",
            "since": instant_of(self.window.start),
            "until": instant_of(self.window.end),
            "as_of": instant_of(self.asked_at),
        }

    def definition(self) -> dict[str, Any]:
        return {**super().definition(), "is_provisional": self.is_provisional}

    @property
    def title(self) -> str:
        """ "see → try → buy: actors within 7 days"."""
        steps = " → ".join(step.event for step in self.steps)
        return f"{steps}: {self.actors} within {counted(self.within, 'day')}"

    @property
    def span(self) -> str:
        """ "first steps 2026-03-01 to 2026-03-11 (UTC)"."""
        return f"first steps {days_of(self.window)} (UTC)"

    @property
    def why_open(self) -> str:
        """Why it is provisional."""
        reasons = [
            "some actors still have time to finish" if self.has_time_left else "",
            "not all of the time was collected" if self.has_gaps else "",
            "the source may still revise numbers" if may_be_revised(self.observed, self.revisable) else "",
        ]
        return ", and ".join(filter(None, reasons))

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        names = ["step", "event", "actors", "percent_of_first", "percent_of_previous"]
        mark = "*" * (is_marked and self.is_provisional)
        rows = [
            [str(n), step.event, f"{step.actors}{mark}", _percent(step.of_first), _percent(step.of_previous)]
            for n, step in enumerate(self.steps, 1)
        ]
        return names, rows

    def to_csv(self) -> str:
        """step, event, actors, shares of the first and the previous step in percent (empty for None), is_provisional.

        Provisional numbers are included: nearly every funnel that ends today is provisional.
        """
        names, rows = self.lines(is_marked=False)
        return csv_of([*names, "is_provisional"], ([*row, str(self.is_provisional).lower()] for row in rows))

    def to_arrow(self) -> pa.Table:
        """A row per step: step, event, actors, percent_of_first, percent_of_previous, is_provisional."""
        import pyarrow as pa

        return pa.table(
            {
                "step": pa.array(range(1, len(self.steps) + 1), pa.int64()),
                "event": pa.array([step.event for step in self.steps], pa.string()),
                "actors": pa.array([step.actors for step in self.steps], pa.int64()),
                "percent_of_first": pa.array([step.of_first for step in self.steps], pa.float64()),
                "percent_of_previous": pa.array([step.of_previous for step in self.steps], pa.float64()),
                "is_provisional": pa.array([self.is_provisional] * len(self.steps), pa.bool_()),
            }
        )


def funnel(
    sets: SetReader | Counting,
    steps: Iterable[str],
    *,
    now: datetime,
    within: str | int = "7d",
    since: datetime | None = None,
    until: datetime | None = None,
    gaps: Sequence[Window] = (),
) -> Funnel:
    """Count who took the steps in order; first steps lie in the days [since, until), by default the last 30."""
    events, days, now = _steps_of(steps), length_in_days(within), in_utc(now)
    window = _window(since, until, now)
    reached, last_start = counting_of(sets).funnel(events, days, window, now)
    return Funnel(
        steps=tuple(
            FunnelStep(event, n, share(n, reached[0]), share(n, reached[max(0, k - 1)]))
            for k, (event, n) in enumerate(zip(events, reached, strict=True))
        ),
        within=days,
        window=window,
        asked_at=now,
        last_start=last_start,
        gaps=tuple(gaps),
    )


def length_in_days(text: str | int) -> int:
    """The number of days in a text such as 7d or 2w; a number means days."""
    match = _LENGTH.fullmatch(str(text).strip() + ("d" if isinstance(text, int) and not isinstance(text, bool) else ""))
    days = int(match[1]) * (7 if match[2].lower() == "w" else 1) if match else 0
    if not 1 <= days <= MOST:
        raise QueryError(f"within={text!r} is not a number of days from 1 to {MOST:,}; write it like 7d or 2w.")
    return days


def _steps_of(steps: Iterable[str]) -> tuple[str, ...]:
    events = events_of(steps)
    if len(events) < 2:
        raise QueryError(f"a funnel has at least two steps, not {len(events)}: name the events in their order.")
    for event, following in itertools.pairwise(events):
        if event == following:
            raise QueryError(
                f"step {event!r} follows itself, and marks do not record how often it was done on a day; name another event, or use cohort."
            )
    return events


def _window(since: datetime | None, until: datetime | None, now: datetime) -> Window:
    """The whole days of first steps, up to today."""
    tomorrow = present(Grain.DAY, now).end
    end = min(ceil(Grain.DAY, in_utc(until)), tomorrow) if until else tomorrow
    start = floor(Grain.DAY, in_utc(since)) if since else end - timedelta(days=_DAYS)
    if start > now:
        raise QueryError(f"since {short(start)} is in the future; it is now {short(now)}.")
    if start >= end:
        raise QueryError(f"since {short(start)} must come before until {short(end)}.")
    return Window(start, end)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
