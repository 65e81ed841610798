"""The Django admin: staff look at raw rows here; they are changed by the verbs of the console and the commands."""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest

from accounts.models import AccessKey, Account, AuditEvent, Invitation, Membership, OutboxRow, Person, Principal

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:  # Django's class takes a parameter in its stubs only
    ModelAdmin = admin.ModelAdmin


# Staff sign in where everybody does: the admin's own form would let passwords be guessed without a limit.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it


# What allauth shows there could be changed, and holds secrets: rows of people are changed by the pages of their own.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(model)


class ReadOnly(ModelAdmin):
    """Shows rows and changes none; big tables are not counted."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows here."""
        return False


@admin.register(Account)
class AccountAdmin(ReadOnly):
    """Accounts."""

    list_display = ("id", "name", "is_active", "created_at")
    search_fields = ("id", "name")


@admin.register(Person)
class PersonAdmin(ReadOnly):
    """People, without their password's hash."""

    exclude = ("password",)
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    search_fields = ("email", "name")


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who acts on which account."""

    list_display = ("person", "account", "role")
    list_select_related = ("person", "account", "role")


@admin.register(Principal)
class PrincipalAdmin(ReadOnly):
    """Root, users and roles."""

    list_display = ("arn", "unique_id", "is_active", "created_at")
    search_fields = ("name", "unique_id", "account__id")


@admin.register(AccessKey)
class AccessKeyAdmin(ReadOnly):
    """Access keys, without their secrets."""

    exclude = ("sealed_secret",)
    list_display = ("id", "principal", "status", "created_at", "last_used_at")
    list_select_related = ("principal",)
    search_fields = ("id",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """The trail."""

    list_display = ("event_time", "event_name", "resource_arn", "principal_arn", "source_ip", "error_code")
    list_filter = ("read_only",)
    search_fields = ("resource_arn", "principal_arn", "request_id")
    ordering = ("-event_time",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    """Invitations, without what their links are made of."""

    exclude = ("nonce",)
    list_display = ("email", "account", "role", "created_at", "expires_at")
    list_select_related = ("account", "role")
    search_fields = ("email", "account__id")


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnly):
    """Work that waits, without its payload: mails hold links that sign people in."""

    exclude = ("payload",)

    list_display = ("id", "event", "task", "created_at", "due_at", "tries", "last_error")
