"""The ledger's records: what was collected when, with which outcome. It tells missing from zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from footfall.periods import Window
from footfall.tables import Column, Observe, Role, Table


class Status(StrEnum):
    """What is known of a window after collecting it."""

    COMPLETE = "complete"
    PROVISIONAL = "provisional"
    """Collected, but its source may still revise it, until `settles_at` where that is known."""
    MISSING = "missing"
    """The source has nothing to say about it."""
    FAILED = "failed"
    """The source should have it and it could not be had; what was stored before still stands."""
    RETIRED = "retired"
    """From here on nobody asks for this scope any more; it is neither collected nor missed."""


LEDGER = Table(
    name="ledger",
    description="What was collected when, with which outcome: it tells missing from zero.",
    columns=(
        Column("window_start", "timestamp", Role.TIME, "First moment of the window."),
        Column("window_end", "timestamp", Role.ATTRIBUTE, "First moment after the window."),
        Column("source", "string", Role.DIMENSION, "The source that was asked."),
        Column("table", "string", Role.DIMENSION, "The table that the window belongs to."),
        Column("scope", "string", Role.DIMENSION, "The part of the source, such as a repository; empty for all of it."),
        Column("status", "string", Role.DIMENSION, "complete, provisional, missing, failed or retired."),
        Column("covered_until", "timestamp", Role.ATTRIBUTE, "Up to which moment the window was collected."),
        Column("rows", "integer", Role.MEASURE, "Facts taken, as the source counts them (launches, commits)."),
        Column("rejected", "integer", Role.MEASURE, "Lines or values that were refused."),
        Column("fingerprint", "string", Role.ATTRIBUTE, "What the source looked like; a change means a restatement."),
        Column("reason", "string", Role.ATTRIBUTE, "Why it is missing, failed, or worth a note."),
        Column("sample", "string", Role.ATTRIBUTE, "One example of what was refused."),
        Column("observed_at", "timestamp", Role.ATTRIBUTE, "When this was learnt."),
        Column("settles_at", "timestamp", Role.ATTRIBUTE, "From when on a provisional window can no longer change."),
    ),
    rule=Observe(key=("source", "table", "scope", "window_start", "window_end"), resolve="latest"),
    sort=("source", "table", "scope", "window_start"),
)


@dataclass(frozen=True)
class Entry:
    """What the ledger knows of one window of one scope of a table."""

    source: str
    table: str
    scope: str
    window: Window
    status: Status
    covered_until: datetime
    rows: int = 0
    rejected: int = 0
    fingerprint: str = ""
    reason: str = ""
    sample: str = ""
    observed_at: datetime | None = None
    settles_at: datetime | None = None
    """From then on the source can no longer revise a provisional window; None: only the source can say."""

    def is_provisional_at(self, now: datetime) -> bool:
        """Whether the source may still revise the window at `now`: this ends by itself at `settles_at`."""
        return self.status is Status.PROVISIONAL and (self.settles_at is None or now < self.settles_at)

    @property
    def is_success(self) -> bool:
        """Whether the window was collected; a later failure does not undo it."""
        return self.status in (Status.COMPLETE, Status.PROVISIONAL)

    @cached_property
    def covered(self) -> Window:
        """The part of the window that was collected; empty when the outcome was no success."""
        end = min(self.window.end, self.covered_until) if self.is_success else self.window.start
        return Window(self.window.start, max(self.window.start, end))
