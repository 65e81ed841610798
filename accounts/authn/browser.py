"""How Django knows an IAM user of the console: by account, user name and password, then by the browser session."""

from typing import Final

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.directory import console_passwords
from accounts.models import Person

PATH: Final = "accounts.authn.browser.IamUsers"
PEOPLE: Final = "allauth.account.auth_backends.AuthenticationBackend"


class IamUsers(BaseBackend):
    """IAM users. What is taken from a user or its account holds at the next request: each one asks here."""

    def authenticate(  # type: ignore[override]  # as Django's documentation does it: by the names of the credentials
        self, request: HttpRequest | None, account: str, user_name: str, password: str
    ) -> Person | None:
        """Return the user if the password is right; the same cost if there is no such account or user."""
        person, is_right = console_passwords.verify(account, user_name, password)
        return person if is_right else None

    def get_user(self, user_id: int) -> Person | None:
        """Return who has the browser session, unless the user, its password or its account has been ended."""
        return console_passwords.signed_in(user_id)
