"""Repositories, private and public."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from registry.values import PUBLIC, Address, RegistryId, RepositoryName


class Repository(models.Model):
    """A repository of an account: private in a region, or public (region `public`).

    A deleted repository keeps its row, with `deleted_at`, and never blocks its name. `image_count`, `stored_size` (its
    images' bytes, each counted whole, indexes as nothing) and `last_pull_at` follow the images, for lists to sort by.
    `lifecycle_due_at` is when the lifecycle policy, if there is one, is applied next.
    """

    class TagMutability(models.TextChoices):
        """Whether a tag may move to another image."""

        MUTABLE = "MUTABLE", _("mutable")
        IMMUTABLE = "IMMUTABLE", _("immutable")
        IMMUTABLE_WITH_EXCLUSION = "IMMUTABLE_WITH_EXCLUSION", _("immutable, with exceptions")
        MUTABLE_WITH_EXCLUSION = "MUTABLE_WITH_EXCLUSION", _("mutable, with exceptions")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="repositories")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=256)
    image_tag_mutability = models.CharField(max_length=32, choices=TagMutability, default=TagMutability.MUTABLE)
    image_tag_mutability_exclusion_filters = models.JSONField(default=list, blank=True)
    scan_on_push = models.BooleanField(default=False)
    lifecycle_policy_text = models.TextField(blank=True)
    lifecycle_evaluated_at = models.DateTimeField(null=True, blank=True)
    lifecycle_due_at = models.DateTimeField(null=True, blank=True)
    policy_text = models.TextField(blank=True, help_text=_("the repository policy in force; empty: none"))
    resource_tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=512, blank=True)
    last_push_at = models.DateTimeField(null=True, blank=True)
    pull_count = models.BigIntegerField(default=0)
    image_count = models.IntegerField(default=0)
    stored_size = models.BigIntegerField(default=0)
    last_pull_at = models.DateTimeField(null=True, blank=True)
    deletion_protection = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("repository")
        verbose_name_plural = _("repositories")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region", "name"], condition=Q(deleted_at=None), name="repository_name_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["lifecycle_due_at", "id"],
                condition=Q(deleted_at=None) & ~Q(lifecycle_policy_text=""),
                name="repository_lifecycle_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.region}/{self.name}"

    @property
    def is_public(self) -> bool:
        """Whether anyone may pull from it."""
        return self.region == PUBLIC

    @property
    def address(self) -> Address:
        """The same place as a value."""
        return Address(RegistryId(self.account_id, self.region), RepositoryName(self.name))
