"""Users of hubs counted by other tools → the table hub_users; stored counts are kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from footfall.errors import BrokenDataError
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.lake.files import read_as
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Known, Status
from footfall.moving.archives import hub_users
from footfall.moving.archives.hub_users import Users
from footfall.periods import Window
from footfall.sources.hubs.names import is_staging
from footfall.sources.hubs.sizes import size_of
from footfall.sources.hubs.tables import HUB_USERS


@dataclass(frozen=True)
class Counted:
    """The result of an import: counts that are new, and those that were known."""

    new: int
    known: int


def import_hub_users(place: Path, lake: Lake, source: str, now: datetime) -> Counted:
    """Take in a table of active users. A count of a hub, day and timescale that is known here stays as it is.

    Raises FootfallError where there is no such file, BrokenDataError for a line that is not what it should be.
    """
    import pyarrow as pa

    read = hub_users.read(place)
    if not read:
        raise BrokenDataError(f"{place} has no lines after its header; nothing was imported.")
    if (last := max(one.on for one in read)) >= now.date():
        raise BrokenDataError(f"{place} has a day that is not over, {last}; nothing was imported.")
    known = _known(lake)
    new = [one for one in read if (one.on.isoformat(), one.cluster, one.hub, one.timescale) not in known]
    if new:
        lake.commit(HUB_USERS, pa.Table.from_pylist([_row(one) for one in new], schema=HUB_USERS.arrow_schema()))
    stored = Known(lake.known(source))
    days = Counter((one.cluster, one.on) for one in read)
    entries = [
        Entry(
            source,
            HUB_USERS.name,
            cluster,
            window,
            Status.COMPLETE,
            window.end,
            rows=count,
            reason=f"imported from {place.name}",
        )
        for (cluster, on), count in sorted(days.items())
        if not stored.stored(HUB_USERS.name, cluster, window := Window.of_day(on))
    ]
    lake.record(entries)
    refresh(lake, HUB_USERS)
    compact(lake, HUB_USERS)
    compact(lake, LEDGER)
    return Counted(len(new), len(read) - len(new))


def _known(lake: Lake) -> set[tuple[Any, ...]]:
    pinned = lake.snapshot([HUB_USERS]).tables.get(HUB_USERS.name)
    if pinned is None:
        return set()
    asked = (
        f"SELECT DISTINCT strftime(date, '%Y-%m-%d'), cluster, hub, timescale FROM {read_as(HUB_USERS, pinned.files)}"
    )
    return set(lake.cursor().execute(asked).fetchall())


def _row(one: Users) -> dict[str, Any]:
    return {
        "date": Window.of_day(one.on).start,
        "cluster": one.cluster,
        "hub": one.hub,
        "timescale": one.timescale,
        "is_staging": is_staging(one.hub),
        "size": size_of(one.users),
        "users": one.users,
    }
