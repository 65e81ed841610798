"""Pull references that somebody pasted into the address bar, and addresses with a slash at the end."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_safe


@require_safe
def pasted(request: HttpRequest, alias: str, name: str, reference: str) -> HttpResponse:
    """A pull reference that somebody pasted into the address bar."""
    section = "images" if ":" in reference else "tags"
    return redirect(f"/{alias}/{name}/-/{section}/{reference}")


@require_safe
def pasted_private(request: HttpRequest, account: str, name: str) -> HttpResponse:
    """A private reference leads to the console, which asks who is there."""
    bare = name.partition("@")[0].partition(":")[0]
    account, _, region = account.partition(".")
    return redirect(f"/console/{account}/{region or settings.HOME_REGION}/repositories/{bare}/-/images")


@require_safe
def without_slash(request: HttpRequest, path: str) -> HttpResponse:
    """Pages have no slash at the end."""
    where = f"/{path.strip('/')}"
    query_string = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{where}?{query_string}" if query_string else where)
