"""What people prefer: language, colours, single keys. Cookies keep it; a person's row their language."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.directory import people
from accounts.models import Person

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "kho_theme"
KEYS_COOKIE: Final = "kho_keys"
YEAR_SECONDS: Final = 365 * 24 * 3600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The page; a POST keeps those preferences that it names and leads back to `next`."""
    if request.method != "POST":
        person = request.user if isinstance(request.user, Person) else None
        kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return render(request, "account/preferences.html", {"kept_language": person.language if person else kept})
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/account/preferences"
    answer = HttpResponseRedirect(target)
    language = request.POST.get("language")
    if language == "" or language in dict(settings.LANGUAGES):
        keep(answer, settings.LANGUAGE_COOKIE_NAME, language)
        if isinstance(request.user, Person):
            people.set_language(request.user, language)
    for cookie, values in ((THEME_COOKIE, THEMES), (KEYS_COOKIE, ("off",))):
        if cookie in request.POST:
            value = request.POST[cookie]
            keep(answer, cookie, value if value in values else "")
    return answer


def keep(answer: HttpResponseBase, cookie: str, value: str) -> None:
    """Set a cookie for a year; an empty value, which is what holds by itself, removes it."""
    if value:
        secure = settings.SESSION_COOKIE_SECURE
        answer.set_cookie(cookie, value, max_age=YEAR_SECONDS, samesite="Lax", secure=secure, httponly=True)
    else:
        answer.delete_cookie(cookie, samesite="Lax")


def context(request: HttpRequest) -> dict[str, object]:
    """Context of every page: the theme, so that the server writes it and nothing flashes; whether single keys work."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "",
        "has_keys": request.COOKIES.get(KEYS_COOKIE) != "off",
        "version": settings.VERSION,
        "languages": [(code, translation.get_language_info(code)["name_local"]) for code, _ in settings.LANGUAGES],
    }
