"""That a source itself could be asked, or could not: an entry of the ledger that covers nothing."""

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
    """Write down how asking a source ended; `status` is complete or failed."""
    lake.record([Entry(name, source.tables[0].name, "", ASKED, status, now, reason=concealed(reason))])
