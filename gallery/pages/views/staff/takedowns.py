"""Takedowns: what was removed, by whom and why; remove a repository or an image; let it be pushed again."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.pages.views.staff.access import page, staff_of, staff_page
from registry.core import addresses, aliases, repositories, takedowns
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound
from registry.values import Address, Digest


class TakedownForm(forms.Form):
    """What, and the reason that everybody reads; the path has to be typed."""

    path = forms.CharField(max_length=307)
    digest = forms.CharField(max_length=135, required=False)
    reason = forms.CharField(
        max_length=takedowns.LONGEST_REASON,
        error_messages={"required": gettext_lazy("Say why; whoever asks for it reads this.")},
    )
    typed = forms.CharField(required=False)


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest takedowns."""
    return page(request, "takedowns", "takedowns", {"rows": takedowns.recent()})


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show what goes, and take it down once its path is typed."""
    if request.method != "POST":
        form = TakedownForm(initial={"path": request.GET.get("path", ""), "digest": request.GET.get("digest", "")})
        return page(request, "take_down", "takedowns", {"form": form})
    form = TakedownForm(request.POST)
    if form.is_valid():
        path = form.cleaned_data["path"].strip().strip("/")
        if form.cleaned_data["typed"].strip() != path:
            form.add_error("typed", _("Type “%(expected)s” to confirm.") % {"expected": path})
        elif _take_down(request, form, path):
            messages.success(request, _("%(path)s is taken down.") % {"path": path})
            return redirect("staff_takedowns")
    return page(request, "take_down", "takedowns", {"form": form}, status=422)


def _take_down(request: HttpRequest, form: TakedownForm, path: str) -> bool:
    """Take it down; what is wrong with the form is noted there."""
    given = form.cleaned_data["digest"].strip()
    try:
        digest = Digest.parse(given) if given else None
    except InvalidValue:
        form.add_error("digest", _("This is not a digest."))
        return False
    try:
        takedowns.take_down(staff_of(request), _address(path), form.cleaned_data["reason"], digest=digest)
    except (RepositoryNotFound, InvalidValue):
        form.add_error("path", _("There is no public repository at this path."))
    except ImageNotFound:
        form.add_error("digest", _("The repository has no image with this digest."))
    else:
        return True
    return False


def _address(path: str) -> Address:
    """Where a path leads. RepositoryNotFound, InvalidValue."""
    alias, _slash, name = path.partition("/")
    account_id = aliases.find(alias)
    if account_id is None or not name:
        raise RepositoryNotFound(name, alias)
    address = addresses.public(account_id, name)
    if repositories.find(address) is None:
        raise RepositoryNotFound(name, account_id)
    return address


@staff_page
@require_POST
def lift(request: HttpRequest, takedown_id: str) -> HttpResponse:
    """Let the name or image be pushed again."""
    try:
        row = takedowns.lift(staff_of(request), int(takedown_id))
    except RepositoryNotFound as error:
        raise Http404 from error
    messages.success(request, _("%(name)s may be pushed again.") % {"name": row.name})
    return redirect("staff_takedowns")
