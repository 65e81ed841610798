"""The page of a secret that is shown once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.console import places, shown_once
from registry.console.membership import console_page, visitor_of


@console_page
@require_safe
def show(request: HttpRequest, account_id: str, handle: str) -> HttpResponse:
    """Show a secret at the first look; later ones are told that it can't be shown again."""
    visitor = visitor_of(request, account_id)
    done, section = shown_once.origin(request, account_id, handle)
    # Asking for the head alone shows nothing, so it uses nothing up.
    secret = shown_once.take(request, account_id, handle) if request.method == "GET" else None
    context = places.of_account(request, visitor, section) | {"secret": secret, "done": done}
    return render(request, "console/secret.html", context, status=200 if secret else 410)
