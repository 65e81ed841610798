"""Mails: written in the transaction of what they tell of, and sent by work that is repeated."""

from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail as sent
from django.core.mail import EmailMessage
from django.db import transaction

from accounts import mail, outbox
from accounts.models import OutboxRow

CONTEXT = {
    "origin": "https://kho.example.com",
    "activate_url": "https://kho.example.com/x?a&b",
    "email": "a@example.com",
}


@pytest.fixture
def row(db: None) -> OutboxRow:
    """A mail that waits."""
    mail.write("account/email/email_confirmation", "a@example.com", CONTEXT)
    return OutboxRow.objects.get()


def test_it_works(row: OutboxRow) -> None:
    assert outbox.run(row.id)
    (message,) = sent.outbox
    assert message.to == ["a@example.com"] and message.subject == "Confirm your mail address"
    assert "https://kho.example.com/x?a&b" in str(message.body), "plain text, nothing escaped"


def test_nothing_is_sent_of_what_did_not_happen(db: None) -> None:
    with transaction.atomic():
        mail.write("account/email/email_confirmation", "a@example.com", CONTEXT)
        transaction.set_rollback(True)
    assert not OutboxRow.objects.exists()


def test_a_server_that_is_away_delays_it(row: OutboxRow, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_message: EmailMessage) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailMessage, "send", fail)
    assert not outbox.run(row.id)
    monkeypatch.undo()
    assert outbox.run(row.id) and len(sent.outbox) == 1


@pytest.mark.parametrize(("code", "is_kept"), [(550, False), (451, True)])
def test_an_address_that_is_refused_for_good_is_given_up(
    row: OutboxRow, monkeypatch: pytest.MonkeyPatch, code: int, is_kept: bool
) -> None:
    def refuse(_message: EmailMessage) -> None:
        raise SMTPRecipientsRefused({"a@example.com": (code, b"no")})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    assert outbox.run(row.id) is not is_kept
    assert OutboxRow.objects.exists() is is_kept
