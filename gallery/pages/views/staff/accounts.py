"""Accounts of the deployment: list, look at, suspend, resume."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.directory import accounts, people
from accounts.errors import NotFound
from gallery.pages.views.staff.access import number_of, page, staff_of, staff_page
from registry.core import aliases

SIZE = 50
STATES = {"": None, "yes": True, "no": False}


class Because(forms.Form):
    """Why; to suspend an account its id has to be typed."""

    because = forms.CharField(
        max_length=accounts.LONGEST_REASON, error_messages={"required": gettext_lazy("Say why; only staff read it.")}
    )
    typed = forms.CharField(required=False)


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Accounts, the newest first."""
    contains, suspended = request.GET.get("q", "").strip()[:100], request.GET.get("suspended", "")
    status = 200 if suspended in STATES else 400
    number = number_of(request)
    rows, total = accounts.page(contains=contains, suspended=STATES.get(suspended), number=max(1, number), size=SIZE)
    values = {
        "rows": rows,
        "total": total,
        "contains": contains,
        "suspended": suspended,
        "results": {"page": number, "pages": max(1, -(-total // SIZE))},
        "previous_page": number - 1,
        "next_page": number + 1,
    }
    return page(request, "accounts", "accounts", values, status=status)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str) -> HttpResponse:
    """Who an account is; suspend or resume it."""
    try:
        account = accounts.get(account_id)
    except NotFound as error:
        raise Http404 from error
    form = Because(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if account.is_active and form.cleaned_data["typed"].strip() != account.id:
            form.add_error("typed", _("Type “%(expected)s” to confirm.") % {"expected": account.id})
        else:
            change = accounts.suspend if account.is_active else accounts.resume
            change(staff_of(request), account.id, form.cleaned_data["because"])
            said = _("%(name)s is suspended.") if account.is_active else _("%(name)s goes on.")
            messages.success(request, said % {"name": account.name})
            return redirect("staff_account", account_id=account.id)
    values = {
        "account": account,
        "members": people.members_of(account.id),
        "aliases": aliases.of_account(account.id),
        "history": accounts.history(account.id),
        "form": form,
    }
    return page(request, "account", "accounts", values, status=422 if form.errors else 200)
