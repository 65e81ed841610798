"""Stored bytes, once per digest and encryption domain, and which repositories may see them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.repository import Repository


class Blob(models.Model):
    """Bytes under a storage key that was made for this row and is never used again.

    `domain` is the encryption domain (empty: the deployment's own). A DAMAGED or DELETING blob counts as absent; a
    damaged one is repaired in place by the next push of its digest.
    """

    class State(models.TextChoices):
        """What can be relied on."""

        LIVE = "live"
        DAMAGED = "damaged"
        DELETING = "deleting"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=135)
    domain = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField()
    storage_key = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.LIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "domain"], condition=~Q(state="deleting"), name="blob_digest_once"
            )
        ]

    def __str__(self) -> str:
        return self.digest


class BlobLink(models.Model):
    """A repository has a blob. Without its link a repository can't see bytes that another one stores.

    Without an image that needs it, the link stays until `keep_until`; pushing, mounting and asking renew that.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="blob_links")
    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="links")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    keep_until = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "blob"], name="blob_link_once")]

    def __str__(self) -> str:
        return f"{self.blob_id} in {self.repository_id}"
