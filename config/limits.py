"""Limits on what strangers can make the deployment work for: how often one address may search."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts import limits

PATHS: Final = ("/search", "/api/")


class SearchLimit:
    """Answers 429 to an address that searches more often than KHO_SEARCHES_PER_MINUTE."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Count, or go on."""
        most = settings.SEARCHES_PER_MINUTE
        if most and request.path_info.startswith(PATHS):
            whose = limits.source(request.META.get("REMOTE_ADDR", ""))
            if seconds := limits.take("search", whose, most, 60):
                return too_many(request, seconds)
        return self.get_response(request)


def too_many(request: HttpRequest, seconds: int = 60) -> HttpResponseBase:
    """The page that says when it is possible again; into the part alone that htmx asked for."""
    template = "components/too_many.html" if "HX-Request" in request.headers else "429.html"
    answer = render(request, template, {"seconds": seconds}, status=429)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "private, no-store"
    return answer
