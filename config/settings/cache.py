"""The cache that all processes share: it counts for rate limits, and remembers used one-time codes."""

from pathlib import Path
from typing import Any


def shared(redis_url: str, folder: Path) -> dict[str, Any]:
    """Return Django's settings for Redis, or for files below `folder` where one machine is all there is."""
    if redis_url:
        return {
            "BACKEND": "config.cache.RedisIfThere",
            "LOCATION": redis_url,
            "KEY_PREFIX": "kho",
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    return {
        "BACKEND": "config.file_cache.FilesIfTheyFit",
        "LOCATION": str(folder / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
