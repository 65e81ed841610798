"""Ignored findings of a registry: the list, ignoring by hand and by VEX, reasons, and letting findings come back."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from registry.console import places
from registry.console.ignored_forms import Ignoring, VexUpload, Why
from registry.console.membership import Visitor, console_page, visitor_of
from registry.console.views.registry import context_of
from registry.errors import LimitExceeded, RepositoryNotFound, SuppressionNotFound, VexInvalid
from registry.scanning import suppressions
from registry.scanning.suppressions import Imported
from registry.values import RegistryId

CURRENT: Final = "scanning"
GIVEN: Final = ("vulnerability", "package", "version", "repository", "image")
"""What links to the form may fill in."""


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """What is ignored, those that are over too; a VEX document is imported here."""
    visitor, registry, context = _place(request, account_id, region)
    form = VexUpload(request.POST, request.FILES) if request.method == "POST" else VexUpload()
    if form.is_bound and form.is_valid() and _import(request, visitor, registry, form):
        return redirect("console_ignored", account_id=account_id, region=region)
    about, after = request.GET.get("about", "").strip()[:200], request.GET.get("after", "")
    behind = int(after) if after.isdecimal() and len(after) < 19 else 0
    rows, more = suppressions.page(visitor.caller, registry, about=about, after=behind)
    context |= {"rows": rows, "more": rows[-1].id if more else 0, "about": about, "form": form, "now": timezone.now()}
    return render(request, "console/ignored.html", context, status=422 if form.errors else 200)


def _import(request: HttpRequest, visitor: Visitor, registry: RegistryId, form: VexUpload) -> bool:
    """Take a document in, and say what came of it; False, with the error in the form."""
    data = form.cleaned_data
    try:
        done = suppressions.import_vex(visitor.caller, registry, data["file"], repository=data["vex_repository"])
    except VexInvalid as error:
        form.add_error("file", _("This is no VEX document that can be read: %(why)s") % {"why": error})
    except LimitExceeded:
        form.add_error("file", _("A registry may have 20,000 ignored vulnerabilities."))
    except RepositoryNotFound:
        form.add_error("vex_repository", _("There is no such repository in this registry."))
    else:
        _tell(request, done)
    return not form.errors


def _tell(request: HttpRequest, done: Imported) -> None:
    """What came of a document."""
    said = ngettext(
        "%(document)s: %(n)d statement is followed.", "%(document)s: %(n)d statements are followed.", done.count
    )
    messages.success(request, said % {"document": done.document, "n": done.count})
    if done.left_out:
        messages.warning(request, _("Left out: %(list)s") % {"list": "; ".join(done.left_out[:10])})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """Ignore a vulnerability; whoever came from an image goes back there."""
    visitor, registry, context = _place(request, account_id, region)
    given = {name: request.GET.get(name, "")[:512] for name in GIVEN}
    form = Ignoring(request.POST) if request.method == "POST" else Ignoring(initial=given)
    if form.is_bound and form.is_valid():
        try:
            suppressions.create(visitor.caller, registry, form.wanted())
        except LimitExceeded:
            form.add_error(None, _("A registry may have 20,000 ignored vulnerabilities."))
        except RepositoryNotFound:
            form.add_error("repository", _("There is no such repository in this registry."))
        else:
            said = _("%(name)s is ignored from now on.")
            messages.success(request, said % {"name": form.cleaned_data["vulnerability"]})
            return redirect(_back(request, account_id, region))
    context |= {"form": form, "back": _back(request, account_id, region)}
    return render(request, "console/ignore.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, account_id: str, region: str, suppression_id: str) -> HttpResponse:
    """Another reason or end; 404 for what a VEX document says, which is changed there."""
    visitor, registry, context = _place(request, account_id, region)
    try:
        row = suppressions.get(visitor.caller, registry, int(suppression_id))
    except SuppressionNotFound as error:
        raise Http404 from error
    if row.document:
        raise Http404
    last = (row.until - timedelta(days=1)).date() if row.until else None
    known = {"justification": row.justification, "reason": row.reason, "until": last}
    form = Why(request.POST) if request.method == "POST" else Why(initial=known)
    if form.is_bound and form.is_valid():
        suppressions.change(visitor.caller, registry, row.id, **form.cleaned_data)
        messages.success(request, _("Saved: why %(name)s is ignored.") % {"name": row.vulnerability})
        return redirect("console_ignored", account_id=account_id, region=region)
    context |= {"form": form, "row": row}
    return render(request, "console/change_ignored.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, account_id: str, region: str, suppression_id: str) -> HttpResponse:
    """Say what would come back, then let it."""
    visitor, registry, context = _place(request, account_id, region)
    try:
        row = suppressions.get(visitor.caller, registry, int(suppression_id))
        if request.method == "POST":
            suppressions.end(visitor.caller, registry, row.id)
    except SuppressionNotFound as error:
        raise Http404 from error
    if request.method == "POST":
        messages.success(request, _("%(name)s is not ignored any more.") % {"name": row.vulnerability})
        return redirect("console_ignored", account_id=account_id, region=region)
    hidden = row.findings.count()
    return render(request, "console/end_ignored.html", context | {"row": row, "hidden": hidden})


def _place(request: HttpRequest, account_id: str, region: str) -> tuple[Visitor, RegistryId, dict[str, Any]]:
    """Who is at the pages of a registry, private or public, and what its pages know."""
    registry = places.registry_of(account_id, region)
    visitor = visitor_of(request, account_id, region)
    context = context_of(request, visitor, registry, CURRENT)
    return visitor, registry, context | ({"registry_region": ""} if registry.is_public else {})


def _back(request: HttpRequest, account_id: str, region: str) -> str:
    """The page of the image that the form came from, or the list."""
    image, name = (request.GET.get(key, "") for key in ("image", "repository"))
    place = {"account_id": account_id, "region": region}
    if not image or not name or "*" in name:
        return reverse("console_ignored", kwargs=place)
    place |= {"name": name, "reference": image, "section": "vulnerabilities"}
    try:
        return reverse("console_image", kwargs=place)
    except NoReverseMatch:
        return reverse("console_ignored", kwargs={"account_id": account_id, "region": region})
