"""Temporary credentials: an access key that ends by itself, with a session token that goes with every request."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import sealing
from accounts.directory import access_keys, people, principals, rights
from accounts.errors import CredentialsExpired, CredentialsInvalid, NotAuthenticated
from accounts.models import Membership, Person, Principal, Session

PURPOSE: Final = "session"
ID_PREFIX: Final = "ASIA"
KEPT_AFTER_END: Final = timedelta(days=1)
"""An ended session's row says "expired" rather than "unknown" for so long."""


@dataclass(frozen=True, slots=True)
class Issued:
    """Credentials that were just made; the secret can't be had again."""

    session: Session
    secret: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def expires_at(self) -> datetime:
        """When they end."""
        return self.session.expires_at


def issue(
    principal: Principal,
    *,
    kind: Session.Kind,
    seconds: int,
    name: str = "",
    policies: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
    transitive_tags: Iterable[str] = (),
    source_identity: str = "",
    provider: str = "",
    subject: str = "",
    issued_by: str = "",
) -> Issued:
    """Make credentials that act as the principal, within the session policies, for so many seconds."""
    secret = "".join(secrets.choice(access_keys.SECRET_ALPHABET) for _ in range(40))
    now = timezone.now().replace(microsecond=0)
    session = Session.objects.create(
        id=principals.random_id(ID_PREFIX, 16),
        principal=principal,
        kind=kind,
        name=name,
        sealed_secret=sealing.seal(secret.encode(), PURPOSE),
        policies=list(policies),
        tags=dict(tags or {}),
        transitive_tags=list(transitive_tags),
        source_identity=source_identity,
        provider=provider,
        subject=subject,
        issued_by=issued_by,
        issued_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    Principal.objects.filter(id=principal.id).update(last_used_at=now)
    return Issued(session, secret, token_of(session.id))


def token_of(session_id: str) -> str:
    """The session token: it proves that the request comes from whom the credentials were given to."""
    return f"kho{salted_hmac('kho.session-token', session_id, algorithm='sha256').hexdigest()}"


def find(session_id: str, token: str) -> Session:
    """Return the session of an access key id and its token. CredentialsInvalid, CredentialsExpired."""
    session = alive(session_id)
    if not constant_time_compare(token, token_of(session.id)):
        raise CredentialsInvalid
    return session


def alive(session_id: str) -> Session:
    """Return a session that has not ended, of a principal that is active. CredentialsInvalid, CredentialsExpired."""
    session = (
        Session.objects.filter(id=session_id, principal__is_active=True, principal__account__is_active=True)
        .select_related("principal__account")
        .first()
    )
    if session is None:
        raise CredentialsInvalid
    _check(session)
    return session


def _check(session: Session) -> None:
    """Return if it has not ended. CredentialsInvalid, CredentialsExpired."""
    if session.revoked_at is not None:
        raise CredentialsInvalid
    since = session.principal.sessions_not_before
    if since is not None and session.issued_at < since:
        raise CredentialsInvalid
    if session.expires_at <= timezone.now():
        raise CredentialsExpired


def last_of(ids: Sequence[str], person: Person) -> tuple[Session, list[Membership]] | None:
    """Return the last of sessions of roles that were assumed one by the other, the first by a person in the console.

    None if they are not, or if the last has ended. It comes with the policies of its role, and with the memberships of
    the person, all in one query.
    """
    known = Session.objects.filter(
        id__in=ids, kind=Session.Kind.ASSUMED, principal__is_active=True, principal__account__is_active=True
    )
    more = rights.of_role("principal") | {"memberships": people.rows_of(person)}
    found = known.select_related("principal__account").annotate(**more).in_bulk(ids)
    session = found.get(ids[-1]) if ids else None
    if session is None:
        return None
    memberships = people.from_rows(person, getattr(session, "memberships", None) or ())
    makers = {each.acts_as for each in memberships}
    for each in ids:
        session = found.get(each)
        if session is None or session.issued_by not in makers:
            return None
        makers = {session.arn}
    try:
        _check(session)
    except NotAuthenticated:
        return None
    return session, memberships


def end(ids: Iterable[str]) -> None:
    """End sessions now, and with them what was made by them."""
    Session.objects.filter(id__in=list(ids), revoked_at=None).update(revoked_at=timezone.now())


def secret_of(session: Session) -> str:
    """Return the secret in clear, to sign with; never to show."""
    return sealing.unseal(bytes(session.sealed_secret), PURPOSE).decode()


def of_principal(principal: Principal, limit: int = 20) -> list[Session]:
    """Return the sessions of a principal that still work, the newest first."""
    found = Session.objects.filter(principal=principal, revoked_at=None, expires_at__gt=timezone.now())
    return list(found.order_by("-issued_at", "id")[:limit])


def revoke(principal: Principal) -> None:
    """End, within seconds, all sessions of the principal that were issued until now."""
    Principal.objects.filter(id=principal.id).update(sessions_not_before=timezone.now())


def sweep(limit: int = 1000) -> int:
    """Forget sessions that ended a day ago; return how many."""
    ended = Session.objects.filter(expires_at__lt=timezone.now() - KEPT_AFTER_END)
    return Session.objects.filter(id__in=list(ended.values_list("id", flat=True)[:limit])).delete()[0]


def lifetime(session: Session | None, longest: int) -> timedelta:
    """How long something made with these credentials may live: never longer than they."""
    if session is None:
        return timedelta(seconds=longest)
    left = int((session.expires_at - timezone.now()).total_seconds())
    return timedelta(seconds=max(min(left, longest), 0))


def password_lifetime(session: Session | None) -> timedelta:
    """How long a registry password made with these credentials lives."""
    return lifetime(session, settings.REGISTRY_PASSWORD_SECONDS)


def named(who: str) -> tuple[Principal, Session | None]:
    """Return who a signed value names: a principal's unique id, or a session's id. CredentialsInvalid."""
    if who.startswith(ID_PREFIX):
        session = alive(who)
        return session.principal, session
    principal = principals.active(who)
    if principal is None:
        raise CredentialsInvalid
    return principal, None
