"""Who signs in to the console: people with a mail address, and IAM users of one account with a password.

A person is not a principal: a membership lends them a role. The row of an IAM user holds that principal's password and
what belongs to it (second factors, sessions, preferences). Docs: decisions/0013.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PersonManager(BaseUserManager["Person"]):
    """Makes people; mail addresses are kept in lower case, so that they are unique whatever was typed."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """Create a person; without a password nobody can sign in as them."""
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """Create a member of the deployment's staff who may use the Django admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Person:
        """Find by mail address, whatever its case."""
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser, PermissionsMixin):
    """A human, or an IAM user at the console (`principal`). `is_staff` means staff of the deployment, never a right.

    Only people have a mail address; the name of an IAM user is that of its principal.
    """

    email = models.EmailField(_("mail address"), unique=True, null=True)  # noqa: DJ001 - unique, so "" could be but one
    principal = models.OneToOneField(
        "accounts.Principal", on_delete=models.CASCADE, null=True, editable=False, related_name="console_user"
    )
    must_change_password = models.BooleanField(default=False, editable=False)
    name = models.CharField(_("name"), max_length=150, blank=True)
    unread_notices = models.PositiveIntegerField(default=0, editable=False)
    is_staff = models.BooleanField(_("staff of this deployment"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("empty: as the browser asks"))
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("empty: UTC"))
    columns = models.JSONField(default=dict, blank=True, editable=False, help_text=_("of tables, as they were chosen"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=Q(email=None, principal__isnull=False) | Q(email__isnull=False, principal=None),
                name="person_with_mail_or_principal",
            )
        ]

    def __str__(self) -> str:
        return self.sign_in_name

    def get_full_name(self) -> str:
        """Return the name, or the mail address if there is none."""
        return self.name or self.mail

    @property
    def mail(self) -> str:
        """The mail address; empty for an IAM user."""
        return self.email or ""

    @property
    def sign_in_name(self) -> str:
        """What they sign in as: the mail address, or the ARN of an IAM user."""
        return self.principal.arn if self.principal else self.mail

    @property
    def is_iam_user(self) -> bool:
        """Whether this is an IAM user, who acts on one account only and has no mail address."""
        return self.principal_id is not None
