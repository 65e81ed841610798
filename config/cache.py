"""The cache in Redis that all processes share."""

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from config.forgiving_cache import IfThere


class RedisIfThere(IfThere, RedisCache):
    """Redis while it answers."""

    failures = (RedisError,)
