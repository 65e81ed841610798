"""Names that nobody may ask for, kept by staff."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ReservedName(models.Model):
    """A pattern of names: all that it fits, and what looks like it, is refused at once."""

    class Kind(models.TextChoices):
        """How the pattern is read."""

        EXACT = "exact", pgettext_lazy("pattern", "exact")
        PREFIX = "prefix", pgettext_lazy("pattern", "prefix")
        WILDCARD = "wildcard", pgettext_lazy("pattern", "wildcard")

    class Why(models.TextChoices):
        """Whose name it is."""

        SERVICE = "service", _("name of a cloud service")
        BRAND = "brand", _("well-known brand")
        SELLER = "seller", _("marketplace seller")
        OTHER = "other", _("kept by the staff")

    pattern = models.CharField(max_length=50, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.EXACT)
    why = models.CharField(max_length=8, choices=Why, default=Why.OTHER)
    note = models.CharField(max_length=200, blank=True)
    added_by = models.CharField(max_length=254, blank=True, help_text=_("empty: it came with Kho"))
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.pattern
