"""How bad an advisory is, in ECR's words and in people's."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """The worst first."""

    CRITICAL = "CRITICAL", _("Critical")
    HIGH = "HIGH", _("High")
    MEDIUM = "MEDIUM", _("Medium")
    LOW = "LOW", _("Low")
    INFORMATIONAL = "INFORMATIONAL", _("Informational")
    UNDEFINED = "UNDEFINED", _("Undefined")
