"""Writes audit events; a change records itself in its own transaction."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam.arn import Arn
from accounts.models import AuditEvent

COLUMNS: Final = (
    *("id", "event_time", "event_source", "event_name", "read_only", "account_id", "region", "caller_account_id"),
    *(
        "principal_arn",
        "access_key_id",
        "source_ip",
        "user_agent",
        "request_id",
        "resource_arn",
        "error_code",
        "details",
    ),
)
READS: Final = ("BatchCheck", "BatchGet", "Describe", "Get", "List", "Lookup", "Simulate")
"""How the names of actions begin that change nothing."""
INSERT: Final = (
    f"INSERT INTO accounts_auditevent ({', '.join(COLUMNS)}) "  # noqa: S608 - names of this page
    f"VALUES ({', '.join(['%s'] * len(COLUMNS))})"
)


def record(
    caller: Caller,
    action: Action,
    resource: Arn,
    *,
    read_only: bool = False,
    error_code: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write who did what to which resource; the event belongs to the account that owns the resource."""
    AuditEvent.objects.create(
        event_time=at or timezone.now(),
        event_source=f"{resource.service}.amazonaws.com",
        event_name=action.value,
        read_only=read_only,
        account_id=resource.account_id,
        region=resource.region,
        caller_account_id=caller.account_id,
        principal_arn=caller.principal_arn,
        access_key_id=caller.access_key_id,
        source_ip=caller.source_ip,
        user_agent=caller.user_agent[:512],
        request_id=caller.request_id,
        resource_arn=str(resource),
        error_code=error_code,
        details=dict(details or {}),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """A line of the spool for the trail: a read, or what was denied. `caller` has the fields of a Caller."""

    at: datetime
    action: str
    resource: Arn
    caller: Mapping[str, str]
    details: Mapping[str, str]
    error_code: str = ""

    @property
    def is_read(self) -> bool:
        """Whether the action, had it been allowed, would have changed nothing."""
        return self.action.startswith(READS)


def record_reads(reads: Iterable[Read]) -> None:
    """Write many reads in one statement, without the model: a busy registry has thousands in a second."""
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (
            AuditEvent._meta.pk.get_db_prep_value(uuid.uuid4(), connection),
            adapt(read.at),
            f"{read.resource.service}.amazonaws.com",
            read.action[:64],
            read.is_read,
            read.resource.account_id,
            read.resource.region,
            read.caller["account_id"],
            read.caller["principal_arn"],
            read.caller["access_key_id"],
            read.caller["source_ip"],
            read.caller["user_agent"][:512],
            read.caller["request_id"],
            str(read.resource)[:512],
            read.error_code,
            json.dumps(read.details),
        )
        for read in reads
    ]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
