"""The store on Redis or Valkey, in bitmapist's own layout of keys."""

from footfall.activity.redis.store import RedisStore

__all__ = ["RedisStore"]
