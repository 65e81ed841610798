"""Pages for somebody who has signed in: in their time zone, kept by nobody on the way; a password that is due first."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone

from accounts.console.asking import wants_part
from accounts.models import Person

BEFORE_CHANGE: Final = ("/account/security/password", "/sign-out", "/account/preferences", "/help", "/static/")
"""What somebody may see who must change the password first; and the state of the session, which the script asks for."""
STATE: Final = "/account/session"


class Personal:
    """Comes after authentication; who has no session is not looked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the person's time zone."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Person):
            return self.get_response(request)
        is_free = request.path_info.startswith(BEFORE_CHANGE) or request.path_info == STATE
        if request.user.must_change_password and not is_free:
            return _to_change(request)
        zone = request.user.time_zone
        with timezone.override(ZoneInfo(zone)) if zone else nullcontext():
            answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def _to_change(request: HttpRequest) -> HttpResponse:
    """Lead to the page of the password, as a whole even if a part was asked for."""
    target = "account_change_password"
    if wants_part(request):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url(target)})
    return redirect(target)
