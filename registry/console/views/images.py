"""One image of a repository."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.core import browsing
from registry.values import Digest


@console_page
@require_safe
def detail(request: HttpRequest, account_id: str, region: str, name: str, digest: str) -> HttpResponse:
    """Everything about one image."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    found = browsing.image_detail(visitor.caller, address, Digest.parse(digest))
    context = places.of_repository(request, visitor, address, "images")
    context |= {
        "detail": found,
        "image": found.image,
        "images_url": f"{context['repository_url']}/-/images",
        "manifest": found.content.decode("utf-8", "replace"),
        "show_people": True,
    }
    return render(request, "console/image.html", context)
