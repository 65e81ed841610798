"""The role that somebody acts as in the console: the browser session has ids of STS sessions, never their secrets."""

import re
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.http import HttpRequest

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.authn.basic import Identified
from accounts.caller import Caller
from accounts.directory import rights
from accounts.iam.arn import Arn
from accounts.models import Membership, Person, Session
from accounts.sessions import temporary

KEY: Final = "kho_assumed"
MOST: Final = 8
"""Roles that may be assumed one by the other."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """The role, the sessions by which it was reached (the last is of the role itself), and the account before it."""

    role_arn: str
    sessions: tuple[str, ...]
    came_from: str

    @property
    def account_id(self) -> str:
        """The account that the role is of."""
        return Arn.parse(self.role_arn).account_id

    @property
    def role_name(self) -> str:
        """The name of the role."""
        return self.role_arn.rpartition("/")[2]


def session_name(person: Person) -> str:
    """What sessions of a person are called: the mail address or the user's name, in the letters that a name takes."""
    text = person.principal.name if person.principal else person.mail
    return re.sub(r"[^\w+=,.@-]", "-", text, flags=re.ASCII)[:64].ljust(2, "-")


def held(request: HttpRequest) -> Assumed | None:
    """What the browser session says; `in_force` says whether it counts."""
    kept = request.session.get(KEY)
    return Assumed(kept["role"], tuple(kept["sessions"]), kept["from"]) if kept else None


def keep(request: HttpRequest, assumed: Assumed) -> None:
    """Act so from the next request on."""
    request.session[KEY] = {
        "role": assumed.role_arn,
        "sessions": list(assumed.sessions),
        "from": assumed.came_from,
    }


def drop(request: HttpRequest) -> None:
    """Act as oneself again."""
    request.session.pop(KEY, None)


def in_force(assumed: Assumed, person: Person) -> tuple[Session, list[Membership]] | None:
    """Return the session of the role, and the person's memberships; None if it has ended, or is of somebody else."""
    found = temporary.last_of(assumed.sessions, person)
    return found if found is not None and found[0].principal.arn == assumed.role_arn else None


def caller_of(request: HttpRequest, session: Session, region: str = "") -> Caller:
    """The caller that a session found by `in_force` makes."""
    identified = callers.with_rights(Identified(session.principal, session.id, session), rights.read(session))
    return callers.of(
        identified,
        region=region,
        source_ip=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        request_id=request.META.get("kho.request_id", ""),
        is_secure=request.is_secure(),
    )


def stop(request: HttpRequest) -> Assumed | None:
    """End the session of the role, and those by which it was reached; return what was ended, None if nothing was."""
    assumed = held(request)
    if assumed is None:
        return None
    drop(request)
    found = in_force(assumed, request.user) if isinstance(request.user, Person) else None
    if found is None:
        return None
    with transaction.atomic():
        temporary.end(assumed.sessions)
        trail.record(caller_of(request, found[0]), Action.EXIT_ROLE, Arn.parse(assumed.role_arn))
    return assumed
