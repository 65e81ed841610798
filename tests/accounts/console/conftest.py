"""Ana, who administers an account; and the mails that were written."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from accounts import outbox
from accounts.directory import people
from accounts.models import Account, OutboxRow, Person

PASSWORD = "a shelf of long words"
Mails = Callable[[], list[EmailMessage]]


@pytest.fixture
def ana(account: Account) -> Person:
    """A person who administers the account."""
    person = people.create("ana@example.com", PASSWORD, name="Ana")
    people.add_to_account(person, account)
    return person


@pytest.fixture
def bo(db: None) -> Person:
    """A person who belongs to no account."""
    return people.create("bo@example.com", PASSWORD, name="Bo")


@pytest.fixture
def mails() -> Mails:
    """Run the work that waits, and return the mails that have been sent."""

    def send() -> list[EmailMessage]:
        for row in OutboxRow.objects.filter(event="MailWritten").order_by("id"):
            assert outbox.run(row.id)
        return mail.outbox

    return send


def link_in(message: EmailMessage) -> str:
    """The path of the only link of its own line."""
    found = re.findall(r"^https?://[^/\s]+(/\S+)$", str(message.body), re.MULTILINE)
    return str(found[0])


def sign_in(client: Client, email: str = "ana@example.com") -> None:
    """Sign in by the form."""
    answer = client.post("/sign-in", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()


def confirm(client: Client) -> None:
    """Type the password again, as changes of security want it."""
    answer = client.post("/sign-in/again", {"password": PASSWORD, "next": "/account/security"})
    assert answer.status_code == 302, answer.content.decode()
