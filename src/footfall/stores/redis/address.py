"""Addresses of a store on Redis or Valkey, read without connecting.

    redis://[user:password@]host[:port][/database]    valkey:// is the same
    rediss://…                                        with TLS; valkeys:// is the same
    redis://host:port?cluster=true                    a cluster, found from one of its nodes
    redis://host:port,host:port                       a cluster, found from any of several
    unix:///path/to/redis.sock

Options of redis-py may follow the question mark: `?socket_timeout=5`, `?ssl_ca_certs=ca.pem`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from footfall.errors import SettingsError

SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
_PORT = 6379
_VALID = (
    "write redis://host:6379/0, rediss:// for TLS, redis://host:6379?cluster=true for a cluster, or "
    "unix:///path/to/socket, and %-encode what is special in a password"
)


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is. `shown` holds no secrets; the rest is not to be shown."""

    shown: str
    url: str = field(repr=False)
    """As redis-py reads it, of the first node."""
    nodes: tuple[tuple[str, int], ...]
    is_cluster: bool
    secrets: tuple[str, ...] = field(repr=False)

    def hide(self, text: str) -> str:
        """A foreign text without our secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


def read_address(address: str) -> ServerAddress:
    """The parts of an address. A wrong one is refused without repeating it: it may hold a password."""
    scheme, sign, rest = address.partition("://")
    if not sign or scheme not in SCHEMES:
        raise SettingsError(f"its address is not that of a Redis or Valkey server; {_VALID}.")
    try:
        return _read(scheme, rest)
    except ValueError:
        raise SettingsError(f"its address ({scheme}://…) cannot be read; {_VALID}.") from None


def _read(scheme: str, rest: str) -> ServerAddress:
    place, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    user, at, where = place.rpartition("@")
    hosts, slash, path = where.partition("/")
    is_unix = SCHEMES[scheme] == "unix"
    if not is_unix and ("/" in user or (path and not path.isdigit())):
        raise ValueError
    nodes = () if is_unix else tuple(_node(host) for host in hosts.split(","))
    is_cluster = options.pop("cluster", "false").lower() in ("true", "yes", "1") or len(nodes) > 1
    if is_cluster and (is_unix or path.strip("0")):
        raise ValueError  # a cluster has one database, and no socket of its own
    first = where if is_unix else hosts.split(",")[0] + slash + path
    url = f"{SCHEMES[scheme]}://{user}{at}{first}" + (f"?{urlencode(options)}" if options else "")
    _, _, password = user.partition(":")
    secrets = (password, unquote(password), *(value for name, value in options.items() if "password" in name))
    shown = f"{scheme}://{where}" + ("?cluster=true" if is_cluster and len(nodes) == 1 else "")
    return ServerAddress(shown, url, nodes, is_cluster, tuple(secret for secret in secrets if secret))


def _node(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or _PORT
