"""Opening a store by its address: `sqlite:///activity.db`, a path, or `redis://…`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from footfall.errors import SettingsError, shown
from footfall.stores.store import Store

SQLITE = "sqlite:///"
VALID_ADDRESSES = 'write "sqlite:///activity.db", with four slashes for an absolute path, or "redis://host:6379/0"'


def open_store(address: str, folder: Path, now: Callable[[], datetime]) -> Store:
    """The store at an address; a file path is relative to `folder`. It is opened on first use."""
    scheme, sign, _ = address.partition("://")
    if sign and scheme != "sqlite":
        from footfall.stores.redis import SCHEMES, RedisStore

        if scheme not in SCHEMES:  # show only the scheme: the rest may contain a password
            raise SettingsError(
                f"activity begins with {scheme}://, which is not the address of a store; {VALID_ADDRESSES}."
            )
        return RedisStore(address, now=now)
    path = address.removeprefix(SQLITE)
    if not path or "://" in path:
        raise SettingsError(f"activity is {address!r}, which is not the address of a store; {VALID_ADDRESSES}.")
    from footfall.stores.sqlite import SqliteStore

    file = folder / path
    try:
        file.exists()
    except OSError as error:  # the name is too long
        raise SettingsError(f"activity is {shown(address)}, which cannot be a file: {error.strerror}.") from None
    return SqliteStore(file, now=now)
