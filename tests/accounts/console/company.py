"""The company that people sign in with: one provider, what its claims grant, and the browser that goes there."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.grants import Rule
from config.settings import sso

RULES = (Rule("groups", "kho-admins", "111122223333", "Administrator"),)


def configure(settings: Settings, kind: str, app: dict[str, Any], **options: Any) -> None:
    """One provider, as the file would name it."""
    provider = sso.Provider("work", kind, "Example Company", options.get("domains", ("example.com",)), RULES, app)
    settings.SSO_PROVIDERS = (provider,)
    settings.SOCIALACCOUNT_PROVIDERS = sso.for_allauth((provider,))


@pytest.fixture
def client() -> Client:
    """A browser that names the host, as all do and SAML needs."""
    return browser()


def browser() -> Client:
    """Another one."""
    return Client(headers={"host": "testserver"})
