"""What people are told: notices on their page and by mail, and how each of them wants it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Person


class Notice(models.Model):
    """One thing that one person is told. It is written in the reader's language when it is read, from `params`."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict, help_text=_("what the sentences of the kind name"))
    path = models.CharField(max_length=500, help_text=_("the page that it leads to"))
    key = models.CharField(max_length=100, help_text=_("the same key is told once"))
    at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    by_mail = models.BooleanField(default=False)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="notice_by_person"),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"


class NoticeChoice(models.Model):
    """How a person wants to be told of one kind of thing, where it is not the usual way."""

    class Channel(models.TextChoices):
        """Ways to be told."""

        MAIL = "mail", pgettext_lazy("notice", "on the page and by mail")
        PAGE = "page", pgettext_lazy("notice", "on the page only")
        OFF = "off", pgettext_lazy("notice", "not at all")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=4, choices=Channel)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="notice_choice_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"
