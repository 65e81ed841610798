"""The storage: whether blobs are whole, what collections removed, and a button for the next one."""

from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from gallery.pages.views.staff.access import page, staff_of, staff_page
from registry.core import stored
from registry.core.collecting import figures, runs
from registry.core.collecting.runs import Kind

SAID: Final = {
    Kind.COLLECT: _("A collection will begin soon."),
    Kind.DRY: _("A dry run will begin soon. It changes nothing."),
}
"""Passes that can be asked for here, and what is said then."""
THINGS: Final[dict[str, str | Promise]] = {
    "images": _("deleted images"),
    "repositories": _("deleted repositories"),
    "manifests": _("manifests"),
    "links": _("blobs taken out of repositories"),
    "blobs": _("blobs"),
    "uploads": _("uploads"),
    "orphans": _("objects that no row names"),
    "missing": _("blobs that are missing"),
    "read": _("blobs that were read"),
    "damaged": _("blobs that are damaged"),
    "healed": _("blobs that are whole again"),
}
"""What passes count, in their order."""


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def storage(request: HttpRequest) -> HttpResponse:
    """Show the last passes, or ask for one."""
    if request.method == "POST":
        kind = next((kind for kind in SAID if kind == request.POST.get("kind")), None)
        if kind is None:
            raise Http404
        runs.ask(kind, staff_of(request))
        messages.success(request, str(SAID[kind]))
        return redirect("staff_storage")
    rows, lately = runs.recent(), figures.lately()
    values = {
        "health": stored.health(),
        "verified_at": runs.last_finished(Kind.VERIFY),
        "rows": [(run, _things(run.counts, run.sizes)) for run in rows],
        "last": figures.last(),
        "lately": lately,
        "things": _things(lately.counts, lately.sizes),
        "waits": any(not run.is_over for run in rows),
    }
    return page(request, "storage", "storage", values)


def _things(counts: Mapping[str, int], sizes: Mapping[str, int]) -> list[tuple[str | Promise, int, int | None]]:
    """What was counted, in its order: its name, how many, and how many bytes came free if any did."""
    return [(name, counts[key], sizes.get(key)) for key, name in THINGS.items() if counts.get(key)]
