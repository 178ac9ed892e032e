"""The lake: a folder of Delta tables, one a table of Footfall, that keeps what was collected for ever."""

from footfall.lake.delta import Cursor
from footfall.lake.lake import Lake, Pinned, Snapshot
from footfall.lake.maintain import Maintained
from footfall.lake.members import actors_by_day
from footfall.lake.reach import Reach, reach_of

__all__ = ["Cursor", "Lake", "Maintained", "Pinned", "Reach", "Snapshot", "actors_by_day", "reach_of"]
