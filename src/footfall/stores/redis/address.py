"""Addresses of a store on Redis or Valkey, parsed without connecting.

    redis://[user:password@]host[:port][/database]    valkey:// is the same
    rediss://…                                        with TLS; valkeys:// is the same
    redis://host:port?cluster=true                    a cluster, discovered from one of its nodes
    redis://host:port,host:port                       a cluster, discovered from any of several
    unix:///path/to/redis.sock

The query string may set options of redis-py: `?socket_timeout=5`, `?ssl_ca_certs=ca.pem`.
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
    """The address of a server. `shown` holds no secrets; the rest must not be shown."""

    shown: str
    url: str = field(repr=False)
    """The URL of the first node, for redis-py."""
    nodes: tuple[tuple[str, int], ...]
    is_cluster: bool
    secrets: tuple[str, ...] = field(repr=False)

    def hide(self, text: str) -> str:
        """A text from elsewhere, with our secrets masked."""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


def read_address(address: str) -> ServerAddress:
    """Parse an address. The error for an invalid one does not repeat it: it may contain a password."""
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
        raise ValueError  # a cluster has only one database, and no Unix socket
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
