"""The trail: who did what, when, from where, with what result."""

import uuid

from django.db import models
from django.utils import timezone


class AuditEvent(models.Model):
    """One action, in the terms of a CloudTrail record. Rows are never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_time = models.DateTimeField(default=timezone.now)
    event_source = models.CharField(max_length=64)
    event_name = models.CharField(max_length=64)
    read_only = models.BooleanField()
    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32, blank=True)
    caller_account_id = models.CharField(max_length=12, blank=True)
    principal_arn = models.CharField(max_length=512, blank=True)
    access_key_id = models.CharField(max_length=128, blank=True)
    source_ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=512, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    resource_arn = models.CharField(max_length=512, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["account_id", "-event_time", "id"], name="audit_by_account"),
            models.Index(
                fields=["account_id", "-event_time", "-id"], condition=models.Q(read_only=False), name="audit_changes"
            ),
            models.Index(fields=["resource_arn", "-event_time"], name="audit_by_resource"),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} on {self.resource_arn} by {self.principal_arn or 'anonymous'}"
