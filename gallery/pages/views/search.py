"""Search results, and rows of listings with their pull commands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from gallery.models import Listing
from gallery.pages import commands, context
from gallery.search import query


@require_safe
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    """Results for a query; the part that changes alone, if htmx asks for it."""
    kind = request.GET.get("kind", "")
    sort = request.GET.get("sort", "")
    known = kind in {"", *Listing.Kind.values} and sort in {"", *query.SORTS}
    page = request.GET.get("page", "1")
    if not known or not page.isascii() or not page.isdecimal() or len(page) > 6:
        kind, sort, page, status = "", "", "1", 400
    else:
        status = 200
    q = request.GET.get("q", "").strip()[:200]
    results = query.find(q, kind=kind, sort=sort, page=int(page))
    values = paged(request, results) | {"q": q, "kind": kind, "sort": sort, "kinds": Listing.Kind.choices}
    template = "gallery/results.html" if wants_part(request) else "gallery/search.html"
    return render(request, template, values, status=status)


def paged(request: HttpRequest, results: query.Results) -> dict[str, object]:
    """The rows with their pull commands, and what the pager needs."""
    host = context.host(request)
    rows = [(row, pull_command(row, host)) for row in results.rows]
    return {"results": results, "rows": rows, "previous_page": results.page - 1, "next_page": results.page + 1}


def pull_command(listing: Listing, host: str) -> str:
    """The command that pulls a listing's newest tag; empty before the first push."""
    if not listing.newest_tag:
        return ""
    return commands.pull(listing.kind, f"{host}/{listing.alias}/{listing.name}", listing.newest_tag)
