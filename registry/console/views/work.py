"""Long jobs of an account: the list, how far one is, stopping it, and trying again what failed."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from registry.console import lists, places
from registry.console.membership import OnlyAsOneself, console_page, visitor_of
from registry.core import work
from registry.notifications.jobs import JOBS

HINDRANCES: Final = {
    "AccessDenied": gettext_lazy("You may not do this."),
    "DeletionProtected": gettext_lazy("Deletion protection is on."),
    "ImageIsReferenced": gettext_lazy("A multi-platform image names it."),
    "MembershipEnded": gettext_lazy("Whoever started this is no member of the account any more."),
    "RepositoryNotFound": gettext_lazy("The repository is gone."),
    "TooManyTags": gettext_lazy("It would have more than 50 resource tags."),
}
"""What hinders a target, in words."""
DELAYS: Final = (2, 2, 2, 5, 5)
SLOWEST: Final = 10
"""Seconds until the page asks again."""


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's jobs, newest first."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    page = work.recent(visitor.caller, **lists.cut_of(request))
    rows = [(item, JOBS.get(item.kind, item.kind)) for item in page.rows]
    context = places.of_account(request, visitor, "work") | {"page": page, "rows": rows}
    return render(request, "console/work.html", context)


@console_page
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, account_id: str, item_id: str) -> HttpResponse:
    """How far a job is; htmx asks for the changing part until it is over."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    item = work.get(visitor.caller, item_id)
    count = request.GET.get("n", "")
    asked = int(count) if count.isascii() and count.isdecimal() and len(count) < 6 else 0
    context: dict[str, Any] = places.of_account(request, visitor, "work") | {
        "item": item,
        "kind": JOBS.get(item.kind, item.kind),
        "failures": [(each.name, HINDRANCES.get(each.error, each.error)) for each in work.failures(item)],
        "delay": DELAYS[asked] if asked < len(DELAYS) else SLOWEST,
        "asked": asked + 1,
        "may_cancel": work.may_cancel(visitor.caller, item),
        "item_url": f"/console/{account_id}/work/{item.id}",
    }
    template = "console/_work_progress.html" if wants_part(request) else "console/work_item.html"
    return render(request, template, context)


@console_page
@require_POST
def cancel(request: HttpRequest, account_id: str, item_id: str) -> HttpResponse:
    """Stop; what is done stays done."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    item = work.cancel(visitor.caller, item_id)
    messages.success(request, _("It is cancelled. What was done stays done."))
    return redirect("console_work_item", account_id=account_id, item_id=item.id)


@console_page
@require_POST
def retry(request: HttpRequest, account_id: str, item_id: str) -> HttpResponse:
    """Try what failed once more."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    if visitor.session:
        raise OnlyAsOneself
    item = work.retry(visitor.caller, item_id)
    return redirect("console_work_item", account_id=account_id, item_id=item.id)
