"""Whether each kind of data can be read from a hub: metrics and users separately, as the token may allow only one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from footfall.errors import SourceError
from footfall.sources.checks import Check
from footfall.sources.jupyterhub.asking import METRICS_SCOPES, USERS_SCOPES, read_metrics, read_users
from footfall.sources.jupyterhub.settings import HubPart

if TYPE_CHECKING:
    from footfall.http import Client


def checks_of(hub: HubPart, client: Client, *, with_users: bool) -> Iterator[Check]:
    """One check for the metrics of a hub, and one for its users if they are collected."""
    fix = "give the token of the service the scopes {}, and check the address"
    try:
        reading = read_metrics(hub, client)
        yield Check(f"{hub.name}: metrics", "ok", f"{reading.running} running servers, {reading.total} users")
    except SourceError as error:
        yield Check(f"{hub.name}: metrics", "failed", str(error), fix.format(METRICS_SCOPES))
    if not with_users:
        return
    try:
        users = read_users(hub, client)
    except SourceError as error:
        yield Check(f"{hub.name}: users", "failed", str(error), fix.format(USERS_SCOPES))
        return
    yield Check(f"{hub.name}: users", "ok", f"{len(users.users):,} users")
    if users.users and users.users[0].starts is None:
        yield Check(f"{hub.name}: servers", "failed", "the token may not see servers", "give it the scope read:servers")
