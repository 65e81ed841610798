"""Work that must happen: one row for each task that a domain event starts, written with the change itself."""

from django.db import models
from django.utils import timezone


class OutboxRow(models.Model):
    """One task to run for one domain event. Deleted once the task has run."""

    event = models.CharField(max_length=64)
    task = models.CharField(max_length=200)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.event} -> {self.task}"
