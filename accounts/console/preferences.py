"""What people prefer: language, colours, single keys, time zone. Cookies keep it; a person's row language and zone."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.console.links import is_ours
from accounts.directory import people
from accounts.errors import InvalidInput
from accounts.models import Person

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "kho_theme"
KEYS_COOKIE: Final = "kho_keys"
YEAR_SECONDS: Final = 365 * 24 * 3600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The page; a POST keeps those preferences that it names and leads back to `next`."""
    person = request.user if isinstance(request.user, Person) else None
    error = _keep_zone(request, person) if person and "time_zone" in request.POST else ""
    if request.method != "POST" or error:
        context = {"current": "preferences", "person": person, "zones": people.time_zones(), "error": error}
        kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        context["kept_language"] = person.language if person else kept
        context["time_zone"] = request.POST.get("time_zone", person.time_zone if person else "")
        template = "account/preferences.html" if person else "account/preferences_of_nobody.html"
        return render(request, template, context, status=422 if error else 200)
    target = request.POST.get("next", "")
    if not is_ours(request, target):
        target = "/account/preferences"
    answer = HttpResponseRedirect(target)
    language = request.POST.get("language")
    if language == "" or language in dict(settings.LANGUAGES):
        keep(answer, settings.LANGUAGE_COOKIE_NAME, language)
        if person:
            people.set_language(person, language)
    for cookie, values in ((THEME_COOKIE, THEMES), (KEYS_COOKIE, ("off",))):
        if cookie in request.POST:
            value = request.POST[cookie]
            keep(answer, cookie, value if value in values else "")
    return answer


def _keep_zone(request: HttpRequest, person: Person) -> str:
    """Keep the time zone with the person; what hinders it as a sentence."""
    try:
        people.set_time_zone(person, request.POST["time_zone"].strip())
    except InvalidInput:
        return _("This time zone is not known.")
    return ""


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
        "can_sign_up": settings.SIGN_UP == "open",
        "kho_version": settings.VERSION,
        "languages": [(code, translation.get_language_info(code)["name_local"]) for code, _ in settings.LANGUAGES],
    }
