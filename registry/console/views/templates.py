"""Creation templates of a registry: the list with its tester, creating, changing, deleting."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.caller import Caller
from registry.console import commands, places, stale
from registry.console.membership import console_page
from registry.console.registry_forms import PURPOSES, Template
from registry.console.views.registry import context_of, private
from registry.core import creation, mutability, templates
from registry.errors import (
    InvalidPolicy,
    InvalidRepositoryName,
    LimitExceeded,
    TemplateAlreadyExists,
    TemplateNotFound,
)
from registry.values import RegistryId

WORDS: Final = {
    "description": gettext_lazy("Description"),
    "applied_for": gettext_lazy("Applies to"),
    "image_tag_mutability": gettext_lazy("Tags"),
    "exclusion_filters": gettext_lazy("Exceptions"),
    "resource_tags": gettext_lazy("Resource tags"),
    "repository_policy": gettext_lazy("Repository policy"),
}


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """The templates, and which of them a name would get."""
    visitor, registry = private(request, account_id, region)
    found, _more = templates.describe(visitor.caller, registry, limit=templates.MOST)
    context = context_of(request, visitor, registry, "templates")
    name = request.GET.get("name", "").strip()[:256]
    if name:
        try:
            preview = creation.preview(visitor.caller, places.address_of(account_id, region, name))
            context |= {"tried": name, "match": preview.template, "is_taken": preview.is_taken}
        except InvalidRepositoryName:
            context |= {"tried": name, "is_no_name": True}
    purposes = dict(PURPOSES)
    rows = [(each, [purposes.get(word, word) for word in each.applied_for]) for each in found]
    return render(request, "console/templates.html", context | {"rows": rows})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """A new template."""
    visitor, registry = private(request, account_id, region)
    form = Template(
        request.POST if request.method == "POST" else None, initial={"applied_for": [templates.CREATE_ON_PUSH]}
    )
    if form.is_bound and form.is_valid() and _put(visitor.caller, registry, form):
        words = _("The template %(prefix)s is ready.") % {"prefix": form.cleaned_data["prefix"]}
        messages.success(request, words)
        return redirect("console_templates", account_id=account_id, region=region)
    context = context_of(request, visitor, registry, "templates") | {"form": form}
    context["command"] = commands.equivalent(
        request,
        registry,
        "CreateRepositoryCreationTemplate",
        _parameters(form, form.data.get("prefix") or "team/apps", {}),
    )
    return render(request, "console/template.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, account_id: str, region: str, prefix: str) -> HttpResponse:
    """A template that is there; its prefix stays."""
    visitor, registry = private(request, account_id, region)
    row = _row(visitor.caller, registry, prefix)
    now, saved = _shown(row), _saved(row)
    given = request.POST.copy() if request.method == "POST" else None
    if given is not None:
        given["prefix"] = prefix
    form = Template(given, initial=now)
    conflict = stale.conflict(request, now, now, WORDS) if given is not None else []
    if form.is_bound and form.is_valid() and not conflict and _change(visitor.caller, registry, prefix, form):
        messages.success(request, _("The template %(prefix)s is saved.") % {"prefix": prefix})
        return redirect("console_templates", account_id=account_id, region=region)
    context = context_of(request, visitor, registry, "templates")
    context |= {"form": form, "template_prefix": prefix, "was": stale.mark(now), "conflict": conflict}
    context["is_read_only"] = not context["can"]["UpdateRepositoryCreationTemplate"]
    context["command"] = commands.equivalent(
        request, registry, "UpdateRepositoryCreationTemplate", _parameters(form, prefix, saved)
    )
    status = 409 if conflict else 422 if form.errors else 200
    return render(request, "console/template.html", context, status=status)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, region: str, prefix: str) -> HttpResponse:
    """Say what a template did, then remove it; repositories that it made stay."""
    visitor, registry = private(request, account_id, region)
    now = _shown(_row(visitor.caller, registry, prefix))
    context = context_of(request, visitor, registry, "templates")
    context["command"] = commands.equivalent(request, registry, "DeleteRepositoryCreationTemplate", {"prefix": prefix})
    if request.method == "POST":
        templates.delete(visitor.caller, registry, prefix)
        messages.success(request, _("The template %(prefix)s is deleted.") % {"prefix": prefix})
        return redirect("console_templates", account_id=account_id, region=region)
    return render(request, "console/delete_template.html", context | {"prefix": prefix, "now": now})


def _row(caller: Caller, registry: RegistryId, prefix: str) -> Any:
    """The template of a prefix. Http404."""
    found, _more = templates.describe(caller, registry, prefixes=[prefix])
    if not found:
        raise Http404
    return found[0]


def _saved(row: Any) -> dict[str, Any]:
    """What a template says, as a form that is right has it."""
    return {
        "description": row.description,
        "applied_for": list(row.applied_for),
        "image_tag_mutability": row.image_tag_mutability,
        "exclusion_filters": list(row.image_tag_mutability_exclusion_filters),
        "resource_tags": dict(row.resource_tags),
        "repository_policy": row.repository_policy,
    }


def _shown(row: Any) -> dict[str, Any]:
    """What a template says, as the form's fields show it."""
    return {
        "prefix": row.prefix,
        "description": row.description,
        "applied_for": list(row.applied_for),
        "image_tag_mutability": row.image_tag_mutability,
        "exclusion_filters": "\n".join(row.image_tag_mutability_exclusion_filters),
        "resource_tags": "\n".join(f"{key}={value}" for key, value in row.resource_tags.items()),
        "repository_policy": row.repository_policy,
    }


