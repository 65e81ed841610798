"""What the mail of a notice says, in its reader's language. Mails are written and sent by `accounts.mail`."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts import mail
from accounts.mail import Letter
from accounts.models import Person
from registry.models import Notice
from registry.notifications import kinds


def compose(person: Person, kind: str, params: Mapping[str, Any], path: str) -> Letter:
    """Make the letter of a notice, without sending it."""
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language):
        context = {
            "told": kinds.tell(kind, params),
            "person": person,
            "address": f"{settings.MAIL_ORIGIN}{path}",
            "choices": f"{settings.MAIL_ORIGIN}/account/notifications",
        }
        return mail.compose("mail/notice", context, language=language)


def write(notice: Notice) -> None:
    """Write the mail of a notice to its person, inside a transaction."""
    person = notice.person
    letter = compose(person, notice.kind, notice.params, notice.path)
    mail.write(person.mail, letter, name=f"notice-{notice.id}", person=person.id)
    Notice.objects.filter(id=notice.id).update(mailed_at=timezone.now())


def send(payload: Mapping[str, Any]) -> None:
    """Write the mail of a notice that an earlier version left in the outbox, unless its kind is gone."""
    with transaction.atomic():
        waiting = Notice.objects.select_for_update(no_key=True).filter(
            id=payload["notice"], by_mail=True, mailed_at=None, person__is_active=True
        )
        notice = waiting.first()
        if notice is not None and notice.kind in kinds.known():
            write(notice)
