"""Pages for somebody who has signed in: in their time zone, and kept by nobody on the way."""

from collections.abc import Callable
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import Person


class Personal:
    """Comes after authentication; who has no session is not looked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the person's time zone."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Person):
            return self.get_response(request)
        zone = request.user.time_zone
        with timezone.override(ZoneInfo(zone)) if zone else nullcontext():
            answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer
