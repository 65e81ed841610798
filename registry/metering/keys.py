"""Lines about used access keys -> the time of their last use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.directory import access_keys
from accounts.directory.access_keys import Use


def apply(lines: Sequence[Mapping[str, Any]]) -> None:
    """Save the latest use of each key, inside the drainer's transaction."""
    last: dict[str, Use] = {}
    for line in lines:
        use = Use(datetime.fromisoformat(line["at"]), line.get("service", ""), line.get("region", ""))
        key_id = str(line["access_key_id"])
        last[key_id] = max(use, last.get(key_id, use))
    for key_id, use in sorted(last.items()):
        access_keys.used(key_id, use)
