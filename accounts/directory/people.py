"""People, and the accounts that they act on."""

from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.directory.accounts import ADMINISTRATOR
from accounts.errors import AlreadyExists, InvalidInput, NotFound
from accounts.models import Account, Membership, Person, Principal

LONGEST_NAME: Final = 150
LONGEST_ADDRESS: Final = 254
"""The lengths of the columns, which PostgreSQL enforces and SQLite does not."""


def create(email: str, password: str, *, name: str = "", is_staff: bool = False, check_password: bool = True) -> Person:
    """Make a person who signs in with mail address and password; staff may also use the Django admin.

    The password is taken as it is if `check_password` is false, as the operator's own choice at the first start.
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
            return Person.objects.create_user(email, password, name=name, is_staff=is_staff, is_superuser=is_staff)
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


def memberships_of(person: Person) -> list[Membership]:
    """Return the accounts that a person may act on now, by name."""
    return list(
        Membership.objects.filter(person=person, account__is_active=True, role__is_active=True)
        .select_related("account", "role")
        .order_by("account__name", "account_id")
    )


def members_of(account_id: str) -> list[Membership]:
    """Return who may act on an account now, by mail address, each with the role and the account."""
    return list(
        Membership.objects.filter(account_id=account_id, person__is_active=True, role__is_active=True)
        .select_related("account", "role", "person")
        .order_by("person__email")
    )


def staff() -> list[Person]:
    """Return the deployment's staff who may sign in, by mail address."""
    return list(Person.objects.filter(is_staff=True, is_active=True).order_by("email"))
