"""The tables of this source besides those shared by all hub sources, and their metrics."""

from __future__ import annotations

from datetime import timedelta

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.sources.hubs.metrics import STAGING
from footfall.tables import Column, Observe, Role, Table

_WHERE = (
    Column("cluster", "string", Role.DIMENSION, "The cluster of the hub; for a single hub, its own name."),
    Column("hub", "string", Role.DIMENSION, "Which hub."),
)
_STAGING = Column("is_staging", "boolean", Role.DIMENSION, "Whether it is a staging hub.")
_HOUR = Column("hour", "timestamp", Role.TIME, "Start of the hour in which the hub was polled; its last answer counts.")

HUB_LEVELS = Table(
    name="hub_levels",
    description="Running servers and users of each hub, as polled.",
    columns=(
        _HOUR,
        *_WHERE,
        _STAGING,
        Column("running_servers", "integer", Role.MEASURE, "Running servers; none if a restarted hub does not know."),
        Column("total_users", "integer", Role.MEASURE, "Users in the hub's database."),
    ),
    rule=Observe(key=("hour", "cluster", "hub"), resolve="latest", scope="hub"),
    sort=("hub", "hour"),
)
HUB_SPAWNS = Table(
    name="hub_spawns",
    description="Servers that each hub was to start since it started itself, by how that ended.",
    columns=(
        _HOUR,
        *_WHERE,
        Column("outcome", "string", Role.DIMENSION, "How it ended: success, failure, error, as in the hub."),
        Column("run", "string", Role.DIMENSION, "When the hub's process started; its counters start again with it."),
        _STAGING,
        Column("spawns", "integer", Role.MEASURE, "The count since the process started."),
    ),
    rule=Observe(key=("hour", "cluster", "hub", "outcome", "run"), resolve="latest", scope="hub"),
    sort=("hub", "outcome", "hour"),
)


def _level(name: str, title: str, description: str, unit: str) -> Metric:
    return Metric(
        name=name,
        title=title,
        description=f"{description} Added up over hubs; over time it is the mean of the hours in which hubs were polled.",
        kind=Kind.LEVEL,
        unit=unit,
        facts=(Fact("hub_levels", (name,)),),
        policies=(STAGING,),
        within="mean",
        step=timedelta(hours=1),
        series=("cluster", "hub"),
        ends_after=timedelta(days=3),
    )


METRICS = (
    _level("running_servers", "Running servers", "Running servers of users, as reported by hubs.", "servers"),
    _level("total_users", "Users in hubs' databases", "Users in the databases of hubs, active or not.", "users"),
    Metric(
        name="server_starts",
        title="Server starts",
        description=(
            "Servers of users that hubs started, counted between polls. Failed starts are "
            "left out unless you include them; starts of a hub process that ended before the next poll are unknown."
        ),
        kind=Kind.COUNTER,
        unit="starts",
        facts=(Fact("hub_spawns", ("spawns",)),),
        policies=(
            Policy(
                "failures",
                "Whether failed starts count.",
                {"excluded": Filter("outcome", ("success",)), "included": None},
                "excluded",
            ),
            STAGING,
        ),
        series=("cluster", "hub", "outcome", "run"),
    ),
)
