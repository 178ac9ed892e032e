"""The server: connections, commands in one round trip, and errors as sentences. The only module that uses `redis`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from footfall.errors import (
    ActivityError,
    DamagedStoreError,
    MissingExtraError,
    SettingsError,
    StoreWriteError,
    UnreachableStoreError,
)
from footfall.forking import ForkSafeLock
from footfall.stores.redis.address import ServerAddress

Command = tuple[Any, ...]
_CONNECT_WITHIN, _ANSWER_WITHIN = 5.0, 60.0
"""Seconds, unless the address sets others."""
_SCAN = 1000
"""Keys per SCAN step: few enough not to block the server."""


_BITMAPS_ONLY: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()
"""What is known about servers, by connection pool: an application's clients come and go, but share pools."""


class Server:
    """A Redis or Valkey server, or a cluster. Threads share its connection pool."""

    def __init__(self, address: ServerAddress, client: Any = None) -> None:
        """If a client is passed in, the caller closes it."""
        self.address = address
        self._lock = ForkSafeLock()
        self._given = self._client = client

    def run(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands in one round trip (in a cluster, one per node) and return the replies in order.

        This is not a transaction: commands before one that fails have been executed.
        """
        answers = self.answers(commands)
        for command, answer in zip(commands, answers, strict=True):
            if isinstance(answer, Exception):
                raise _failure(answer, self.address, str(command[1]) if len(command) > 1 else "") from None
        return answers

    def answers(self, commands: Sequence[Command]) -> list[Any]:
        """The same, but errors are returned among the replies."""
        if not commands:
            return []
        with self._translating_errors():
            from redis import Redis

            client = self.client()
            # Other clients, such as a cluster's, send their commands themselves.
            return (_exchange if type(client) is Redis else _by_pipeline)(client, commands)

    @property
    def has_bitmaps_only(self) -> bool:
        """Whether the server supports only bitmaps, such as Doist's bitmapist-server; asked once."""
        with self._translating_errors():
            pool = getattr(self.client(), "connection_pool", None) or self
        if pool not in _BITMAPS_ONLY:
            [reply] = self.answers([("HLEN", "footfall_ids")])
            _BITMAPS_ONLY[pool] = isinstance(reply, Exception) and "unknown command" in str(reply).lower()
        return _BITMAPS_ONLY[pool]

    def check_keeps_more(self, what: str) -> None:
        """Raise ActivityError if something else is needed and the server supports only bitmaps."""
        if self.has_bitmaps_only:
            raise ActivityError(
                f"{self.address.shown} keeps bitmaps and nothing else, as bitmapist-server does, so it cannot {what}; nothing was "
                "changed. Use Redis or Valkey, or the embedded store."
            )

    def of_another_kind(self, keys: Sequence[str]) -> list[str]:
        """The keys whose values are not strings."""
        answers = self.answers([("GETBIT", key, 0) for key in keys])
        return [
            key
            for key, reply in zip(keys, answers, strict=True)
            if "WRONGTYPE" in str(reply) or "wrong kind" in str(reply)
        ]

    def ask(self, *command: Any) -> Any:
        return self.run([command])[0]

    def keys(self, pattern: str) -> list[str]:
        """The names of matching keys on all nodes, sorted; names that are not UTF-8 are not ours and are skipped."""
        found = set()
        with self._translating_errors():
            for key in self.client().scan_iter(match=pattern, count=_SCAN):
                try:
                    found.add(key.decode())
                except UnicodeDecodeError:
                    continue
        return sorted(found)

    def number(self, value: Any, key: str) -> int:
        """The number stored under one of our keys. DamagedStoreError if another program wrote something else there."""
        try:
            return int(value)
        except (ValueError, TypeError):
            raise DamagedStoreError(
                f"{self.address.shown} has {bytes(value)[:40]!r} under {key} instead of a number; delete this field."
            ) from None

    def fields(self, key: str) -> Iterator[tuple[bytes, bytes]]:
        """The fields of a hash, which may be large."""
        with self._translating_errors():
            yield from self.client().hscan_iter(key, count=_SCAN)

    def close(self) -> None:
        with self._lock:
            if self._client is not self._given:
                self._client.close()
                self._client = self._given

    def client(self) -> Any:
        """The redis-py client, connected on first use."""
        return self._client or self._open()

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                client = _connect(self.address)
                if not self.address.is_cluster and _is_node_of_cluster(client):
                    client.close()
                    client = _connect(self._address_of_cluster())
                self._client = client
        return self._client

    def _address_of_cluster(self) -> ServerAddress:
        """The cluster that this server is a node of: alone, the node would return its own part as if it were all."""
        if not self.address.nodes:
            raise ActivityError(
                f"{self.address.shown} is a node of a cluster; name it by host and port, as redis://host:6379?cluster=true."
            )
        return replace(self.address, is_cluster=True)

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """Convert errors of the server or its client to one sentence that says what to do."""
        try:
            import redis.exceptions
        except ImportError:
            raise MissingExtraError("a store of marks on Redis or Valkey", "redis") from None
        try:
            yield
        except (redis.exceptions.RedisError, redis.exceptions.RedisClusterException, OSError) as error:
            raise _failure(error, self.address) from None


def _is_node_of_cluster(client: Any) -> bool:
    """Whether a server reports cluster mode; errors surface in the next command."""
    from redis.exceptions import RedisError

    try:
        [reply] = _exchange(client, [("INFO", "cluster")])
    except (RedisError, OSError):
        return False
    return isinstance(reply, bytes) and b"cluster_enabled:1" in reply


def _by_pipeline(client: Any, commands: Sequence[Command]) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    answers: list[Any] = pipeline.execute(raise_on_error=False)
    return answers


def _exchange(client: Any, commands: Sequence[Command]) -> list[Any]:
    """The core of a redis-py pipeline without its overhead: a third more marks per second."""
    from redis.exceptions import ResponseError

    pool = client.connection_pool
    connection = pool.get_connection()
    answers: list[Any] = []
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        for _ in commands:
            try:
                answers.append(connection.read_response())
            except ResponseError as error:
                answers.append(error)
    except BaseException:
        connection.disconnect()  # unread replies must not be mistaken for those of the next command
        raise
    finally:
        pool.release(connection)
    return answers


class _Packer:
    """Encodes commands for the protocol (RESP: redis.io/docs/latest/develop/reference/protocol-spec).

    It takes half the time of redis-py, whose encoding would be most of the cost of marking one actor.
    """

    def pack(self, *command: Any) -> list[bytes]:
        words = command if " " not in command[0] else (*command[0].split(), *command[1:])  # CLIENT SETINFO
        encoded = [word if type(word) is bytes else str(word).encode() for word in words]
        parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded]
        return [b"*%d\r\n%b" % (len(parts), b"".join(parts))]


