"""Mails: written in the transaction of what they tell of, and sent by work that is repeated."""

from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail as sent
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from structlog.testing import capture_logs

from accounts import mail, outbox
from accounts.models import OutboxRow, Person

CONTEXT = {
    "origin": "https://kho.example.com",
    "activate_url": "https://kho.example.com/sign-up/confirm/MQ:1a-_Z?lang=vi&b=1",
    "email": "a@example.com",
}


@pytest.fixture
def row(db: None) -> OutboxRow:
    """A mail that waits."""
    mail.write("a@example.com", mail.compose("account/email/email_confirmation", CONTEXT))
    return OutboxRow.objects.get()


def test_it_works(row: OutboxRow) -> None:
    assert outbox.run(row.id)
    (message,) = sent.outbox
    assert message.to == ["a@example.com"] and message.subject == "Confirm your mail address"
    assert "https://kho.example.com/sign-up/confirm/MQ:1a-_Z?lang=vi&b=1" in str(message.body), (
        "plain text, nothing escaped"
    )
    assert isinstance(message, EmailMultiAlternatives)
    [(content, kind)] = message.alternatives
    assert kind == "text/html" and 'href="https://kho.example.com/sign-up/confirm/MQ:1a-_Z?lang=vi&amp;b=1"' in str(
        content
    )
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert (
        message.extra_headers["Message-ID"] == row.payload["message_id"] and "@127.0.0.1>" in row.payload["message_id"]
    )
    assert not OutboxRow.objects.exists()


def test_what_earlier_versions_left_is_sent(db: None) -> None:
    """Their rows have neither HTML nor Message-ID."""
    payload = {"to": "a@example.com", "subject": "Old", "text": "Words.\n"}
    row = OutboxRow.objects.create(event="MailWritten", task="accounts.mail.deliver", payload=payload)
    assert outbox.run(row.id)
    assert (sent.outbox[0].subject, sent.outbox[0].body, sent.outbox[0].to) == ("Old", "Words.\n", ["a@example.com"])


def test_it_is_in_the_language_of_the_reader(db: None) -> None:
    letter = mail.compose("account/email/email_confirmation", CONTEXT, language="vi")
    assert letter.language == "vi" and letter.subject != "Confirm your mail address"
    assert '<html lang="vi">' in letter.html and letter.subject in letter.html


def test_it_holds_no_markup_of_others(db: None) -> None:
    told = {"told": {"subject": "a <b>\nc", "text": "<script>x</script>"}, "person": Person(name="<i>")}
    letter = mail.compose("mail/notice", told)
    assert letter.subject == "a <b> c", "one line"
    assert "<script>" in letter.text and "<script>" not in letter.html and "<i>" not in letter.html


def test_nobody_gets_mail_who_may_not_sign_in_any_more(db: None) -> None:
    person = Person.objects.create_user("a@example.com")
    mail.write("a@example.com", mail.compose("account/email/email_confirmation", CONTEXT), person=person.id)
    Person.objects.update(is_active=False)
    assert outbox.run(OutboxRow.objects.get().id) and not sent.outbox


def test_what_it_says_is_not_logged(row: OutboxRow, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_message: EmailMessage) -> None:
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch, caplog.at_level("DEBUG"), capture_logs() as lines:
        patch.setattr(EmailMessage, "send", fail)
        assert not outbox.run(row.id)
    assert "work failed" in str(lines) and "MQ:1a" not in str(lines) + caplog.text


def test_nothing_is_sent_of_what_did_not_happen(db: None) -> None:
    with transaction.atomic():
        mail.write("a@example.com", mail.compose("account/email/email_confirmation", CONTEXT))
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
