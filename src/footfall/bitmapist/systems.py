"""Systems: named places where marks are stored, a Redis server or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import footfall.bitmapist as package  # whose SYSTEMS an application may set
from footfall.activity.activity import Activity
from footfall.bitmapist.dates import now
from footfall.errors import MissingExtraError, QueryError, UnknownNameError
from footfall.forking import ForkSafeLock
from footfall.stores.opening import open_store
from footfall.stores.store import Store

try:
    from redis import StrictRedis
except ImportError:  # the embedded store does not need it
    StrictRedis = None  # type: ignore[misc, assignment]

if TYPE_CHECKING:
    from redis import Redis

System: TypeAlias = "str | Redis | Store | Activity"
DEFAULT = "default"

SYSTEMS: dict[str, Any] = {DEFAULT: StrictRedis(host="localhost", port=6379)} if StrictRedis is not None else {}
"""By name: a Redis client, a store, or an activity, such as a workspace's."""

_opened: dict[str, tuple[Any, Activity]] = {}
_lock = ForkSafeLock()


def setup_redis(name: str, host: str, port: int, **kw: Any) -> None:
    """Register a Redis server; other arguments go to the client, whose class `redis_client` may replace."""
    make = kw.pop("redis_client", StrictRedis)
    if make is None:
        raise MissingExtraError("a system on Redis", "redis")
    package.SYSTEMS[name] = make(host=host, port=port, **kw)


def setup_store(name: str, address: str | Path) -> None:
    """Register a store: a file such as `activity.db`, which needs no server, or an address such as `redis://…`."""
    package.SYSTEMS[name] = open_store(str(address), Path.cwd(), now)


def get_redis(system: System = DEFAULT) -> Any:
    """The Redis client of a system."""
    client = redis_of(system)
    if client is None:
        raise QueryError(f"the system {system!r} is kept in {activity_of(system).store.address}, not in Redis.")
    return client


def redis_of(system: System = DEFAULT) -> Any | None:
    """The Redis client of a system; None if it is not on Redis."""
    kept_in = _kept_in(system)
    if _is_redis(kept_in):
        return kept_in
    store = kept_in.store if isinstance(kept_in, Activity) else kept_in
    return getattr(store, "client", None)


def _is_redis(kept_in: Any) -> bool:
    """Whether it is a Redis client of any library: all of them have this method."""
    return hasattr(kept_in, "execute_command")


def activity_of(system: System = DEFAULT) -> Activity:
    """The activity that reads and writes a system's marks; created once per name."""
    kept_in = _kept_in(system)
    if isinstance(kept_in, Activity):
        return kept_in
    if not isinstance(system, str):
        return Activity(_store_of(kept_in), now)
    with _lock:
        opened = _opened.get(system)
        if opened is None or opened[0] is not kept_in:
            opened = _opened[system] = kept_in, Activity(_store_of(kept_in), now)
    return opened[1]


def _kept_in(system: System) -> Any:
    if not isinstance(system, str):
        return system
    if system not in package.SYSTEMS:
        hint = "Name one with setup_redis(name, host, port) or setup_store(name, path)."
        raise UnknownNameError("system", system, package.SYSTEMS, hint)
    return package.SYSTEMS[system]


def _store_of(kept_in: Any) -> Store:
    if not _is_redis(kept_in):
        return cast("Store", kept_in)
    from footfall.stores.redis import RedisStore

    return RedisStore(client=kept_in, now=now)
