"""Lines of what was denied, and of sign-ins that failed -> events of the trail of the account whose resource it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from accounts.audit import trail
from accounts.audit.trail import Read
from accounts.iam.arn import Arn

KIND: Final = "denied"
CODE: Final = "AccessDenied"


def apply(lines: Sequence[Mapping[str, Any]]) -> None:
    """Write one event for each line, inside the drainer's transaction."""
    if lines:
        trail.record_reads(_read(line) for line in lines)


def _read(line: Mapping[str, Any]) -> Read:
    return Read(
        datetime.fromisoformat(line["at"]),
        str(line["action"]),
        Arn.parse(line["resource"]),
        line["caller"],
        {},
        error_code=str(line.get("error", CODE)),
    )
