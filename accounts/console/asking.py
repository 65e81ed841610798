"""How a page is asked for: by a person who is signed in, and whole or as the part that htmx puts into a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.middleware import HtmxDetails

from accounts.console import held

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx will put the answer into a page that is there already."""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.history_restore_request


def signed_in(view: View) -> View:
    """Ask for sign-in first; a session that ended in the middle of a swap leaves the page instead of filling it.

    What a form sent after the end of a session is held, and shown after sign-in.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        page = held.hold(request)
        if not wants_part(request):
            return redirect_to_login(page or request.get_full_path())
        page = page or HtmxDetails(request).current_url_abs_path or request.get_full_path()
        target = f"{resolve_url('account_login')}?{urlencode({'next': page})}"
        return HttpResponse(status=401, headers={"HX-Redirect": target})

    return cast("View", answer)
