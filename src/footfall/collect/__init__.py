"""Collect: what sources offer, compared with the ledger, fetched, and committed many batches at a time.

choice    which of the offered windows are fetched            (pure)
knowing   what ledger and cursors say to one source
running   a run: ask, choose, fetch, tidy up
buffer    batches on their way into the lake
entries   what outcomes mean for the ledger                   (pure)
lock      one run at a time in a workspace
contest   what two collectors at once found different
status    how every source stands, by the ledger alone        (pure)
"""

from footfall.collect.buffer import HoldBack
from footfall.collect.choice import Choice, choose
from footfall.collect.running import collect
from footfall.collect.status import SourceStatus, status
from footfall.collect.summary import SourceSummary, Summary, Watcher

__all__ = [
    "Choice",
    "HoldBack",
    "SourceStatus",
    "SourceSummary",
    "Summary",
    "Watcher",
    "choose",
    "collect",
    "status",
]
