"""A repository's settings, and its end."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registry.console import commands, places, stale
from registry.console.forms import Typed
from registry.console.membership import console_page, visitor_of
from registry.console.repository_forms import Settings
from registry.console.scan_words import FREQUENCIES
from registry.core import addresses, mutability, registries, repositories, repository_pages, repository_settings
from registry.core.repository_settings import RepositorySettings
from registry.errors import DeletionProtected
from registry.values import Address

WORDS: Final = {
    "image_tag_mutability": gettext_lazy("Tags"),
    "exclusion_filters": gettext_lazy("Exceptions"),
    "scan_on_push": gettext_lazy("Scan on push"),
    "resource_tags": gettext_lazy("Resource tags"),
    "deletion_protection": gettext_lazy("Deletion protection"),
}
RIGHTS: Final = {
    "image_tag_mutability": "PutImageTagMutability",
    "scan_on_push": "PutImageScanningConfiguration",
    "resource_tags": "TagResource",
    "deletion_protection": "PutDeletionProtection",
}
"""Field -> the action that changes it."""


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Everything that can be changed about a repository, and what is changed only by deleting it."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    now = repository_settings.of(repositories.get(visitor.caller, address))
    form = Settings(request.POST if request.method == "POST" else None, initial=_shown(now))
    conflict = stale.conflict(request, now.as_dict(), _shown(now), WORDS) if request.method == "POST" else []
    if form.is_bound and form.is_valid() and not conflict:
        repository_settings.change(visitor.caller, address, RepositorySettings(**form.cleaned_data))
        messages.success(request, _("The settings of %(name)s are saved.") % {"name": name})
        return redirect(request.path)
    context = places.of_repository(request, visitor, address, "settings")
    context |= {
        "form": form,
        "was": stale.mark(now.as_dict()),
        "conflict": conflict,
        "missing": [f"{context['service']}:{action}" for action in RIGHTS.values() if not context["can"][action]],
        "locked": {field for field, action in RIGHTS.items() if not context["can"][action]},
        "is_protected": now.deletion_protection,
        "scan": None if address.is_public else registries.scan_of(context["find"]()),
        "command": _command(request, address, now, form),
    }
    if context["scan"]:
        context["scan_words"] = FREQUENCIES[context["scan"].frequency]
    status = 409 if conflict else 422 if form.errors else 200
    return render(request, "console/settings.html", context, status=status)


def _command(request: HttpRequest, address: Address, now: RepositorySettings, form: Settings) -> dict[str, Any] | None:
    """The calls that set the same; None if there is nothing to set. ECR has none for deletion protection."""
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else now.as_dict()
    name, arn = str(address.name), str(addresses.arn(address))
    calls: list[commands.Call] = []
    if not address.is_public:
        filters = [{"filterType": mutability.WILDCARD, "filter": each} for each in wanted["exclusion_filters"]]
        setting = {"imageTagMutability": wanted["image_tag_mutability"], "imageTagMutabilityExclusionFilters": filters}
        calls.append(("PutImageTagMutability", {"repositoryName": name, **setting}))
        scanning = {"imageScanningConfiguration": {"scanOnPush": wanted["scan_on_push"]}}
        calls.append(("PutImageScanningConfiguration", {"repositoryName": name, **scanning}))
    tags = wanted["resource_tags"]
    if tags:
        calls.append(("TagResource", {"resourceArn": arn, "tags": commands.tags_of(tags)}))
    gone = [key for key in now.resource_tags if key not in tags]
    if gone:
        calls.append(("UntagResource", {"resourceArn": arn, "tagKeys": gone}))
    if not calls:
        return None
    (operation, parameters), *more = calls
    return commands.equivalent(request, address.registry, operation, parameters, *more)


def _shown(now: RepositorySettings) -> dict[str, Any]:
    """The settings as the form's fields show them."""
    return now.as_dict() | {
        "exclusion_filters": "\n".join(now.exclusion_filters),
        "resource_tags": "\n".join(f"{key}={value}" for key, value in now.resource_tags.items()),
    }


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show what is lost; the full name has to be typed."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    effects = repository_pages.effects(visitor.caller, address)
    form = Typed(name, request.POST if request.method == "POST" else None)
    context = places.of_repository(request, visitor, address, "settings") | {"effects": effects, "form": form}
    status = 409 if effects.is_protected and request.method == "POST" else 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            repositories.delete(visitor.caller, address, force=True)
        except DeletionProtected:
            return render(request, "console/delete_repository.html", context, status=409)
        messages.success(request, _("The repository %(name)s is deleted.") % {"name": name})
        return redirect("console_repositories", account_id=account_id, region=region)
    context["command"] = commands.equivalent(
        request, address.registry, "DeleteRepository", {"repositoryName": name, "force": True}
    )
    return render(request, "console/delete_repository.html", context, status=status)
