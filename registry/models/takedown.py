"""What staff took down: public repositories and images whose bytes must not be handed out any more."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class Takedown(models.Model):
    """A public repository (digest empty) or one image of it. While it stands, nobody can push the same again."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="takedowns")
    name = models.CharField(max_length=256)
    digest = models.CharField(max_length=135, blank=True)
    reason = models.CharField(max_length=500, help_text=_("shown to everybody who asks for it"))
    by = models.EmailField(help_text=_("the member of staff"))
    at = models.DateTimeField(default=timezone.now, editable=False)
    blob_ids = models.JSONField(default=list, help_text=_("what to remove unless something else needs it"))
    purged_at = models.DateTimeField(null=True, blank=True, help_text=_("when the bytes were removed"))
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.EmailField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name", "digest"], condition=Q(lifted_at=None), name="takedown_stands_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.name}{f'@{self.digest}' if self.digest else ''}"
