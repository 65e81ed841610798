"""Who is in the staff area, and what is in it: one section each, with what waits there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from accounts import outbox
from accounts.caller import Staff
from accounts.console.asking import signed_in
from accounts.models import Person
from gallery.aliases import queue
from gallery.reports import reports
from registry.scanning import syncing

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the staff area. `waiting` counts what waits there for somebody to decide."""

    key: str
    path: str
    name: str | Promise
    about: str | Promise
    waiting: Callable[[], int] | None = None


SECTIONS: Final = (
    Section(
        "aliases",
        "/staff/aliases",
        _("Alias requests"),
        _("Publishers ask for names."),
        lambda: queue.counts().waiting,
    ),
    Section("reserved", "/staff/reserved-names", _("Reserved names"), _("Names that nobody can ask for.")),
    Section("publishers", "/staff/publishers", _("Publishers"), _("Who is verified, and because of what.")),
    Section("reports", "/staff/reports", _("Reports"), _("What visitors say is wrong."), reports.open_count),
    Section("takedowns", "/staff/takedowns", _("Takedowns"), _("What was removed, and why.")),
    Section("accounts", "/staff/accounts", _("Accounts"), _("Who is here; suspend and resume.")),
    Section("activity", "/staff/activity", _("Activity"), _("What staff changed, and who it was.")),
    Section("peers", "/staff/peers", _("Peers"), _("Other deployments that images go to and come from.")),
    Section("storage", "/staff/storage", _("Storage"), _("What was collected, and what is damaged.")),
    Section(
        "work", "/staff/work", _("Work"), _("What waits, what fails, what was given up."), lambda: outbox.waiting().dead
    ),
    Section(
        "system",
        "/staff/system",
        _("System"),
        _("Advisories, storage, database, versions."),
        lambda: sum(each.is_failing for each in syncing.standings()),
    ),
)
"""In the order of the navigation; a new part of the staff area is one more row."""


def staff_page(view: View[P]) -> View[P]:
    """Ask for sign-in, and answer everybody who is not staff as if nothing were there."""

    @never_cache
    @signed_in
    @vary_on_headers("HX-Request")
    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not isinstance(request.user, Person) or not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    checked: Any = answer
    return checked  # type: ignore[no-any-return]  # decorators of Django lose the signature


def staff_of(request: HttpRequest) -> Staff:
    """Who works here, as the trail names them."""
    if not isinstance(request.user, Person):
        raise Http404
    return Staff(
        request.user.mail,
        source_ip=request.META.get("REMOTE_ADDR", ""),
        request_id=request.META.get("kho.request_id", ""),
    )


def page(
    request: HttpRequest, template: str, section: str, values: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of the staff area."""
    context = {"sections": SECTIONS, "section": section}
    return render(request, f"gallery/staff/{template}.html", context | values, status=status)


def number_of(request: HttpRequest) -> int:
    """The number of the page that the query asks for; 1 for none."""
    given = request.GET.get("page", "1")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 1
