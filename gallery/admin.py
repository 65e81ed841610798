"""The Django admin of the gallery: raw rows to look at."""

from django.contrib import admin

from accounts.admin import ReadOnly
from gallery.models import Listing


@admin.register(Listing)
class ListingAdmin(ReadOnly):
    """What search shows."""

    list_display = ("alias", "name", "kind", "newest_tag", "pull_count", "recent_pull_count", "refreshed_at")
    search_fields = ("alias", "name")
