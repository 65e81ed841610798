"""What is in images, what is wrong with it, and how far the scans of them are."""

from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.advisory import Advisory
from registry.models.image import Image
from registry.models.severity import Severity
from registry.models.suppression import Suppression


class Sbom(models.Model):
    """The packages of an image, once for all repositories that have it: a manifest's digest says what is in it.

    `content` is read by registry.scanning.sboms.
    """

    manifest_digest = models.CharField(max_length=135, unique=True)
    content = models.BinaryField()
    distribution = models.CharField(max_length=512, blank=True)
    package_count = models.IntegerField()
    generator = models.CharField(max_length=512)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "SBOM"
        verbose_name_plural = "SBOMs"

    def __str__(self) -> str:
        return self.manifest_digest


class ImageScan(models.Model):
    """An image's scan: how far it is, and what the last one that was completed found.

    `counts` and `fixable` are numbers of findings by severity, without the `ignored` ones, which are suppressed; they,
    `completed_at` and the findings stay while a new scan is made. `source_updated_at` is when the advisories that were
    looked at had come in. From `untold_since` on there are findings of WORTH_TELLING severities that
    people have not been told of. `history` has the `counts` of the days (UTC) on which they changed: [["2026-11-29",
    {"HIGH": 2}], …], see registry.scanning.history.
    """

    class Status(models.TextChoices):
        """As ECR names it. ACTIVE is complete, and looked at again whenever advisories come in."""

        PENDING = "PENDING", _("queued")
        IN_PROGRESS = "IN_PROGRESS", _("scanning")
        COMPLETE = "COMPLETE", _("complete")
        ACTIVE = "ACTIVE", _("complete, and kept up to date")
        FAILED = "FAILED", _("failed")
        UNSUPPORTED_IMAGE = "UNSUPPORTED_IMAGE", _("not supported")
        FINDINGS_UNAVAILABLE = "FINDINGS_UNAVAILABLE", _("no advisories to look at")
        SCAN_ELIGIBILITY_EXPIRED = "SCAN_ELIGIBILITY_EXPIRED", _("no longer kept up to date")

    image = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="scan")
    status = models.CharField(max_length=24, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=1000, blank=True)
    scan_type = models.CharField(max_length=8, default="BASIC")
    attempts = models.IntegerField(default=0)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.CharField(max_length=512, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    sbom = models.ForeignKey(Sbom, on_delete=models.SET_NULL, null=True, related_name="scans")
    counts = models.JSONField(default=dict)
    fixable = models.JSONField(default=dict)
    untold_since = models.DateTimeField(null=True, blank=True)
    ignored = models.IntegerField(default=0)
    history = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["status", "sbom"], name="image_scan_by_status"),
            models.Index(
                fields=["untold_since"], condition=models.Q(untold_since__isnull=False), name="image_scan_untold"
            ),
        ]

    def __str__(self) -> str:
        return f"scan of {self.image_id}: {self.status}"

    @property
    def is_complete(self) -> bool:
        """Whether the present scan has findings to show, be they none."""
        return self.status in WITH_FINDINGS

    @property
    def is_under_way(self) -> bool:
        """Whether somebody has to wait."""
        return self.status in UNDER_WAY


Status = ImageScan.Status
WITH_FINDINGS: Final = frozenset({Status.COMPLETE, Status.ACTIVE, Status.SCAN_ELIGIBILITY_EXPIRED})
UNDER_WAY: Final = frozenset({Status.PENDING, Status.IN_PROGRESS})
OUTCOMES: Final = frozenset(
    {Status.COMPLETE, Status.ACTIVE, Status.FAILED, Status.UNSUPPORTED_IMAGE, Status.FINDINGS_UNAVAILABLE}
)
WORTH_TELLING: Final = ("CRITICAL", "HIGH")
MOVES: Final[dict[Status, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.IN_PROGRESS}),
    Status.IN_PROGRESS: OUTCOMES | {Status.IN_PROGRESS},
    Status.COMPLETE: frozenset({Status.PENDING}),
    Status.ACTIVE: OUTCOMES | {Status.PENDING, Status.SCAN_ELIGIBILITY_EXPIRED},
    Status.FAILED: frozenset({Status.PENDING}),
    Status.UNSUPPORTED_IMAGE: frozenset({Status.PENDING}),
    Status.FINDINGS_UNAVAILABLE: OUTCOMES | {Status.PENDING},
    Status.SCAN_ELIGIBILITY_EXPIRED: frozenset({Status.PENDING}),
}
"""Which status may follow which; new advisories move what is looked at again."""

if set(MOVES) != set(Status) or not {Status.PENDING}.union(*MOVES.values()) == set(Status):
    raise TypeError("the table of moves leaves out a status")


class Finding(models.Model):
    """One vulnerability in one package of an image. `position` is its place, the worst first, fixable ones before.

    `advisory` is the record that says so, `fixed_in` empty if no fix is known; `path` and `layer` say where the package
    is listed. Where `package` is a source package, `installed_as` are the packages that were built from it.
    `suppression` is why it is left aside, if it is. `attached_vex` is no column: pages put there what a VEX document
    that is attached to the image says of it, and is not followed.
    """

    attached_vex: Suppression | None = None

    scan = models.ForeignKey(ImageScan, on_delete=models.CASCADE, related_name="findings")
    position = models.IntegerField()
    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="findings")
    name = models.CharField(max_length=128)
    severity = models.CharField(max_length=13, choices=Severity)
    score = models.FloatField(null=True, blank=True)
    package = models.CharField(max_length=512)
    version = models.CharField(max_length=512)
    package_type = models.CharField(max_length=64)
    arch = models.CharField(max_length=512, blank=True)
    installed_as = models.CharField(max_length=1100, blank=True)
    fixed_in = models.CharField(max_length=512, blank=True)
    path = models.CharField(max_length=512, blank=True)
    layer = models.CharField(max_length=135, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    suppression = models.ForeignKey(
        Suppression, on_delete=models.SET_NULL, null=True, blank=True, related_name="findings"
    )

    class Meta:
        indexes = [models.Index(fields=["name"], name="finding_by_name")]
        constraints = [models.UniqueConstraint(fields=["scan", "position"], name="finding_position_once")]

    def __str__(self) -> str:
        return f"{self.name} in {self.package} {self.version}"
