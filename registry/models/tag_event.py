"""The history of image tags: who moved which tag from which digest to which."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.repository import Repository


class TagEvent(models.Model):
    """One change of one tag. Rows are never changed. `rule` is that of the lifecycle policy that let the tag expire."""

    class Kind(models.TextChoices):
        """What happened to the tag."""

        CREATED = "created", _("created")
        MOVED = "moved", _("moved")
        DELETED = "deleted", _("deleted")
        REVERTED = "reverted", _("reverted")
        EXPIRED = "expired", _("expired")
        RESTORED = "restored", _("restored")
        REPLICATED = "replicated", _("replicated")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="tag_events")
    tag = models.CharField(max_length=300)
    kind = models.CharField(max_length=12, choices=Kind)
    old_digest = models.CharField(max_length=135, blank=True)
    new_digest = models.CharField(max_length=135, blank=True)
    at = models.DateTimeField(default=timezone.now)
    principal_arn = models.CharField(max_length=512, blank=True)
    rule = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["repository", "-at", "-id"], name="tag_event_newest"),
            models.Index(fields=["repository", "tag", "-at"], name="tag_event_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.kind}"
