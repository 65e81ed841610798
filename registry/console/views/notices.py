"""What a person was told, and how they want to be told; the same in every account that they act on."""

import re
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.console.asking import signed_in
from accounts.models import Person
from registry.console import lists
from registry.console.membership import console_page, visitor_of
from registry.notifications import notices

PLACE: Final = re.compile(r"(?:[0-9]{1,18}|~)?")


def _reader(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


@never_cache
@signed_in
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The notices, the newest first, and the choices."""
    person = _reader(request)
    cut = lists.cut_of(request)
    known = all(PLACE.fullmatch(place) for place in (cut["after"], cut["before"]))
    unread_only = request.GET.get("show") == "unread"
    page = notices.page(person, unread_only=unread_only, **cut)
    values = {
        "page": page,
        "unread_only": unread_only,
        "choices": notices.choices(person),
        "channels": notices.Channel.choices,
        "current": "notices",
    }
    return render(request, "console/notices.html", values, status=200 if known else 400)


@never_cache
@signed_in
@require_POST
def show(request: HttpRequest, notice_id: str) -> HttpResponse:
    """Mark a notice as read and go where it leads."""
    notice = notices.open_notice(_reader(request), int(notice_id))
    if notice is None:
        raise Http404
    return redirect(notice.path)


@never_cache
@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    count = notices.mark_all_read(_reader(request))
    words = ngettext("%(n)s notice is marked as read.", "%(n)s notices are marked as read.", count) % {"n": count}
    messages.success(request, words)
    return redirect("notices")


@never_cache
@signed_in
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep how the person wants to be told."""
    notices.choose(_reader(request), {key: value for key, value in request.POST.items() if isinstance(value, str)})
    messages.success(request, _("The choices are saved."))
    return redirect("notices")


@console_page
@require_safe
def of_account(request: HttpRequest, account_id: str) -> HttpResponse:
    """Notices belong to the person: lead from the account to them."""
    visitor_of(request, account_id)
    return redirect("notices")
