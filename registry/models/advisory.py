"""Advisories about packages, as records of the OSV schema told them, and the imports that brought them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.severity import Severity


class Advisory(models.Model):
    """What one record says. `names` are the CVEs that it is about, or its own id.

    `vectors` are `[kind, CVSS version, vector, score]`, the one that counts first. A withdrawn advisory stays, and is
    about nothing. `content_digest` is the SHA-256 of the record, so that what did not change is not read again.
    """

    id = models.CharField(max_length=128, primary_key=True)
    names = models.JSONField(default=list)
    summary = models.CharField(max_length=500, blank=True)
    details = models.TextField(blank=True)
    severity = models.CharField(max_length=13, choices=Severity, default=Severity.UNDEFINED)
    vectors = models.JSONField(default=list)
    url = models.CharField(max_length=1000, blank=True)
    references = models.JSONField(default=list)
    published_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    content_digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "advisories"

    def __str__(self) -> str:
        return self.id


class AffectedPackage(models.Model):
    """A package that an advisory is about: `ranges` are lists of `[event, version]`, `versions` single ones.

    `severity` is what the advisory says for this package, where that differs; `module` is the module of rpm that the
    versions are of.
    """

    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="affected")
    ecosystem = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    ranges = models.JSONField(default=list)
    versions = models.JSONField(default=list)
    severity = models.CharField(max_length=13, choices=Severity, blank=True)
    module = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advisory", "ecosystem", "name"], name="affected_package_once")]
        indexes = [models.Index(fields=["ecosystem", "name"], name="affected_package_by_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.ecosystem}"


class AdvisoryImport(models.Model):
    """One import: where from, and what it changed.

    `changed` are `[ecosystem, name]` of the packages about which something else is said now; if they are too many,
    `changed_all`. `problems` are sentences about records that were refused, the first of them.
    """

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    source = models.CharField(max_length=1000)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    read = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    changed = models.JSONField(default=list)
    changed_all = models.BooleanField(default=False)
    problems = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-id"], condition=models.Q(state="done"), name="advisory_import_newest")]

    def __str__(self) -> str:
        return f"{self.source} at {self.started_at}"
