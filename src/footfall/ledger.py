"""The ledger's records: what was collected when, with which outcome. They distinguish missing from zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, TypeAlias, overload

from footfall.periods import EPOCH, Window
from footfall.tables import Column, Observe, Role, Table


class Status(StrEnum):
    """The outcome of collecting a window."""

    COMPLETE = "complete"
    PROVISIONAL = "provisional"
    """Collected, but its source may still revise it, until `settles_at` where that is known."""
    MISSING = "missing"
    """The source has no data for it."""
    FAILED = "failed"
    """Collecting it failed; data stored before is still valid."""
    RETIRED = "retired"
    """From here on the scope is no longer collected, and not counted as missing."""


class _Ledger(Table):
    """The table with the reserved name."""

    reserved: ClassVar[frozenset[str]] = frozenset()


LEDGER = _Ledger(
    name="ledger",
    description="What was collected when, with which outcome; distinguishes missing from zero.",
    columns=(
        Column("window_start", "timestamp", Role.TIME, "First moment of the window."),
        Column("window_end", "timestamp", Role.ATTRIBUTE, "First moment after the window."),
        Column("source", "string", Role.DIMENSION, "The source that was asked."),
        Column("table", "string", Role.DIMENSION, "The table that the window belongs to."),
        Column("scope", "string", Role.DIMENSION, "The part of the source, such as a repository; empty for all of it."),
        Column("status", "string", Role.DIMENSION, "complete, provisional, missing, failed or retired."),
        Column("covered_until", "timestamp", Role.ATTRIBUTE, "Up to which moment the window was collected."),
        Column(
            "rows", "integer", Role.MEASURE, "Number of stored facts, as the source counts them (launches, commits)."
        ),
        Column("rejected", "integer", Role.MEASURE, "Lines or values that were refused."),
        Column("fingerprint", "string", Role.ATTRIBUTE, "Fingerprint of the source; a change means a restatement."),
        Column("reason", "string", Role.ATTRIBUTE, "Why it is missing or failed, or another note."),
        Column("sample", "string", Role.ATTRIBUTE, "One example of what was refused."),
        Column("observed_at", "timestamp", Role.ATTRIBUTE, "When this was recorded."),
        Column("settles_at", "timestamp", Role.ATTRIBUTE, "From when on a provisional window can no longer change."),
        Column(
            "provisional_seconds",
            "integer",
            Role.ATTRIBUTE,
            "How much of a complete window, before covered_until, may still change.",
        ),
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
    provisional_seconds: int | None = None
    """Of a complete window, how much of its end, before `covered_until`, the source may still revise; None is nothing."""

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


Key: TypeAlias = tuple[str, str, Window]
"""Table, scope and window."""


class Entries(Sequence[Entry]):
    """Entries of the ledger, and where the newest of each window stand. The lake has a form that makes each when asked."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = tuple(entries)

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        return self._entries[at]

    @cached_property
    def positions(self) -> tuple[Mapping[Key, int], Mapping[Key, int]]:
        """By table, scope and window: where the newest entry stands, and the newest success."""
        latest: dict[Key, int] = {}
        stored: dict[Key, int] = {}
        for at, entry in sorted(enumerate(self), key=lambda one: one[1].observed_at or _BEFORE):
            key = (entry.table, entry.scope, entry.window)
            latest[key] = at
            if entry.is_success:
                stored[key] = at
        return latest, stored

    @property
    def newest_at(self) -> datetime:
        """When the last of them was recorded."""
        return max((entry.observed_at for entry in self if entry.observed_at), default=EPOCH)

    @cached_property
    def scopes(self) -> Set[tuple[str, str]]:
        """Table and name of each scope of which something is stored."""
        return {(entry.table, entry.scope) for entry in self if entry.is_success}

    def within(self, window: Window) -> Entries:
        """Those about windows that touch `window`."""
        return Entries(entry for entry in self if entry.window.overlaps(window))

    def about_windows(self) -> Entries:
        """Those about windows that span time."""
        return Entries(entry for entry in self if entry.window.start < entry.window.end)

    def about_asking(self) -> Entries:
        """Those about asking a source itself, whose window is empty."""
        return Entries(entry for entry in self if entry.window.start == entry.window.end)


class Known(Sequence[Entry]):
    """What the ledger says of one source: of every window its newest entry, and its newest success.

    Sources read it in `offers`. As a sequence it holds all of these entries, in no order that matters; looking up some is
    quick, going through all of hundreds of thousands is not.

        known.stored("visitors", "", day)    the entry of the stored rows, or None
        known.latest("visitors", "", day)    how the last attempt ended, or None
        known.scopes                         table and name of each scope of which something is stored
        known.of_table("visitors")           every entry of a table
        known.cursor("visitors")             how far the source has been read, or None
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        position: Callable[[str, str], int | None] = lambda table, scope: None,
        recheck: Window | None = None,
    ) -> None:
        self._entries = entries if isinstance(entries, Entries) else Entries(entries)
        self._position = position
        self.recheck = recheck
        """The span of time to fetch again completely; None by default."""

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        return self._entries[at]

    def latest(self, table: str, scope: str, window: Window) -> Entry | None:
        """How the last attempt at a window ended."""
        at = self._entries.positions[0].get((table, scope, window))
        return None if at is None else self._entries[at]

    def stored(self, table: str, scope: str, window: Window) -> Entry | None:
        """The last success with a window: the state that its rows in the lake come from. A later failure does not undo it."""
        at = self._entries.positions[1].get((table, scope, window))
        return None if at is None else self._entries[at]

    @property
    def scopes(self) -> Set[tuple[str, str]]:
        """Table and name of each scope of which something is stored."""
        return self._entries.scopes

    def within(self, window: Window) -> Known:
        """What is known of windows that touch `window`: where only these matter, the rest costs nothing."""
        return Known(self._entries.within(window), self._position, self.recheck)

    def of_table(self, table: str) -> tuple[Entry, ...]:
        """The entries of one table, of all scopes."""
        return tuple(entry for entry in self._entries if entry.table == table)

    def cursor(self, table: str, scope: str = "") -> int | None:
        """The largest `position` that was committed with rows of a scope; None before the first."""
        return self._position(table, scope)

    def is_rechecked(self, window: Window) -> bool:
        """Whether a window is to be fetched again because the user asked for it."""
        return self.recheck is not None and window.overlaps(self.recheck)


_BEFORE = EPOCH.replace(year=1)
