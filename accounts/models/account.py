"""Accounts own registries and principals; memberships let people act on them."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.iam import arn
from accounts.models.person import Person


class Account(models.Model):
    """Twelve digits that own registries and principals."""

    id = models.CharField(
        _("account id"), max_length=12, primary_key=True, validators=[RegexValidator(r"\A[0-9]{12}\Z")]
    )
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class Membership(models.Model):
    """A person acts on an account with the rights of one role of it; of an IAM user `role` is itself."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey("accounts.Principal", on_delete=models.PROTECT, related_name="memberships")
    granted_by = models.CharField(
        max_length=40, blank=True, editable=False, help_text=_("the company sign-in whose claims grant it")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "account"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.account}"

    @property
    def acts_as(self) -> str:
        """The ARN that policies and the trail see: a session of the role, named by the mail address, or the user's."""
        if self.person.is_iam_user:
            return self.role.arn
        return str(arn.assumed_role(self.account_id, self.role.name, self.person.mail))
