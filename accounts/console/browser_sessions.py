"""Sessions of browsers: rows of the database that say when they end, and whose they were when they are over."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Person

KEPT_FOR: Final = timedelta(days=1)
"""For how long it is known whose session it was that is over."""


def sweep() -> int:
    """Remove the rows of sessions that ended long ago; return how many."""
    count, _ = Session.objects.filter(expire_date__lt=timezone.now() - KEPT_FOR).delete()
    return count


def live(person: Person, keys: Iterable[str]) -> set[str]:
    """Return those of the keys whose sessions go on and are this person's, with the password of today; one query."""
    store, proof = SessionStore(), person.get_session_auth_hash()
    rows = Session.objects.filter(session_key__in=list(keys), expire_date__gt=timezone.now())
    held = {row.session_key: store.decode(row.session_data) for row in rows}
    return {
        key
        for key, values in held.items()
        if values.get(SESSION_KEY) == str(person.pk)
        and constant_time_compare(str(values.get(HASH_SESSION_KEY, "")), proof)
    }


class SessionStore(db.SessionStore):
    """Django's sessions, which know their end without another query."""

    def __init__(self, session_key: str | None = None) -> None:
        self.asked_key = session_key
        self.ends_at: datetime | None = None
        super().__init__(session_key)

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        self.ends_at = found.expire_date if found else None
        return found

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the row that is written; it ends anew."""
        row = super().create_model_instance(data)
        self.ends_at = row.expire_date
        return row

    def is_empty(self) -> bool:
        """Whether the browser may forget its cookie: not yet if it names a session that is over by its age."""
        return bool(super().is_empty()) and not self.former_person()

    @property
    def seconds_left(self) -> int:
        """For how long it lasts, if nothing renews it."""
        self.has_key(SESSION_KEY)
        return max(0, int((self.ends_at - timezone.now()).total_seconds())) if self.ends_at else 0

    @property
    def is_fixed(self) -> bool:
        """Whether it ends at a time that nothing puts off."""
        return isinstance(self.get("_session_expiry"), str)

    def former_person(self) -> str:
        """Whose session it was that the browser still names, if it is over by its age; empty for any other."""
        if not self.asked_key or self.has_key(SESSION_KEY):
            return ""
        row = Session.objects.filter(session_key=self.asked_key, expire_date__lte=timezone.now()).first()
        return str(self.decode(row.session_data).get(SESSION_KEY, "")) if row else ""
