"""Collect: what sources offer, compared with the ledger, fetched, and committed in groups of batches.

choice    which of the offered windows are fetched            (pure)
knowing   the ledger and cursors of one source
running   a run: ask, choose, fetch, clean up
buffer    batches on their way into the lake
entries   what outcomes mean for the ledger                   (pure)
parts     a run that is shared by several processes
lock      one run at a time in a workspace
contest   windows that concurrent collectors found different
status    the state of every source, from the ledger alone    (pure)
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
