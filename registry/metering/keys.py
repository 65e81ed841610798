"""Lines about used access keys -> the time of their last use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.directory import access_keys


def apply(lines: Sequence[Mapping[str, Any]]) -> None:
    """Save the latest use of each key, inside the drainer's transaction."""
    last: dict[str, datetime] = {}
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        key_id = str(line["access_key_id"])
        last[key_id] = max(at, last.get(key_id, at))
    for key_id, at in sorted(last.items()):
        access_keys.used(key_id, at)
