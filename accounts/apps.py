"""App configuration of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who is calling, and may they."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of second factors that were wrong."""
        from allauth.mfa.signals import authentication_failed

        from accounts.console.adapters import second_factor_failed

        authentication_failed.connect(second_factor_failed)
