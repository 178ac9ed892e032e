"""What is kept of a hub beside the tables that hubs share, and the numbers that come of it."""

from __future__ import annotations

from datetime import timedelta

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.sources.hubs.metrics import STAGING
from footfall.tables import Column, Observe, Role, Table

_WHERE = (
    Column("cluster", "string", Role.DIMENSION, "Where the hub runs; of a hub by itself, its own name."),
    Column("hub", "string", Role.DIMENSION, "Which hub."),
)
_STAGING = Column("is_staging", "boolean", Role.DIMENSION, "Whether the hub is for trying things out.")
_HOUR = Column("hour", "timestamp", Role.TIME, "Start of the hour in which the hub was asked; its last answer stands.")

HUB_LEVELS = Table(
    name="hub_levels",
    description="Running servers and users of each hub, as it answered when it was asked.",
    columns=(
        _HOUR,
        *_WHERE,
        _STAGING,
        Column("running_servers", "integer", Role.MEASURE, "Servers that run; none where a restarted hub cannot know."),
        Column("total_users", "integer", Role.MEASURE, "Users that the hub has in its database."),
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
        Column("outcome", "string", Role.DIMENSION, "How it ended: success, failure, error, as the hub calls it."),
        Column("run", "string", Role.DIMENSION, "When the hub's process started: its counts begin again with it."),
        _STAGING,
        Column("spawns", "integer", Role.MEASURE, "How many since the process started."),
    ),
    rule=Observe(key=("hour", "cluster", "hub", "outcome", "run"), resolve="latest", scope="hub"),
    sort=("hub", "outcome", "hour"),
)


def _level(name: str, title: str, description: str, unit: str) -> Metric:
    return Metric(
        name=name,
        title=title,
        description=f"{description} Added up over hubs; over time it is the mean of the hours in which hubs were asked.",
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
    _level("running_servers", "Running servers", "Servers of users that run, as hubs say.", "servers"),
    _level("total_users", "Users in hubs' databases", "Users that hubs know, active or not.", "users"),
    Metric(
        name="server_starts",
        title="Server starts",
        description=(
            "Servers of users that hubs started, counted between the times at which they were asked. Starts that failed are "
            "left out unless you include them; those of a hub's process that ended before it was asked again are not known."
        ),
        kind=Kind.COUNTER,
        unit="starts",
        facts=(Fact("hub_spawns", ("spawns",)),),
        policies=(
            Policy(
                "failures",
                "Whether starts that failed count.",
                {"excluded": Filter("outcome", ("success",)), "included": None},
                "excluded",
            ),
            STAGING,
        ),
        series=("cluster", "hub", "outcome", "run"),
    ),
)
