"""The invitation that a visitor holds while they sign in or up: its token lies in the browser session."""

from typing import Final

from django.http import HttpRequest

from accounts.directory import invitations
from accounts.errors import NotFound
from accounts.models import Invitation

KEY: Final = "kho_invitation"
VERIFIED: Final = "account_verified_email"
"""Where allauth looks for an address that needs no mail: the link came to it by mail."""


def hold(request: HttpRequest, token: str, invitation: Invitation) -> None:
    """Remember it for sign-up."""
    request.session[KEY] = token
    request.session[VERIFIED] = invitation.email


def held(request: HttpRequest) -> Invitation | None:
    """Return the invitation that is remembered and still good."""
    token = request.session.get(KEY, "")
    if not token:
        return None
    try:
        return invitations.find(token)
    except NotFound:
        let_go(request)
        return None


def let_go(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(KEY, None)
    request.session.pop(VERIFIED, None)
