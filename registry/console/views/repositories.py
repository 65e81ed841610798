"""Repositories of an account: list, create, delete."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry.console import places
from registry.console.forms import NewRepository, Typed
from registry.console.membership import console_page, visitor_of
from registry.core import browsing, repositories
from registry.errors import InvalidRepositoryName, RepositoryAlreadyExists


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """A registry's repositories by name, with a filter."""
    visitor = visitor_of(request, account_id, region)
    registry = places.registry_of(account_id, region)
    contains = request.GET.get("contains", "").strip().lower()[:256]
    page = browsing.repository_page(
        visitor.caller, registry, contains=contains, after=request.GET.get("after", "")[:256]
    )
    context = places.of_registry(request, visitor, registry)
    return render(request, "console/repositories.html", context | {"page": page, "contains": contains})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """One page: the name, and whether tags may move."""
    visitor = visitor_of(request, account_id, region)
    registry = places.registry_of(account_id, region)
    form = NewRepository(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        mutability = "IMMUTABLE" if form.cleaned_data["immutable"] else "MUTABLE"
        try:
            address = places.address_of(account_id, region, name)
            repositories.create(visitor.caller, address, image_tag_mutability=mutability)
        except RepositoryAlreadyExists:
            form.add_error("name", _("This registry has a repository with this name already."))
        except InvalidRepositoryName:
            form.add_error("name", _("The name of a public repository may have 205 characters."))
        else:
            messages.success(request, _("The repository %(name)s is ready.") % {"name": name})
            return redirect("console_images", account_id=account_id, region=region, name=name)
    context = places.of_registry(request, visitor, registry)
    return render(request, "console/new_repository.html", context | {"form": form}, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show what is lost; the full name has to be typed."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    effects = browsing.deletion_effects(visitor.caller, address)
    form = Typed(name, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        repositories.delete(visitor.caller, address, force=True)
        messages.success(request, _("The repository %(name)s is deleted.") % {"name": name})
        return redirect("console_repositories", account_id=account_id, region=region)
    context = places.of_repository(request, visitor, address, "settings")
    return render(
        request,
        "console/delete_repository.html",
        context | {"effects": effects, "form": form},
        status=422 if form.errors else 200,
    )
