"""Metrics of hubs that several sources provide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.sources.hubs.people import Role
from footfall.sources.hubs.tables import Action, Timescale

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _left_out(name: str, description: str, kept: Filter) -> Policy:
    return Policy(name, description, {"excluded": kept, "included": None}, "excluded")


STAGING = _left_out(
    "staging", "Whether staging hubs count, recognised by their names.", Filter("is_staging", (True,), "!=")
)
STAFF = _left_out("staff", "Whether staff, as named in the settings, count.", Filter("role", (Role.STAFF,), "!="))
SERVICES = _left_out("services", "Whether service accounts count.", Filter("role", (Role.SERVICE,), "!="))
LAUNCHES = _left_out(
    "launches",
    "Whether Binder launches count; each has its own user.",
    Filter("role", (Role.LAUNCH,), "!="),
)
DEED = Policy(
    "activity",
    "What makes a user active: any activity noticed by the hub, or a started server.",
    {"any": Filter("action", (Action.ACTIVE,)), "started": Filter("action", (Action.STARTED,))},
    "any",
)
TIMESCALE = Policy(
    "timescale",
    "The span in which a user must have been active: 24 hours, 7 days or 30 days.",
    {span.value: Filter("timescale", (span,)) for span in Timescale},
    Timescale.DAILY,
)


def _full_name(rows: ir.Table) -> ir.StringColumn:
    """A hub's name is unique within its cluster only."""
    return rows["cluster"].fill_null("") + "/" + rows["hub"]


HUB_USERS_METRIC = Metric(
    name="hub_users",
    title="Hub users",
    description=(
        "Active users of hubs, added up over hubs: a user of two hubs counts twice. Daily users by default, weekly and monthly "
        "ones by the policy `timescale`; they are never added. Over more than a day it is the mean of the days. A hub that "
        "has no data for more than three days has ended; it does not count as zero."
    ),
    kind=Kind.LEVEL,
    unit="users",
    facts=(Fact("hub_users", ("users",)),),
    policies=(TIMESCALE, STAGING),
    within="mean",
    step=timedelta(days=1),
    series=("cluster", "hub", "timescale"),
    ends_after=timedelta(days=3),
)
_MONTHLY = Policy(TIMESCALE.name, TIMESCALE.description, TIMESCALE.choices, Timescale.MONTHLY)
USERS_BY_SIZE = Metric(
    name="users_by_community_size",
    title="Users by community size",
    description=(
        "Monthly users of hubs, to be split by `size`: the bin of the hub's users on that day, from 0-5 to 10000 "
        "and above. A hub stands for a community. Over more than a day it is the mean of the days."
    ),
    kind=Kind.LEVEL,
    unit="users",
    facts=(Fact("hub_users", ("users",)),),
    policies=(_MONTHLY, STAGING),
    within="mean",
    step=timedelta(days=1),
    series=("cluster", "hub", "timescale"),
    ends_after=timedelta(days=3),
)
HUBS_BY_SIZE = Metric(
    name="communities_by_size",
    title="Communities by size",
    description=(
        "Hubs, each standing for a community, to be split by `size`: the bin that its monthly users lie in on that day. In a "
        "period in which it grew or shrank a hub is in more than one bin."
    ),
    kind=Kind.DISTINCT,
    unit="communities",
    facts=(Fact("hub_users", ("cluster", "hub"), _full_name),),
    policies=(_MONTHLY, STAGING),
)
COMMUNITIES = Metric(
    name="communities",
    title="Communities",
    description="Different communities on the list of communities.",
    kind=Kind.DISTINCT,
    unit="communities",
    facts=(Fact("hub_communities", ("community",)),),
)
HUBS = Metric(
    name="hubs",
    title="Hubs",
    description="Different hubs with a known number of users, which may be 0. A hub is its name with that of its cluster.",
    kind=Kind.DISTINCT,
    unit="hubs",
    facts=(Fact("hub_users", ("cluster", "hub"), _full_name),),
    policies=(STAGING,),
)
CLUSTERS = Metric(
    name="clusters",
    title="Clusters",
    description="Different clusters with a hub with a known number of users, which may be 0.",
    kind=Kind.DISTINCT,
    unit="clusters",
    facts=(Fact("hub_users", ("cluster",)),),
    policies=(STAGING,),
)
HUB_UNIQUE_USERS = Metric(
    name="hub_unique_users",
    title="Unique hub users",
    description=(
        "Different users of hubs in each period, counted once across hubs: one name in two hubs is one user. "
        "Days not polled in their last hour are lower bounds, with a lower coverage."
    ),
    kind=Kind.DISTINCT,
    unit="users",
    facts=(Fact("hub_activity", ("actor",)),),
    policies=(DEED, STAFF, SERVICES, LAUNCHES, STAGING),
)
