"""Publishers: the list, one publisher's page, and repositories by category."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing
from gallery.pages import context
from gallery.pages.views.search import answered, paged
from gallery.search import publishers, query, questions
from gallery.search.facets import Question
from gallery.search.questions import BadQuestion
from registry.console import lists
from registry.core import aliases


@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest) -> HttpResponse:
    """Publishers from A to Z, with a filter."""
    contains = request.GET.get("contains", "").strip()[:100]
    verified = request.GET.get("verified") == "yes"
    page = publishers.listed(verified=verified, contains=contains, **lists.cut_of(request))
    values = {"page": page, "contains": contains, "verified": verified}
    template = "gallery/publisher_results.html" if wants_part(request) else "gallery/publishers.html"
    return render(request, template, values)


@require_safe
@vary_on_headers("HX-Request")
def publisher(request: HttpRequest, alias: str) -> HttpResponse:
    """Who a publisher is, and what it offers."""
    found = aliases.find_with_primary(alias)
    if found is None:
        raise NoPublisher(alias)
    account_id, primary = found
    if primary != alias:
        return redirect(f"/{primary}" + request.get_full_path().removeprefix(f"/{alias}"))
    kind, sort, page = (request.GET.get(name, "") for name in ("kind", "sort", "page"))
    status = 200
    if kind not in {"", *Listing.Kind.values} or sort not in {"", "updated", "name"} or not _is_number(page or "1"):
        kind, sort, page, status = "", "", "", 400
    contains = request.GET.get("contains", "").strip()[:100]
    results = query.of_publisher(alias, q=contains, kind=kind, sort=sort, page=int(page or "1"))
    values = {
        "alias": alias,
        "publisher": publishers.get(account_id),
        "host": context.host(request),
        "contains": contains,
        "kind": kind,
        "kinds": Listing.Kind.choices,
        "sort": sort,
        "canonical": f"/{alias}",
        "is_unknown": status == 400,
    }
    template = "gallery/publisher_rows.html" if wants_part(request) else "gallery/publisher.html"
    return render(request, template, values | paged(request, results, contains), status=status)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 7


class NoPublisher(Http404):
    """Nobody has the alias; carries names that are near."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.said = _("There is no publisher %(name)s.") % {"name": alias}
        self.near = [{"url": f"/{each}", "name": each} for each in publishers.nearest(alias)]


@require_safe
@vary_on_headers("HX-Request")
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """The repositories of a category, with the filters of search."""
    if slug not in CATEGORIES:
        raise Http404(slug)
    status = 200
    query_string = request.GET.copy()
    query_string.setlist("category", [slug])
    try:
        question = questions.parse(query_string)
    except BadQuestion:
        question, status = Question(chosen={"category": (slug,)}), 400
    results = query.find(replace(question, chosen={**question.chosen, "category": (slug,)}))
    values = answered(request, question, results) | {"category": CATEGORIES[slug], "slug": slug}
    values["is_unknown"] = status == 400
    return render(request, "gallery/category.html", values, status=status)
