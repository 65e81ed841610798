"""Repository creation templates: which repositories may come into being without being created, and how."""

from django.db import models
from django.utils import timezone

from accounts.models import Account
from registry.models.repository import Repository


class CreationTemplate(models.Model):
    """Settings for repositories whose name starts with `prefix` followed by a slash; `ROOT` matches every name."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="creation_templates")
    region = models.CharField(max_length=32)
    prefix = models.CharField(max_length=256)
    applied_for = models.JSONField(default=list)
    image_tag_mutability = models.CharField(
        max_length=32, choices=Repository.TagMutability, default=Repository.TagMutability.MUTABLE
    )
    image_tag_mutability_exclusion_filters = models.JSONField(default=list, blank=True)
    repository_policy = models.TextField(blank=True)
    lifecycle_policy = models.TextField(blank=True)
    resource_tags = models.JSONField(default=dict, blank=True)
    custom_role_arn = models.CharField(max_length=2048, blank=True)
    description = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "prefix"], name="template_prefix_once")]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.region}/{self.prefix}"
