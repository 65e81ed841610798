"""Root, users and roles: what acts on an account."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.iam import arn
from accounts.models.account import Account


class Principal(models.Model):
    """A principal of one account. Disabling it ends all that its keys, passwords and tokens allow."""

    class Kind(models.TextChoices):
        """What sort of principal it is."""

        ROOT = "root", _("root")
        USER = "user", _("user")
        ROLE = "role", _("role")

    unique_id = models.CharField(max_length=32, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="principals")
    kind = models.CharField(max_length=4, choices=Kind)
    name = models.CharField(max_length=64)
    path = models.CharField(max_length=512, default="/")
    description = models.CharField(max_length=1000, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    trust_policy = models.TextField(blank=True, help_text=_("of a role: who may assume it"))
    max_session_seconds = models.PositiveIntegerField(default=3600, help_text=_("of a role"))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    sessions_not_before = models.DateTimeField(
        null=True, blank=True, help_text=_("sessions, passwords and tokens issued earlier are revoked")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kind", "name"], name="principal_name_once")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        """The principal's ARN, as policies and the trail write it."""
        if self.kind == self.Kind.ROOT:
            return str(arn.root(self.account_id))
        make = arn.user if self.kind == self.Kind.USER else arn.role
        return str(make(self.account_id, self.path.lstrip("/") + self.name))
