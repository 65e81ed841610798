"""A publisher's aliases: the table, asking for a name, and what becomes of each."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.actions import Action
from accounts.directory import people
from accounts.models import Person
from gallery.aliases import names, requests, rules, table
from gallery.errors import (
    AliasIsDefault,
    AliasNotFound,
    AlreadyHandled,
    NameRefused,
    RequestIncomplete,
    RequestMoved,
    RequestNotFound,
    RequestPending,
)
from gallery.pages import refusals
from registry.console import places
from registry.console.forms import Typed
from registry.console.membership import Visitor, console_page, visitor_of
from registry.core import permissions, repository_pages
from registry.values import PUBLIC

EXAMPLES: Final = 20
"""Pull references that a page lists at most."""
Gone: Final = (AliasNotFound, RequestNotFound)


class Request(forms.Form):
    """What an account says when it asks for a name; the verbs decide about the name itself."""

    alias = forms.CharField(max_length=50, error_messages={"required": gettext_lazy("Type the name that you want.")})
    reason = forms.CharField(
        min_length=requests.SHORTEST_REASON,
        max_length=requests.LONGEST_TEXT,
        error_messages={"required": gettext_lazy("Say in 20 letters or more why the name is yours.")},
    )
    website = forms.URLField(
        max_length=requests.LONGEST_WEBSITE,
        assume_scheme="https",
        error_messages={"required": gettext_lazy("Give an address that shows that the name is yours.")},
    )
    agreed = forms.BooleanField(
        error_messages={"required": gettext_lazy("Without this the staff can't look at the request.")}
    )


class Reply(forms.Form):
    """The answer to a question of the staff."""

    text = forms.CharField(
        max_length=requests.LONGEST_TEXT, error_messages={"required": gettext_lazy("Write an answer.")}
    )


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The table, and the form to ask for another name."""
    visitor = visitor_of(request, account_id, PUBLIC)
    form = Request(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _asked(request, visitor, form)
        if made:
            messages.success(request, _("The alias %(name)s is asked for.") % {"name": made})
            return redirect("console_alias", account_id=account_id, alias=made)
    rows = table.rows(visitor.caller, account_id)
    values = {
        "rows": rows,
        "form": form,
        "pending": next((row for row in rows if row.is_pending), None),
        "use_policy_url": settings.USE_POLICY_URL,
    }
    return _page(request, visitor, "aliases", values, status=422 if form.errors else 200)


def _asked(request: HttpRequest, visitor: Visitor, form: Request) -> str:
    """Ask for the name; empty, with the reason beside its field, if that can't be."""
    person = _person(request)
    fields = form.cleaned_data
    try:
        made = requests.create(
            visitor.caller,
            visitor.account.id,
            alias=fields["alias"],
            reason=fields["reason"],
            website=fields["website"],
            agreed=fields["agreed"],
            person=person,
        )
    except NameRefused as error:
        form.add_error("alias", refusals.words(error))
    except RequestPending as error:
        words = _("Your account asks for “%(name)s” already; one name at a time.") % {"name": error.alias}
        form.add_error("alias", words)
    except RequestIncomplete as error:
        form.add_error(error.field, _("This can't be understood or is too long."))
    else:
        if not person.language:
            people.set_language(person, get_language() or "en")
        return made.alias
    return ""


@console_page
@require_safe
def check(request: HttpRequest, account_id: str) -> HttpResponse:
    """Whether a name could be asked for, for the form, when its field is left."""
    visitor = visitor_of(request, account_id, PUBLIC)
    requests.listed(visitor.caller, account_id)
    name = request.GET.get("alias", "").strip()[:100]
    refusal = ""
    try:
        if name:
            rules.check(account_id, name)
    except NameRefused as error:
        refusal = refusals.words(error)
    return render(request, "gallery/publishing/_alias_check.html", {"name": name, "refusal": refusal})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, alias: str) -> HttpResponse:
    """How a name came to be or how far its request is; answer, withdraw, take back."""
    visitor = visitor_of(request, account_id, PUBLIC)
    form = Reply()
    late: AlreadyHandled | RequestMoved | None = None
    if request.method == "POST":
        form = Reply(request.POST)
        try:
            done = _step(request, visitor, alias, form)
        except (AlreadyHandled, RequestMoved) as error:
            late = error
        except Gone as error:
            raise Http404 from error
        else:
            if done:
                messages.success(request, done)
                return redirect(request.path)
    row = _row(visitor, alias)
    history = requests.history(row.request) if row.request else []
    if not form.is_bound or late:
        form = Reply(initial={"text": request.POST.get("text", "")})
    status = 409 if late else 422 if form.errors else 200
    values = {"row": row, "alias": alias, "history": history, "form": form, "late": late}
    return _page(request, visitor, "alias", values, status=status)


