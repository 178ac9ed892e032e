"""The lake: a folder of Delta tables with the collected data."""

from footfall.lake.collected import Collected, Scope, Span
from footfall.lake.delta import Cursor
from footfall.lake.lake import Lake
from footfall.lake.maintain import Maintained, expire_now
from footfall.lake.members import actors_by_day
from footfall.lake.reach import Reach, reach_of
from footfall.lake.reading import rows_of
from footfall.lake.snapshot import Pinned, Snapshot
from footfall.lake.storage import storage_of
from footfall.lake.sums import verify
from footfall.lake.writing import Restated

__all__ = [
    "Collected",
    "Cursor",
    "Lake",
    "Maintained",
    "Pinned",
    "Reach",
    "Restated",
    "Scope",
    "Snapshot",
    "Span",
    "actors_by_day",
    "expire_now",
    "reach_of",
    "rows_of",
    "storage_of",
    "verify",
]
