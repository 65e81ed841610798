"""The Django admin of the gallery: raw rows to look at."""

from django.contrib import admin

from accounts.admin import ReadOnly
from gallery.models import AliasRequest, AliasRequestEvent, Listing, ReservedName


@admin.register(Listing)
class ListingAdmin(ReadOnly):
    """What search shows."""

    list_display = ("alias", "name", "kind", "newest_tag", "pull_count", "recent_pull_count", "refreshed_at")
    search_fields = ("alias", "name")


@admin.register(AliasRequest)
class AliasRequestAdmin(ReadOnly):
    """What publishers asked for."""

    list_display = ("alias", "number", "account", "state", "requested_at", "decided_by", "decided_at")
    list_select_related = ("account",)
    list_filter = ("state",)
    search_fields = ("alias", "account__id")


@admin.register(AliasRequestEvent)
class AliasRequestEventAdmin(ReadOnly):
    """The steps of requests."""

    list_display = ("at", "request", "state", "by", "is_staff")
    list_select_related = ("request",)


@admin.register(ReservedName)
class ReservedNameAdmin(ReadOnly):
    """Names that nobody may ask for."""

    list_display = ("pattern", "kind", "why", "note", "added_by", "added_at")
    search_fields = ("pattern",)
