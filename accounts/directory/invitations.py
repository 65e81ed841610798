"""Invitations into an account: a mail with a signed link that works once, for a while, for one mail address."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import limits, mail
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import members
from accounts.directory.people import LONGEST_ADDRESS
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.models import Invitation, Membership, Person

SALT: Final = "kho invitation"
LASTS: Final = timedelta(days=7)
MOST_OPEN: Final = 100
MAILS: Final = (5, 3600)
"""How many mails one address may be sent from one account in how many seconds."""

Link = Callable[[str], str]
"""Makes the address of the page where a token is accepted."""


def list_open(caller: Caller, account_id: str) -> list[Invitation]:
    """Return the invitations that nobody has accepted, expired ones too, the newest first."""
    members.allow(caller, Action.LIST_PEOPLE, account_id, "*")
    found = Invitation.objects.filter(account_id=account_id).select_related("role", "invited_by")
    return list(found.order_by("-created_at", "email"))


def create(
    caller: Caller, account_id: str, email: str, role_name: str, *, invited_by: Person, link: Link
) -> Invitation:
    """Invite somebody, or send the mail anew with the role given now; earlier links end.

    InvalidInput, NotFound (role), AlreadyExists for a member, LimitReached.
    """
    email = email.strip().lower()
    members.allow(caller, Action.INVITE_PERSON, account_id, email or "*")
    role = members.role_to_give(caller, account_id, role_name)
    _check(email)
    with transaction.atomic():
        if Membership.objects.filter(account_id=account_id, person__email=email).exists():
            raise AlreadyExists(f"member {email} of account {account_id}")
        others = Invitation.objects.filter(account_id=account_id, expires_at__gt=timezone.now()).exclude(email=email)
        if others.count() >= MOST_OPEN:
            raise LimitReached(f"an account has at most {MOST_OPEN} open invitations")
        if limits.take("invitation", f"{account_id}:{email}", *MAILS):
            raise LimitReached("this address has been sent enough invitations for now")
        values = {
            "role": role,
            "nonce": secrets.token_urlsafe(18),
            "invited_by": invited_by,
            "created_at": timezone.now(),
            "expires_at": timezone.now() + LASTS,
        }
        invitation, _ = Invitation.objects.update_or_create(account_id=account_id, email=email, defaults=values)
        context = {"invitation": invitation, "link": link(token_of(invitation)), "days": LASTS.days}
        known = Person.objects.filter(email=email).first()
        letter = mail.compose("account/email/invitation", context, language=known.language if known else "")
        mail.write(email, letter)
        resource = members.arn_of(account_id, email)
        trail.record(caller, Action.INVITE_PERSON, resource, details={"roleName": role.name})
    return invitation


def revoke(caller: Caller, account_id: str, email: str) -> None:
    """Take an invitation back. NotFound."""
    members.allow(caller, Action.REVOKE_INVITATION, account_id, email)
    with transaction.atomic():
        gone, _ = Invitation.objects.filter(account_id=account_id, email=email).delete()
        if not gone:
            raise NotFound(f"invitation of {email} into {account_id}")
        trail.record(caller, Action.REVOKE_INVITATION, members.arn_of(account_id, email))


def token_of(invitation: Invitation) -> str:
    """What the link holds: nobody can make one up, and the database alone does not give one away."""
    return signing.dumps({"id": str(invitation.id), "nonce": invitation.nonce}, salt=SALT)


def find(token: str) -> Invitation:
    """Return the invitation of a token. NotFound if it was forged, used, revoked or sent anew, or is too old."""
    try:
        named = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("invitation") from error
    found = Invitation.objects.filter(id=named["id"], nonce=named["nonce"], account__is_active=True)
    invitation = found.select_related("account", "role", "invited_by").first()
    if invitation is None or invitation.is_expired or not invitation.role.is_active:
        raise NotFound("invitation")
    return invitation


def accept(caller: Caller, token: str, person: Person) -> Membership:
    """Make the person a member, once. NotFound; InvalidInput if the invitation is for another mail address."""
    with transaction.atomic():
        invitation = find(token)
        if invitation.email != person.email:
            raise InvalidInput("mail address", "is not the one that was invited")
        # Whoever deletes the row has it: a second click finds nothing.
        if not Invitation.objects.filter(id=invitation.id, nonce=invitation.nonce).delete()[0]:
            raise NotFound("invitation")
        membership, _ = Membership.objects.get_or_create(
            person=person, account=invitation.account, defaults={"role": invitation.role}
        )
        resource = members.arn_of(invitation.account_id, person.mail)
        details = {"roleName": membership.role.name}
        trail.record(caller, Action.ACCEPT_INVITATION, resource, details=details)
    return membership


def _check(email: str) -> None:
    if len(email) > LONGEST_ADDRESS:
        raise InvalidInput("mail address", f"takes at most {LONGEST_ADDRESS} characters")
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput("mail address", "takes an address such as ana@example.com") from error
