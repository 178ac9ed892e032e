"""The store on Redis or Valkey, in bitmapist's own layout of keys."""

from footfall.activity.redis.address import SCHEMES
from footfall.activity.redis.store import RedisStore

__all__ = ["SCHEMES", "RedisStore"]
