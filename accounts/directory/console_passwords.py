"""Console passwords of IAM users, which IAM calls login profiles: given, changed, taken away, and checked at sign-in.

The row of a password is a Person without a mail address, whose only membership is the user itself. Whatever ends the
password (another one, its removal, the end of the user) ends the browser sessions made with it at their next request.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import limits
from accounts.audit import spool
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import accounts as directory
from accounts.directory import asking, principals
from accounts.directory.people import Source
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound, PasswordRefused, WrongPassword
from accounts.iam.arn import Arn
from accounts.models import Account, Membership, Person, Principal, Session

LONGEST: Final = 128
TRIES, TRY_SECONDS = 10, 300
"""How often the present password may be typed to change it."""
FAILED: Final = "Failed authentication"
FROM_CONSOLE: Final = "console"
"""The name of the sessions that registry passwords made in the console act by."""


def generate() -> str:
    """A password that nobody chose."""
    return secrets.token_urlsafe(18)


def create(caller: Caller, account_id: str, user_name: str, password: str, *, must_change: bool = False) -> Person:
    """Let a user sign in to the console. NotFound, AlreadyExists, PasswordRefused."""
    user = _user(caller, account_id, user_name, Action.CREATE_LOGIN_PROFILE)
    _check(password, user)
    with transaction.atomic():
        Principal.objects.select_for_update(no_key=True).get(id=user.id)
        if Person.objects.filter(principal=user).exists():
            raise AlreadyExists(f"login profile of user {user_name}")
        person = Person(email=None, name=user.name, principal=user, must_change_password=must_change)
        person.set_password(password)
        person.save()
        Membership.objects.create(person=person, account_id=account_id, role=user)
        resource = Arn.parse(user.arn)
        asking.record(caller, Action.CREATE_LOGIN_PROFILE, resource, passwordResetRequired=must_change)
    return person


def get(caller: Caller, account_id: str, user_name: str) -> Person:
    """Return what tells when a user was given a password, and whether it must be changed. NotFound."""
    return _of(_user(caller, account_id, user_name, Action.GET_LOGIN_PROFILE))


def find(caller: Caller, account_id: str, user_name: str) -> Person | None:
    """The same, None for a user without a password. NotFound if there is no such user."""
    user = _user(caller, account_id, user_name, Action.GET_LOGIN_PROFILE)
    return Person.objects.filter(principal=user).first()


def update(
    caller: Caller, account_id: str, user_name: str, *, password: str = "", must_change: bool | None = None
) -> None:
    """Give a user another password, or say that it must be changed. NotFound, PasswordRefused."""
    user = _user(caller, account_id, user_name, Action.UPDATE_LOGIN_PROFILE)
    _of(user)
    if password:
        _check(password, user)
    with transaction.atomic():
        person = _of(user, lock=True)
        if must_change is not None:
            person.must_change_password = must_change
        if password:
            person.set_password(password)
            _end_registry_passwords(user)
        person.save(update_fields=["must_change_password", "password"])
        details = {} if must_change is None else {"passwordResetRequired": must_change}
        asking.record(caller, Action.UPDATE_LOGIN_PROFILE, Arn.parse(user.arn), **details)


def delete(caller: Caller, account_id: str, user_name: str) -> None:
    """Let a user sign in no more; its second factors go, too. NotFound."""
    user = _user(caller, account_id, user_name, Action.DELETE_LOGIN_PROFILE)
    with transaction.atomic():
        _of(user, lock=True).delete()
        _end_registry_passwords(user)
        asking.record(caller, Action.DELETE_LOGIN_PROFILE, Arn.parse(user.arn))


def change(caller: Caller, account_id: str, user_name: str, old: str, new: str) -> Person:
    """Change one's own password. NotFound, WrongPassword, PasswordRefused, LimitReached.

    Who was told to change it needs no right to do so; everybody else needs `iam:ChangePassword`.
    """
    user = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name=user_name).first()
    person = Person.objects.filter(principal=user).first() if user else None
    resource = Arn.parse(user.arn) if user else asking.arn_of(account_id, f"user/{user_name}")
    if person is None or not person.must_change_password or caller.principal_arn != str(resource):
        asking.allow(caller, Action.CHANGE_PASSWORD, resource)
    if user is None or person is None:
        raise NotFound(f"login profile of user {user_name}")
    if limits.take("change-password", user.unique_id, TRIES, TRY_SECONDS):
        raise LimitReached("too many tries to change the password; wait some minutes")
    if not person.check_password(old):
        raise WrongPassword("The old password was incorrect.")
    if old == new:
        raise PasswordRefused(["The new password is the old one."])
    _check(new, user)
    with transaction.atomic():
        person = _of(user, lock=True)
        person.set_password(new)
        person.must_change_password = False
        person.save(update_fields=["must_change_password", "password"])
        _end_registry_passwords(user)
        asking.record(caller, Action.CHANGE_PASSWORD, resource)
    return person


def may_change(caller: Caller, person: Person) -> bool:
    """Whether a user may change its own password: the gate's answer, or that it must."""
    user = person.principal
    if user is None:
        return False
    return person.must_change_password or asking.may(caller, Action.CHANGE_PASSWORD, Arn.parse(user.arn))


