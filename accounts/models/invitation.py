"""Invitations by mail into an account."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.person import Person


class Invitation(models.Model):
    """Somebody with this mail address may become a member, once and for a while.

    The link in the mail is signed and names the row and `nonce`, which changes when the mail is sent again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.ForeignKey("accounts.Principal", on_delete=models.CASCADE, related_name="invitations")
    nonce = models.CharField(max_length=32, editable=False)
    invited_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "email"], name="invitation_once")]

    def __str__(self) -> str:
        return f"{self.email} into {self.account_id}"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()
