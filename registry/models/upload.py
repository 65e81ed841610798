"""Uploads in progress."""

import uuid

from django.db import models
from django.utils import timezone

from registry.models.repository import Repository


class Upload(models.Model):
    """An upload that is open; finished and cancelled ones have no row.

    One writer at a time: a request claims the row (`claim`, `claimed_at`) before its first byte and writes into a
    segment of its own. `driver_state` is the storage driver's record of the segments that count, `offset` how many
    bytes they hold, and `digest_state` the running SHA-256 over them (empty when it is not known). `storage_key` is set
    before the bytes move to their final place, so that a crash in between can be mended. `last_part_size` and
    `has_small_part` (one that others followed) are of ECR's own layer calls. `wanted` is the digest of a blob that a
    peer sends: it goes on with the upload that it has begun.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="uploads")
    principal_arn = models.CharField(max_length=512, blank=True)
    offset = models.BigIntegerField(default=0)
    driver_state = models.JSONField(default=dict)
    digest_state = models.BinaryField(default=bytes)
    storage_key = models.CharField(max_length=255, blank=True)
    last_part_size = models.PositiveIntegerField(default=0)
    wanted = models.CharField(max_length=135, blank=True, default="", db_default="")
    has_small_part = models.BooleanField(default=False)
    claim = models.CharField(max_length=32, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.id)
