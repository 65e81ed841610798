"""Sign-in's small pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def inactive(request: HttpRequest) -> HttpResponse:
    """Somebody who may not sign in any more."""
    return render(request, "account/inactive.html", status=403)
