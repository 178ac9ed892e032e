"""Events that collected tables report: the actor of a row did something on the day of the row.

Their sets are built on demand, month by month: a month whose files changed is rebuilt. So collecting has no extra cost,
a restated day updates its sets, and after a crash the work is just repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from footfall.activity.actors import Naming
from footfall.annotations import NOTHING_HAPPENED, Happened
from footfall.periods import EPOCH, Grain, Window, merge, shift
from footfall.stores.ids import Actors
from footfall.stores.store import PER_DAY, UNREAD, Store, day_slot, start_of
from footfall.tables import Table, TableEvent

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.lake import Collected, Lake, Reach


@dataclass(frozen=True)
class CollectedEvent:
    """One event of one table, whose sets follow the table."""

    open_lake: Callable[[], Lake]
    table: Table
    event: TableEvent
    store: Store
    naming: Naming
    read_happened: Callable[[Table], Happened] = lambda _: NOTHING_HAPPENED
    """The annotations of the source and the settings on the table's time."""

    def renew(self) -> None:
        """Update the sets to the table's newest version; cheap if they are current."""
        months, whole = self._newest()
        kept = self.store.cursor(self.event.name)
        if kept == whole:
            return
        if kept is None:  # claim the name for this table before any set is made
            self.store.replace(self.event.name, 0, 0, {}, {self.event.name: UNREAD})
        while True:  # another process may write a month of an older version in the meantime
            months, whole = self._newest()
            stale = [month for month in sorted(months.keys() | self._marked_months()) if self._is_stale(month, months)]
            for month in stale:
                self._restate(month, months.get(month, ()))
            if not stale and self.store.cursor(self.event.name) == whole:
                return
            if not stale:
                self.store.replace(self.event.name, 0, 0, {}, {self.event.name: whole})

    def known_until(self) -> datetime:
        """The moment up to which every scope of the table was collected; the earliest moment if none was."""
        return self._reach().fresh_until or EPOCH

    def gaps(self) -> list[Window]:
        """The intervals, in any scope, that are missing or known to be wrong within the collected time."""
        reach = self._reach()
        return merge([*reach.gaps, *self._wrong(reach)])

    def revisable(self, now: datetime) -> list[Window]:
        """The intervals that the source of the table may still revise at `now`."""
        return self._collected().revisable(now)

    def _wrong(self, reach: Reach) -> Iterator[Window]:
        for known in self.happened.known_wrong:
            for scope, windows in reach.by_scope.items():
                collected = Window(min(w.start for w in windows), max(w.end for w in windows))
                if known.is_about(scope.source, scope.name) and (part := known.window.clip(collected)):
                    yield part

    @property
    def happened(self) -> Happened:
        """Annotations of the table, and the intervals in which it is known to be wrong."""
        return self.read_happened(self.table)

    def _reach(self) -> Reach:
        from footfall.lake import reach_of

        return reach_of(self._collected())

    def _collected(self) -> Collected:
        return self.open_lake().snapshot([]).collected(self.table.name)

    def _newest(self) -> tuple[dict[str, tuple[str, ...]], int]:
        """The current files of each month, and a fingerprint of all of them."""
        pinned = self.open_lake().snapshot([self.table]).tables.get(self.table.name)
        return (pinned.months, _fingerprint(pinned.current)) if pinned else ({}, _fingerprint(()))

    def _is_stale(self, month: str, months: Mapping[str, Sequence[str]]) -> bool:
        return self.store.cursor(f"{self.event.name}/{month}") != _fingerprint(months.get(month, ()))

    def _marked_months(self) -> set[str]:
        return {f"{start_of(slot):%Y-%m}" for slot in self.store.slots(self.event.name)}

    def _restate(self, month: str, files: Sequence[str]) -> None:
        from footfall.lake import actors_by_day

        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        span = day_slot(start), day_slot(shift(Grain.MONTH, start, 1))
        marks = self._marks(actors_by_day(self.open_lake(), self.table, self.event, files)) if files else {}
        cursors = {f"{self.event.name}/{month}": _fingerprint(files), self.event.name: UNREAD}
        self.store.replace(self.event.name, *span, marks, cursors)

    def _marks(self, rows: pa.Table) -> dict[int, Actors]:
        """Arrow rows of day, actor and marks, ordered by day → the actors of each day's slot."""
        if rows.num_rows == 0:
            return {}
        days = rows["day"].to_numpy()
        counts = rows["marks"].to_numpy()
        actors = rows["actor"].combine_chunks()
        starts = [int(at) for at in np.flatnonzero(np.diff(days, prepend=days[:1] - 1))]
        marks = {}
        for start, stop in zip(starts, [*starts[1:], len(days)], strict=True):
            of_day = self.naming.all_stored(actors[start:stop])
            marks[int(days[start]) * PER_DAY] = Actors(of_day.numbers, of_day.names, int(counts[start:stop].sum()))
        return marks


def collected_events(
    tables: Iterable[Table],
    open_lake: Callable[[], Lake],
    store: Store,
    naming: Naming,
    read_happened: Callable[[Table], Happened] = lambda _: NOTHING_HAPPENED,
) -> dict[str, CollectedEvent]:
    """The events that tables report, by name. The lake is opened when one of their sets is read."""
    return {
        event.name: CollectedEvent(open_lake, table, event, store, naming, read_happened)
        for table in tables
        for event in table.events
    }


def _fingerprint(files: Sequence[str]) -> int:
    """A 63-bit hash of the file names: files of the lake are immutable, so a name identifies the content."""
    names = "\n".join(sorted(Path(file).name for file in files))
    return int.from_bytes(blake2b(names.encode(), digest_size=8).digest(), "big") >> 1
