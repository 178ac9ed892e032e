"""Tables of hubs, shared by all sources of hubs."""

from __future__ import annotations

from enum import StrEnum

from footfall.periods import Grain
from footfall.sources.hubs import people
from footfall.sources.hubs.sizes import SIZES
from footfall.tables import Column, Observe, Replace, Role, Table, TableEvent


class Timescale(StrEnum):
    """A user counts as active if they were active within this span before a reading."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Action(StrEnum):
    """What a user did on a day."""

    ACTIVE = "active"
    """Any activity that the hub recorded; some of it is not caused by a person (an open tab)."""
    STARTED = "started"
    """A server of the user was started."""


HUB_USERS = Table(
    name="hub_users",
    description="Active users of each hub on each day: in the 24 hours, 7 and 30 days that end with the day.",
    columns=(
        Column("date", "timestamp", Role.TIME, "The UTC day that ends the span."),
        Column("cluster", "string", Role.DIMENSION, "The cluster of the hub; for a single hub, its own name."),
        Column("hub", "string", Role.DIMENSION, "The hub, by its name within the cluster."),
        Column(
            "timescale", "string", Role.DIMENSION, "The span: daily (24 hours), weekly (7 days), monthly (30 days)."
        ),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether it is a staging hub."),
        Column(
            "community", "string", Role.DIMENSION, "The community of the hub, if a list of communities is configured."
        ),
        Column("size", "string", Role.DIMENSION, "The bin of `users`, such as 5-10.", labels=SIZES),
        Column("users", "integer", Role.MEASURE, "Users who were active within the span, as the hub counts them."),
    ),
    rule=Observe(key=("date", "cluster", "hub", "timescale"), resolve="latest"),
    sort=("cluster", "hub", "timescale", "date"),
    resolution=Grain.DAY,
)
"""The original table of 2i2c's indicators, `date,cluster,hub,timescale,users`, with attributes of the hub.

Each source states it under its own scopes: a data source, or a hub.
"""

_NO_PEOPLE = tuple(("role", role.value) for role in people.Role if role is not people.Role.PERSON)


def _event(name: str, action: Action, description: str, again: str, word: str) -> TableEvent:
    others = tuple(("action", other.value) for other in Action if other is not action)
    return TableEvent(name, "actor", description, (*others, *_NO_PEOPLE), again, word)


HUB_ACTIVITY = Table(
    name="hub_activity",
    description="Who was active on which hub on which day, and who started a server.",
    columns=(
        Column("day", "timestamp", Role.TIME, "The day, in UTC."),
        Column("cluster", "string", Role.DIMENSION, "The cluster of the hub; for a single hub, its own name."),
        Column("hub", "string", Role.DIMENSION, "Which hub."),
        Column("actor", "string", Role.DIMENSION, "The user's name in the hub, or a keyed hash of it."),
        Column(
            "action", "string", Role.DIMENSION, "active: any activity noticed by the hub; started: started a server."
        ),
        Column("role", "string", Role.DIMENSION, "person, staff, service (no person uses it) or launch (of a Binder)."),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether it is a staging hub."),
        Column("seen", "integer", Role.MEASURE, "1 per user, hub, day and action."),
    ),
    rule=Observe(key=("day", "cluster", "hub", "actor", "action"), resolve="latest"),
    events=(
        _event(
            "hub_active",
            Action.ACTIVE,
            "Users of hubs with any activity, staff and services left out.",
            "users who were active again",
            "active day",
        ),
        _event(
            "hub_started",
            Action.STARTED,
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
        Column("cluster", "string", Role.DIMENSION, "The cluster of the hub."),
        Column("hub", "string", Role.DIMENSION, "The hub, by its name within the cluster."),
        Column("provider", "string", Role.DIMENSION, "The cloud provider: aws, gcp, azure."),
        Column("helm_chart", "string", Role.DIMENSION, "The chart of the hub: basehub, daskhub."),
        Column("is_staging", "boolean", Role.DIMENSION, "Whether it is a staging hub."),
        Column("display_name", "string", Role.ATTRIBUTE, "Its display name."),
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
        Column("location", "string", Role.DIMENSION, "Its location as text."),
        Column("latitude", "number", Role.MEASURE, "Degrees north."),
        Column("longitude", "number", Role.MEASURE, "Degrees east."),
        Column("hubs", "integer", Role.MEASURE, "The number of its hubs."),
    ),
    rule=Replace(),
    sort=("community",),
    resolution=Grain.DAY,
)
