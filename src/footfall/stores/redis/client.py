"""redis-py clients that an application created: their address, and reading through them."""

from __future__ import annotations

from typing import Any

from footfall.stores.redis.address import ServerAddress


def address_of(client: Any) -> ServerAddress:
    """The address that a client is connected to, as far as its options show it."""
    options = _options(client)
    place = f"{options.get('host', 'localhost')}:{options.get('port', 6379)}/{options.get('db') or 0}"
    shown = f"unix://{options['path']}" if options.get("path") else f"redis://{place}"
    secrets = (secret for secret in (options.get("password"),) if secret)
    return ServerAddress(shown, shown, (), is_cluster=False, secrets=tuple(secrets))


def answering(client: Any) -> Any:
    """A client on the same server that replies at once and in bytes: pipelines only queue, and some clients decode."""
    import redis

    if is_pipeline(client):
        client = redis.Redis(connection_pool=client.connection_pool)
    options = _options(client)
    if not options.get("decode_responses"):
        return client
    made_by = client.connection_pool.connection_class
    return redis.Redis(connection_pool=redis.ConnectionPool(made_by, **{**options, "decode_responses": False}))


def is_pipeline(client: Any) -> bool:
    return hasattr(client, "command_stack")


def _options(client: Any) -> dict[str, Any]:
    pool = getattr(client, "connection_pool", None)
    options: dict[str, Any] = getattr(pool, "connection_kwargs", {})
    return options
