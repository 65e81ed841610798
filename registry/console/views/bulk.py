"""What is done to many repositories at once: resource tags, deletion. Both run as work items."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry.console import commands, lists, places
from registry.console.forms import Typed
from registry.console.membership import Visitor, console_page, visitor_of
from registry.console.repository_forms import AddedTags, RepositoryFilters
from registry.core import addresses, repository_pages, work
from registry.values import RegistryId

MOST_SHOWN: Final = 50
EXAMPLE: Final = {"team": "shop"}
"""Resource tags in the command, before any are typed."""


@console_page
@require_http_methods(["POST"])
def tag(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """Ask for tags, then begin to add them: a first POST names the repositories, a second one confirms."""
    visitor = visitor_of(request, account_id, region)
    membership = visitor.membership
    registry = places.registry_of(account_id, region)
    names = selected(request, visitor, registry)
    if not names:
        return nothing(request, registry)
    form = AddedTags(request.POST if "confirmed" in request.POST else None)
    if form.is_bound and form.is_valid():
        tags = form.cleaned_data["resource_tags"]
        item = work.start(visitor.caller, membership, registry, "tag-repositories", names, params={"tags": tags})
        return redirect("console_work_item", account_id=account_id, item_id=item.id)
    context = context_of(request, visitor, registry, names) | {"form": form}
    if len(names) <= MOST_SHOWN:
        tags = form.cleaned_data.get("resource_tags", {}) if form.is_bound else {}
        arn = str(addresses.arn(places.address_of(account_id, region, names[0])))
        everywhere = arn.removesuffix(names[0]) + commands.EACH
        context["command"] = commands.for_each(
            request,
            registry,
            names,
            "TagResource",
            {"resourceArn": everywhere, "tags": commands.tags_of(tags or EXAMPLE)},
        )
    return render(request, "console/tag_repositories.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["POST"])
def delete(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """Show what is lost, then begin: a first POST names the repositories, a second one confirms with their number."""
    visitor = visitor_of(request, account_id, region)
    membership = visitor.membership
    registry = places.registry_of(account_id, region)
    names = selected(request, visitor, registry)
    if not names:
        return nothing(request, registry)
    form = Typed(str(len(names)), request.POST if "confirmed" in request.POST else None)
    if form.is_bound and form.is_valid():
        item = work.start(visitor.caller, membership, registry, "delete-repositories", names)
        return redirect("console_work_item", account_id=account_id, item_id=item.id)
    lost = repository_pages.sums(visitor.caller, registry, names)
    context = context_of(request, visitor, registry, names) | {"form": form, "lost": lost}
    return render(request, "console/delete_repositories.html", context, status=422 if form.errors else 200)


def selected(request: HttpRequest, visitor: Visitor, registry: RegistryId) -> list[str]:
    """Those that are ticked, or all that match the filters; only such as are there."""
    if "all" in request.POST:
        form = lists.filters_of(RepositoryFilters, request)
        return repository_pages.names(visitor.caller, registry, form.chosen()) if form.is_valid() else []
    ticked = set(request.POST.getlist("name"))
    return repository_pages.existing(visitor.caller, registry, ticked) if ticked else []


def nothing(request: HttpRequest, registry: RegistryId) -> HttpResponse:
    """Say that nothing was ticked, and lead back to the list."""
    messages.error(request, _("Choose at least one repository."))
    return redirect("console_repositories", account_id=registry.account_id, region=registry.region)


def context_of(request: HttpRequest, visitor: Visitor, registry: RegistryId, names: list[str]) -> dict[str, object]:
    """What the pages of all these jobs show of the repositories."""
    is_all = "all" in request.POST
    return places.of_registry(request, visitor, registry) | {
        "names": names,
        "shown": names[:MOST_SHOWN],
        "more": max(0, len(names) - MOST_SHOWN),
        "is_all": is_all,
        "filter": request.POST.get("filter", "")[:4000],
    }
