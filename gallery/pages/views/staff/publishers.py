"""Publishers: who is verified, by whom, because of what; verify them and take the mark away."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.console.asking import wants_part
from gallery.pages.views.staff.access import number_of, page, staff_of, staff_page
from registry.console.forms import Typed
from registry.core import publishers

STATES = {"": None, "yes": True, "no": False}


class Evidence(forms.Form):
    """Why it is certain who is behind a publisher."""

    because = forms.CharField(
        min_length=10,
        max_length=publishers.LONGEST_EVIDENCE,
        error_messages={"required": gettext_lazy("Say in 10 letters or more how you know who they are.")},
    )


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The publishers by name."""
    contains = request.GET.get("q", "").strip()[:100]
    verified = request.GET.get("verified", "")
    status = 200 if verified in STATES else 400
    found = publishers.page(contains=contains, verified=STATES.get(verified), number=number_of(request))
    values = {
        "found": found,
        "contains": contains,
        "verified": verified,
        "results": {"page": found.number, "pages": found.pages},
        "previous_page": found.number - 1,
        "next_page": found.number + 1,
    }
    if wants_part(request):
        return render(request, "gallery/staff/_publishers.html", values, status=status)
    return page(request, "publishers", "publishers", values, status=status)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str) -> HttpResponse:
    """What is known of a publisher; verify it with the evidence."""
    found = _of(account_id)
    form = Evidence(request.POST if request.method == "POST" else None, initial={"because": found.verified_because})
    if request.method == "POST" and form.is_valid():
        publishers.verify(staff_of(request), account_id, form.cleaned_data["because"])
        messages.success(request, _("%(name)s is verified.") % {"name": found.name})
        return redirect("staff_publisher", account_id=account_id)
    values = {"publisher": found, "form": form}
    return page(request, "publisher", "publishers", values, status=422 if form.errors else 200)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def unverify(request: HttpRequest, account_id: str) -> HttpResponse:
    """Show what visitors see no more; the alias has to be typed."""
    found = _of(account_id)
    if not found.verified_at:
        return redirect("staff_publisher", account_id=account_id)
    form = Typed(found.alias, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        publishers.unverify(staff_of(request), account_id)
        messages.success(request, _("%(name)s is not verified any more.") % {"name": found.name})
        return redirect("staff_publisher", account_id=account_id)
    values = {"publisher": found, "form": form}
    return page(request, "unverify", "publishers", values, status=422 if form.errors else 200)


def _of(account_id: str) -> publishers.Publisher:
    found = publishers.get(account_id)
    if found is None:
        raise Http404
    return found
