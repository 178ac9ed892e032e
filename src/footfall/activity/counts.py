"""The number of actors of an event in each of many windows, for metrics that count distinct actors.

Counts come from exact sets. A window is clipped to the end of today, as marks may be dated ahead; marks without a time
are in no window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from footfall.activity.events import check_hours
from footfall.errors import QueryError
from footfall.periods import EPOCH, Grain, Window, ceil, floor, short
from footfall.stopping import check_stopped
from footfall.stores.store import UNDATED, slots_of, start_of

if TYPE_CHECKING:
    from footfall.activity.activity import Activity


@dataclass(frozen=True)
class EventCounts:
    """Counts of the distinct actors of one event.

    `per_window` counts each window separately, `running` everyone since the start of the first window:

        counts = EventCounts(ff.activity, "active", ff.now())
        counts.per_window([period.window for period in periods_in(Grain.DAY, counts.known())])
    """

    activity: Activity
    event: str
    now: datetime

    @property
    def table(self) -> str | None:
        """The table that reports the event; None if an application marks it."""
        collected = self.activity.owners.table_of(self.event)
        return None if collected is None else collected.table.name

    def known(self) -> Window | None:
        """The time for which the actors are known; None if no mark has a time.

        For marks of applications it runs from the day of the first mark (nothing is known before it) to the end of the
        current hour, so that answers within an hour agree. For an event that a table reports it runs from the first row
        to the end of the last collection.
        """
        self.activity.renew(self.event)
        dated = [slot for slot in self.activity.store.slots(self.event) if slot != UNDATED]
        end = min(self.activity.known_until(self.event), self.now)
        end = ceil(Grain.HOUR, end) if self.table is None else end
        if not dated or end <= EPOCH:
            return None
        start = floor(Grain.DAY, start_of(dated[0]))
        return Window(start, end) if start < end else None

    def per_window(self, windows: Sequence[Window], *, is_calendar: bool = True) -> list[int]:
        """The number of distinct actors of each window, 0 if there are none.

        `is_calendar` means that the windows are days, weeks, months or years, which are likely to be queried again.
        Raises QueryError if a window splits an hour, or a day that is not known by the hour.
        """
        return [self._count(ranges, is_calendar) for ranges in self._ranges(windows, is_calendar)]

    def running(self, windows: Sequence[Window]) -> list[int]:
        """The number of distinct actors from the start of the first window to the end of each; windows are in order."""
        everyone, counts = BitMap64(), []
        for ranges in self._ranges(windows, is_calendar=True):
            check_stopped()
            for start, stop in ranges:
                everyone |= self.activity.store.union(self.event, start, stop)
            counts.append(len(everyone))
        return counts

    def _ranges(self, windows: Iterable[Window], is_calendar: bool) -> list[list[tuple[int, int]]]:
        """The slots of each window, after updating the event."""
        self.activity.renew(self.event)
        clipped = [self._clipped(window, is_calendar) for window in windows]
        edges = sorted({at for window in clipped for at in (window.start, window.end)})
        for at in edges:
            if at != floor(Grain.HOUR, at):
                raise QueryError(f"{short(at)} is not a whole hour; actors are kept by the day or the hour.")
        for day in dict.fromkeys(floor(Grain.DAY, at) for at in edges if at != floor(Grain.DAY, at)):
            check_hours(self.activity, self.event, Window.of_day(day.date()))
        return [slots_of(window) if window.start < window.end else [] for window in clipped]

    def _clipped(self, window: Window, is_calendar: bool) -> Window:
        """The window, clipped to the end of today, as later days have not started.

        A window that is not a calendar period and ends now, or at the end of the current hour, includes all of today.
        """
        end = ceil(Grain.DAY, self.now)
        if is_calendar or not self.now <= window.end <= ceil(Grain.HOUR, self.now):
            end = min(window.end, end)
        return Window(min(window.start, end), end)

    def _count(self, ranges: list[tuple[int, int]], is_calendar: bool) -> int:
        check_stopped()
        store = self.activity.store
        if len(ranges) == 1:
            return store.count(self.event, *ranges[0], is_kept=is_calendar)
        return len(BitMap64.union(BitMap64(), *(store.union(self.event, *each) for each in ranges)))
