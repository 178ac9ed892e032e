"""The store on Redis or Valkey, in bitmapist's key layout."""

from footfall.stores.redis.address import SCHEMES
from footfall.stores.redis.store import RedisStore

__all__ = ["SCHEMES", "RedisStore"]
