"""App configuration of registry."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Repositories, images and blobs."""

    name = "registry"
    default_auto_field = "django.db.models.BigAutoField"
