"""A public repository's row in gallery search, refreshed by domain events."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models import Repository


class Listing(models.Model):
    """What search and lists show of a public repository; everything here can be computed again.

    `facet_bits` holds what facets choose by as one number, by `gallery.search.facets`, so that filters need no join.
    """

    class Kind(models.TextChoices):
        """What the newest image is."""

        IMAGE = "image", _("image")
        CHART = "chart", _("Helm chart")
        ARTIFACT = "artifact", _("artifact")

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="listing")
    alias = models.CharField(max_length=50)
    name = models.CharField(max_length=256)
    publisher = models.CharField(max_length=100)
    publisher_folded = models.CharField(max_length=100, blank=True, default="")
    description = models.CharField(max_length=1024, blank=True)
    logo = models.CharField(max_length=64, blank=True, help_text="digest of the picture; empty for none")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.IMAGE)
    newest_tag = models.CharField(max_length=300, blank=True)
    platforms = models.JSONField(default=list)
    operating_systems = models.JSONField(default=list)
    architectures = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    licence = models.CharField(max_length=100, blank=True)
    facet_bits = models.BigIntegerField(default=0)
    is_verified = models.BooleanField(default=False)
    is_signed = models.BooleanField(default=False, help_text="has a signature, whoever made it")
    has_sbom = models.BooleanField(default=False)
    is_deprecated = models.BooleanField(default=False)
    tag_count = models.IntegerField(default=0)
    pull_count = models.BigIntegerField(default=0)
    recent_pull_count = models.BigIntegerField(default=0)
    pushed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, help_text="when it was pushed to or, before that, created")
    search_text = models.TextField(blank=True, help_text="all that is searched, folded")
    refreshed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["-recent_pull_count", "-pull_count", "id"], name="listing_popular"),
            models.Index(fields=["-updated_at", "id"], name="listing_updated"),
            models.Index(fields=["name", "alias"], name="listing_by_name"),
            models.Index(fields=["alias", "name"], name="listing_by_alias"),
            models.Index(fields=["publisher_folded", "alias"], name="listing_by_publisher"),
            # Holds all that counting needs, so that no wide row is read for it.
            models.Index(
                fields=["facet_bits", "is_deprecated", "licence", "updated_at", "alias", "id"], name="listing_facets"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alias}/{self.name}"

    @property
    def path(self) -> str:
        """Its page, which is its pull path."""
        return f"/{self.alias}/{self.name}"


class FacetSet(models.Model):
    """A value of `Listing.facet_bits` that some listing has or had: filters look for these instead of for each bit."""

    bits = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"{self.bits:b}"


class Term(models.Model):
    """A word of repositories' names, for those who type it wrong."""

    word = models.CharField(max_length=64, primary_key=True)

    def __str__(self) -> str:
        return self.word


class SearchFigures(models.Model):
    """Counts over all listings: they take too long to be counted for each visitor. There is one row."""

    total = models.IntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="facet -> value -> number of listings")
    examples = models.JSONField(default=list, help_text="words that find something")
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "search figures"

    def __str__(self) -> str:
        return f"{self.total} listings"