def account_of(named: str) -> str:
    """The id of the account that somebody names at sign-in; empty if none is meant, or more than one."""
    digits = re.sub(r"[\s-]", "", named)
    if re.fullmatch(r"[0-9]{12}", digits):
        return digits
    found = list(Account.objects.filter(name__iexact=named.strip(), is_active=True).values_list("id", flat=True)[:2])
    return found[0] if len(found) == 1 else ""


def verify(account_id: str, user_name: str, password: str) -> tuple[Person | None, bool]:
    """Return the user that is named, if there is one, and whether this is its password and it may sign in.

    It costs the same whether there is such an account and user or not: one query and one hash of the password.
    """
    known = Person.objects.filter(
        principal__account_id=account_id, principal__kind=Principal.Kind.USER, principal__name=user_name
    )
    person = known.select_related("principal__account").first()
    if person is None:
        make_password(password)
        return None, False
    return person, person.check_password(password) and may_sign_in(person)


def record_failure(account_id: str, user_name: str, source: Source) -> None:
    """Write a failed sign-in to the trail if there is such a user; by the spool, which costs no time to notice."""
    known = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name=user_name)
    user = known.filter(console_user__isnull=False).first()
    if user is None:
        return
    caller = Caller(
        account_id=account_id,
        principal_arn=user.arn,
        source_ip=source.ip,
        user_agent=source.user_agent,
        request_id=source.request_id,
    )
    spool.write(
        {
            "v": 1,
            "kind": "denied",
            "at": datetime.now(UTC).isoformat(),
            "action": Action.CONSOLE_LOGIN.value,
            "resource": user.arn,
            "error": FAILED,
            "caller": caller.as_dict(),
        }
    )


def signed_in(person_id: int) -> Person | None:
    """Return the user with a browser session, with its principal and account, if it may still sign in; one query."""
    known = Person.objects.filter(pk=person_id, principal__isnull=False)
    person = known.select_related("principal__account").first()
    return person if person is not None and may_sign_in(person) else None


def may_sign_in(person: Person) -> bool:
    """Whether the user and its account are active."""
    user = person.principal
    return user is not None and person.is_active and user.is_active and user.account.is_active


def _check(password: str, user: Principal) -> None:
    if len(password) > LONGEST:
        raise InvalidInput("password", f"takes at most {LONGEST} characters")
    try:
        # As if it were a mail address: that is what passwords are compared with.
        validate_password(password, Person(email=f"{user.name}@{user.account_id}", name=user.name))
    except ValidationError as error:
        raise PasswordRefused(error.messages) from error


def _user(caller: Caller, account_id: str, name: str, action: Action) -> Principal:
    """Find the user and ask the gate before its absence is told."""
    user = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name=name).first()
    asking.allow(caller, action, Arn.parse(user.arn) if user else asking.arn_of(account_id, f"user/{name}"))
    return user or principals.get(directory.get(account_id), Principal.Kind.USER, name)


def _of(user: Principal, *, lock: bool = False) -> Person:
    rows = Person.objects.filter(principal=user)
    person = (rows.select_for_update(no_key=True) if lock else rows).first()
    if person is None:
        raise NotFound(f"login profile of user {user.name}")
    return person


def _end_registry_passwords(user: Principal) -> None:
    Session.objects.filter(principal=user, kind=Session.Kind.TOKEN, name=FROM_CONSOLE).delete()
