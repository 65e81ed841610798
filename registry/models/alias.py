"""Names of public registries. Pull needs the table; asking for a name is the gallery's business."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account


class Alias(models.Model):
    """A name of an account's public registry. The default alias comes with the first public repository.

    All of them lead to it, but those that were released.
    """

    name = models.CharField(max_length=50, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="aliases")
    is_default = models.BooleanField(default=False)
    is_primary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, help_text="given up; held for its former owner a while")

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(is_default=True), name="one_default_alias"),
            models.UniqueConstraint(fields=["account"], condition=Q(is_primary=True), name="one_primary_alias"),
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(is_default=False, is_primary=False),
                name="released_alias_leads_nowhere",
            ),
        ]

    def __str__(self) -> str:
        return self.name
