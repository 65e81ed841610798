"""What happened to a repository's tags: events, not people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.pages import context
from gallery.pages.context import reader, repository_page
from registry.console import lists
from registry.console.forms import HistoryFilter
from registry.core import tag_history


@require_safe
@repository_page
def history(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The events, newest first."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "history")
    form = HistoryFilter(request.GET)
    page = tag_history.tag_history(reader(request), address, **form.chosen(), **lists.cut_of(request))
    values |= {"page": page, "form": form, "images_url": f"/{alias}/{name}/-/images"}
    return render(request, "gallery/history.html", values, status=400 if form.errors else 200)
