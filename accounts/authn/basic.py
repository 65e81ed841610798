"""Basic credentials: the user AWS with a registry password, or an access key id with its secret. RFC 7617."""

import base64
import binascii
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.directory import access_keys
from accounts.errors import CredentialsInvalid
from accounts.iam.request import NO_RIGHTS, Rights
from accounts.models import Principal, Session
from accounts.sessions import passwords


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the credentials are of, and what they may do.

    `access_key_id` if it was an access key; `session` if they are temporary credentials, or made by such.
    """

    principal: Principal
    access_key_id: str = ""
    session: Session | None = None
    rights: Rights = NO_RIGHTS


def decode(encoded: str) -> tuple[str, str]:
    """Return user and password of the text behind `Basic `; CredentialsInvalid."""
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise CredentialsInvalid from error
    if not colon:
        raise CredentialsInvalid
    return user, password


def identify(user: str, password: str) -> Identified:
    """Check user and password. CredentialsExpired for an authentic registry password that is too old."""
    if user == passwords.USER_NAME:
        principal, session = passwords.verify(password)
        return Identified(principal, session.id if session else "", session)
    if "\x00" in user:  # PostgreSQL can't even compare with it
        raise CredentialsInvalid
    key = access_keys.usable(user)
    if not constant_time_compare(access_keys.secret_of(key), password) or key is None:
        raise CredentialsInvalid
    access_keys.note_use(key.id, "ecr", settings.HOME_REGION)
    return Identified(key.principal, key.id)
