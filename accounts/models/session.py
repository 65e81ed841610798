"""Temporary credentials, and the identity providers that people and jobs may get them by."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.iam.arn import Arn
from accounts.models.account import Account
from accounts.models.principal import Principal


class OpenIDConnectProvider(models.Model):
    """An issuer of OpenID Connect tokens that an account trusts; `url` is without `https://`, as in its ARN."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="identity_providers")
    url = models.CharField(max_length=255)
    client_ids = models.JSONField(default=list)
    thumbprints = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("identity provider")
        constraints = [models.UniqueConstraint(fields=["account", "url"], name="identity_provider_once")]

    def __str__(self) -> str:
        return self.arn

    @property
    def arn(self) -> str:
        """The provider's ARN, as trust policies name it."""
        return str(Arn("iam", "", self.account_id, f"oidc-provider/{self.url}"))


class Session(models.Model):
    """Temporary credentials of a role or a user: an access key that ends by itself."""

    class Kind(models.TextChoices):
        """How they were had."""

        ASSUMED = "assumed", _("assumed role")
        WEB_IDENTITY = "web-identity", _("assumed role with an OpenID Connect token")
        TOKEN = "token", _("session token of a user")

    id = models.CharField(max_length=128, primary_key=True)
    principal = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="sessions")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=64, blank=True)
    sealed_secret = models.BinaryField()
    policies = models.JSONField(default=list, blank=True, help_text=_("texts of session policies"))
    tags = models.JSONField(default=dict, blank=True)
    transitive_tags = models.JSONField(default=list, blank=True)
    source_identity = models.CharField(max_length=64, blank=True)
    provider = models.CharField(max_length=512, blank=True)
    subject = models.CharField(max_length=512, blank=True)
    issued_by = models.CharField(max_length=512, blank=True)
    issued_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.id} of {self.principal}"

    @property
    def arn(self) -> str:
        """Who acts: the session of a role, or the user itself."""
        if self.kind == self.Kind.TOKEN:
            return self.principal.arn
        return str(Arn("sts", "", self.principal.account_id, f"assumed-role/{self.principal.name}/{self.name}"))
