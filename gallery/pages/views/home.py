"""The entrance: search, what is popular, what is new, who publishes; logos; the page of what is not there."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing
from gallery.pages.views.search import pull_command
from gallery.search import publishers, query
from registry.core import catalog


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    if request.GET.get("q"):
        return redirect(f"/search?{request.GET.urlencode()}")
    popular = query.popular()
    example = next((row for row in popular if row.kind == Listing.Kind.IMAGE), None) or next(iter(popular), None)
    figures = query.figures()
    counts = figures.counts.get("category") or {}
    return render(
        request,
        "gallery/home.html",
        {
            "popular": popular,
            "newest": query.newest(),
            "verified": publishers.verified(),
            "examples": figures.examples,
            "categories": [(slug, name, counts[slug]) for slug, name in CATEGORIES.items() if counts.get(slug)],
            "example": pull_command(request, example) if example else "",
        },
    )


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """A publisher's picture; its address changes with it, so it may be kept for ever."""
    content = catalog.logo(digest)
    if content is None:
        raise Http404
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "sandbox"}
    return HttpResponse(content, content_type="image/png", headers=headers)
