"""Peers: other deployments that replicate to this one and that it replicates to; look, add, edit, try, remove."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.pages.views.staff.access import page, staff_of, staff_page
from registry.console import stale
from registry.core import peers
from registry.errors import InvalidValue, PeerAlreadyExists, PeerChanged, PeerNotFound
from registry.replication import trying

if TYPE_CHECKING:
    from registry.models import Peer


WORDS: Final = {
    "url": gettext_lazy("Address"),
    "regions": gettext_lazy("Regions"),
    "public_key": gettext_lazy("Its key"),
    "account_ids": gettext_lazy("Accounts that it may speak for"),
}


class PeerForm(forms.Form):
    """A deployment to let in, or one that is in: that keeps its name."""

    name = forms.CharField(max_length=64, error_messages={"required": gettext_lazy("Give it a name.")})
    url = forms.CharField(max_length=255, error_messages={"required": gettext_lazy("Give its address.")})
    regions = forms.CharField(
        max_length=500, error_messages={"required": gettext_lazy("Give at least one region that it serves.")}
    )
    public_key = forms.CharField(max_length=100, error_messages={"required": gettext_lazy("Give its key.")})
    account_ids = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea)

    def __init__(self, data: QueryDict | None, peer: "Peer | None" = None) -> None:
        super().__init__(data, initial=_initial(peer) if peer else None)
        if peer:
            del self.fields["name"]

    def clean_regions(self) -> list[str]:
        """Separated by commas or spaces."""
        return _words(self.cleaned_data["regions"])

    def clean_account_ids(self) -> list[str]:
        """One in a line, or separated otherwise."""
        return _words(self.cleaned_data["account_ids"])


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]


def _initial(peer: "Peer") -> dict[str, Any]:
    facts = peers.facts(peer)
    return facts | {"regions": ", ".join(peer.regions), "account_ids": "\n".join(peer.account_ids)}


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of them, and this deployment's own key."""
    return page(request, "peers", "peers", {"peers": peers.listed(), "own_key": peers.own_public_key()})


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Let a deployment in."""
    form = PeerForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _takes(form, lambda given: peers.add(staff_of(request), **given)):
        messages.success(request, _("%(name)s is a peer.") % {"name": form.cleaned_data["name"]})
        return redirect("staff_peers")
    values: dict[str, Any] = {"form": form, "own_key": peers.own_public_key()}
    return page(request, "add_peer", "peers", values, status=422 if form.errors else 200)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """List something else for a peer, in the form for a new one; not in the place of what others listed meanwhile."""
    try:
        row = peers.get(name)
        now = peers.facts(row)
        form = PeerForm(request.POST if request.method == "POST" else None, row)
        conflict = stale.conflict(request, now, now, WORDS) if form.is_bound else []

        def put(given: Mapping[str, Any]) -> object:
            return peers.change(staff_of(request), name, instead_of=now, **given)

        if form.is_bound and form.is_valid() and not conflict and _takes(form, put):
            messages.success(request, _("What is listed for %(name)s is changed.") % {"name": name})
            return redirect("staff_peers")
    except PeerNotFound as error:
        raise Http404 from error
    except PeerChanged:
        return edit(request, name)
    values = {"form": form, "own_key": peers.own_public_key(), "peer": row}
    values |= {"was": stale.mark(now), "conflict": conflict}
    status = 409 if conflict else 200
    return page(request, "add_peer", "peers", values, status=422 if form.errors else status)


def _takes(form: PeerForm, put: Callable[[dict[str, Any]], object]) -> bool:
    """Put what is typed; False, with the error in the form, if it can't be taken."""
    try:
        put(form.cleaned_data)
    except InvalidValue as error:
        form.add_error(_field_of(form, error), _refused(error.value))
    except PeerAlreadyExists:
        form.add_error(None, _("Another peer has this name, this key or one of these regions already."))
    return not form.errors


def _field_of(form: PeerForm, error: InvalidValue) -> str | None:
    """The field that holds the value that was refused."""
    for name, value in form.cleaned_data.items():
        if error.value == value or (isinstance(value, list) and error.value in value):
            return name
    return None


def _refused(value: str) -> str:
    return _(
        "“%(value)s” can't be taken. A name has small letters, digits and hyphens, an address no path, a region is not "
        "one of this deployment, an account has 12 digits, and a key is what the other deployment shows."
    ) % {"value": value[:100]}


@staff_page
@require_POST
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Ask it whether each knows the other."""
    try:
        found = trying.check(peers.get(name))
    except PeerNotFound as error:
        raise Http404 from error
    if found.problem is None:
        accounts = ", ".join(found.accounts) or _("no account")
        words = _("It answers, knows this deployment as %(name)s, and lets it speak for: %(accounts)s.")
        messages.success(request, words % {"name": found.name, "accounts": accounts})
    else:
        messages.error(request, PROBLEMS[found.problem] % {"why": found.why})
    if found.missing:
        words = _("It does not serve what is listed for it here: %(regions)s.")
        messages.warning(request, words % {"regions": ", ".join(found.missing)})
    return redirect("staff_peers")


PROBLEMS = {
    trying.Problem.STRANGER: gettext_lazy(
        "It does not know this deployment's key, or the clocks are more than a minute apart."
    ),
    trying.Problem.FORBIDDEN: gettext_lazy(
        "Its address is in a private network, which KHO_OUTBOUND_NETWORKS does not name."
    ),
    trying.Problem.AWAY: gettext_lazy("It can't be asked: %(why)s."),
    trying.Problem.NO_KHO: gettext_lazy("What answers there is no Kho that knows of peers: %(why)s."),
}


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Say what ends, then let it in no more."""
    try:
        row = peers.get(name)
        if request.method == "POST":
            peers.remove(staff_of(request), name)
            messages.success(request, _("%(name)s is no peer any more.") % {"name": name})
            return redirect("staff_peers")
    except PeerNotFound as error:
        raise Http404 from error
    return page(request, "remove_peer", "peers", {"peer": row})
