"""Work that must happen: one row for each task that a domain event starts, written with the change itself."""

from django.db import models
from django.utils import timezone


class OutboxRow(models.Model):
    """One task to run for one domain event. Deleted once the task has run; a dead letter once it is given up.

    Whoever holds `claim` until `claimed_until` is at it, and nobody else. `due_at` is when the sweep looks at it next.
    """

    event = models.CharField(max_length=64)
    task = models.CharField(max_length=200)
    queue = models.CharField(max_length=32, default="default", db_default="default")
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    claim = models.UUIDField(null=True, blank=True, default=None)
    claimed_until = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(dead_at=None), name="outbox_due"),
            models.Index(fields=["-dead_at", "-id"], condition=~models.Q(dead_at=None), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.event} -> {self.task}"
