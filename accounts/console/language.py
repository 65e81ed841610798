"""The language of a page: asked for by the link, set by the person, kept in a cookie, or the browser's."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from accounts.console.preferences import keep
from accounts.models import Person

PARAMETER = "lang"


class Language(LocaleMiddleware):
    """Comes after authentication: a person's setting goes before the cookie."""

    def process_request(self, request: HttpRequest) -> None:
        """Switch to the language before the page is made."""
        language = _asked(request) or _set(request) or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language it is; what a link asked for is kept."""
        if language := _asked(request):
            keep(response, settings.LANGUAGE_COOKIE_NAME, language)
        super().process_response(request, response)
        return response


def _asked(request: HttpRequest) -> str:
    """The language that the address names; one that is not served is ignored like other unknown words there."""
    language = request.GET.get(PARAMETER, "")
    return language if language in dict(settings.LANGUAGES) else ""


def _set(request: HttpRequest) -> str:
    """The setting of who is signed in; who has no session is not looked for."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Person):
        return ""
    return request.user.language if request.user.language in dict(settings.LANGUAGES) else ""
