"""A repository's tags: filtered, sorted, page by page; two of them to compare."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from gallery.pages.views import images
from registry.console import lists
from registry.core import tag_pages
from registry.errors import InvalidImageTag
from registry.scanning import summaries
from registry.values import ImageTag

SORTS = {
    "": gettext_lazy("Pushed, newest first"),
    "version": gettext_lazy("Version, highest first"),
    "name": gettext_lazy("Name"),
    "size": gettext_lazy("Size, largest first"),
    "pulls": gettext_lazy("Pulls in 30 days, most first"),
}
KINDS = {
    "": gettext_lazy("All kinds"),
    "image": pgettext_lazy("kind", "Images"),
    "chart": pgettext_lazy("kind", "Helm charts"),
    "artifact": pgettext_lazy("kind", "Other artifacts"),
}


@require_safe
@vary_on_headers("HX-Request")
@repository_page
def tags(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The list; the part that changes alone, if htmx asks for it."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "tags")
    chosen, status = _chosen(request)
    page = tag_pages.tag_page(
        reader(request),
        address,
        contains=chosen["contains"],
        platform=chosen["platform"],
        kind=chosen["kind_chosen"],
        sort=chosen["sort"] or "pushed",
        show_attached=chosen["show_attached"],
        **lists.cut_of(request),
    )
    place = f"{values['host']}/{alias}/{name}"
    is_plain = not request.is_secure()
    client = str(values.get("client", ""))
    found = {platform.platform for row in page.rows for platform in row.platforms}
    found |= {platform.platform for platform in values["case"].platforms} | {chosen["platform"]}
    values |= chosen | {
        "page": page,
        "rows": [(row, commands.pull(row.image.kind, place, row.name, client, is_plain=is_plain)) for row in page.rows],
        "summaries": summaries.of_rows(reader(request), address, ((row.image, row.platforms) for row in page.rows)),
        "sorts": SORTS,
        "kinds": KINDS,
        "platform_choices": sorted(found - {""}),
        "is_unknown": status == 400,
        "is_filtered": bool(chosen["contains"] or chosen["platform"] or chosen["kind_chosen"]),
    }
    is_part = wants_part(request)
    template = "gallery/tag_results.html" if is_part else "gallery/tags.html"
    return render(request, template, values | {"is_part": is_part}, status=status)


def _chosen(request: HttpRequest) -> tuple[dict[str, Any], int]:
    """The filters and the order that were asked for; 400 and none of them if one is not known."""
    chosen: dict[str, Any] = {
        "contains": request.GET.get("tag", "").strip()[:128],
        "platform": request.GET.get("platform", "").strip()[:200],
        "kind_chosen": request.GET.get("kind", ""),
        "sort": request.GET.get("sort", ""),
        "show_attached": request.GET.get("attached") == "1",
    }
    if chosen["kind_chosen"] not in KINDS or chosen["sort"] not in SORTS:
        return chosen | {"kind_chosen": "", "sort": ""}, 400
    return chosen, 200


@require_safe
@repository_page
def compare(request: HttpRequest, alias: str, name: str) -> HttpResponseBase:
    """Two ticked tags lead to their comparison: from the one that stands lower in the list to the other."""
    if "tag" not in request.GET:
        return images.compare(request, alias, name)
    try:
        ticked = [ImageTag.parse(tag) for tag in dict.fromkeys(request.GET.getlist("tag"))]
    except InvalidImageTag as error:
        raise Http404 from error
    if len(ticked) != 2:
        messages.error(request, _("Tick two tags to compare them."))
        return redirect("tags", alias=alias, name=name)
    upper, lower = ticked
    return redirect(f"/{alias}/{name}/-/compare/{lower}...{upper}")
