"""Access keys. The secret is sealed, not hashed: signatures are computed with it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.principal import Principal


class AccessKey(models.Model):
    """An access key id and its secret; at most two per principal."""

    class Status(models.TextChoices):
        """As IAM names them."""

        ACTIVE = "Active", _("Active")
        INACTIVE = "Inactive", _("Inactive")

    id = models.CharField(max_length=128, primary_key=True)
    principal = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="access_keys")
    sealed_secret = models.BinaryField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_service = models.CharField(max_length=32, blank=True)
    last_used_region = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.id
