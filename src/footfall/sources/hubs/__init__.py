"""Hubs: what the sources that know JupyterHubs have in common, whether they ask the hub or a Prometheus about it.

tables    users of each hub by day and span; who was active where
metrics   the numbers that come of these tables
people    who is a person, staff or a service, and under which name they are kept
names     hubs that are for trying things out
"""

from footfall.sources.hubs.metrics import CLUSTERS, HUB_UNIQUE_USERS, HUB_USERS_METRIC, HUBS
from footfall.sources.hubs.names import is_staging
from footfall.sources.hubs.people import People, Role
from footfall.sources.hubs.tables import HUB_ACTIVITY, HUB_USERS, Deed, Timescale

__all__ = [
    "CLUSTERS",
    "HUBS",
    "HUB_ACTIVITY",
    "HUB_UNIQUE_USERS",
    "HUB_USERS",
    "HUB_USERS_METRIC",
    "Deed",
    "People",
    "Role",
    "Timescale",
    "is_staging",
]
