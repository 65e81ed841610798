"""App configuration of gallery."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """The public gallery."""

    name = "gallery"
    default_auto_field = "django.db.models.BigAutoField"
