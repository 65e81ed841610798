"""Addresses that pages lead to: ours for mails, and of readers' wishes only those that are ours."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def origin(request: HttpRequest) -> str:
    """Where links in mails lead to: the public origin, or where the request came to if none is set."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def is_ours(request: HttpRequest, target: str) -> bool:
    """Whether an address leads to a page of this origin."""
    return url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
