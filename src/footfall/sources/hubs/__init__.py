"""Hubs: shared code of the sources for JupyterHubs, whether they query the hub or a Prometheus about it.

tables    users of each hub by day and span; who was active where
metrics   the metrics of these tables
people    who is a person, staff or a service, and the name under which they are stored
names     hubs for testing                      sizes        bins of users
clusters  configured hubs, from YAML            communities  who uses hubs, from CSV
listing   both as tables, one list per day
"""

from footfall.sources.hubs.metrics import (
    CLUSTERS,
    COMMUNITIES,
    HUB_UNIQUE_USERS,
    HUB_USERS_METRIC,
    HUBS,
    HUBS_BY_SIZE,
    USERS_BY_SIZE,
)
from footfall.sources.hubs.names import is_staging
from footfall.sources.hubs.people import People, Role
from footfall.sources.hubs.sizes import SIZES, size_of
from footfall.sources.hubs.tables import HUB_ACTIVITY, HUB_COMMUNITIES, HUB_LIST, HUB_USERS, Action, Timescale

__all__ = [
    "CLUSTERS",
    "COMMUNITIES",
    "HUBS",
    "HUBS_BY_SIZE",
    "HUB_ACTIVITY",
    "HUB_COMMUNITIES",
    "HUB_LIST",
    "HUB_UNIQUE_USERS",
    "HUB_USERS",
    "HUB_USERS_METRIC",
    "SIZES",
    "USERS_BY_SIZE",
    "Action",
    "People",
    "Role",
    "Timescale",
    "is_staging",
    "size_of",
]
