"""A warehouse by its address.

postgresql://user@host/database          sqlite:///file.db           duckdb:///file.duckdb, or duckdb:// for files alone
clickhouse+https://user@host/database    bigquery://project          snowflake://user@account/database/schema?warehouse=…
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from footfall.errors import SettingsError, did_you_mean
from footfall.numerals import whole_of
from footfall.settings import Secret
from footfall.warehouses.asking import Warehouse
from footfall.warehouses.bigquery import ADDRESS, MOST_BYTES

if TYPE_CHECKING:
    from footfall.http import Client


@dataclass(frozen=True)
class Access:
    """How to connect to a warehouse.

    Args:
        address: See above; it may hold a password.
        folder: Where relative paths start.
        client: The HTTP client, created when it is first needed.
        password: A password, or for BigQuery an access token, that is not in the address.
        most_bytes: The most that one BigQuery query may read.
    """

    address: Secret
    folder: Path
    client: Callable[[], Client]
    password: Secret | None = None
    most_bytes: int = MOST_BYTES

    @property
    def parts(self) -> SplitResult:
        try:
            parts = urlsplit(self.address.reveal())
            _ = parts.port
        except ValueError:
            raise SettingsError(f"the connection is not an address; {_VALID}") from None
        if parts.scheme not in OPENERS:
            names = did_you_mean(parts.scheme, [f"{name}://" for name in OPENERS])
            raise SettingsError(f"the connection begins with {parts.scheme!r}{names}; {_VALID}")
        return parts

    @property
    def options(self) -> dict[str, str]:
        """The parameters after the question mark."""
        return dict(parse_qsl(self.parts.query, keep_blank_values=True))

    @property
    def user(self) -> str:
        return unquote(self.parts.username or "")

    @property
    def secret(self) -> Secret | None:
        """The password, from wherever it is given."""
        inside = self.parts.password
        return self.password or (Secret(unquote(inside)) if inside else None)

    @property
    def where(self) -> str:
        """The address without secrets, for messages."""
        parts = self.parts
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        place = f"{host}:{parts.port}" if parts.port else host
        return f"{parts.scheme}://{place}{parts.path}"


def open_warehouse(access: Access) -> Warehouse:
    """A read-only connection in UTC.

    Raises SettingsError for an invalid address, MissingExtraError, UnreachableError if nothing answers, and
    RefusedQueryError if access is refused.
    """
    return OPENERS[access.parts.scheme](access)


def _postgresql(access: Access) -> Warehouse:
    from footfall.warehouses.adbc import open_postgresql

    parts, options = access.parts, access.options
    user = quote(access.user, safe="")
    login = f"{user}:{quote(access.secret.reveal(), safe='')}@" if access.secret else f"{user}@" if user else ""
    options = {"connect_timeout": "15", "application_name": "footfall", **options}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
    place = parts.netloc.rpartition("@")[2]
    return open_postgresql(urlunsplit(("postgresql", login + place, parts.path, query, "")), access.where)


def _sqlite(access: Access) -> Warehouse:
    from footfall.warehouses.adbc import open_sqlite

    return open_sqlite(str(_file(access)), access.where)


def _duckdb(access: Access) -> Warehouse:
    from footfall.warehouses.duck import open_duckdb

    is_none = access.parts.path in ("", "/", "/:memory:")
    return open_duckdb(None if is_none else _file(access), access.folder, access.where)


def _file(access: Access) -> Path:
    """`sqlite:///a.db` is relative to the workspace, `sqlite:////a.db` is not."""
    path = access.folder / Path(unquote(access.parts.path.removeprefix("/"))).expanduser()
    if not path.is_file():
        raise SettingsError(
            f"there is no file {path}; correct `connection`, such as {access.parts.scheme}:///usage.db."
        )
    return path


def _clickhouse(access: Access) -> Warehouse:
    from footfall.warehouses.clickhouse import ClickHouse
    from footfall.warehouses.over_http import AskedClickHouse

    parts = access.parts
    place = parts.netloc.rpartition("@")[2]
    server = ClickHouse(
        access.client(),
        f"{parts.scheme.removeprefix('clickhouse+')}://{place}/",
        user=access.user or "default",
        password=access.secret,
        database=unquote(parts.path.strip("/")),
        settings=access.options,
    )
    return AskedClickHouse(server)


def _bigquery(access: Access) -> Warehouse:
    from footfall.warehouses.bigquery import BigQuery
    from footfall.warehouses.google import google_token
    from footfall.warehouses.over_http import AskedBigQuery

    options = _known(access, "location", "api")
    return AskedBigQuery(
        BigQuery(
            access.client(),
            access.parts.netloc.rpartition("@")[2],
            access.secret or google_token(),
            most_bytes=access.most_bytes,
            location=options.get("location", ""),
            address=options.get("api", ADDRESS),
        )
    )


def _snowflake(access: Access) -> Warehouse:
    from footfall.warehouses.snowflake import open_snowflake

    parts = access.parts
    options: dict[str, Any] = {"login_timeout": 60, **access.options}
    if "port" in options:
        try:
            options["port"] = whole_of(options["port"])
        except ValueError:
            raise SettingsError(f"the port of the connection is {options['port']!r}; write a whole number.") from None
    database, _, schema = unquote(parts.path.strip("/")).partition("/")
    given = {"user": access.user, "account": parts.hostname or "", "database": database, "schema": schema}
    options |= {name: value for name, value in given.items() if value}
    if access.secret:
        options["token" if options.get("authenticator") == "oauth" else "password"] = access.secret.reveal()
    return open_snowflake(options, access.where)


def _known(access: Access, *names: str) -> Mapping[str, str]:
    for name in access.options:
        if name not in names:
            raise SettingsError(f"the connection has the option {name!r}{did_you_mean(name, names)}.")
    return access.options


OPENERS: Mapping[str, Callable[[Access], Warehouse]] = {
    "postgresql": _postgresql,
    "postgres": _postgresql,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "clickhouse+https": _clickhouse,
    "clickhouse+http": _clickhouse,
    "bigquery": _bigquery,
    "snowflake": _snowflake,
}
_VALID = (
    "write one such as postgresql://user@host/database, sqlite:///usage.db, duckdb:///usage.duckdb, bigquery://project."
)
