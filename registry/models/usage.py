"""Pull counts, and how far the spool of each process has been read."""

from django.db import models
from django.utils import timezone

from registry.models.image import Image
from registry.models.repository import Repository


class PullCount(models.Model):
    """How often an image was pulled on a day (UTC), by tag; tag empty for pulls by digest."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="pull_counts")
    tag = models.CharField(max_length=300, blank=True)
    day = models.DateField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "tag", "day"], name="pull_count_once")]

    def __str__(self) -> str:
        return f"{self.image_id} {self.day}: {self.count}"


class DailyPulls(models.Model):
    """How often something was pulled from a repository on a day (UTC), by client, by tag or by platform.

    Every pull has one client and one tag (empty: by digest), so that the sums of both are the repository's pulls. A
    platform is counted when its own manifest is fetched: none or several times for one pull.
    """

    class By(models.TextChoices):
        """What `name` is."""

        CLIENT = "client"
        TAG = "tag"
        PLATFORM = "platform"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="daily_pulls")
    by = models.CharField(max_length=8, choices=By)
    name = models.CharField(max_length=300, blank=True)
    day = models.DateField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "by", "name", "day"], name="daily_pulls_once")]
        indexes = [models.Index(fields=["repository", "by", "day"], name="daily_pulls_by_day")]

    def __str__(self) -> str:
        return f"{self.repository_id} {self.day} {self.by} {self.name}: {self.count}"


class SpoolFile(models.Model):
    """A spool file and the offset up to which its lines are in the database."""

    name = models.CharField(max_length=200, primary_key=True)
    offset = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
