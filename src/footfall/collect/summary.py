"""The result of a collecting run, and its watchers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from footfall.ledger import Entry, Status


@dataclass
class SourceSummary:
    """The result of collecting one source."""

    source: str
    windows: int = 0
    """Windows that were to be fetched."""
    outcomes: Counter[Status] = field(default_factory=Counter)
    unchanged: int = 0
    rows: int = 0
    rejected: int = 0
    bytes: int = 0
    size: int | None = None
    """In a dry run: bytes to read, if that is known for all windows."""
    seconds: float = 0.0
    notes: list[Entry] = field(default_factory=list)
    """Outcomes that need attention: failures, rejected lines, oddities."""
    remarks: list[str] = field(default_factory=list)
    """Problems found in its tables before collecting: rows that the ledger records but that are missing."""
    error: str = ""
    """Why the source could not be collected at all; stored data is unchanged."""
    unexpected: str = ""
    """The type of an unexpected error: a bug in the source."""
    trace: str = ""
    """The traceback of the error, for debugging a source."""

    @property
    def complete(self) -> int:
        return self.outcomes[Status.COMPLETE]

    @property
    def provisional(self) -> int:
        return self.outcomes[Status.PROVISIONAL]

    @property
    def missing(self) -> int:
        return self.outcomes[Status.MISSING]

    @property
    def failed(self) -> int:
        return self.outcomes[Status.FAILED]

    def add(self, entries: Iterable[Entry]) -> None:
        """Count outcomes that are news."""
        for entry in entries:
            self.outcomes[entry.status] += 1
            self.rows += entry.rows
            self.rejected += entry.rejected
            if entry.reason and entry.status not in (Status.MISSING, Status.RETIRED):
                self.notes.append(entry)

    def merge(self, part: SourceSummary) -> None:
        """Add what was fetched by another process, whose bytes were counted as they came."""
        self.outcomes.update(part.outcomes)
        self.unchanged += part.unchanged
        self.rows += part.rows
        self.rejected += part.rejected
        self.notes += part.notes


@dataclass(frozen=True)
class Summary:
    """The result of one collecting run, per source."""

    sources: tuple[SourceSummary, ...]
    is_dry_run: bool = False


class Watcher(Protocol):
    """An observer of collecting. Called from the fetching threads, before the data is stored."""

    def ask(self, source: str) -> None:
        """The source is being asked for its offers; their number is not known yet."""
        ...

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...


class Unwatched:
    """A watcher that does nothing."""

    def ask(self, source: str) -> None: ...

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...
