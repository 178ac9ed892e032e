"""A big backfill shared by several processes: the wanted windows of a source are split by month, one part for each job.

Each job fetches and commits its own months, as a collector on another machine would: commits are optimistic. The run
that started the jobs asks for the offers before, and tidies up after.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from footfall.collect.buffer import HoldBack
from footfall.collect.summary import SourceSummary
from footfall.lake import Lake
from footfall.ledger import Entry
from footfall.sources import Offer, Source

_TELL_EVERY = 0.1
"""Seconds between messages about progress: every message wakes the process that shows it."""


@dataclass(frozen=True)
class Split:
    """How many processes share a run, and how each of them opens what it needs."""

    jobs: int
    open: Callable[[str], tuple[Lake, Source]]
    """Opens the lake, and the source of that name; called in another process, so it can be pickled."""


@dataclass(frozen=True)
class Part:
    """The windows that one job fetches."""

    open: Callable[[str], tuple[Lake, Source]]
    source: str
    offers: Sequence[Offer]
    asked_at: datetime
    bounds: HoldBack


@dataclass
class PartDone:
    """What came of a part."""

    summary: SourceSummary
    stored: list[Entry] = field(default_factory=list)


def can_split(source: Source) -> bool:
    """Whether a source says that its windows can be fetched by several processes: `splits_by_month = True`."""
    return bool(getattr(source, "splits_by_month", False))


def by_month(offers: Sequence[Offer], jobs: int) -> list[list[Offer]]:
    """The offers in at most `jobs` parts of about the same size, each of whole months in a row; no part is empty.

    Two processes that write the same month would each rewrite its files.
    """
    months: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        months[f"{offer.window.start:%Y-%m}"].append(offer)
    has_sizes = all(offer.size for offer in offers)
    weights = {month: sum(o.size or 0 if has_sizes else 1 for o in each) for month, each in months.items()}
    total, before = sum(weights.values()), 0.0
    parts: dict[int, list[Offer]] = defaultdict(list)
    for month in sorted(months):
        middle = before + weights[month] / 2
        parts[min(jobs - 1, int(jobs * middle / total))] += months[month]
        before += weights[month]
    return [parts[at] for at in sorted(parts)]


class Telling:
    """Passes progress on, a few times a second."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        self._tell = tell
        self._windows = self._bytes = 0
        self._told_at = 0.0

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        self._windows += windows
        self._bytes += bytes
        if note or time.monotonic() - self._told_at >= _TELL_EVERY:
            self.flush(note)

    def flush(self, note: str = "") -> None:
        """Pass on what was held back."""
        self._tell({"windows": self._windows, "bytes": self._bytes, "note": note})
        self._windows = self._bytes = 0
        self._told_at = time.monotonic()

    def ask(self, source: str) -> None: ...

    def start(self, source: str, windows: int, bytes: int) -> None: ...

    def finish(self, summary: SourceSummary) -> None: ...
