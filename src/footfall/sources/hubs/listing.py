"""Lists that supplement the measurements: configured hubs and communities, from files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import FootfallError
from footfall.ledger import Known
from footfall.metrics import Metric
from footfall.periods import Grain, Window, floor
from footfall.sources import Batch, Offer
from footfall.sources.hubs.clusters import ListedHub, read_clusters
from footfall.sources.hubs.communities import Community, by_hub, read_communities
from footfall.sources.hubs.metrics import COMMUNITIES
from footfall.sources.hubs.tables import HUB_COMMUNITIES, HUB_LIST
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Lists:
    """The files named in settings, relative to `folder`; they are read when they are first needed."""

    clusters_file: str
    communities_file: str
    folder: Path

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that are filled from the files."""
        named = ((self.clusters_file, HUB_LIST), (self.communities_file, HUB_COMMUNITIES))
        return tuple(table for setting, table in named if setting)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (COMMUNITIES,) if self.communities_file else ()

    @property
    def looks(self) -> str:
        """A hash of the list of communities, which affects the rows of hubs; empty if there is none."""
        try:
            file = self._file(self.communities_file)
            return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if self.communities_file else ""
        except OSError:
            return ""

    def community_of(self, cluster: str, hub: str) -> str:
        """The community that uses a hub: the list names it as "cluster/hub", by its domain, or by its name. Raises SourceError."""
        if not self.communities_file:
            return ""
        names = (f"{cluster}/{hub}", self._domains.get((cluster, hub), ""), hub)
        return next((self._by_hub[name] for name in names if name in self._by_hub), "")

    @cached_property
    def communities(self) -> tuple[Community, ...]:
        """Raises SourceError, which names the line that cannot be read."""
        return read_communities(self._file(self.communities_file))

    @cached_property
    def hubs(self) -> tuple[ListedHub, ...]:
        """Raises SourceError, which names the file that cannot be read."""
        return read_clusters(self._file(self.clusters_file))

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """Today's window of each list: what a list contained on other days is not known."""
        window = Window.of_day(floor(Grain.DAY, now).date())
        for table in self.tables:
            before = known.stored(table.name, "", window)
            yield Offer(table.name, window, settles_at=window.end, detail=Listing(before.fingerprint if before else ""))

    def read(self, offer: Offer) -> Batch:
        """A list in its current state."""
        try:
            rows = self._rows(offer)
        except FootfallError as error:
            return Batch([offer.failed(str(error))])
        looks = hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest()[:12]
        if not rows.num_rows:
            return Batch([offer.failed("the list is empty")])
        if looks == offer.detail.before:
            return Batch([offer.unchanged(fingerprint=looks)])
        return Batch([offer.done(rows.num_rows, fingerprint=looks)], {offer.table: rows})

    def _rows(self, offer: Offer) -> pa.Table:
        import pyarrow as pa

        table, day = (HUB_LIST if offer.table == HUB_LIST.name else HUB_COMMUNITIES), offer.window.start
        listed: Sequence[dict[str, Any]]
        if table is HUB_LIST:
            listed = [
                {
                    "cluster": one.cluster,
                    "hub": one.hub,
                    "provider": one.provider,
                    "helm_chart": one.helm_chart,
                    "is_staging": one.is_staging,
                    "display_name": one.display_name,
                    "domain": one.domain,
                    "listed": 1,
                }
                for one in self.hubs
            ]
        else:
            listed = [
                {
                    "community": one.name,
                    "constellation": one.constellation,
                    "location": one.location,
                    "latitude": one.latitude,
                    "longitude": one.longitude,
                    "hubs": len(one.hubs),
                }
                for one in self.communities
            ]
        return pa.Table.from_pylist([{"day": day, **one} for one in listed], schema=table.arrow_schema())

    @cached_property
    def _by_hub(self) -> dict[str, str]:
        return dict(by_hub(self.communities))

    @cached_property
    def _domains(self) -> dict[tuple[str, str], str]:
        return {(one.cluster, one.hub): one.domain for one in self.hubs} if self.clusters_file else {}

    def _file(self, name: str) -> Path:
        return self.folder / Path(name).expanduser()


@dataclass(frozen=True)
class Listing:
    """The state of a list when it was last read on the day."""

    before: str
