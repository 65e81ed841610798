"""Telling the staff that something is wrong with a public repository, or with a publisher."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.directory import accounts
from gallery.errors import TooManyReports
from gallery.models import Report
from gallery.pages import context
from gallery.pages.context import repository_page
from gallery.pages.views.publisher import NoPublisher
from gallery.reports import reports
from gallery.search import publishers
from registry.core import aliases

if TYPE_CHECKING:
    from accounts.models import Account
    from registry.models import Repository


class ReportForm(forms.Form):
    """Why, in words; a mail address if somebody wants to be asked back."""

    reason = forms.ChoiceField(
        choices=Report.Reason.choices, error_messages={"required": gettext_lazy("Choose what is wrong.")}
    )
    text = forms.CharField(
        min_length=20, max_length=4000, error_messages={"required": gettext_lazy("Say what you saw.")}
    )
    mail = forms.EmailField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@repository_page
def report(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The form about a repository; nothing of it is shown to the publisher."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "report")
    return _answer(request, values["repository"], f"{alias}/{name}", "gallery/report.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def publisher(request: HttpRequest, alias: str) -> HttpResponse:
    """The form about a publisher as a whole; under another alias than the primary one it leads there."""
    found = aliases.find_with_primary(alias)
    if found is None:
        raise NoPublisher(alias)
    account_id, primary = found
    if primary != alias:
        return redirect("report_publisher", alias=primary)
    values = {"alias": alias, "path": alias, "publisher": publishers.get(account_id)}
    return _answer(request, accounts.get(account_id), alias, "gallery/report_publisher.html", values)


def _answer(
    request: HttpRequest, about: "Repository | Account", path: str, template: str, values: Mapping[str, Any]
) -> HttpResponse:
    """Show the form, or keep what it says and go back to the page that it is about."""
    form = ReportForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            reports.create(
                about,
                path,
                reason=form.cleaned_data["reason"],
                text=form.cleaned_data["text"],
                mail=form.cleaned_data["mail"],
                source_ip=request.META.get("REMOTE_ADDR", ""),
            )
        except TooManyReports:
            form.add_error(None, _("There were many reports from your address. Try again in an hour."))
            status = 429
        else:
            messages.success(request, _("Thank you. The staff will look at it."))
            return redirect(f"/{path}")
    status = 422 if form.errors and status == 200 else status
    answer = render(request, template, {**values, "form": form}, status=status)
    if status == 429:
        answer.headers["Retry-After"] = "3600"
    return answer
