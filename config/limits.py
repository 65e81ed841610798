"""Limits on what strangers can make the deployment work for: how often one address may search."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import limits
from accounts.console import problems
from accounts.console.problems import TooManyRequests

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
                return problems.too_many(request, TooManyRequests(seconds))
        return self.get_response(request)
