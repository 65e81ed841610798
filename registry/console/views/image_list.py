"""A repository's images: the list, and the commands that push one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from registry.console import columns, lifecycle_words, lists, places
from registry.console.membership import console_page, visitor_of
from registry.console.repository_forms import ImageFilters
from registry.core import image_pages
from registry.lifecycle import explaining
from registry.replication import statuses
from registry.scanning import summaries


@console_page
@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """The images, sorted and filtered."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    form = lists.filters_of(ImageFilters, request)
    sort = lists.sort_of(request, image_pages.SORTS, "-pushed")
    page = image_pages.page(visitor.caller, address, only=form.chosen(), sort=sort, **lists.cut_of(request))
    context = places.of_repository(request, visitor, address, "images")
    fates = explaining.of_images(visitor.caller, context["find"](), [row.image.digest for row in page.rows])
    shown = columns.chosen(request, "images")
    images = [row.image for row in page.rows] if "replication" in shown.shown and not address.is_public else []
    context |= {
        "page": page,
        "copies": statuses.of_list(visitor.caller, context["find"](), images),
        "summaries": summaries.of_rows(visitor.caller, address, ((row.image, row.platforms) for row in page.rows)),
        "fates": {digest: lifecycle_words.short(each) for digest, each in fates.items()},
        "form": form,
        "sort": sort,
        "used": lists.used(form),
        "filter": lists.query_of(form),
        "columns": shown,
    }
    template = "console/_image_rows.html" if wants_part(request) else "console/images.html"
    return render(request, template, context, status=400 if form.errors else 200)
