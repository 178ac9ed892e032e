"""Users of hubs, counted by others, from CSV files with date, cluster, hub, timescale and users, as published by 2i2c.

reading   the files, line by line
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, Field

from footfall.errors import SourceError
from footfall.parts import NotEmpty, Part
from footfall.periods import Window
from footfall.sources import Batch, Context, Known, Offer, Progress
from footfall.sources.checks import Check
from footfall.sources.hub_files.reading import Counted, files_of, read_users
from footfall.sources.hubs import (
    CLUSTERS,
    HUB_USERS,
    HUB_USERS_METRIC,
    HUBS,
    HUBS_BY_SIZE,
    USERS_BY_SIZE,
    is_staging,
    size_of,
)
from footfall.sources.hubs.listing import Listing, Lists
from footfall.sources.naming import ProjectNames

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.metrics import Metric
    from footfall.tables import Table

_BATCH = 1_000
"""Days in a batch."""


class HubFilesSettings(Part):
    """`[sources.hub_files]`"""

    users: NotEmpty = Field(
        description="A CSV file, or a folder of such files, with date, cluster, hub, timescale and users.",
        examples=["hub_users.csv"],
    )
    communities: str = Field(
        "", description="A CSV file of communities: name, hubs, constellation, location, latitude, longitude."
    )
    clusters: str = Field(
        "", description="A folder with config/clusters/*/cluster.yaml, relative to this file: configured hubs."
    )


class HubFiles:
    """Users of hubs that were counted elsewhere, and lists of hubs and communities."""

    name: ClassVar[str] = "hub_files"
    description: ClassVar[str] = "Users of hubs from CSV files such as 2i2c publishes."
    Settings: ClassVar[type[BaseModel]] = HubFilesSettings
    project_names: ClassVar[ProjectNames] = ProjectNames("hub")

    def __init__(self, settings: HubFilesSettings, context: Context) -> None:
        self._place = context.folder / settings.users
        self._lists = Lists(settings.clusters, settings.communities, context.folder)
        self.tables: Sequence[Table] = (HUB_USERS, *self._lists.tables)
        counted = (HUB_USERS_METRIC, USERS_BY_SIZE, HUBS_BY_SIZE, HUBS, CLUSTERS)
        self.metrics: Sequence[Metric] = (*counted, *self._lists.metrics)

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """Today's window of each list, and every complete day in the files."""
        yield from self._lists.offers(known, now)
        by_day: dict[date, list[Counted]] = defaultdict(list)
        for one in read_users(self._place):
            by_day[one.on].append(one)
        for on in sorted(by_day):
            window = Window.of_day(on)
            if window.end <= now:
                stated = _Day(tuple(by_day[on]))
                yield Offer(HUB_USERS.name, window, "", self._looks(stated), settles_at=window.end, detail=stated)

    def _looks(self, stated: _Day) -> str:
        return hashlib.sha256(f"{self._lists.looks} {stated.counts!r}".encode()).hexdigest()[:16]

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """Batches of days, and the lists."""
        days = []
        for offer in offers:
            if isinstance(offer.detail, Listing):
                yield self._lists.read(offer)
                tell(windows=1)
            else:
                days.append(offer)
        for start in range(0, len(days), _BATCH):
            chosen = days[start : start + _BATCH]
            yield self._batch(chosen)
            tell(windows=len(chosen))

    def _batch(self, offers: Sequence[Offer]) -> Batch:
        try:
            rows = [self._row(one) for offer in offers for one in offer.detail.counts]
        except SourceError as error:  # of the list of communities
            return Batch([offer.failed(str(error).rstrip(".")) for offer in offers])
        done = [offer.done(len(offer.detail.counts), fingerprint=offer.fingerprint) for offer in offers]
        return Batch(done, {HUB_USERS.name: _table(rows)})

    def _row(self, one: Counted) -> dict[str, Any]:
        return {
            "date": Window.of_day(one.on).start,
            "cluster": one.cluster,
            "hub": one.hub,
            "timescale": one.timescale,
            "is_staging": is_staging(one.hub),
            "community": self._lists.community_of(one.cluster, one.hub) or None,
            "size": size_of(one.users),
            "users": one.users,
        }

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the files are there and can be read."""
        try:
            count = len(read_users(self._place))
            yield Check(f"users: {self._place.name}", "ok", f"{len(files_of(self._place)):,} files, {count:,} counts")
        except SourceError as error:
            yield Check(f"users: {self._place.name}", "failed", str(error), "correct `users`, or the file")


@dataclass(frozen=True)
class _Day:
    """What the files contain for a day."""

    counts: tuple[Counted, ...]


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=HUB_USERS.arrow_schema())
