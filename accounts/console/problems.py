"""Pages for what went wrong. Whoever raises Gone or TooManyRequests gets the page of it, by Django's own handlers."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext_lazy as _

from accounts.console import held, program_problems
from accounts.console.asking import wants_part

log = structlog.get_logger("kho.problems")

RETRY_SECONDS: Final = 30
SAFE: Final = ("GET", "HEAD", "OPTIONS")

# In words that need nothing but the request: for pages that may have no database, session or known host.
WORDS: Final[Mapping[int, tuple[Any, Any]]] = {
    400: (_("This request can't be understood"), _("The address or the form holds something that can't be in one.")),
    403: (_("You may not do this"), _("Ask the administrator of the account.")),
    404: (_("There is nothing here"), _("The page does not exist, or you may not see it.")),
    410: (_("This was taken down"), _("The staff of this site removed it; it does not come back by itself.")),
    429: (_("Too many requests"), _("Wait a moment and try again.")),
    500: (
        _("Something went wrong"),
        _("The fault is ours, and it was written to the log. If it happens again, tell the administrator when it was."),
    ),
    503: (_("Kho can't answer just now"), _("It is being worked on. Try again in a moment.")),
}

NOTHING: Final = _("Nothing was changed.")
RETRY: Final = _("Try again")


class Gone(Http404):
    """Staff removed what was at the address; `name` and `reason` are shown."""

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.reason = reason


class TooManyRequests(PermissionDenied):
    """Somebody asks too often; `seconds` until they may again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the host may be unknown, so nothing is asked of the request."""
    return bare(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, or 429 if that is why."""
    if isinstance(exception, TooManyRequests):
        return too_many(request, exception)
    return page(request, 403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without the token that its page gave: open for too long, or sent by another site.

    A form of ours is shown again with what was typed, to be sent with the token of now; never by itself.
    """
    answer = page(request, 403, {"is_form": True, "held": held.refused(request)})
    add_never_cache_headers(answer)
    return answer


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same for what is absent and for what may not be seen; 410 for what staff removed."""
    if isinstance(exception, Gone):
        return page(request, 410, {"name": exception.name, "reason": exception.reason})
    return page(request, 404, {name: getattr(exception, name, "") for name in ("near", "said", "up")})


def too_many(request: HttpRequest, exception: TooManyRequests | None = None) -> HttpResponse:
    """429, with when to try again if that is known."""
    seconds = exception.seconds if exception else 0
    answer = page(request, 429, {"seconds": seconds, "minutes": -(-seconds // 60)})
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 if the database is what does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    return bare(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, and when it is worth trying again."""
    answer = bare(request, 503)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def page(request: HttpRequest, status: int, values: Mapping[str, object] | None = None) -> HttpResponse:
    """The page in the frame of all pages, its part for htmx, or a plain one if the frame can't be built.

    Programs get JSON.
    """
    if program_problems.is_program(request):
        return program_problems.answer(status)
    layout = "problems/part.html" if wants_part(request) else "problems/page.html"
    context = {"layout": layout, "status": status, "request_id": request.META.get("kho.request_id", "")}
    try:
        answer = render(request, f"problems/{status}.html", context | dict(values or {}), status=status)
    except DatabaseError:
        log.exception("no frame for an error page", status=status)
        return bare(request, status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def bare(request: HttpRequest, status: int) -> HttpResponse:
    """A page in all languages that asks nothing of database, session and cookies; JSON for programs."""
    if program_problems.is_program(request):
        return program_problems.answer(status)
    title, text = WORDS[status]
    words = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words.append(
                {"code": code, "title": str(title), "text": str(text), "nothing": str(NOTHING), "retry": str(RETRY)}
            )
    context = {
        "words": words,
        "status": status,
        "stylesheet": f"{settings.STATIC_URL}css/kho.css",
        "icon": f"{settings.STATIC_URL}img/favicon.svg",
        "request_id": request.META.get("kho.request_id", ""),
        "now": timezone.now(),
        "is_safe": request.method in SAFE and status >= 500,
    }
    answer = HttpResponse(render_to_string("problems/bare.html", context), status=status)
    add_never_cache_headers(answer)
    return answer
