"""People, and the accounts that they act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Subquery

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller, operator
from accounts.directory import accounts as directory
from accounts.directory import members, rights
from accounts.directory.accounts import ADMINISTRATOR
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.iam.arn import Arn
from accounts.models import Account, Membership, Person, Principal
from accounts.models.aggregates import Rows

LONGEST_NAME: Final = 150
LONGEST_ADDRESS: Final = 254
"""The lengths of the columns, which PostgreSQL enforces and SQLite does not."""


def create(email: str, password: str, *, name: str = "", is_staff: bool = False, check_password: bool = True) -> Person:
    """Make a person who signs in with mail address and password; staff may also use the Django admin.

    Whoever makes somebody so vouches for the mail address. The password is taken as it is if `check_password` is false,
    as the operator's own choice at the first start.
    """
    if len(name) > LONGEST_NAME:
        raise InvalidInput("name", f"takes at most {LONGEST_NAME} characters")
    if len(email) > LONGEST_ADDRESS:
        raise InvalidInput("mail address", f"takes at most {LONGEST_ADDRESS} characters")
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput("mail address", "takes an address such as ana@example.com") from error
    try:
        if check_password:
            validate_password(password, Person(email=email, name=name))
    except ValidationError as error:
        raise InvalidInput("password", " ".join(error.messages)) from error
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email, password, name=name, is_staff=is_staff, is_superuser=is_staff)
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
            return person
    except IntegrityError as error:
        raise AlreadyExists(f"person {email}") from error


def get(email: str) -> Person:
    """Return the person with this mail address; NotFound."""
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        raise NotFound(f"person {email}")
    return person


def set_language(person: Person, language: str) -> None:
    """Keep the language of a person's pages and mails; empty is as the browser asks. InvalidInput."""
    if language and language not in dict(settings.LANGUAGES):
        raise InvalidInput("language", "takes one of " + ", ".join(dict(settings.LANGUAGES)))
    person.language = language
    Person.objects.filter(pk=person.pk).update(language=language)


def add_to_account(person: Person, account: Account, role_name: str = ADMINISTRATOR) -> Membership:
    """Let a person act on an account with a role of it; another role replaces the one before."""
    role = Principal.objects.filter(account=account, kind=Principal.Kind.ROLE, name=role_name).first()
    if role is None:
        raise NotFound(f"role {role_name} of account {account.id}")
    membership, _ = Membership.objects.update_or_create(person=person, account=account, defaults={"role": role})
    return membership


def memberships_of(person: Person, *, rights_in: str = "") -> list[Membership]:
    """Return the accounts that a person may act on now, by name; with the policies of the role in one of them."""
    found = Membership.objects.filter(person=person, account__is_active=True, role__is_active=True)
    if rights_in:
        found = found.annotate(**rights.joined(rights_in))
    return list(found.select_related("account", "role", "person").order_by("account__name", "account_id"))


def rows_of(person: Person) -> Subquery:
    """An annotation that brings what `from_rows` takes with a query for something else."""
    mine = Membership.objects.filter(person=person, account__is_active=True, role__is_active=True)
    rows = Rows("account_id", "account__name", "role__kind", "role__path", "role__name")
    return Subquery(mine.order_by().values("person").annotate(all=rows).values("all"))


def from_rows(person: Person, rows: Sequence[Any]) -> list[Membership]:
    """Return the memberships that `rows_of` has found, by name: what is shown of them, and whom they let act."""
    found = []
    for account_id, name, kind, path, role_name in sorted(rows, key=lambda row: (row[1], row[0])):
        account = Account(id=account_id, name=name)
        role = Principal(account=account, kind=kind, path=path, name=role_name)
        found.append(Membership(person=person, account=account, role=role))
    return found


def members_of(account_id: str) -> list[Membership]:
    """Return who may act on an account now, people and IAM users, each with the role and the account."""
    return list(
        Membership.objects.filter(account_id=account_id, person__is_active=True, role__is_active=True)
        .select_related("account", "role", "person__principal")
        .order_by("person__email", "person__name")
    )


def staff() -> list[Person]:
    """Return the deployment's staff who may sign in, by mail address."""
    return list(Person.objects.filter(is_staff=True, is_active=True).order_by("email"))


def set_profile(person: Person, *, name: str) -> None:
    """Change how a person is called. InvalidInput."""
    if len(name) > LONGEST_NAME:
        raise InvalidInput("name", f"takes at most {LONGEST_NAME} characters")
    person.name = name.strip()
    person.save(update_fields=["name"])


@cache
def time_zones() -> tuple[str, ...]:
    """The names of time zones that may be chosen."""
    return tuple(sorted(available_timezones()))


def set_time_zone(person: Person, time_zone: str) -> None:
    """Change in which zone a person sees times; empty is UTC. InvalidInput."""
    if time_zone and time_zone not in time_zones():
        raise InvalidInput("time zone", "is not one of those offered")
    person.time_zone = time_zone
    person.save(update_fields=["time_zone"])


def set_columns(person: Person, table: str, columns: str) -> None:
    """Keep which columns of a table a person wants to see, as an address says it; empty: the usual ones."""
    with transaction.atomic():
        kept = dict(Person.objects.select_for_update().get(id=person.id).columns)
        kept.pop(table, None)
        person.columns = kept | ({table: columns} if columns else {})
        person.save(update_fields=["columns"])


def accounts_left(person: Person) -> int:
    """How many more accounts a person may make."""
    if person.is_iam_user:
        return 0
    return max(0, settings.ACCOUNTS_PER_PERSON - Account.objects.filter(created_by=person).count())


def create_account(person: Person, name: str) -> Account:
    """Make an account that the person administers. InvalidInput, LimitReached."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(id=person.id)
        if not accounts_left(person):
            raise LimitReached("no more accounts may be made by one person")
        account = directory.create(name.strip())
        account.created_by = person
        account.save(update_fields=["created_by"])
        add_to_account(person, account)
        caller = operator(account.id, user_agent="sign-up")
        resource = members.arn_of(account.id, person.mail)
        trail.record(caller, Action.CREATE_ACCOUNT, resource, details={"name": account.name})
    return account


def welcome(person: Person) -> Account | None:
    """Make the first account of somebody who has signed up and may have one; None if they need none."""
    if Membership.objects.filter(person=person).exists() or not accounts_left(person):
        return None
    return create_account(person, (person.name or person.mail.partition("@")[0])[:100])


def membership_in(person: Person, account_id: str) -> Membership:
    """Return a membership that is in force. NotFound."""
    for membership in memberships_of(person):
        if membership.account_id == account_id:
            return membership
    raise NotFound(f"member {person} of account {account_id}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where somebody signs in from."""

    ip: str = ""
    user_agent: str = ""
    request_id: str = ""


def record_sign_in(person: Person | None, source: Source, *, error_code: str = "", method: str = "") -> None:
    """Write a sign-in, or a try that failed, to the trail of each account that the person acts on."""
    if person is None:
        return
    for membership in memberships_of(person):
        account_id = membership.account_id
        caller = Caller(
            account_id=account_id,
            principal_arn=membership.acts_as,
            source_ip=source.ip,
            user_agent=source.user_agent,
            request_id=source.request_id,
        )
        details = {"method": method} if method else {}
        is_user = person.is_iam_user
        resource = Arn.parse(membership.role.arn) if is_user else members.arn_of(account_id, person.mail)
        trail.record(caller, Action.CONSOLE_LOGIN, resource, error_code=error_code, details=details)
