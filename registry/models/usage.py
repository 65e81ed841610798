"""Pull counts, and how far the spool of each process has been read."""

from django.db import models
from django.utils import timezone

from registry.models.image import Image


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


class SpoolFile(models.Model):
    """A spool file and the offset up to which its lines are in the database."""

    name = models.CharField(max_length=200, primary_key=True)
    offset = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
