"""Credentials of passkeys: browsers make them, but a request may hold anything."""

from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms

UNREADABLE: Final = (TypeError, ValueError, KeyError, AttributeError)
"""What the library raises for a credential that is none."""


class AddPasskey(forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A new passkey."""

    def clean(self) -> Any:
        """Refuse what is no credential."""
        try:
            return super().clean()
        except UNREADABLE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class _Given:
    """A credential that was given to sign in."""

    def clean_credential(self) -> Any:
        """Refuse what is no credential."""
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form beside this class
        except UNREADABLE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class SignInByPasskey(_Given, forms.LoginWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey instead of a password."""


class SecondStepByPasskey(_Given, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey after the password."""


class ConfirmByPasskey(_Given, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey for a change of security."""
