"""Mails of notices. Started by NoticeMailDue; what fails is tried again by the outbox until the mail is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import Person
from registry.models import Notice
from registry.notifications import kinds


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in the recipient's language."""

    language: str
    subject: str
    text: str
    html: str


def send(payload: Mapping[str, Any]) -> None:
    """Send the mail of a notice unless it was sent, its person may not sign in any more, or its kind is gone."""
    notice = Notice.objects.select_related("person").filter(id=payload["notice"], by_mail=True, mailed_at=None).first()
    if notice is None or not notice.person.is_active or notice.kind not in kinds.known():
        return
    letter = write(notice.person, notice.kind, notice.params, notice.path)
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        to=[notice.person.email],
        # The same mail again, should the answer of the server be lost, has the same id.
        headers={"Message-ID": f"<notice-{notice.id}@{settings.MAIL_DOMAIN}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(letter.html, "text/html")
    message.send()
    Notice.objects.filter(id=notice.id).update(mailed_at=timezone.now())


def write(person: Person, kind: str, params: Mapping[str, Any], path: str) -> Letter:
    """Write the mail of a notice in its recipient's language, without sending it."""
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language):
        told = kinds.tell(kind, params)
        context = {
            "told": told,
            "person": person,
            "language": language,
            "address": f"{settings.MAIL_ORIGIN}{path}",
            "choices": f"{settings.MAIL_ORIGIN}/account/notifications",
        }
        subject = " ".join(told.subject.split())
        # Stripped it is a plain string again, which pages escape when they show a mail.
        text = render_to_string("mail/notice.txt", context).strip() + "\n"
        html = render_to_string("mail/notice.html", context)
    return Letter(language, subject, text, html)
