"""Mails, all of them: composed in the reader's language, written as work, and sent by a task as often as it takes.

They are written in the transaction of what they tell of, as plain text and HTML. What they say is never logged: mails
hold links that sign people in.
"""

import uuid
from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from accounts import outbox
from accounts.models import Person

log = structlog.get_logger(__name__)

ANY_HTML: Final = "mail/message.html"
"""How a text without a page of its own is shown."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, in one language."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class MailWritten:
    """A mail that waits to be sent; not to a `person` (0: nobody known) who may not sign in any more."""

    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str = ""
    person: int = 0


def compose(
    template: str, context: dict[str, Any], *, language: str = "", request: HttpRequest | None = None
) -> Letter:
    """Make a letter of `<template>_subject.txt`, `_message.txt` and, if there is one, `_message.html`.

    Without a language it is that of the page which is being made.
    """
    chosen = language or translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(chosen):
        values = context | {"language": chosen}
        subject = " ".join(str(render_to_string(f"{template}_subject.txt", values, request)).split())
        # Stripped it is a plain string again, which pages escape when they show a mail.
        text = render_to_string(f"{template}_message.txt", values, request).strip() + "\n"
        values |= {"subject": subject, "text": text}
        html = render_to_string([f"{template}_message.html", ANY_HTML], values, request)
    return Letter(chosen, subject, text, str(html))


def write(to: str, letter: Letter, *, name: str = "", person: int = 0) -> None:
    """Write a mail, inside the change's transaction.

    Tried again, it has the same Message-ID, should the server's answer be lost; `name` makes it that of all mails of
    this name.
    """
    message_id = f"<{name or uuid.uuid4()}@{settings.MAIL_DOMAIN}>"
    outbox.announce(MailWritten(to, letter.subject, letter.text, letter.html, message_id, person))


def deliver(payload: dict[str, Any]) -> None:
    """Send a mail; an address that the mail server refuses for good is given up."""
    known = payload.get("person", 0)
    if known and not Person.objects.filter(id=known, is_active=True).exists():
        return
    # Rows of earlier versions have neither HTML nor Message-ID.
    headers = {"Auto-Submitted": "auto-generated"}
    headers |= {"Message-ID": payload["message_id"]} if payload.get("message_id") else {}
    message = EmailMultiAlternatives(payload["subject"], payload["text"], to=[payload["to"]], headers=headers)
    if payload.get("html"):
        message.attach_alternative(payload["html"], "text/html")
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if any(code < 500 for code in codes):
            raise
        log.warning("a mail was refused for good", codes=codes)
