"""What somebody sent when their session was over already: held while they sign in, then sent by them, or dropped."""

import re
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_htmx.middleware import HtmxDetails

from accounts.console.browser_sessions import SessionStore
from accounts.console.links import is_ours
from accounts.models import Person

KEY: Final = "kho_held"
PATH: Final = "/account/session/held"
LONGEST: Final = 200_000
"""Characters of a form that is held; a longer one is not."""
HELD_FOR: Final = timedelta(hours=1)
SECRET: Final = re.compile("password|secret|credential|token|(^|_)code($|_)", re.IGNORECASE)
"""Names of fields that are never written down."""


def hold(request: HttpRequest) -> str:
    """Keep the form of a session that is over; return the page to come back to after sign-in, empty if nothing is kept.

    Only of sessions that were somebody's: strangers can't fill the table.
    """
    session = request.session
    if request.method != "POST" or not isinstance(session, SessionStore):
        return ""
    person, fields = session.former_person() or _holder(request), _typed(request)
    if not person or not fields:
        return ""
    session[KEY] = {
        "person": person,
        "at": timezone.now().isoformat(),
        "path": request.get_full_path(),
        "page": _page(request),
        "fields": fields,
        "had_files": bool(request.FILES),
    }
    return PATH


def refused(request: HttpRequest) -> dict[str, Any] | None:
    """What a form had whose token is stale, for its page to show; None for forms that may be of another site.

    Nothing is written down: who sent it gets it back at once.
    """
    fields = _typed(request) if _is_from_here(request) else []
    return {"path": request.get_full_path(), "fields": fields, "had_files": bool(request.FILES)} if fields else None


def _typed(request: HttpRequest) -> list[list[str]]:
    """The fields of a form but for secrets; none if they are too long."""
    fields = [[name, text] for name, texts in request.POST.lists() for text in texts if not SECRET.search(name)]
    return fields if sum(len(name) + len(text) for name, text in fields) <= LONGEST else []


def _is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that one of our own pages sent the form; other sites can't make it say so."""
    said = request.META.get("HTTP_ORIGIN") or request.META.get("HTTP_REFERER", "")
    return "://" in said and is_ours(request, said)


def _holder(request: HttpRequest) -> str:
    """Whose form is held already, of a visitor who has not signed in yet: a later one takes its place."""
    found = request.session.get(KEY)
    return str(found["person"]) if isinstance(found, dict) else ""


def _page(request: HttpRequest) -> str:
    """The page that the form was on."""
    htmx = HtmxDetails(request)
    found = htmx.current_url_abs_path if htmx else ""
    referrer = request.META.get("HTTP_REFERER", "")
    if not found and is_ours(request, referrer):
        parts = urlsplit(referrer)
        found = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return found or "/"


def held(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """Return what is held for a person; what is somebody else's or too old is dropped."""
    found = request.session.get(KEY)
    if not isinstance(found, dict):
        return None
    at = parse_datetime(str(found.get("at", "")))
    if found.get("person") != str(person.pk) or at is None or timezone.now() - at > HELD_FOR:
        let_go(request)
        return None
    return found


def let_go(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(KEY, None)
