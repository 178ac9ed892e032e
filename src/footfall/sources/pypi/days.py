"""Days of projects: what a provider states for each, as offers and as rows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from footfall.ledger import Known, Status
from footfall.periods import FAR_FUTURE, Window
from footfall.sources import Batch, Offer, Outcome
from footfall.sources.pypi.seams import Seam
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

Split = tuple[tuple[str, Any], ...]
"""The dimensions of a row except day and project, each with its value; absent ones are null."""

BATCH = 2_000
"""Days in a batch."""


@dataclass(frozen=True)
class Stated:
    """A day of a project in one table."""

    counts: Mapping[Split, int]
    """Downloads by their breakdown; empty for a day of 0."""
    note: str = ""

    @property
    def downloads(self) -> int:
        return sum(self.counts.values())

    def looks(self, provider: str) -> str:
        """Changes when the stated numbers change."""
        said = repr((sorted(self.counts.items(), key=repr), self.note))
        return f"{provider}:{hashlib.blake2b(said.encode(), digest_size=8).hexdigest()}"


@dataclass(frozen=True)
class Fault:
    """Why a day of a project is not available."""

    reason: str


@dataclass(frozen=True)
class Unchanged:
    """A day that was read again and has not changed."""


def offer_of(
    table: str, project: str, day: date, stated: Stated, provider: str, known: Known, settles_after: timedelta
) -> Offer:
    """The offer of a day. If a day had downloads and has none now, that is a fault of the provider."""
    window = Window.of_day(day)
    stored = known.stored(table, project, window)
    if stored is not None and stored.rows and not stated.downloads:
        reason = f"{provider} gave {stored.rows:,} downloads of this day before and none now; collected data is kept"
        return fault_of(table, project, day, reason)
    settles_at = window.end + settles_after
    return Offer(table, window, project, stated.looks(provider), settles_at=settles_at, detail=stated)


def fault_of(table: str, project: str, day: date, reason: str) -> Offer:
    """A day that is not available; collecting it reports that."""
    return Offer(table, Window.of_day(day), project, detail=Fault(reason.rstrip(".")))


def retired(known: Known, projects: Iterable[str]) -> Iterator[Offer]:
    """Projects that are no longer in the settings, each once."""
    gone = {(entry.table, entry.scope) for entry in known if entry.status is Status.RETIRED}
    for table, project in sorted(known.scopes - gone):
        if project not in projects:
            last = max(entry.window.end for entry in known.of_table(table) if entry.scope == project)
            yield Offer(table, Window(last, FAR_FUTURE), project)


def batches_of(offers: Iterable[Offer], tables: Mapping[str, Table]) -> Iterator[Batch]:
    """The batches for offers whose details are the stated numbers."""
    left = iter(offers)
    while some := list(islice(left, BATCH)):
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        outcomes = [_outcome(offer, rows[offer.table]) for offer in some]
        yield Batch(outcomes, {name: _arrow(tables[name], listed) for name, listed in rows.items() if listed})


def _outcome(offer: Offer, rows: list[dict[str, Any]]) -> Outcome:
    match offer.detail:
        case Fault(reason):
            return offer.failed(reason)
        case Stated() as stated:
            key = {"day": offer.window.start, "project": offer.scope}
            rows += [{**key, **dict(split), "downloads": count} for split, count in stated.counts.items() if count]
            return offer.done(stated.downloads, note=stated.note)
        case Unchanged():
            return offer.unchanged()
        case Seam(before, after):
            rows.append({"day": offer.window.start, "project": offer.scope, "before": before, "after": after})
            return offer.done(1)
        case _:
            return offer.retired("it is no longer in the settings", since=offer.window.start)


def _arrow(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=table.arrow_schema())
