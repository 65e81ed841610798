"""The staff area's first page: what waits, section by section."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from gallery.aliases import queue
from gallery.pages.views.staff.access import SECTIONS, page, staff_page


@staff_page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What waits, and for how long."""
    rows = [(section, section.waiting() if section.waiting else None) for section in SECTIONS]
    waiting = sum(count or 0 for _section, count in rows)
    return page(request, "overview", "overview", {"rows": rows, "waiting": waiting, "oldest": queue.counts().oldest})