def _fields(form: Template) -> dict[str, Any]:
    """What the core takes."""
    data = form.cleaned_data
    return {
        "description": data["description"],
        "applied_for": data["applied_for"],
        "image_tag_mutability": data["image_tag_mutability"],
        "image_tag_mutability_exclusion_filters": data["exclusion_filters"],
        "resource_tags": data["resource_tags"],
        "repository_policy": data["repository_policy"],
    }


def _put(caller: Caller, registry: RegistryId, form: Template) -> bool:
    try:
        templates.put(caller, registry, form.cleaned_data["prefix"], _fields(form))
    except TemplateAlreadyExists:
        form.add_error("prefix", _("There is a template for this prefix already."))
    except LimitExceeded:
        form.add_error(None, _("A registry may have 100 creation templates."))
    except InvalidPolicy as error:
        _note(form, error)
    return not form.errors


def _change(caller: Caller, registry: RegistryId, prefix: str, form: Template) -> bool:
    try:
        templates.change(caller, registry, prefix, _fields(form))
    except TemplateNotFound as error:
        raise Http404 from error
    except InvalidPolicy as error:
        _note(form, error)
    return not form.errors


def _note(form: Form, error: InvalidPolicy) -> None:
    """The first problem of a policy, in the form."""
    first = error.problems[0]
    place = {"line": first.line, "column": first.column, "path": first.path, "message": first.message}
    form.add_error("repository_policy", _("Line %(line)s, column %(column)s: %(path)s %(message)s") % place)


def _parameters(form: Template, prefix: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    """The call that does the same, with what was typed, if it is right, or what is saved."""
    data: Mapping[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else saved
    filters = [{"filterType": mutability.WILDCARD, "filter": each} for each in data.get("exclusion_filters", [])]
    return {
        "prefix": prefix,
        "description": data.get("description"),
        "appliedFor": data.get("applied_for") or form["applied_for"].value(),
        "imageTagMutability": data.get("image_tag_mutability") or form["image_tag_mutability"].value(),
        "imageTagMutabilityExclusionFilters": filters,
        "resourceTags": commands.tags_of(data.get("resource_tags", {})),
        "repositoryPolicy": data.get("repository_policy"),
    }
