"""Reports: the queue, and one report with what can be done about it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gallery.errors import AlreadyHandled
from gallery.models import Report
from gallery.pages.views.staff.access import number_of, page, staff_of, staff_page
from gallery.reports import reports

SIZE = 50


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Open reports, or those of another state, the newest first."""
    state = request.GET.get("state", Report.State.OPEN)
    status = 200 if state in {"", *Report.State.values} else 400
    found = Paginator(reports.of_state(state if status == 200 else Report.State.OPEN), SIZE).get_page(
        number_of(request)
    )
    values = {
        "rows": found.object_list,
        "total": found.paginator.count,
        "state": state,
        "states": Report.State.choices,
        "results": {"page": found.number, "pages": found.paginator.num_pages},
        "previous_page": found.number - 1,
        "next_page": found.number + 1,
    }
    return page(request, "reports", "reports", values, status=status)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, report_id: str) -> HttpResponse:
    """What somebody reported; dismiss it, or say what was done."""
    found = reports.get(int(report_id))
    if found is None:
        raise Http404
    status = 200
    if request.method == "POST":
        acted = request.POST.get("step") == "acted"
        try:
            reports.close(found.id, staff_of(request).email, acted=acted, note=request.POST.get("note", "")[:4000])
        except AlreadyHandled as error:
            messages.error(request, _("%(person)s has decided about this report already.") % {"person": error.by})
            status = 409
            found = reports.get(found.id)
        else:
            messages.success(request, _("The report is closed."))
            return redirect("staff_reports")
    return page(request, "report", "reports", {"report": found}, status=status)
