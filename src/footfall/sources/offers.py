"""What a source reports: the windows it offers, how collecting each of them ended, and batches of rows.

offer = Offer("visitors", day, fingerprint=looks)
offer.done(rows=24)                      collected: its rows replace what is stored of the window
offer.unchanged()                        looked at: what is stored still stands
offer.failed("the file is cut off")      could not be had: erases nothing, and is tried again
offer.missing("the doors were closed")   upstream has nothing to say about it
offer.retired("it was sold")             from here on this scope is no longer asked for

Batch([offer.done(rows=24)], {"visitors": table})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from footfall.ledger import Status
from footfall.periods import FAR_FUTURE, Window
from footfall.tables import Rows


@dataclass(frozen=True)
class Offer:
    """A window that a source can provide, in its current state."""

    table: str
    window: Window
    scope: str = ""
    """The part of the source that the window is of, such as a repository; each scope has windows of its own.
    Under `Replace` the table's rule must name the column that holds it."""
    fingerprint: str = ""
    """Changes when the source would state something else about the window; empty: cannot tell, always fetch."""
    is_settled: bool = True
    """False while upstream may still revise the window; `settles_at` says until when."""
    settles_at: datetime | None = None
    """When upstream can no longer revise it. With None, `is_settled` alone decides."""
    absent: str = ""
    """Why there is nothing to fetch; empty if there is something."""
    size: int | None = None
    """Bytes to read, for progress only; None: not known."""
    detail: Any = None
    """For the source's own use: what it needs to fetch this (a path, an address, heads)."""
    is_rechecked: bool = False
    """Set by `collect --recheck`: fetch the window completely, whatever is known of it."""

    def is_settled_at(self, moment: datetime) -> bool:
        """Whether upstream can no longer revise the window at `moment`."""
        return self.is_settled if self.settles_at is None else self.settles_at <= moment

    def done(
        self,
        rows: int = 0,
        *,
        covered_until: datetime | None = None,
        rejected: int = 0,
        sample: str = "",
        note: str = "",
        fingerprint: str | None = None,
        window: Window | None = None,
        restates: Window | None = None,
        position: int | None = None,
        provisional_for: timedelta = timedelta(),
    ) -> Outcome:
        """The window was collected; its rows are in the same batch, and there may be none.

        Args:
            rows: The number of accepted facts, in the source's unit: launches, commits.
            covered_until: Up to which moment the window is stated; default: when offers were asked for, or its end.
            rejected: Lines or values that were rejected, `sample` being one of them.
            note: What users should know about it.
            fingerprint: What was found when it was fetched; default: the offer's.
            window: What is stated, if it is not the offered window: a truncated history starts at its cut.
            restates: Under `Replace` the part of the window whose rows are replaced; default: all of it. An empty
                window replaces nothing.
            position: How far the source has been read now (`known.cursor`): an int64, which never decreases.
            provisional_for: The length of the final part that may still be revised: the last days of a history, say.
        """
        stated = window or self.window
        return Outcome(
            self,
            End.DONE,
            stated,
            self.fingerprint if fingerprint is None else fingerprint,
            note,
            covered_until,
            rows,
            rejected,
            sample,
            restates or stated,
            position,
            provisional_for,
        )

    def unchanged(
        self,
        *,
        covered_until: datetime | None = None,
        note: str | None = None,
        fingerprint: str | None = None,
        window: Window | None = None,
    ) -> Outcome:
        """What is stored for the window is still valid, up to `covered_until`. `note` replaces the last one."""
        looks = self.fingerprint if fingerprint is None else fingerprint
        return Outcome(self, End.UNCHANGED, window or self.window, looks, note, covered_until)

    def failed(self, reason: str, *, rejected: int = 0, sample: str = "", fingerprint: str | None = None) -> Outcome:
        """The source should have the window but failed to provide it; what is stored stays, and it is tried again."""
        looks = self.fingerprint if fingerprint is None else fingerprint
        return Outcome(self, End.FAILED, self.window, looks, reason, rejected=rejected, sample=sample)

    def missing(self, reason: str, *, fingerprint: str | None = None) -> Outcome:
        """Upstream has no data for the window; what is stored stays."""
        looks = self.fingerprint if fingerprint is None else fingerprint
        return Outcome(self, End.MISSING, self.window, looks, reason)

    def retired(self, reason: str, *, since: datetime) -> Outcome:
        """This scope is no longer collected from `since` on: it does not count as missing."""
        return Outcome(self, End.RETIRED, Window(since, FAR_FUTURE), "", reason)


class End(StrEnum):
    """How collecting a window ended, in the source's terms; the ledger uses `Status`."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    MISSING = "missing"
    RETIRED = "retired"


@dataclass(frozen=True)
class Outcome:
    """How collecting an offered window ended; made by the methods of `Offer`."""

    offer: Offer
    end: End
    window: Window
    """Its window: the offered one, unless the source named another."""
    fingerprint: str
    note: str | None = ""
    """What users should know; None keeps the note in the ledger."""
    covered_until: datetime | None = None
    rows: int = 0
    rejected: int = 0
    sample: str = ""
    replaces: Window | None = None
    """Under `Replace`, the window whose rows are replaced."""
    position: int | None = None
    provisional_for: timedelta = timedelta()
    """The length of the final part that may still be revised."""

    @property
    def is_success(self) -> bool:
        """Whether the window is collected now."""
        return self.end in (End.DONE, End.UNCHANGED)

    @property
    def settles_at(self) -> datetime | None:
        """When upstream can no longer revise what was collected, if that is known."""
        return self.offer.settles_at

    def status_at(self, moment: datetime) -> Status:
        """The ledger's status for it."""
        match self.end:
            case End.DONE | End.UNCHANGED:
                return Status.COMPLETE if self.offer.is_settled_at(moment) else Status.PROVISIONAL
            case _:
                return Status(self.end)


@dataclass(frozen=True)
class Batch:
    """Outcomes and the rows they come with, of any scopes and tables.

    What it holds is committed together with other batches: one commit per table, then one of the ledger. A batch is whole:
    every row belongs to a `done` outcome of the same batch. Rows in memory are kept until they are committed; a DuckDB
    relation is read before the next batch is asked for.
    """

    outcomes: Sequence[Outcome]
    rows: Mapping[str, Rows] = field(default_factory=dict)
    """The rows by the name of their table."""
    is_sorted: bool = False
    """Whether the rows are in their table's order already."""
