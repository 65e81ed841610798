"""Mails: written as work in the transaction of what they tell of, and sent by a task as often as it takes."""

from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused
from typing import Any

import structlog
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts import outbox

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailWritten:
    """A mail that waits to be sent."""

    to: str
    subject: str
    text: str


def write(template: str, to: str, context: dict[str, Any], request: HttpRequest | None = None) -> None:
    """Write a mail from `<template>_subject.txt` and `<template>_message.txt`; inside the change's transaction."""
    subject = " ".join(render_to_string(f"{template}_subject.txt", context, request).split())
    text = render_to_string(f"{template}_message.txt", context, request).strip() + "\n"
    outbox.announce(MailWritten(to, subject, text))


def deliver(payload: dict[str, Any]) -> None:
    """Send a mail; an address that the mail server refuses for good is given up."""
    try:
        EmailMessage(payload["subject"], payload["text"], to=[payload["to"]]).send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if any(code < 500 for code in codes):
            raise
        log.warning("a mail was refused for good", codes=codes)