def _step(request: HttpRequest, visitor: Visitor, alias: str, form: Reply) -> str:
    """Do what the button says and return what to tell; empty if the form is not complete."""
    caller, account_id, person = visitor.caller, visitor.account.id, _person(request)
    match request.POST.get("step"):
        case "reply":
            if not form.is_valid():
                return ""
            requests.reply(caller, account_id, alias, form.cleaned_data["text"], person=person)
            return _("The answer is sent to the staff.")
        case "withdraw":
            requests.withdraw(caller, account_id, alias, person=person)
            return _("The request is withdrawn.")
        case "take-back":
            names.take_back(caller, account_id, alias, by=person.sign_in_name[-254:])
            return _("The alias %(name)s leads to your repositories again.") % {"name": alias}
        case _:
            raise Http404


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def primary(request: HttpRequest, account_id: str, alias: str) -> HttpResponse:
    """Which pull references change, before they do."""
    visitor = visitor_of(request, account_id, PUBLIC)
    _require(visitor, Action.UPDATE_REGISTRY_ALIAS)
    row, rows = _active(visitor, alias)
    if request.method == "POST":
        names.make_primary(visitor.caller, account_id, alias)
        messages.success(request, _("%(name)s is the primary alias now.") % {"name": alias})
        return redirect("console_alias", account_id=account_id, alias=alias)
    if row.is_primary:
        return redirect("console_alias", account_id=account_id, alias=alias)
    return _page(request, visitor, "alias_primary", {"row": row, "alias": alias} | _references(visitor, rows))


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, account_id: str, alias: str) -> HttpResponse:
    """Which pull references end; the name has to be typed."""
    visitor = visitor_of(request, account_id, PUBLIC)
    _require(visitor, Action.DELETE_REGISTRY_ALIAS)
    row, rows = _active(visitor, alias)
    if row.is_default:
        raise Http404
    form = Typed(alias, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            names.release(visitor.caller, account_id, alias, by=_person(request).sign_in_name[-254:])
        except (AliasNotFound, AliasIsDefault) as error:
            raise Http404 from error
        messages.success(request, _("The alias %(name)s is released.") % {"name": alias})
        return redirect("console_alias", account_id=account_id, alias=alias)
    values = {"row": row, "alias": alias, "form": form} | _references(visitor, rows)
    return _page(request, visitor, "alias_release", values, status=422 if form.errors else 200)


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


def _require(visitor: Visitor, action: Action) -> None:
    """Keep a page from members who could not do what it is for."""
    permissions.require_in_registry(visitor.caller, places.registry_of(visitor.account.id, PUBLIC), action)


def _row(visitor: Visitor, alias: str) -> table.Row:
    try:
        return table.row(visitor.caller, visitor.account.id, alias)
    except AliasNotFound as error:
        raise Http404 from error


def _active(visitor: Visitor, alias: str) -> tuple[table.Row, list[table.Row]]:
    """An active name, and all active names of the account. Http404."""
    rows = [row for row in table.rows(visitor.caller, visitor.account.id) if row.is_active]
    for row in rows:
        if row.name == alias:
            return row, rows
    raise Http404


def _references(visitor: Visitor, rows: list[table.Row]) -> dict[str, Any]:
    """The public repositories whose pull references are meant, and the names that lead to them."""
    registry = places.registry_of(visitor.account.id, PUBLIC)
    page = repository_pages.page(visitor.caller, registry, limit=EXAMPLES)
    return {
        "repositories": [row.repository.name for row in page.rows],
        "more": page.total - len(page.rows),
        "total": page.total,
        "active": [row.name for row in rows],
        "now": next((row.name for row in rows if row.is_primary), ""),
        "default": next((row.name for row in rows if row.is_default), ""),
    }


def _page(
    request: HttpRequest, visitor: Visitor, template: str, values: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = places.of_registry(request, visitor, places.registry_of(visitor.account.id, PUBLIC))
    context |= {
        "current": "aliases",
        "aliases_url": f"{context['base']}/public/aliases",
        "quarantine_days": settings.ALIAS_QUARANTINE_DAYS,
    }
    return render(request, f"gallery/publishing/{template}.html", context | values, status=status)
