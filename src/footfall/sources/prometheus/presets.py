"""Built-in queries: users of hubs, who they are, and the unique users of a cluster.

hub_users       users of each hub on each day: the table `date,cluster,hub,timescale,users`
cluster_users   unique users of all hubs of a cluster in the 30 days that end with each day
hub_activity    who was active on which hub on which day
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain
from footfall.sources.hubs import (
    CLUSTERS,
    HUB_ACTIVITY,
    HUB_UNIQUE_USERS,
    HUB_USERS,
    HUB_USERS_METRIC,
    HUBS,
    HUBS_BY_SIZE,
    USERS_BY_SIZE,
    Action,
    People,
    Role,
    Timescale,
    is_staging,
    size_of,
)
from footfall.sources.hubs.listing import Lists
from footfall.sources.prometheus.asking import Series
from footfall.sources.prometheus.recipes import Asked, Recipe
from footfall.sources.prometheus.rows import Made, Refused, arrow, moments_of
from footfall.sources.prometheus.settings import PrometheusSettings
from footfall.tables import Column, Observe, Table
from footfall.tables import Role as ColumnRole

DAY = timedelta(days=1)
PERIODS = {Timescale.DAILY: "24h", Timescale.WEEKLY: "7d", Timescale.MONTHLY: "30d"}

CLUSTER_USERS = Table(
    name="cluster_users",
    description="Different users of all hubs of a cluster, by name, in the 30 days that end with each day.",
    columns=(
        Column("date", "timestamp", ColumnRole.TIME, "The UTC day with which the 30 days end."),
        Column("cluster", "string", ColumnRole.DIMENSION, "Which cluster."),
        Column("users", "integer", ColumnRole.MEASURE, "Different names of users whose servers ran in the 30 days."),
    ),
    rule=Observe(key=("date", "cluster"), resolve="latest", scope="cluster"),
    sort=("cluster", "date"),
    resolution=Grain.DAY,
)
CLUSTER_USERS_METRIC = Metric(
    name="cluster_users",
    title="Unique users of clusters",
    description=(
        "Different users of a cluster in the 30 days that end with a day, each counted once across hubs. Added up "
        "over clusters: a user of two clusters counts twice. Over more than a day it is the last day's."
    ),
    kind=Kind.LEVEL,
    unit="users",
    facts=(Fact("cluster_users", ("users",)),),
    within="last",
    step=DAY,
    series=("cluster",),
    ends_after=timedelta(days=3),
)


def hub_users_query(period: str, label: str = "namespace", prefix: str = "jupyterhub") -> str:
    """The users of each hub at the last moment of a day at which it answered; queried at 24:00.

    The gauge looks back from its reading, so the last reading of a day is for that day; the largest would include users
    of the day before. Replicas have readings at the same moment: the largest counts. A reading in a day's first hour
    is for the previous day, as the hub updates the gauge once an hour; so only the last 23 hours are searched.
    """
    lead = f"{prefix}_" if prefix else ""
    return f'last_over_time(max by ({label}) ({lead}active_users{{period="{period}"}})[23h:5m])'


def cluster_users_query(label: str) -> str:
    """The number of distinct user names on user pods in the 30 days before the moment."""
    pods = f'kube_pod_annotations{{pod=~"jupyter-.*", {label}=~".+"}}'
    return f"count(count by ({label}) (count_over_time({pods}[30d])))"


def hub_activity_query(hub: str, label: str) -> str:
    """Who had a server on which hub; queried at 24:00 for the day from 00:00:00 to 23:59:59, inclusive."""
    pods = f'kube_pod_annotations{{pod=~"jupyter-.*", {label}=~".+"}}'
    return f"group by ({hub}, {label}) (count_over_time({pods}[86399s] offset 1s))"


def hub_users(settings: PrometheusSettings, lists: Lists) -> Recipe:
    """The recipe of `hub_users`."""

    def make(cluster: str, asked: Asked, series: Sequence[Series], back: timedelta) -> Made:
        kept = _of_hubs(settings, cluster, series)
        names = [_hub(settings, cluster, one) for one in kept]
        texts: dict[str, list[Any]] = {
            "cluster": [cluster] * len(kept),
            "hub": names,
            "timescale": [asked.tag] * len(kept),
            "is_staging": [is_staging(name) for name in names],
            "community": [lists.community_of(cluster, name) for name in names],
        }
        return _counts(HUB_USERS, kept, texts, back)

    return Recipe(
        table=HUB_USERS,
        metrics=(HUB_USERS_METRIC, USERS_BY_SIZE, HUBS, HUBS_BY_SIZE, CLUSTERS),
        asked=tuple(
            Asked(hub_users_query(period, settings.hub_label, settings.prefix), span.value)
            for span, period in PERIODS.items()
        ),
        step=DAY,
        covers_step=True,
        make=make,
        shaped_by=("hubs", lists.looks, *settings.exclude_hubs),
    )


def cluster_users(settings: PrometheusSettings, lists: Lists) -> Recipe:
    """The recipe of `cluster_users`."""

    def make(cluster: str, asked: Asked, series: Sequence[Series], back: timedelta) -> Made:
        return _counts(CLUSTER_USERS, series, {"cluster": [cluster] * len(series)}, back)

    asked = (Asked(cluster_users_query(settings.user_label)),)
    return Recipe(CLUSTER_USERS, (CLUSTER_USERS_METRIC,), asked, DAY, covers_step=True, make=make)


def hub_activity(settings: PrometheusSettings, lists: Lists) -> Recipe:
    """The recipe of `hub_activity`."""
    people = People(
        settings.hash_key if settings.names == "hashed" else None, staff=settings.staff, services=settings.services
    )

    def make(cluster: str, asked: Asked, series: Sequence[Series], back: timedelta) -> Made:
        kept = _of_hubs(settings, cluster, series)
        hubs = [_hub(settings, cluster, one) for one in kept]
        names = [one.labels.get(settings.user_label, "") for one in kept]
        texts: dict[str, list[Any]] = {
            "cluster": [cluster] * len(kept),
            "hub": hubs,
            "actor": [people.kept_name(name) for name in names],
            "action": [Action.ACTIVE.value] * len(kept),
            "role": [_role(settings, people, cluster, *each) for each in zip(hubs, names, strict=True)],
            "is_staging": [is_staging(hub) for hub in hubs],
            "seen": [1] * len(kept),
        }
        rows = arrow(
            HUB_ACTIVITY, moments=moments_of(kept, back), numbers={}, texts=texts, lengths=[len(o.times) for o in kept]
        )
        return Made(rows)

    roles = (*settings.staff, "/", *settings.services, "/", *settings.binder_hubs, "/", *settings.exclude_hubs)
    return Recipe(
        table=HUB_ACTIVITY,
        metrics=(HUB_UNIQUE_USERS,),
        asked=(Asked(hub_activity_query(settings.hub_label, settings.user_label)),),
        step=DAY,
        covers_step=True,
        make=make,
        shaped_by=roles,
        key=people.fingerprint,
    )


PRESETS: dict[str, Callable[[PrometheusSettings, Lists], Recipe]] = {
    "hub_users": hub_users,
    "cluster_users": cluster_users,
    "hub_activity": hub_activity,
}


def _of_hubs(settings: PrometheusSettings, cluster: str, series: Sequence[Series]) -> list[Series]:
    """The series of hubs that are not excluded."""
    return [one for one in series if not _is_like(settings.exclude_hubs, cluster, _hub(settings, cluster, one))]


def _hub(settings: PrometheusSettings, cluster: str, one: Series) -> str:
    """The hub's name; without the label it is the only hub, and has the name of its cluster."""
    return one.labels.get(settings.hub_label, "") or cluster


