"""What visitors report to the staff about public repositories and publishers."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from registry.models import Repository


class Report(models.Model):
    """One report, and what the staff made of it: about a repository, or without one about the publisher itself."""

    class Reason(models.TextChoices):
        """What is wrong."""

        MALWARE = "malware", _("Malware, or it mines coins")
        IMPERSONATION = "impersonation", _("It pretends to be somebody else's")
        TRADEMARK = "trademark", _("It breaks a trade mark or a copyright")
        SECRETS = "secrets", _("It holds secrets or personal data")
        ILLEGAL = "illegal", _("It is illegal")
        SPAM = "spam", _("Spam")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        """Where the staff is with it."""

        OPEN = "open", _("open")
        ACTED = "acted", _("acted on")
        DISMISSED = "dismissed", _("dismissed")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="reports")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="reports", null=True, blank=True)
    path = models.CharField(max_length=307, help_text=_("alias/name at the time; of a publisher its alias"))
    digest = models.CharField(max_length=135, blank=True)
    reason = models.CharField(max_length=16, choices=Reason)
    text = models.TextField(max_length=4000)
    mail = models.EmailField(blank=True)
    source_ip = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    note = models.TextField(blank=True)
    handled_by = models.EmailField(blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "-at", "-id"], name="report_newest")]

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
