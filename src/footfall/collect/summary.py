"""What a run of collecting came to, and who watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from footfall.ledger import Entry, Status


@dataclass
class SourceSummary:
    """What collecting one source came to."""

    source: str
    windows: int = 0
    """Windows that were to be fetched."""
    outcomes: Counter[Status] = field(default_factory=Counter)
    unchanged: int = 0
    rows: int = 0
    rejected: int = 0
    bytes: int = 0
    size: int | None = None
    """Of a dry run: bytes that are to be read, where that is known of all windows."""
    seconds: float = 0.0
    notes: list[Entry] = field(default_factory=list)
    """Outcomes that somebody should read: failures, refused lines, oddities."""
    remarks: list[str] = field(default_factory=list)
    """What was found of its tables before it was asked: rows that the ledger vouches for and that are gone."""
    error: str = ""
    """Why the source could not be collected at all; what was stored before stands."""
    unexpected: str = ""
    """The type of an error that no source should raise: a fault of its code."""
    trace: str = ""
    """Where in the code the error came from, for those who look for a fault in a source."""

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


@dataclass(frozen=True)
class Summary:
    """What one run of collecting came to, source by source."""

    sources: tuple[SourceSummary, ...]
    is_dry_run: bool = False


class Watcher(Protocol):
    """Somebody who watches collecting go on; told by whichever thread fetches, before what it tells of is stored."""

    def ask(self, source: str) -> None:
        """The source is asked what there is; how much that will be is not known yet."""
        ...

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...


class Unwatched:
    """Nobody watches."""

    def ask(self, source: str) -> None: ...

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...
