"""A public repository's row in gallery search, refreshed by domain events."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models import Repository


class Listing(models.Model):
    """What search and lists show of a public repository; everything here can be computed again."""

    class Kind(models.TextChoices):
        """What the newest image is."""

        IMAGE = "image", _("image")
        CHART = "chart", _("Helm chart")
        ARTIFACT = "artifact", _("artifact")

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="listing")
    alias = models.CharField(max_length=50)
    name = models.CharField(max_length=256)
    publisher = models.CharField(max_length=100)
    description = models.CharField(max_length=1024, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.IMAGE)
    newest_tag = models.CharField(max_length=300, blank=True)
    platforms = models.JSONField(default=list)
    tag_count = models.IntegerField(default=0)
    pull_count = models.BigIntegerField(default=0)
    recent_pull_count = models.BigIntegerField(default=0)
    pushed_at = models.DateTimeField(null=True, blank=True)
    search_text = models.TextField(blank=True)
    refreshed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["-recent_pull_count", "id"], name="listing_popular"),
            models.Index(fields=["-pushed_at", "id"], name="listing_newest"),
            models.Index(fields=["alias", "name"], name="listing_by_alias"),
        ]

    def __str__(self) -> str:
        return f"{self.alias}/{self.name}"
