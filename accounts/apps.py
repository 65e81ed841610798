"""App configuration of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who is calling, and may they."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
