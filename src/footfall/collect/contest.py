"""Concurrent collectors of one source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from footfall.lake import Lake
from footfall.ledger import Entry

REASON = "another process collected it at the same time and found it different; it is read again next time"


def contested(lake: Lake, source: str, stored: Sequence[Entry], since: datetime) -> list[Entry]:
    """Windows that another collector stated differently in the meantime, each to be read again next time.

    Two may read a window before and after it was restated, and commit in the other order: then the ledger would vouch
    for rows that are not stored. The last one to finish sees what the other recorded.
    """
    if not stored:
        return []
    disputed = lake.disputed(source, since)
    return [
        replace(entry, fingerprint="", observed_at=None, reason=REASON)
        for entry in stored
        if (entry.table, entry.scope, entry.window) in disputed
    ]
