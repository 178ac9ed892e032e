"""A workspace with hubs on clusters, the communities that use them, and where these are: collected from a fake Grafana."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

import footfall
from footfall.collect import collect
from footfall.http import Client
from footfall.sources import Context
from footfall.sources.prometheus import Prometheus, PrometheusSettings
from footfall.sources.prometheus.presets import cluster_users_query, hub_activity_query, hub_users_query
from footfall.workspace import Workspace
from prometheus_faked import FakeGrafana, FakePrometheus
from templates import copy_of

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)
USER = "annotation_hub_jupyter_org_username"
FACTORS = {"24h": 0.25, "7d": 0.6, "30d": 1.0}
SETTINGS = """
[sources.prometheus]
grafana = "https://grafana"
token = "glsa_secret"
preset = ["hub_users", "cluster_users", "hub_activity"]
communities = "communities.csv"
hash_key = "a-key-of-a-test-only"
first_day = {first:%Y-%m-%d}
"""


@dataclass(frozen=True)
class Place:
    """A community, its only hub on a cluster, and about how many users it has in a month."""

    name: str
    cluster: str
    hub: str
    users: int
    constellation: str = ""
    location: str = ""
    latitude: float | None = None
    longitude: float | None = None


PLACES = (
    Place("Berkeley", "west", "berkeley", 2400, "University of California", "Berkeley, USA", 37.87, -122.26),
    Place("Stanislaus", "west", "stanislaus", 160, "California State", "Turlock, USA", 37.52, -120.86),
    Place("San Francisco", "west", "sanfrancisco", 12, "California State", "San Francisco, USA", 37.72, -122.48),
    Place("Alaska", "west", "alaska", 30, "", "Fairbanks, USA", 64.86, -147.83),
    Place("Hawaii", "west", "hawaii", 45, "", "Honolulu, USA", 21.3, -157.82),
    Place("Toronto", "east", "toronto", 900, "Canada", "Toronto, Canada", 43.66, -79.39),
    Place("Cape Town", "east", "capetown", 75, "Africa", "Cape Town, South Africa", -33.96, 18.46),
    Place("Auckland", "east", "auckland", 0, "", "Auckland, New Zealand", -36.85, 174.77),
    Place("Nowhere", "east", "nowhere", 7, "Africa"),
)


def write_hub_workspace(folder: Path, places: Iterable[Place] = PLACES, days: int = 40, now: datetime = NOW) -> Path:
    """The folder of the workspace, collected up to `now`; each hub has grown by a tenth in `days` days."""
    chosen = tuple(places)

    def make(folder: Path) -> None:
        (folder / "footfall.toml").write_text(settings(days, now), encoding="utf-8")
        collect_hubs(folder, chosen, days, now)

    return copy_of(("hubs", chosen, days, now), make, folder)


def settings(days: int, now: datetime = NOW) -> str:
    """The part of footfall.toml that sets up hubs, of so many days."""
    return SETTINGS.format(first=now - days * DAY)


def collect_hubs(folder: Path, places: tuple[Place, ...], days: int, now: datetime = NOW) -> None:
    """Collect hubs into the workspace of a folder, whose settings set them up."""
    _write_communities(folder / "communities.csv", places)
    first = now.replace(hour=0) - days * DAY
    grafana = FakeGrafana({cluster: _prometheus(cluster, places, first, days) for cluster in _clusters(places)})
    with footfall.open(folder, now=lambda: now) as ff:
        given = PrometheusSettings.model_validate(ff.settings.sources["prometheus"])
        context = Context(folder, ff.settings.scratch, lambda: now, _client_of(grafana), "prometheus")
        summary = collect(ff.lake, {"prometheus": Prometheus(given, context)}, now=lambda: now)
        assert not summary.sources[0].failed, summary.sources[0]


def open_hubs(folder: Path, now: datetime = NOW) -> Workspace:
    return footfall.open(folder, now=lambda: now)


def _client_of(grafana: FakeGrafana) -> Callable[[], Client]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return grafana.answer(request)

    return lambda: Client(transport=httpx2.MockTransport(answer), wait=0, attempts=1)


def _clusters(places: Iterable[Place]) -> list[str]:
    return sorted({place.cluster for place in places})


def _write_communities(file: Path, places: Iterable[Place]) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "constellation", "location", "latitude", "longitude", "hubs"])
        for each in places:
            hubs = f"{each.cluster}/{each.hub}"
            writer.writerow([each.name, each.constellation, each.location, each.latitude, each.longitude, hubs])


def _prometheus(cluster: str, places: Iterable[Place], first: datetime, days: int) -> FakePrometheus:
    faked = FakePrometheus(retention="5y", most_days=10_000)
    mine = [place for place in places if place.cluster == cluster]
    ends = [first + n * DAY for n in range(1, days + 1)]
    for place in mine:
        for period, factor in FACTORS.items():
            counts = {_seconds(end): _users(place, factor, n / days) for n, end in enumerate(ends)}
            faked.put(hub_users_query(period), {"namespace": place.hub}, counts)
        for user in range(min(12, place.users)):
            at = {_seconds(end): 1 for n, end in enumerate(ends) if (n + user) % (2 + user % 5) == 0}
            faked.put(hub_activity_query("namespace", USER), {"namespace": place.hub, USER: f"user-{user}"}, at)
    total = {_seconds(end): sum(place.users for place in mine) for end in ends}
    faked.put(cluster_users_query(USER), {}, total)
    return faked


def _users(place: Place, factor: float, age: float) -> float:
    return math.floor(place.users * factor * (0.9 + 0.1 * age))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
