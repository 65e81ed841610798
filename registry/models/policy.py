"""Policies of registries, and the earlier texts of repository policies."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from registry.models.repository import Repository


class RegistrySettings(models.Model):
    """What an account has set for its private registry in one region; without a row all is as it comes."""

    class PolicyScope(models.TextChoices):
        """Which actions the registry policy decides about; as ECR names them."""

        V1 = "V1", _("replication, pull-through imports and creation of repositories")
        V2 = "V2", _("every action")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="registry_settings")
    region = models.CharField(max_length=32)
    policy_text = models.TextField(blank=True)
    policy_scope = models.CharField(max_length=2, choices=PolicyScope, default=PolicyScope.V2)
    replication_configuration = models.JSONField(default=dict, blank=True)
    scanning_configuration = models.JSONField(default=dict, blank=True)
    basic_scan_type_version = models.CharField(max_length=16, default="AWS_NATIVE")
    blob_mounting = models.BooleanField(default=True)
    trusts_attached_vex = models.BooleanField(default=False, db_default=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "registry settings"
        constraints = [models.UniqueConstraint(fields=["account", "region"], name="registry_settings_once")]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.region}"


class PullTimeUpdateExclusion(models.Model):
    """A user or role whose pulls leave an image's last pull time alone."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="pull_time_update_exclusions")
    region = models.CharField(max_length=32)
    principal_arn = models.CharField(max_length=512)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "principal_arn"], name="pull_time_exclusion_once")
        ]

    def __str__(self) -> str:
        return self.principal_arn


class RepositoryPolicyVersion(models.Model):
    """A text that was put on a repository, for the editor's list; an empty text is a removal."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="policy_versions")
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=512, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"policy of {self.repository} from {self.created_at}"
