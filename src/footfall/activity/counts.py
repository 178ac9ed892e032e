"""How many actors did an event in each of many windows: the reading of a metric that counts distinct actors.

Everything is counted on exact sets. A window is clipped to the end of the present day, as marks may be dated ahead; marks
without a time are in no window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from footfall.activity.events import check_hours
from footfall.errors import QueryError
from footfall.periods import EPOCH, Grain, Window, ceil, floor, short
from footfall.stores.store import UNDATED, slots_of, start_of

if TYPE_CHECKING:
    from footfall.activity.activity import Activity


@dataclass(frozen=True)
class EventCounts:
    """Counts of the distinct actors of one event.

    `per_window` counts each window by itself, `running` everyone from the start of the first window on:

        counts = EventCounts(ff.activity, "active")
        counts.per_window([period.window for period in periods_in(Grain.DAY, counts.known())])
    """

    activity: Activity
    event: str

    def known(self) -> Window | None:
        """The time of which the actors are known; None when there is no mark that has a time.

        Of marks made by hand that is from the day of the first mark until now: what was before is not known, as no mark
        was made yet. Of an event that a table reports it is from its first row to what was collected last.
        """
        self.activity.renew(self.event)
        dated = [slot for slot in self.activity.store.slots(self.event) if slot != UNDATED]
        end = self.activity.known_until(self.event)
        if not dated or end <= EPOCH:
            return None
        start = floor(Grain.DAY, start_of(dated[0]))
        return Window(start, end) if start < end else None

    def per_window(self, windows: Sequence[Window], *, is_calendar: bool = True) -> list[int]:
        """The distinct actors of each window, 0 where there are none.

        `is_calendar` says that the windows are days, weeks, months or years, which are likely to be asked again.
        Raises QueryError where a window cuts a day that is not known by the hour.
        """
        self._prepare(windows)
        return [self._count(window, is_calendar) for window in windows]

    def running(self, windows: Sequence[Window]) -> list[int]:
        """The distinct actors from the start of the first window to the end of each; windows are in order."""
        self._prepare(windows)
        everyone, counts = BitMap64(), []
        for window in windows:
            for actors in self._sets(window, is_kept=False):
                everyone |= actors
            counts.append(len(everyone))
        return counts

    def _prepare(self, windows: Iterable[Window]) -> None:
        """Bring the event up to date, and refuse windows that cut an hour, or a day whose hours are not known."""
        self.activity.renew(self.event)
        edges = {at for window in windows for at in (window.start, window.end)}
        for at in sorted(edges):
            if at != floor(Grain.HOUR, at):
                raise QueryError(f"{short(at)} is not a whole hour; actors are kept by the day or the hour.")
        for day in sorted({floor(Grain.DAY, at) for at in edges if at != floor(Grain.DAY, at)}):
            check_hours(self.activity, self.event, Window.of_day(day.date()))

    def _count(self, window: Window, is_calendar: bool) -> int:
        ranges = self._ranges(window)
        if len(ranges) == 1:
            return self.activity.store.count(self.event, *ranges[0], is_kept=is_calendar)
        return len(BitMap64.union(BitMap64(), *self._sets(window, is_kept=False)))

    def _sets(self, window: Window, *, is_kept: bool) -> Iterator[BitMap64]:
        for start, stop in self._ranges(window):
            yield self.activity.store.union(self.event, start, stop, is_kept=is_kept)

    def _ranges(self, window: Window) -> list[tuple[int, int]]:
        end = min(window.end, ceil(Grain.DAY, self.activity.now()))
        return slots_of(Window(window.start, end)) if window.start < end else []
