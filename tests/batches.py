"""Batches of a source, for tests that fetch without a lake: what they say, and what the ledger makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa

from footfall.collect.entries import Clerk
from footfall.ledger import Entry, Known
from footfall.periods import Window
from footfall.sources import Batch


def entries_of(batch: Batch, source: str, asked_at: datetime, known: Iterable[Entry] = ()) -> list[Entry]:
    """The ledger's entries for the outcomes of a batch."""
    clerk = Clerk(source, Known(known), Known(known), asked_at)
    return [entry for outcome in batch.outcomes for entry in clerk.entries(outcome)]


def replaced_by(batch: Batch) -> list[tuple[str, Window]]:
    """The windows, each of its scope, whose rows a batch replaces."""
    return [
        (outcome.offer.scope, outcome.replaces)
        for outcome in batch.outcomes
        if outcome.replaces and outcome.replaces.start < outcome.replaces.end
    ]


def windows_of(batch: Batch) -> list[Window]:
    """The windows whose rows a batch replaces."""
    return [window for _, window in replaced_by(batch)]


def rows_in(batch: Batch) -> pa.Table | None:
    """The rows of a batch of one table, in memory; None when it has none."""
    if not batch.rows:
        return None
    (rows,) = batch.rows.values()
    assert isinstance(rows, pa.Table)
    return rows
