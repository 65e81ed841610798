"""Telling the staff that something is wrong with a public repository."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gallery.errors import TooManyReports
from gallery.models import Report
from gallery.pages import context
from gallery.pages.context import repository_page
from gallery.reports import reports


class ReportForm(forms.Form):
    """Why, in words; a mail address if somebody wants to be asked back."""

    reason = forms.ChoiceField(
        choices=Report.Reason.choices, error_messages={"required": gettext_lazy("Choose what is wrong.")}
    )
    text = forms.CharField(min_length=20, max_length=4000)
    mail = forms.EmailField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@repository_page
def report(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The form; nothing of it is shown to the publisher."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "report")
    form = ReportForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            reports.create(
                values["repository"],
                f"{alias}/{name}",
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
            return redirect(f"/{alias}/{name}")
    answer = render(
        request, "gallery/report.html", values | {"form": form}, status=422 if form.errors and status == 200 else status
    )
    if status == 429:
        answer.headers["Retry-After"] = "3600"
    return answer
