"""What is kept of hubs, by whichever source knows them."""

from __future__ import annotations

from enum import StrEnum

from footfall.periods import Grain
from footfall.sources.hubs import people
from footfall.sources.hubs.sizes import SIZES
from footfall.tables import Column, Observe, Replace, Role, Table, TableEvent


class Timescale(StrEnum):
    """The span before a reading in which a user must have been active to be counted."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Deed(StrEnum):
    """What a user did on a day."""

    ACTIVE = "active"
    """Any activity that the hub noticed; it also notices some that is not a person's (a tab left open)."""
    STARTED = "started"
    """A server of the user was started."""


HUB_USERS = Table(
    name="hub_users",
    description="Active users of each hub on each day: in the 24 hours, 7 and 30 days that end with the day.",
    columns=(
        Column("date", "timestamp", Role.TIME, "The UTC day at whose end the span of the count ends."),
        Column("cluster", "string", Role.DIMENSION, "Where the hub runs; of a hub by itself, its own name."),
        Column("hub", "string", Role.DIMENSION, "Which hub, by its name within the cluster."),
        Column(
            "timescale", "string", Role.DIMENSION, "The span: daily (24 hours), weekly (7 days), monthly (30 days)."
        ),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether the hub is for trying things out."),
        Column("community", "string", Role.DIMENSION, "Who uses the hub, where a list of communities is set up."),
        Column("size", "string", Role.DIMENSION, "How many users: a bin of `users`, such as 5-10.", labels=SIZES),
        Column("users", "integer", Role.MEASURE, "Users who were active within the span, as the hub counts them."),
    ),
    rule=Observe(key=("date", "cluster", "hub", "timescale"), resolve="latest"),
    sort=("cluster", "hub", "timescale", "date"),
    resolution=Grain.DAY,
)
"""The original table of 2i2c's indicators, `date,cluster,hub,timescale,users`, with what a hub is beside it.

Sources state it under scopes of their own: a data source, or a hub.
"""

_NO_PEOPLE = tuple(("role", role.value) for role in people.Role if role is not people.Role.PERSON)


def _event(name: str, deed: Deed, description: str, again: str, word: str) -> TableEvent:
    others = tuple(("deed", other.value) for other in Deed if other is not deed)
    return TableEvent(name, "actor", description, (*others, *_NO_PEOPLE), again, word)


HUB_ACTIVITY = Table(
    name="hub_activity",
    description="Who was active on which hub on which day, and who started a server.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day, in UTC."),
        Column("cluster", "string", Role.DIMENSION, "Where the hub runs; of a hub by itself, its own name."),
        Column("hub", "string", Role.DIMENSION, "Which hub."),
        Column("actor", "string", Role.DIMENSION, "The user's name in the hub, or a keyed hash of it."),
        Column("deed", "string", Role.DIMENSION, "active: any activity that the hub noticed; started: a server was."),
        Column("role", "string", Role.DIMENSION, "person, staff, service (no person uses it) or launch (of a Binder)."),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether the hub is for trying things out."),
        Column("seen", "integer", Role.MEASURE, "1 a user, hub, day and deed."),
    ),
    rule=Observe(key=("day", "cluster", "hub", "actor", "deed"), resolve="latest"),
    events=(
        _event(
            "hub_active",
            Deed.ACTIVE,
            "Users of hubs with any activity, staff and services left out.",
            "users who were active again",
            "active day",
        ),
        _event(
            "hub_started",
            Deed.STARTED,
            "Users of hubs who started a server, staff and services left out.",
            "users who started a server again",
            "day with a start",
        ),
    ),
    sort=("hub", "day", "actor"),
    resolution=Grain.DAY,
)

HUB_LIST = Table(
    name="hub_list",
    description="Hubs as they are set up on clusters, a list for each day on which it was read.",
    columns=(
        Column("day", "timestamp", Role.TIME, "The day on which the list was read."),
        Column("cluster", "string", Role.DIMENSION, "Where the hub runs."),
        Column("hub", "string", Role.DIMENSION, "Which hub, by its name within the cluster."),
        Column("provider", "string", Role.DIMENSION, "Whose machines they are: aws, gcp, azure."),
        Column("helm_chart", "string", Role.DIMENSION, "What the hub is made of: basehub, daskhub."),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether the hub is for trying things out."),
        Column("display_name", "string", Role.ATTRIBUTE, "What people call it."),
        Column("domain", "string", Role.ATTRIBUTE, "Its address."),
        Column("listed", "integer", Role.MEASURE, "1 a hub."),
    ),
    rule=Replace(),
    sort=("cluster", "hub"),
    resolution=Grain.DAY,
)
HUB_COMMUNITIES = Table(
    name="hub_communities",
    description="Communities that use hubs, and where they are, a list for each day on which it was read.",
    columns=(
        Column("day", "timestamp", Role.TIME, "The day on which the list was read."),
        Column("community", "string", Role.DIMENSION, "Which community."),
        Column("constellation", "string", Role.DIMENSION, "The group of communities that it belongs to."),
        Column("location", "string", Role.DIMENSION, "Where it is, in words."),
        Column("latitude", "number", Role.MEASURE, "Degrees north."),
        Column("longitude", "number", Role.MEASURE, "Degrees east."),
        Column("hubs", "integer", Role.MEASURE, "How many hubs it uses."),
    ),
    rule=Replace(),
    sort=("community",),
    resolution=Grain.DAY,
)