def _connect(address: ServerAddress) -> Any:
    import redis.backoff
    import redis.cluster
    import redis.connection
    import redis.retry

    untyped: Any = redis

    # An automatic retry of a pipeline would count its occurrences twice.
    options: dict[str, Any] = {
        "socket_connect_timeout": _CONNECT_WITHIN,
        "socket_timeout": _ANSWER_WITHIN,
        "retry": untyped.retry.Retry(untyped.backoff.NoBackoff(), 0),
    }
    try:
        if not address.is_cluster:
            options["command_packer"] = _Packer()
            pool = untyped.ConnectionPool.from_url(address.url, **options)
            pool.connection_class(**pool.connection_kwargs)  # does not connect yet, but validates the options
            return redis.Redis(connection_pool=pool)
        options.update(untyped.connection.parse_url(address.url))
        for name in ("host", "port", "db", "connection_class"):
            options.pop(name, None)
        nodes = [untyped.cluster.ClusterNode(host, port) for host, port in address.nodes]
        return redis.cluster.RedisCluster(startup_nodes=nodes, ssl=address.url.startswith("rediss:"), **options)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{address.shown} has an option that cannot be used: {address.hide(str(error))}.") from None


def _failure(error: Exception, address: ServerAddress, key: str = "") -> ActivityError:
    """The error for a server's reply. The server's error code comes first, unless redis-py has removed it."""
    from redis import exceptions

    where, text = address.shown, address.hide(str(error)).rstrip(".")
    code = text.partition(" ")[0]
    match error:
        case exceptions.AuthenticationError():
            return UnreachableStoreError(f"{where} rejected user and password ({text}); correct them in the address.")
        case exceptions.ConnectionError() if text in ("Too many connections", "No connection available"):
            return UnreachableStoreError(
                f"the client for {where} has no connection left ({text}); give its pool more max_connections, one for each thread."
            )
        case exceptions.NoPermissionError():
            return StoreWriteError(
                f"{where} does not permit it ({text}); give the user the rights to read and write trackist_* and "
                "footfall_*, nothing was marked."
            )
        case exceptions.ReadOnlyError():
            return StoreWriteError(f"{where} is a replica, which only reads; set the address of the primary.")
        case exceptions.OutOfMemoryError():
            return StoreWriteError(f"{where} has no memory left ({text}); raise maxmemory; stored marks are safe.")
        case exceptions.InvalidResponse():
            return UnreachableStoreError(f"{where} answers, but not as Redis or Valkey does; check host and port.")
        case exceptions.ResponseError() if code in ("MISCONF", "NOREPLICAS"):
            return StoreWriteError(f"{where} refuses to write: {text}.")
        case exceptions.ResponseError() if code == "WRONGTYPE" or "not an integer" in text:
            return DamagedStoreError(
                f"{where} holds a key of another kind under a name that belongs to activity ({key or text}); rename that key, or "
                "set another database."
            )
        case exceptions.ResponseError() if not isinstance(error, exceptions.ClusterDownError):
            return ActivityError(f"{where} cannot be used: {text}.")
    return UnreachableStoreError(f"{where} does not answer ({text}); check that Redis runs there and can be reached.")
