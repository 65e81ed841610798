"""VEX documents that are attached to images, as far as they could be read."""

from django.db import models
from django.utils import timezone

from registry.models.image import Image


class AttachedVex(models.Model):
    """What came of reading the VEX document that `referrer` holds about its subject; it is there as long as that is.

    `document` is the document's own id; a newer one with the same id about the same subject takes its place. `count` is
    how many statements it has that something is no trouble, `open` how many that something is, or is not known yet.
    What can't be told is named in `left_out`. `problem` is a sentence for people that says why nothing was read.
    """

    referrer = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="vex")
    document = models.CharField(max_length=512, blank=True)
    format = models.CharField(max_length=16, blank=True)
    count = models.IntegerField(default=0)
    open = models.IntegerField(default=0)
    left_out = models.JSONField(default=list)
    problem = models.CharField(max_length=1000, blank=True)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "attached VEX document"
        verbose_name_plural = "attached VEX documents"

    def __str__(self) -> str:
        return self.document or self.problem
