"""Requests to a hub: for its metrics, and for all of its users, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from footfall.errors import BrokenDataError, SourceError
from footfall.http import Client, StatusError
from footfall.sources.jupyterhub.exposition import Reading, reading_of
from footfall.sources.jupyterhub.settings import HubPart

PAGE = 200
MOST_PAGES = 50_000
PAGINATED = "application/jupyterhub-pagination+json"
METRICS_SCOPES = "read:metrics"
USERS_SCOPES = "list:users, read:users:activity and read:servers"


@dataclass(frozen=True)
class User:
    """A user as the hub knows them."""

    name: str
    active_at: datetime | None
    groups: tuple[str, ...]
    starts: tuple[datetime, ...] | None
    """When their running servers were started; None if the token may not see servers."""


@dataclass(frozen=True)
class Users:
    """All users of a hub."""

    users: tuple[User, ...]

    @property
    def running(self) -> int | None:
        """Running servers; None if the token may not see them."""
        if not self.users or any(user.starts is None for user in self.users):
            return None
        return sum(len(user.starts or ()) for user in self.users)


def read_metrics(hub: HubPart, client: Client) -> Reading:
    """The hub's own metrics. Raises SourceError."""
    address = f"{hub.address}/hub/metrics"
    try:
        answer = client.get(address, headers=_headers(hub, "text/plain"))
    except StatusError as error:
        raise _refused(error, "metrics", METRICS_SCOPES) from None
    try:
        return reading_of(answer.text, hub.prefix)
    except BrokenDataError as error:
        raise BrokenDataError(f"{address}: {str(error).rstrip('.')}.") from None


def read_users(hub: HubPart, client: Client) -> Users:
    """All users of the hub, each once; their number must match the total that the hub reports. Raises SourceError."""
    try:
        items = list(_items(hub, client))
    except StatusError as error:
        raise _refused(error, "users", USERS_SCOPES) from None
    try:
        users = tuple(_user(item) for item in items)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BrokenDataError(
            f"{_api(hub)} returned a user that cannot be parsed; check that this is a JupyterHub."
        ) from None
    if len({user.name for user in users}) < len(users):
        raise BrokenDataError(
            f"{_api(hub)} listed a user twice while its pages were read; it is polled again next time."
        )
    return Users(users)


def _items(hub: HubPart, client: Client) -> Iterator[Mapping[str, Any]]:
    """The pages by offset, from the address in the settings: the next address in a page may be on a different host."""
    offset = seen = 0
    for _ in range(MOST_PAGES):
        params = {"offset": offset, "limit": PAGE}
        page = client.json(_api(hub), params=params, headers=_headers(hub, PAGINATED))
        try:
            items, said = list(page["items"]), page["_pagination"]
            total, limit = int(said["total"]), int(said["limit"])
        except (KeyError, TypeError, ValueError):
            raise BrokenDataError(
                f"{_api(hub)} does not paginate its answers; it needs JupyterHub 2 or newer."
            ) from None
        yield from items
        seen, offset = seen + len(items), offset + max(1, limit)
        if offset >= total:
            break
    if seen != total:
        raise BrokenDataError(
            f"{_api(hub)} has {total:,} users and returned {seen:,}; give the token {USERS_SCOPES} for all users."
        )


def _user(item: Mapping[str, Any]) -> User:
    if "last_activity" not in item:
        raise SourceError(f"the hub does not say when users were active; give the token the scopes {USERS_SCOPES}.")
    servers = item.get("servers")
    starts = None if servers is None else [_moment(each.get("started")) for each in servers.values()]
    running = None if starts is None else tuple(each or datetime.max.replace(tzinfo=UTC) for each in starts)
    return User(str(item["name"]), _moment(item["last_activity"]), tuple(map(str, item.get("groups") or ())), running)


def _moment(text: str | None) -> datetime | None:
    """Moments without a zone are in UTC, as in the hub's database."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _api(hub: HubPart) -> str:
    return f"{hub.address}/hub/api/users"


def _headers(hub: HubPart, accept: str) -> dict[str, str]:
    return {"Accept": accept, **({"Authorization": f"token {hub.token.reveal()}"} if hub.token else {})}


def _refused(error: StatusError, what: str, scopes: str) -> SourceError:
    """The refusal, with the permission that the token needs."""
    if error.status not in (401, 403) or error.is_passing:
        return error
    return SourceError(f"the hub refuses its {what} ({error.status}); give the token of the service {scopes}.")
