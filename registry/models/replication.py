"""Replication: what has to be copied where and how far it is, and backfills of what was there before the rules."""

import uuid
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from registry.models.image import Image


class Replication(models.Model):
    """One image under one tag (or, tag empty, by digest alone) on its way to one destination, or there.

    `account` and `source_region` are the registry that it comes from, `registry_id` and `region` the destination.
    """

    class Status(models.TextChoices):
        """As ECR names it."""

        IN_PROGRESS = "IN_PROGRESS", _("in progress")
        COMPLETE = "COMPLETE", _("complete")
        FAILED = "FAILED", _("failed")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="replications")
    source_region = models.CharField(max_length=32)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="replications")
    tag = models.CharField(max_length=300, blank=True)
    region = models.CharField(max_length=32)
    registry_id = models.CharField(max_length=12)
    status = models.CharField(max_length=12, choices=Status, default=Status.IN_PROGRESS)
    failure_code = models.CharField(max_length=64, blank=True, help_text=_("the name of what hindered it"))
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "tag", "region", "registry_id"], name="replication_once")
        ]
        indexes = [
            models.Index(fields=["account", "source_region", "status", "-id"], name="replication_by_status"),
            models.Index(
                fields=["account", "source_region", "region", "registry_id", "-finished_at"],
                name="replication_last_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image_id}:{self.tag} to {self.registry_id}/{self.region}: {self.status}"


class ReplicationBackfill(models.Model):
    """A copy of all images of a registry that its rules lead to one destination; made because somebody asked.

    `total` is empty until all that is to be copied is listed. `away_since` is when the destination's deployment was
    found away, empty while it answers. There is one at a time for each destination region.
    """

    class Status(models.TextChoices):
        """As ECR names it."""

        PREPARING = "PREPARING", _("preparing")
        IN_PROGRESS = "IN_PROGRESS", _("in progress")
        COMPLETE = "COMPLETE", _("complete")
        FAILED = "FAILED", _("failed")
        STOPPING = "STOPPING", _("stopping")
        STOPPED = "STOPPED", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="replication_backfills")
    source_region = models.CharField(max_length=32)
    region = models.CharField(max_length=32)
    registry_id = models.CharField(max_length=12)
    status = models.CharField(max_length=12, choices=Status, default=Status.PREPARING)
    failure_code = models.CharField(max_length=64, blank=True)
    total = models.IntegerField(null=True, blank=True)
    completed = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    listed_until = models.BigIntegerField(default=0, help_text=_("the last image that was looked at for the list"))
    created_by = models.CharField(max_length=512, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    away_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "source_region", "region"],
                condition=Q(ended_at=None),
                name="replication_backfill_once",
            )
        ]
        indexes = [
            models.Index(fields=["account", "source_region", "-started_at", "-id"], name="replication_backfill_newest")
        ]

    def __str__(self) -> str:
        return f"backfill to {self.registry_id}/{self.region}: {self.status}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.status not in OPEN

    @property
    def worked(self) -> int:
        """How many copies were tried."""
        return self.completed + self.failed


Status = ReplicationBackfill.Status
MOVES: Final[dict[Status, frozenset[Status]]] = {
    Status.PREPARING: frozenset({Status.IN_PROGRESS, Status.FAILED, Status.STOPPED}),
    Status.IN_PROGRESS: frozenset({Status.COMPLETE, Status.FAILED, Status.STOPPING}),
    Status.STOPPING: frozenset({Status.STOPPED}),
    Status.COMPLETE: frozenset(),
    Status.FAILED: frozenset(),
    Status.STOPPED: frozenset(),
}
"""Which status may follow which."""
OPEN: Final = frozenset({Status.PREPARING, Status.IN_PROGRESS, Status.STOPPING})

if set(MOVES) != set(Status) or {Status.PREPARING}.union(*MOVES.values()) != set(Status):
    raise TypeError("the table of moves leaves out a status")


class ReplicationBackfillResult(models.Model):
    """One image under one tag that a backfill copies."""

    class Status(models.TextChoices):
        """As ECR names it, and PENDING before."""

        PENDING = "PENDING"
        COMPLETE = "COMPLETE"
        FAILED = "FAILED"

    backfill = models.ForeignKey(ReplicationBackfill, on_delete=models.CASCADE, related_name="results")
    image_number = models.BigIntegerField(help_text=_("the id of the image's row, which may be gone"))
    repository_name = models.CharField(max_length=256)
    digest = models.CharField(max_length=135)
    tag = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    failure_code = models.CharField(max_length=64, blank=True)
    child_failure_codes = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["backfill", "image_number", "tag"], name="replication_backfill_result_once")
        ]
        indexes = [models.Index(fields=["backfill", "status", "id"], name="replication_backfill_next")]

    def __str__(self) -> str:
        return f"{self.repository_name}@{self.digest}: {self.status}"
