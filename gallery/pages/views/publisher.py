"""A publisher's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from gallery.pages import context
from gallery.pages.views.search import paged
from gallery.search import query
from registry.core import aliases


@require_safe
def publisher(request: HttpRequest, alias: str) -> HttpResponse:
    """A publisher's repositories."""
    account_id = aliases.find(alias)
    if account_id is None:
        raise context.NoRepository(alias)
    primary = aliases.primary(account_id)
    if primary != alias:
        return redirect(f"/{primary}")
    page = request.GET.get("page", "1")
    results = query.find(alias=alias, page=int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1)
    name = results.rows[0].publisher if results.rows else alias
    values = {"alias": alias, "publisher": name, "host": context.host(request)}
    return render(request, "gallery/publisher.html", values | paged(request, results))
