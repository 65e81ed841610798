"""Policies of principals: managed ones with versions, what is attached where, and inline ones."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.iam.arn import Arn
from accounts.models.account import Account
from accounts.models.group import Group
from accounts.models.principal import Principal


class ManagedPolicy(models.Model):
    """A policy of an account that can be attached to several principals. AWS's own are in accounts.iam.managed."""

    unique_id = models.CharField(max_length=32, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    arn = models.CharField(max_length=700, unique=True, editable=False)
    description = models.CharField(max_length=1000, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    last_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "managed policies"
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="policy_name_once")]

    def __str__(self) -> str:
        return self.arn

    @staticmethod
    def arn_of(account_id: str, path: str, name: str) -> str:
        """The ARN of a policy of this path and name."""
        return str(Arn("iam", "", account_id, f"policy{path}{name}"))


class PolicyVersion(models.Model):
    """One text of a managed policy; exactly one of them is in force."""

    policy = models.ForeignKey(ManagedPolicy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.TextField()
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(fields=["policy"], condition=Q(is_default=True), name="policy_one_default"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"


class PolicyAttachment(models.Model):
    """A managed policy, by its ARN, in force for a principal or a group."""

    principal = models.ForeignKey(Principal, null=True, on_delete=models.CASCADE, related_name="attachments")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="attachments")
    policy_arn = models.CharField(max_length=700, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(principal=None, group__isnull=False) | Q(principal__isnull=False, group=None),
                name="attachment_to_one",
            ),
            models.UniqueConstraint(
                fields=["principal", "policy_arn"], condition=Q(group=None), name="attachment_of_principal_once"
            ),
            models.UniqueConstraint(
                fields=["group", "policy_arn"], condition=Q(principal=None), name="attachment_of_group_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_arn} on {self.principal or self.group}"


class InlinePolicy(models.Model):
    """A policy that belongs to one principal or group and goes with it."""

    principal = models.ForeignKey(Principal, null=True, on_delete=models.CASCADE, related_name="inline_policies")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="inline_policies")
    name = models.CharField(max_length=128)
    document = models.TextField()
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "inline policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(principal=None, group__isnull=False) | Q(principal__isnull=False, group=None),
                name="inline_policy_of_one",
            ),
            models.UniqueConstraint(
                fields=["principal", "name"], condition=Q(group=None), name="inline_of_principal_once"
            ),
            models.UniqueConstraint(fields=["group", "name"], condition=Q(principal=None), name="inline_of_group_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.principal or self.group}"
