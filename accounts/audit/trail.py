"""Writes audit events; a change records itself in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam.arn import Arn
from accounts.models import AuditEvent


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
    event(caller, action, resource, read_only=read_only, error_code=error_code, details=details, at=at).save()


def record_all(events: Sequence[AuditEvent]) -> None:
    """Write many events at once."""
    AuditEvent.objects.bulk_create(events, batch_size=500)


def event(
    caller: Caller,
    action: Action,
    resource: Arn,
    *,
    read_only: bool = False,
    error_code: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEvent:
    """Make an event that is not written yet."""
    return AuditEvent(
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


def recent(caller: Caller, *, limit: int = 10) -> list[AuditEvent]:
    """Return the last changes in the caller's own account, newest first."""
    found = AuditEvent.objects.filter(account_id=caller.account_id, read_only=False)
    return list(found.order_by("-event_time", "-id")[:limit]) if caller.account_id else []
