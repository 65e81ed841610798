"""Sign-in's small pages and the preferences that a cookie keeps."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language as keep_language

from accounts.directory import people
from accounts.models import Person

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "kho_theme"
YEAR_SECONDS: Final = 365 * 24 * 3600


@require_safe
def inactive(request: HttpRequest) -> HttpResponse:
    """Somebody who may not sign in any more."""
    return render(request, "account/inactive.html", status=403)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language that the reader chose, for pages and (of who has signed in) for mails."""
    if isinstance(request.user, Person) and request.POST.get("language") in dict(settings.LANGUAGES):
        people.set_language(request.user, request.POST["language"])
    answer: HttpResponse = keep_language(request)
    return answer


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours that the reader chose; none means as the system."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    answer = HttpResponseRedirect(target)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        answer.set_cookie(
            THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


def theme(request: HttpRequest) -> dict[str, str]:
    """Context of every page: the theme, so that the server writes it and nothing flashes."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": chosen if chosen in THEMES else ""}
