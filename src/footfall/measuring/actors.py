"""Distinct actors of an event, counted from its sets, in the same form as measurements of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NoReturn

from footfall.lake.collected import Collected, Scope, Span
from footfall.measuring.facts import Division
from footfall.measuring.kinds import PERIOD, VALUE
from footfall.measuring.parts import Part
from footfall.metrics import ActorCounts
from footfall.periods import Grain, Window, ceil, floor, periods_in

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.lake import Snapshot

MARKED = Scope("marks", "")
"""The name used as the source of events that an application marks."""


def known_of(actors: ActorCounts, snapshot: Snapshot) -> Division:
    """The coverage of an event: for an event that a table reports, the coverage of the table.

    Marks are known from the first one until now. Before that they are unknown, not zero.
    """
    if actors.table is not None:
        return Division((), snapshot.collected(actors.table), None)
    known = actors.known()
    return Division((), Collected({MARKED: (Span(known.start, known.end),)} if known else {}), None)


def without_times(event: str) -> str:
    """Why no period has actors, although the event has some."""
    return f"No mark of {event} has a time, so no period has any; in Python, ff.event({event!r}).unique() returns them."


@dataclass(frozen=True)
class ActorMeasurement:
    """Like `Measurement`, for sets of actors, which have no dimensions."""

    actors: ActorCounts
    parts: tuple[Part, ...] | None = None
    """The time that counts; None for all."""

    @property
    def group_columns(self) -> tuple[str, ...]:
        return ()

    def run(self, window: Window, grain: Grain, is_running: bool = False) -> pa.Table:
        """One row per period that has actors: PERIOD (not of a total), VALUE.

        With `is_running` an actor is counted once, in the first period of the window in which they occur.
        """
        import pyarrow as pa

        periods = periods_in(grain, window)
        windows = [period.window for period in periods]
        if self.parts is not None:
            counts = self._in_parts(windows, is_running)
        elif is_running:
            counts = _steps(self.actors.running(windows))
        else:
            counts = self.actors.per_window(windows, is_calendar=grain is not Grain.TOTAL)
        found = [(period.start, count) for period, count in zip(periods, counts, strict=True) if count]
        values = pa.array([count for _, count in found], pa.int64())
        if grain is Grain.TOTAL:
            return pa.table({VALUE: values})
        return pa.table({PERIOD: pa.array([start for start, _ in found], pa.timestamp("us", "UTC")), VALUE: values})

    def _in_parts(self, windows: Sequence[Window], is_running: bool) -> list[int]:
        """The same, for the parts of each window that count."""
        pieces = [
            [piece for part in self.parts or () for w in part.windows if (piece := w.clip(window))]
            for window in windows
        ]
        if not is_running:
            return [self.actors.running(each)[-1] if each else 0 for each in pieces]
        running = [0, *self.actors.running([piece for each in pieces for piece in each])]
        ends = accumulate(len(each) for each in pieces)
        return _steps([running[end] for end in ends])

    def bounds(self, grain: Grain) -> Window | None:
        """The whole periods of `grain` in which actors are known."""
        known = self.actors.known()
        return Window(floor(grain, known.start), ceil(grain, known.end)) if known else None

    def rank(self, window: Window, count: int) -> NoReturn:
        raise AssertionError("actors have no dimensions to rank by: the query was not checked")

    def values_of(self, dimension: str) -> NoReturn:
        raise AssertionError("actors have no dimensions to choose by: the query was not checked")


def _steps(running: Sequence[int]) -> list[int]:
    """What each set adds to the previous ones."""
    return [later - earlier for earlier, later in pairwise([0, *running])]
