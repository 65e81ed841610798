"""Work that was given up: what, why, since when; tried again or discarded."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import dead_letters, outbox
from accounts.errors import NotFound
from gallery.pages.views.staff.access import page, staff_of, staff_page

LONGEST_CURSOR = 80


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Dead letters, newest first, below what waits."""
    rows, end, total = dead_letters.page(request.GET.get("after", "")[:LONGEST_CURSOR])
    values = {
        "waiting": outbox.waiting(),
        "failing": outbox.failing(),
        "rows": [(row, dead_letters.about(row)) for row in rows],
        "page": {"next": end},
        "total": total,
    }
    return page(request, "work", "work", values)


@staff_page
@require_POST
def retry(request: HttpRequest, row_id: str) -> HttpResponse:
    """Have one tried again."""
    try:
        row = dead_letters.retry(staff_of(request), int(row_id))
    except NotFound as error:
        raise Http404 from error
    messages.success(request, _("%(work)s is tried again.") % {"work": row.task})
    return redirect("staff_work")


@staff_page
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Have all of them tried again."""
    count = dead_letters.retry_all(staff_of(request))
    words = ngettext("%(n)s piece of work is tried again.", "%(n)s pieces of work are tried again.", count)
    messages.success(request, words % {"n": count})
    return redirect("staff_work")


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, row_id: str) -> HttpResponse:
    """Say what is never done then; then remove it."""
    try:
        row = dead_letters.get(int(row_id))
        if request.method == "POST":
            dead_letters.discard(staff_of(request), row.id)
            messages.success(request, _("%(work)s is discarded.") % {"work": row.task})
            return redirect("staff_work")
    except NotFound as error:
        raise Http404 from error
    return page(request, "discard_work", "work", {"row": row, "about": dead_letters.about(row)})
