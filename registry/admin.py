"""The Django admin of the registry: raw rows to look at."""

from django.contrib import admin

from accounts.admin import ReadOnly
from registry.models import Alias, Blob, CreationTemplate, Image, Notice, Repository, TagEvent, Upload


@admin.register(Repository)
class RepositoryAdmin(ReadOnly):
    """Repositories, deleted ones too."""

    list_display = ("name", "account", "region", "image_tag_mutability", "pull_count", "created_at", "deleted_at")
    list_select_related = ("account",)
    search_fields = ("name", "account__id")


@admin.register(Image)
class ImageAdmin(ReadOnly):
    """Images, deleted ones too."""

    list_display = ("digest", "repository", "kind", "platform", "size", "pull_count", "pushed_at", "deleted_at")
    list_select_related = ("repository",)
    search_fields = ("digest", "repository__name")
    raw_id_fields = ("repository", "manifest")


@admin.register(Blob)
class BlobAdmin(ReadOnly):
    """Stored bytes."""

    list_display = ("digest", "size", "state", "storage_key", "created_at")
    list_filter = ("state",)
    search_fields = ("digest", "storage_key")


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    """Uploads that are open."""

    exclude = ("digest_state",)
    list_display = ("id", "repository", "principal_arn", "offset", "created_at", "touched_at")
    list_select_related = ("repository",)


@admin.register(TagEvent)
class TagEventAdmin(ReadOnly):
    """The history of tags."""

    list_display = ("at", "repository", "tag", "kind", "old_digest", "new_digest", "principal_arn")
    list_select_related = ("repository",)
    search_fields = ("tag", "repository__name")


@admin.register(Alias)
class AliasAdmin(ReadOnly):
    """Names of public registries."""

    list_display = ("name", "account", "is_default", "is_primary", "created_at", "released_at")
    list_select_related = ("account",)
    search_fields = ("name", "account__id")


@admin.register(CreationTemplate)
class CreationTemplateAdmin(ReadOnly):
    """Which repositories a push may create."""

    list_display = ("account", "region", "prefix", "applied_for", "image_tag_mutability")
    list_select_related = ("account",)


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """What people were told."""

    list_display = ("at", "person", "kind", "read_at", "by_mail", "mailed_at")
    list_select_related = ("person",)
    search_fields = ("person__email", "kind")
