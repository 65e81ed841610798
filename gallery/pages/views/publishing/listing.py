"""The listing editor: description, texts with a preview, logo, platforms, categories, licence, source, deprecation."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit.actions import Action
from gallery.catalog import platforms
from gallery.pages.forms import Listing
from gallery.search import query
from registry.console import commands, places
from registry.console.membership import Visitor, console_page, visitor_of
from registry.content import markdown
from registry.core import aliases, catalog
from registry.errors import CatalogDataNotFound, InvalidValue
from registry.values import PUBLIC, Address

FIELDS = (
    *("description", "about_text", "usage_text", "operating_systems", "architectures", "categories"),
    *("licence", "source_url", "is_deprecated", "replacement"),
)

CATALOG_DATA = {
    "description": "description",
    "aboutText": "about_text",
    "usageText": "usage_text",
    "operatingSystems": "operating_systems",
    "architectures": "architectures",
}
"""What ECR Public calls the fields that it knows; categories, licence, source and deprecation are of Kho alone."""


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """Show what is said, preview a text, save."""
    visitor = visitor_of(request, account_id, PUBLIC)
    address = places.address_of(account_id, PUBLIC, name)
    said, logo = _said(visitor, address)
    known = {field: said[field] for field in ("operating_systems", "architectures")}
    if request.method != "POST":
        form = Listing(initial=said, known=known)
        return _page(request, visitor, address, form, {"logo": logo})
    form = Listing(request.POST, request.FILES, known=known)
    part = request.POST.get("preview", "")
    if part in {"about_text", "usage_text"}:
        text = request.POST.get(part, "").replace("\r\n", "\n")
        rendered = markdown.render(text, title=name)
        if request.headers.get("HX-Request"):
            return render(request, "gallery/publishing/_preview.html", {"rendered": rendered, "part": part})
        return _page(request, visitor, address, form, {"logo": logo, "rendered": rendered, "part": part})
    if form.is_valid():
        try:
            catalog.put(visitor.caller, address, form.chosen())
        except InvalidValue as error:
            form.refused(error)
        else:
            messages.success(request, _("The listing of %(name)s is saved.") % {"name": name})
            return redirect(request.path)
    return _page(request, visitor, address, form, {"logo": logo}, status=422)


def _said(visitor: Visitor, address: Address) -> tuple[dict[str, Any], str]:
    """What is said now, or what is known of the newest image where nothing is; and the logo's digest."""
    try:
        found = catalog.get(visitor.caller, address)
    except CatalogDataNotFound:
        row = query.get(aliases.primary(address.registry.account_id), str(address.name))
        newest = row.platforms if row else []
        return dict.fromkeys(FIELDS, "") | {
            "operating_systems": platforms.operating_systems(newest),
            "architectures": platforms.architectures(newest),
            "categories": [],
            "is_deprecated": False,
        }, ""
    return {field: getattr(found, field) for field in FIELDS}, found.logo_id or ""


def _page(
    request: HttpRequest,
    visitor: Visitor,
    address: Address,
    form: Listing,
    more: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = places.of_repository(request, visitor, address, "listing")
    if not context["can"][Action.GET_REPOSITORY_CATALOG_DATA]:
        raise Http404
    context |= more | {"form": form, "is_read_only": not context["can"][Action.PUT_REPOSITORY_CATALOG_DATA]}
    parameters = {"repositoryName": str(address.name), "catalogData": _catalog_data(form)}
    context["command"] = commands.equivalent(request, address.registry, "PutRepositoryCatalogData", parameters)
    return render(request, "gallery/publishing/listing.html", context, status=status)


def _catalog_data(form: Listing) -> dict[str, Any]:
    """What the form shows, as far as ECR Public knows it."""
    known = {name: form[field].value() for name, field in CATALOG_DATA.items()}
    return {name: value for name, value in known.items() if value} or {"description": ""}
