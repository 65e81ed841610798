"""Lifecycle policies at work: previews with their results, runs with their claims, and the time that was seen last."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.repository import Repository


class LifecyclePreview(models.Model):
    """What a policy would do to a repository's images. A repository has one at most; starting another replaces it."""

    class Status(models.TextChoices):
        """As ECR names it; results are thrown away when they have expired."""

        IN_PROGRESS = "IN_PROGRESS", _("in progress")
        COMPLETE = "COMPLETE", _("complete")
        EXPIRED = "EXPIRED", _("expired")
        FAILED = "FAILED", _("failed")

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="lifecycle_preview")
    policy_text = models.TextField()
    status = models.CharField(max_length=12, choices=Status, default=Status.IN_PROGRESS)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    expiring = models.IntegerField(default=0)
    transitioning = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"preview for {self.repository_id}: {self.status}"


class LifecyclePreviewImage(models.Model):
    """An image that would expire or be archived."""

    preview = models.ForeignKey(LifecyclePreview, on_delete=models.CASCADE, related_name="images")
    position = models.IntegerField()
    digest = models.CharField(max_length=135)
    tags = models.JSONField(default=list)
    pushed_at = models.DateTimeField()
    action = models.CharField(max_length=12)
    rule = models.PositiveIntegerField()
    storage_class = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preview", "position"], name="preview_position_once")]

    def __str__(self) -> str:
        return f"{self.position}: {self.action} {self.digest}"


class LifecycleRun(models.Model):
    """One application of a repository's policy: how far it is, and what it did.

    A run without `finished_at` belongs to the worker that wrote its `claim` last; a claim that is not renewed lapses.
    `held` counts images that had to stay because something changed meanwhile.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="lifecycle_runs")
    policy_text = models.TextField()
    claim = models.UUIDField(default=uuid.uuid4)
    claimed_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.IntegerField(default=0)
    expired = models.IntegerField(default=0)
    archived = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    error = models.CharField(max_length=64, blank=True, help_text=_("the name of what hindered it"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository"], condition=Q(finished_at=None), name="lifecycle_run_once")
        ]
        indexes = [models.Index(fields=["repository", "-id"], name="lifecycle_run_newest")]

    def __str__(self) -> str:
        return f"lifecycle of {self.repository_id} at {self.started_at}"


class LifecycleClock(models.Model):
    """One row: the time at which the schedule looked at the clock last, and until when the clock is not believed."""

    seen_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"seen at {self.seen_at}"