def _is_like(patterns: Sequence[str], cluster: str, hub: str) -> bool:
    """Whether a hub matches one of the patterns, for its name or for "cluster/hub"."""
    return any(fnmatch.fnmatchcase(f"{cluster}/{hub}" if "/" in each else hub, each) for each in patterns)


def _role(settings: PrometheusSettings, people: People, cluster: str, hub: str, name: str) -> str:
    role = people.role(name)
    is_launch = role is Role.PERSON and _is_like(settings.binder_hubs, cluster, hub)
    return (Role.LAUNCH if is_launch else role).value


def _counts(table: Table, series: Sequence[Series], texts: dict[str, list[Any]], back: timedelta) -> Made:
    """Rows with integer counts."""
    import numpy as np

    from footfall.sources.prometheus.rows import refused_of

    masks = [np.isfinite(one.values) & (one.values >= 0) for one in series]
    kept = [Series(one.labels, one.times[mask], one.values[mask]) for one, mask in zip(series, masks, strict=True)]
    users = np.rint(np.concatenate([one.values for one in kept]) if kept else np.empty(0)).astype(np.int64)
    sizes = {"size": [size_of(count) for count in users]} if "size" in table.names else {}
    rows = arrow(
        table,
        moments=moments_of(kept, back),
        numbers={"users": users, **sizes},
        texts=texts,
        lengths=[len(one.times) for one in kept],
    )
    refused: list[Refused] = [
        each for one, mask in zip(series, masks, strict=True) for each in refused_of(one, mask, back)
    ]
    return Made(rows, tuple(refused))
