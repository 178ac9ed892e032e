"""Ledger entries without a time span that record whether a source could be reached."""

from __future__ import annotations

from datetime import datetime

from footfall.concealing import concealed
from footfall.lake import Lake
from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, Window
from footfall.sources import Source

ASKED = Window(EPOCH, EPOCH)
"""The window of such an entry."""


def record_asking(lake: Lake, name: str, source: Source, status: Status, now: datetime, reason: str = "") -> None:
    """Record whether a source could be asked; `status` is complete or failed."""
    lake.record([Entry(name, source.tables[0].name, "", ASKED, status, now, reason=concealed(reason))])
