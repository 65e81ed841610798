"""Repositories of an account: the list, and creating one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.console.asking import wants_part
from registry.console import columns, commands, lists, places
from registry.console.membership import console_page, visitor_of
from registry.console.repository_forms import NewRepository, RepositoryFilters
from registry.console.scan_words import FREQUENCIES
from registry.core import creation, mutability, permissions, repository_pages
from registry.errors import CountLimitExceeded, InvalidRepositoryName, RepositoryAlreadyExists, TakenDown
from registry.scanning import newest
from registry.values import RegistryId

MOST_TRIALS = 20


@console_page
@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """A registry's repositories, sorted and filtered."""
    visitor = visitor_of(request, account_id, region)
    registry = places.registry_of(account_id, region)
    form = lists.filters_of(RepositoryFilters, request)
    sort = lists.sort_of(request, repository_pages.SORTS, "name")
    page = repository_pages.page(visitor.caller, registry, only=form.chosen(), sort=sort, **lists.cut_of(request))
    shown = columns.chosen(request, "repositories")
    rows = [row.repository for row in page.rows]
    context = places.of_registry(request, visitor, registry) | {
        "page": page,
        "newest": newest.of_repositories(visitor.caller, rows) if "vulnerabilities" in shown.shown else {},
        "frequencies": FREQUENCIES,
        "form": form,
        "sort": sort,
        "used": lists.used(form),
        "filter": lists.query_of(form),
        "columns": shown,
    }
    jobs = ("TagResource", "DeleteRepository", *(() if registry.is_public else ("PutLifecyclePolicy",)))
    context["can_choose"] = any(context["can"][action] for action in jobs)
    template = "console/_repository_rows.html" if wants_part(request) else "console/repositories.html"
    return render(request, template, context, status=400 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """One page: the name, which is looked at on the way, and all settings."""
    visitor = visitor_of(request, account_id, region)
    registry = places.registry_of(account_id, region)
    permissions.require_somewhere(visitor.caller, registry, Action.CREATE_REPOSITORY)
    context = places.of_registry(request, visitor, registry)
    step = request.POST.get("step", "create")
    given = request.POST.copy() if request.method == "POST" else None
    if given is not None and step == "template":
        _take_over(given, visitor.caller, registry)
    form = NewRepository(given, initial={"name": request.GET.get("prefix", "")[:200]})
    if given is not None and step == "create" and form.is_valid() and _create(visitor.caller, registry, form):
        name = form.cleaned_data["name"]
        messages.success(request, _("The repository %(name)s is ready.") % {"name": name})
        return redirect("console_images", account_id=account_id, region=region, name=name)
    context |= {"form": form, "checked": _look(visitor.caller, registry, form) if given is not None else None}
    if given is not None and step == "check" and wants_part(request):
        return render(request, "console/_checks.html", context)
    context["command"] = commands.equivalent(request, registry, "CreateRepository", _parameters(registry, form))
    failed = given is not None and step == "create"
    return render(request, "console/new_repository.html", context, status=422 if failed else 200)


def _create(caller: Caller, registry: RegistryId, form: NewRepository) -> bool:
    """Create the repository; False, with the error in the form, if it can't be."""
    data = form.cleaned_data
    try:
        creation.create(
            caller,
            places.address_of(registry.account_id, registry.region, data["name"]),
            image_tag_mutability=data["image_tag_mutability"],
            exclusion_filters=data["exclusion_filters"],
            scan_on_push=data["scan_on_push"],
            resource_tags=data["resource_tags"],
            description=data["description"],
        )
    except RepositoryAlreadyExists:
        form.add_error("name", _("This registry has a repository with this name already."))
    except InvalidRepositoryName:
        form.add_error("name", _("The name of a public repository may have 205 characters."))
    except TakenDown:
        form.add_error("name", _("The staff of this site took a repository of this name down. It can't be made again."))
    except CountLimitExceeded:
        form.add_error(None, _("This registry has as many repositories as it may have."))
    return not form.errors


def _take_over(given: Any, caller: Caller, registry: RegistryId) -> None:
    """Put the settings of the matching template into what was typed."""
    try:
        address = places.address_of(registry.account_id, registry.region, given.get("name", "").strip())
    except InvalidRepositoryName:
        return
    template = creation.preview(caller, address).template
    if template is None:
        return
    given["image_tag_mutability"] = template.image_tag_mutability
    given["exclusion_filters"] = "\n".join(template.image_tag_mutability_exclusion_filters)
    given["resource_tags"] = "\n".join(f"{key}={value}" for key, value in template.resource_tags.items())


def _look(caller: Caller, registry: RegistryId, form: NewRepository) -> dict[str, Any]:
    """What can be said about what was typed so far: the name, the template for it, and the tags to try."""
    form.is_valid()
    name = form.cleaned_data.get("name", "")
    found: dict[str, Any] = {"name": name, "errors": form.errors.get("name", []) if form.data.get("name") else []}
    if name:
        try:
            preview = creation.preview(caller, places.address_of(registry.account_id, registry.region, name))
            found |= {"is_taken": preview.is_taken, "template": preview.template}
        except InvalidRepositoryName:
            found["errors"] = [_("The name of a public repository may have 205 characters.")]
    setting = form.cleaned_data.get("image_tag_mutability", "")
    filters = form.cleaned_data.get("exclusion_filters", [])
    trials = str(form.data.get("trial", "")).replace(",", " ").split()[:MOST_TRIALS]
    if setting:
        found["trials"] = [{"tag": each, "moves": mutability.is_mutable(setting, filters, each)} for each in trials]
    return found


def _parameters(registry: RegistryId, form: NewRepository) -> dict[str, Any]:
    """The call that does the same."""
    data: dict[str, Any] = form.cleaned_data if form.is_bound else {}
    tags = [{"Key": key, "Value": value} for key, value in data.get("resource_tags", {}).items()]
    known = {"repositoryName": data.get("name") or form["name"].value() or "team/web-app", "tags": tags}
    if registry.is_public:
        return known | {"catalogData": {"description": data["description"]} if data.get("description") else None}
    filters = [{"filterType": mutability.WILDCARD, "filter": each} for each in data.get("exclusion_filters", [])]
    return known | {
        "imageTagMutability": data.get("image_tag_mutability", mutability.MUTABLE),
        "imageTagMutabilityExclusionFilters": filters,
        "imageScanningConfiguration": {"scanOnPush": True} if data.get("scan_on_push") else None,
    }
