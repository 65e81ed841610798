"""How pages look to a reader: language, colours, time zone, shortcuts; and what happens when a session is over."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts.console.links import is_ours
from accounts.directory import people
from accounts.models import Person

Handler = Callable[[HttpRequest], HttpResponseBase]

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "kho_theme"
YEAR_SECONDS: Final = 365 * 24 * 3600


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours that the reader chose; none means as the system."""
    target = request.POST.get("next", "/")
    answer = HttpResponseRedirect(target if is_ours(request, target) else "/")
    keep_theme(answer, request.POST.get("theme", ""))
    return answer


def keep_theme(answer: HttpResponse, theme: str) -> None:
    """Write the cookie, or take it away."""
    if theme in THEMES:
        answer.set_cookie(
            THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        answer.delete_cookie(THEME_COOKIE)


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Keep the language in a cookie, and with the person if somebody has signed in."""
    language = request.POST.get("language", "")
    if isinstance(request.user, Person) and translation.check_for_language(language):
        people.set_preferences(request.user, language=language)
    return i18n.set_language(request)


def context(request: HttpRequest) -> dict[str, object]:
    """Context of every page: the theme, so that the server writes it and nothing flashes; whether keys do something."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    user = getattr(request, "user", None)
    return {
        "theme": chosen if chosen in THEMES else "",
        "without_shortcuts": isinstance(user, Person) and not user.has_shortcuts,
        "can_sign_up": settings.SIGN_UP == "open",
    }


class Preferences:
    """Pages in the language and the time zone that the person chose."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with them in force; what somebody who has signed in sees is nobody else's, and kept nowhere."""
        person = request.user if isinstance(request.user, Person) else None
        if person is None:
            return self.get_response(request)
        if person.language in dict(settings.LANGUAGES):
            translation.activate(person.language)
            request.LANGUAGE_CODE = person.language
        with timezone.override(ZoneInfo(person.time_zone)) if person.time_zone else nullcontext():
            answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


class SessionOver:
    """Sends whoever's session is over to sign-in as a whole page, never a form into the part that htmx asked for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 401 with HX-Redirect instead of a redirect that htmx would follow."""
        answer = self.get_response(request)
        target = urlsplit(answer.headers.get("Location", "")).path
        if "HX-Request" not in request.headers or answer.status_code != 302 or target != reverse(settings.LOGIN_URL):
            return answer
        page = request.headers.get("HX-Current-URL", "")
        parts = urlsplit(page)
        wanted = f"{parts.path}?{parts.query}" if parts.query else parts.path
        query = f"?{urlencode({'next': wanted})}" if is_ours(request, page) and parts.path else ""
        over = HttpResponse(status=401)
        over["HX-Redirect"] = target + query
        over["Cache-Control"] = "private, no-store"
        return over
