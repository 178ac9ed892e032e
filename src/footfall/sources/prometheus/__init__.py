"""Any Prometheus data: custom queries and presets, queried directly or through Grafana.

settings   [sources.prometheus]              places      a Prometheus, or the data sources of a Grafana
recipes    which queries fill which table    asking      one range query
presets    known queries                     rows        from series to rows
windows    which days are offered
reading    pieces below the limits           endings     the outcome of each window
looks      fingerprints of windows           remembered  the retention of each place
checking   what works, and what will be deleted
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from footfall.metrics import Metric
from footfall.periods import Grain, Window, floor
from footfall.sources import Batch, Context, Known, Offer, Progress
from footfall.sources.ahead import ahead
from footfall.sources.checks import Check, Deadline
from footfall.sources.hubs import HUB_ACTIVITY
from footfall.sources.hubs.listing import Listing, Lists
from footfall.sources.naming import ProjectNames
from footfall.sources.prometheus.checking import checks_of, deadlines_of
from footfall.sources.prometheus.places import find_places
from footfall.sources.prometheus.presets import PRESETS
from footfall.sources.prometheus.reading import Sizes, Task, months_of, read
from footfall.sources.prometheus.recipes import Recipe, recipe_of
from footfall.sources.prometheus.remembered import Retentions
from footfall.sources.prometheus.settings import PrometheusSettings
from footfall.sources.prometheus.windows import Gone, offers_of, retired_of
from footfall.tables import Table

__all__ = ["Prometheus", "PrometheusSettings"]

NO_KEY = (
    'users are kept as hashes, which need a key: set hash_key in [sources.prometheus], or names = "plain", or leave the preset '
    "hub_activity out"
)


class Prometheus:
    """Tables filled by Prometheus queries."""

    name: ClassVar[str] = "prometheus"
    description: ClassVar[str] = "Any metric of Prometheus, by queries, directly or through Grafana."
    Settings: ClassVar[type[BaseModel]] = PrometheusSettings

    def __init__(self, settings: PrometheusSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._lists = Lists(settings.clusters, settings.communities, context.folder)
        recipes = [
            *(PRESETS[name](settings, self._lists) for name in settings.preset),
            *map(recipe_of, settings.queries),
        ]
        self._recipes: dict[str, Recipe] = {recipe.table.name: recipe for recipe in recipes}
        self._retentions = Retentions(context.scratch)
        measured = tuple(recipe.table for recipe in self._recipes.values())
        self.tables: Sequence[Table] = (*measured, *self._lists.tables)
        metrics = (metric for one in self._recipes.values() for metric in one.metrics)
        self.metrics: Sequence[Metric] = (*metrics, *self._lists.metrics)
        if measured and all("hub" in table.dimensions for table in measured):
            self.project_names = ProjectNames("hub")

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """The days within the retention, for each table and place; places that left are retired."""
        yield from self._lists.offers(known, now)
        if not self._recipes:
            return
        client = self._context.client()
        stored = {scope for table, scope in known.scopes if table in self._recipes}
        places = find_places(self._settings, client, stored)
        retentions = self._retentions.ask(places.asked, client)
        names = {place.name for place in places.asked}
        for recipe in self._recipes.values():
            for place in places.asked:
                if recipe.table is HUB_ACTIVITY and self._is_keyless:
                    yesterday = floor(Grain.DAY, now) - timedelta(days=1)
                    yield Offer(recipe.table.name, Window.of_day(yesterday.date()), place.name, absent=NO_KEY)
                    continue
                yield from offers_of(recipe, place, self._settings, retentions.get(place.name), known, now)
            yield from retired_of(known, recipe.table.name, names, dict(places.twins), now)

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether data sources can be listed, each can be queried, and each query returns data."""
        if HUB_ACTIVITY.name in self._recipes and self._is_keyless:
            yield Check("users", "failed", "no hash_key is set", NO_KEY)
        yield from checks_of(self._settings, tuple(self._recipes.values()), self._context.client(), now)

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """What each place will delete next, by the retention that it reported when it was last collected."""
        recipes = tuple(self._recipes.values())
        yield from deadlines_of(recipes, self._retentions.read(), self._settings, known, now)

    @property
    def _is_keyless(self) -> bool:
        return self._settings.names == "hashed" and not self._settings.hash_key

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Generator[Batch, None, None]:
        """A batch per month, table and place; a few places are queried at a time."""
        wanted: dict[tuple[str, str], list[Offer]] = defaultdict(list)
        for offer in offers:
            if isinstance(offer.detail, Gone):
                yield Batch([offer.retired(offer.detail.reason, since=offer.window.start)])
            elif isinstance(offer.detail, Listing):
                yield self._lists.read(offer)
            else:
                wanted[offer.table, offer.scope].append(offer)
        tasks = [
            Task(month[0].detail.recipe, month[0].detail.place, month)
            for each in wanted.values()
            for month in months_of(each)
        ]
        sizes, client = Sizes(), self._context.client()
        for batch in ahead(lambda task: read(task, sizes, client), tasks, threads=3, most=4):
            tell(windows=len(batch.outcomes))
            yield batch
