"""Images: a manifest in a repository, the blobs and children that it names, and the tags that name it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.content import versions
from registry.models.blob import Blob
from registry.models.repository import Repository
from registry.models.sort_key import SortKeyField


class Manifest(models.Model):
    """The exact bytes of a manifest, once for all repositories.

    The media type is the image's: the same bytes may have been pushed as different types.
    """

    digest = models.CharField(max_length=135, primary_key=True)
    content = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest


class Image(models.Model):
    """A manifest in a repository: image, index, chart or any other artifact.

    `size` is that of the blobs it names in bytes (of an index: the largest of its children). `kind`, the platform and
    `facts` are read from the manifest and its config when it is pushed. A deleted image keeps its row for a while, with
    what putting it back takes: the tags that went with it, who deleted it, and the lifecycle rule if one did. What
    `is_generated` was made here, of its subject, and goes with it; nobody has pushed it.
    """

    class Kind(models.TextChoices):
        """What a person would call it."""

        IMAGE = "image", _("image")
        INDEX = "index", _("multi-platform image")
        CHART = "chart", _("Helm chart")
        SIGNATURE = "signature", _("signature")
        ATTESTATION = "attestation", _("attestation")
        SBOM = "sbom", _("SBOM")
        CACHE = "cache", _("build cache")
        ARTIFACT = "artifact", _("artifact")

    class Status(models.TextChoices):
        """Whether it can be pulled; as ECR names it. Restoring takes no time here: nothing is ACTIVATING."""

        ACTIVE = "ACTIVE", _("active")
        ARCHIVED = "ARCHIVED", _("archived")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="images")
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="images")
    digest = models.CharField(max_length=135)
    media_type = models.CharField(max_length=255)
    artifact_type = models.CharField(max_length=255, blank=True)
    subject_digest = models.CharField(max_length=135, blank=True)
    manifest_size = models.IntegerField()
    size = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.IMAGE)
    os = models.CharField(max_length=64, blank=True)
    architecture = models.CharField(max_length=64, blank=True)
    variant = models.CharField(max_length=64, blank=True)
    annotations = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    pushed_at = models.DateTimeField(default=timezone.now)
    pushed_by = models.CharField(max_length=512, blank=True)
    replicated_from = models.CharField(
        max_length=48, blank=True, default="", db_default="", help_text=_("account/region that it was copied from")
    )
    is_generated = models.BooleanField(default=False, db_default=False)
    pull_count = models.BigIntegerField(default=0)
    last_recorded_pull_time = models.DateTimeField(null=True, blank=True)
    image_status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    last_archived_at = models.DateTimeField(null=True, blank=True)
    last_activated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_tags = models.JSONField(default=list, blank=True)
    deleted_by = models.CharField(max_length=512, blank=True)
    deleted_by_rule = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "digest"], condition=Q(deleted_at=None), name="image_digest_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["repository", "subject_digest", "digest"],
                condition=Q(deleted_at=None),
                name="image_subjects",
            ),
            models.Index(fields=["repository", "-pushed_at", "-id"], name="image_newest"),
            models.Index(
                fields=["repository", "-deleted_at", "-id"],
                condition=Q(deleted_at__isnull=False),
                name="image_deleted",
            ),
            models.Index(
                fields=["repository"],
                condition=Q(deleted_at=None, image_status="ARCHIVED"),
                name="image_archived",
            ),
            models.Index(
                fields=["repository", "subject_digest"],
                condition=Q(deleted_at=None, is_generated=True),
                name="image_generated",
            ),
        ]

    def __str__(self) -> str:
        return self.digest

    @property
    def platform(self) -> str:
        """`linux/arm64/v8`, or empty if the image has none."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class ImageBlob(models.Model):
    """A blob that an image needs, in the manifest's order; the config comes first (position 0, `is_config`)."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="blobs")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="images")
    position = models.PositiveIntegerField()
    is_config = models.BooleanField(default=False)
    media_type = models.CharField(max_length=255)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["image", "position"], name="image_blob_position_once")]

    def __str__(self) -> str:
        return f"{self.position}: {self.blob_id}"


class ImageChild(models.Model):
    """A manifest that an index names, in its order."""

    parent = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="children")
    digest = models.CharField(max_length=135, db_index=True)
    position = models.PositiveIntegerField()
    os = models.CharField(max_length=64, blank=True)
    architecture = models.CharField(max_length=64, blank=True)
    variant = models.CharField(max_length=64, blank=True)
    is_attestation = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["parent", "position"], name="image_child_position_once")]

    def __str__(self) -> str:
        return self.digest

    @property
    def platform(self) -> str:
        """`linux/arm64/v8`, or empty if the index does not say."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class ImageTag(models.Model):
    """A tag names an image of the same repository.

    The keys are made of the name when the row is: the database sorts by them, byte by byte.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="image_tags")
    name = models.CharField(max_length=300)
    version_key = SortKeyField(versions.version_key)
    name_key = SortKeyField(versions.natural_key)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="tags")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="image_tag_once")]
        indexes = [
            models.Index(fields=["repository", "-updated_at", "-id"], name="image_tag_newest"),
            models.Index(fields=["repository", "version_key", "id"], name="image_tag_by_version"),
            models.Index(fields=["repository", "name_key", "id"], name="image_tag_by_name"),
        ]

    def __str__(self) -> str:
        return self.name
