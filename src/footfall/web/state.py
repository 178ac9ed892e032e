"""The state of a workspace, from file times or the names in a bucket: equal stamps mean equal answers."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import LakeError
from footfall.metrics import Fact
from footfall.periods import Grain, floor

if TYPE_CHECKING:
    from footfall.answer import Answer
    from footfall.metrics import Metric
    from footfall.workspace import Workspace

_LOG = "_delta_log"
_RACY_NANOSECONDS = 50_000_000
"""A file that changed this recently may change again with the same modification time."""
_OF_ACTIVITY = ("cohort", "funnel", "stickiness", "growth")


class Stamp:
    """The state of a workspace at a moment, as the times and sizes of its files."""

    def __init__(self, lake: Hashable, activity: Hashable, lake_changed_at: int, activity_changed_at: int) -> None:
        self.lake = lake
        self.activity = activity
        settled = time.time_ns() - _RACY_NANOSECONDS
        self._is_lake_settled = lake_changed_at < settled
        self._is_activity_settled = activity_changed_at < settled

    def is_settled(self, *, reads_activity: bool) -> bool:
        """Whether any later change is sure to show."""
        return self._is_lake_settled and (not reads_activity or self._is_activity_settled)


class State:
    """Finds the stamps of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._is_remote = "://" in workspace.settings.lake_address
        self._lake = Path(workspace.settings.lake_address)
        self._had_lake = self._lake.is_dir()
        address = workspace.activity.store.address
        self._store = None if "://" in address else Path(address)
        self._edges: tuple[Hashable, tuple[datetime, ...]] = (None, ())
        self._tables: tuple[int, tuple[str, ...]] = (-1, ())

    def stamp(self) -> Stamp:
        """Of now: a few microseconds a table."""
        lake, of_lake = self._changes_of_lake()
        if self._store is None:  # a server's sets show no change from outside
            return Stamp(lake, object(), of_lake, 0)
        activity, of_activity = _changes_of_store(self._store)
        return Stamp(lake, activity, of_lake, of_activity)

    def holds(self, stamp: Stamp, *, reads_activity: bool) -> bool:
        """Whether what was answered in the state of a stamp is still so; only what it depends on is looked at."""
        if self._changes_of_lake()[0] != stamp.lake:
            return False
        if not reads_activity:
            return True
        return self._store is not None and _changes_of_store(self._store)[0] == stamp.activity

    def _changes_of_lake(self) -> tuple[Hashable, int]:
        """The time of change of each table's log, which gets a file with each commit; and the newest of them."""
        if self._is_remote and (state := self._workspace.lake.storage.state()) is not None:
            return state
        found: list[int] = []
        for path in self._logs():
            try:
                found.append(os.stat(path).st_mtime_ns)
            except OSError:  # no table, or one that is being made
                found.append(0)
        return tuple(found), max(found, default=0)

    def _logs(self) -> tuple[str, ...]:
        """Where the logs of tables may be, listed again when the lake's folder changes."""
        try:
            changed = os.stat(self._lake).st_mtime_ns
            if changed != self._tables[0]:
                logs = tuple(f"{self._lake}/{name}/{_LOG}" for name in sorted(os.listdir(self._lake)))
                is_settled = changed < time.time_ns() - _RACY_NANOSECONDS
                self._tables = (changed if is_settled else -1), logs
        except OSError:
            self._tables = -1, ()
        return self._tables[1]

    def check_lake(self) -> None:
        """Raises LakeError where the lake was there and no longer is, such as a disk that is not mounted."""
        has_lake = not self._is_remote and self._lake.is_dir()
        if self._had_lake and not has_lake:
            raise LakeError(f"the lake {self._lake} has disappeared; check that its disk is mounted.")
        self._had_lake = has_lake

    def holds_until(self, now: datetime, stamp: Stamp) -> datetime:
        """Up to when the clock alone changes no answer: the next minute, or when a provisional span settles."""
        minute = floor(Grain.HOUR, now) + timedelta(minutes=now.minute + 1)
        return min((edge for edge in self._settling(stamp) if now < edge < minute), default=minute)

    def _settling(self, stamp: Stamp) -> tuple[datetime, ...]:
        """When spans that are provisional become final; read once for each state of the lake."""
        if self._edges[0] != stamp.lake:
            tables = list(self._workspace.tables.values())
            snapshot = self._workspace.snapshot(tables=tables)
            spans = (
                span for table in tables for each in snapshot.collected(table.name).spans.values() for span in each
            )
            self._edges = stamp.lake, tuple(sorted({s.settles_at for s in spans if s.is_provisional and s.settles_at}))
        return self._edges[1]


def _changes_of_store(file: Path) -> tuple[Hashable, int]:
    """Size and time of change of the store's files."""
    found: list[tuple[str, int, int]] = []
    try:
        with os.scandir(file.parent) as entries:
            for entry in entries:
                if entry.name.startswith(file.name) and not entry.name.endswith("-shm"):
                    stat = entry.stat()
                    found.append((entry.name, stat.st_size, stat.st_mtime_ns))
    except OSError:
        return (), 0
    return tuple(sorted(found)), max((changed for *_, changed in found), default=0)


def reads_activity(answer: Answer) -> bool:
    """Whether an answer depends on who did what, and not only on tables."""
    if answer.command in _OF_ACTIVITY:
        return True
    given: Any = answer
    metrics: list[Metric] = [*getattr(given, "metrics", ()), *(facet.metric for facet in getattr(given, "facets", ()))]
    return any(metric.event or not all(isinstance(fact, Fact) for fact in metric.facts) for metric in metrics)
