"""The queue of alias requests, and one request with all that helps to decide it."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.caller import Staff
from accounts.console.asking import wants_part
from gallery.aliases import decisions, queue, requests, telling
from gallery.errors import AlreadyHandled, NameRefused, RequestIncomplete, RequestMoved, RequestNotFound
from gallery.models import AliasRequest
from gallery.pages import refusals
from gallery.pages.views.staff.access import number_of, page, staff_of, staff_page
from registry.notifications import mail

TEMPLATES: Final = {
    "brand": gettext_lazy(
        "The name is known as a brand of somebody else. If it is yours, ask again and name a page of the brand's own "
        "site that says that this registry is official."
    ),
    "proof": gettext_lazy(
        "The website does not show that the name is yours. Ask again with a page that names this registry or your "
        "account."
    ),
    "general": gettext_lazy(
        "The name is too general for one publisher. Ask for one that tells who you are, such as the name of your "
        "organisation."
    ),
    "similar": gettext_lazy("The name could be taken for another publisher's. Ask for one that people can't mistake."),
}
"""Reasons that come again and again; they are a beginning, and are sent as they are written in the end."""
TEMPLATE_NAMES: Final = {
    "brand": gettext_lazy("Somebody else's brand"),
    "proof": gettext_lazy("No proof on the website"),
    "general": gettext_lazy("Too general"),
    "similar": gettext_lazy("Too like another name"),
}
STATES: Final = [(queue.WAITING, gettext_lazy("Waiting for the staff")), *AliasRequest.State.choices[1:]]


class Filter(forms.Form):
    """What the queue shows."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[*STATES, ("all", gettext_lazy("All"))])
    flag = forms.ChoiceField(required=False, choices=AliasRequest.Flag.choices)
    sort = forms.ChoiceField(required=False, choices=[("newest", gettext_lazy("Newest first"))])


class Decision(forms.Form):
    """What a member of staff decides, and the words for the publisher."""

    step = forms.ChoiceField(
        choices=[("approve", ""), ("reject", ""), ("ask", "")],
        error_messages={"required": gettext_lazy("Choose what to do."), "invalid_choice": gettext_lazy("Choose.")},
    )
    note = forms.CharField(required=False, max_length=decisions.LONGEST_TEXT)
    revision = forms.IntegerField(min_value=0)

    def clean(self) -> dict[str, Any]:
        """A refusal needs a reason, a question its words."""
        given = super().clean() or {}
        if given.get("step") == "reject" and not given.get("note"):
            self.add_error("note", _("Write the reason; the publisher reads it word for word."))
        if given.get("step") == "ask" and not given.get("note"):
            self.add_error("note", _("Write the question."))
        return given


@staff_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The queue, the oldest request first."""
    form = Filter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    state = chosen.get("state") or queue.WAITING
    found = queue.page(
        state="" if state == "all" else state,
        flag=chosen.get("flag", ""),
        contains=chosen.get("q", ""),
        sort=chosen.get("sort") or "oldest",
        number=number_of(request),
    )
    values = {
        "found": found,
        "chosen": chosen | {"state": state},
        "is_filtered": any(chosen.get(key) for key in ("q", "state", "flag")),
        "states": STATES,
        "flags": AliasRequest.Flag.choices,
        "flag_names": dict(AliasRequest.Flag.choices),
        "results": {"page": found.number, "pages": found.pages},
        "previous_page": found.number - 1,
        "next_page": found.number + 1,
    }
    status = 200 if form.is_valid() else 400
    if wants_part(request):
        return render(request, "gallery/staff/_queue.html", values, status=status)
    return page(request, "aliases", "aliases", values, status=status)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, alias: str, number: str) -> HttpResponse:
    """Everything about a request; decide, or look at the mail before."""
    asked = queue.find(alias, int(number))
    if asked is None:
        raise Http404
    form = Decision(request.POST if request.method == "POST" else None, initial={"revision": asked.revision})
    more: dict[str, Any] = {"typed": request.POST.get("note", ""), "revision": asked.revision}
    status = 200
    if request.method == "POST":
        step = request.POST.get("step", "")
        if "insert" in request.POST:
            return _detail(request, asked, Decision(), more | _inserted(request, asked))
        if "preview" in request.POST:
            return _preview(request, asked, form, more)
        if form.is_valid():
            note, revision = form.cleaned_data["note"], form.cleaned_data["revision"]
            try:
                _decide(staff_of(request), asked.id, step, note, revision)
            except (AlreadyHandled, RequestMoved) as error:
                asked = queue.find(alias, int(number)) or asked
                return _detail(request, asked, Decision(), more | {"late": error}, status=409)
            except NameRefused as error:
                form.add_error(None, refusals.words(error))
                status = 409
            except RequestIncomplete:
                form.add_error("note", _("This is too long."))
            else:
                messages.success(request, _done(step) % {"alias": alias})
                return redirect("staff_aliases")
        more["step"] = step
    return _detail(request, asked, form, more, status=status if status != 200 else 422 if form.errors else 200)


def _decide(staff: Staff, request_id: int, step: str, note: str, revision: int | None) -> None:
    match step:
        case "approve":
            decisions.approve(staff, request_id, revision=revision, note=note)
        case "reject":
            decisions.reject(staff, request_id, note, revision=revision)
        case _:
            decisions.ask(staff, request_id, note, revision=revision)


def _done(step: str) -> str:
    return {
        "approve": _("The alias %(alias)s is approved."),
        "reject": _("The alias %(alias)s is refused."),
        "ask": _("The question about %(alias)s is sent."),
    }[step]


def _inserted(request: HttpRequest, asked: AliasRequest) -> dict[str, Any]:
    """The words of a template instead of what was typed, in the language of the publisher."""
    chosen = request.POST.get("template", "")
    if chosen not in TEMPLATES:
        raise Http404
    readers = telling.publishers(asked)
    with override(readers[0].language if readers and readers[0].language else settings.LANGUAGE_CODE):
        return {"typed": str(TEMPLATES[chosen]), "step": "reject", "template": chosen}


def _preview(request: HttpRequest, asked: AliasRequest, form: Decision, more: dict[str, Any]) -> HttpResponse:
    """The mail as the publisher would get it."""
    kinds = {"approve": "alias.approved", "reject": "alias.rejected", "ask": "alias.asked"}
    step = request.POST.get("step", "")
    readers = telling.publishers(asked)
    letter = None
    if step in kinds and readers:
        facts = telling.facts(asked, request.POST.get("note", "").strip()[: decisions.LONGEST_TEXT])
        letter = mail.compose(readers[0], kinds[step], facts, telling.path(asked))
    values = {"letter": letter, "readers": readers, "is_preview": True, "step": step}
    if wants_part(request):
        return render(request, "gallery/staff/_letter.html", values)
    return _detail(request, asked, Decision(initial={"step": step}), more | values)


def _detail(
    request: HttpRequest, asked: AliasRequest, form: Decision, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    values = {
        "asked": asked,
        "form": form,
        "detail": queue.detail(asked),
        "history": requests.history(asked),
        "flag_names": dict(AliasRequest.Flag.choices),
        "templates": TEMPLATE_NAMES,
        "is_open": asked.state in (AliasRequest.State.REQUESTED, AliasRequest.State.ASKED),
        "show_staff": True,
    }
    return page(request, "alias", "aliases", values | more, status=status)


@staff_page
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Decide about several requests: first show them, then do it, each by itself."""
    chosen = _chosen(request)
    step = request.POST.get("step", "")
    if not chosen or step not in ("approve", "reject"):
        messages.error(request, _("Choose at least one request."))
        return redirect("staff_aliases")
    rows = queue.chosen(list(chosen))
    note = request.POST.get("note", "").strip()
    values = {"rows": rows, "step": step, "note": note, "templates": TEMPLATES.values()}
    if not request.POST.get("confirmed"):
        return page(request, "decide", "aliases", values)
    if (step == "reject" and not note) or len(note) > decisions.LONGEST_TEXT:
        error = _("Write the reason; the publishers read it word for word, in up to 2,000 characters.")
        return page(request, "decide", "aliases", values | {"error": error}, status=422)
    staff = staff_of(request)
    done = [row.alias for row in rows if _one_of_many(request, staff, row, step, note, chosen[row.id])]
    if done:
        words = _("Approved: %(names)s.") if step == "approve" else _("Refused: %(names)s.")
        messages.success(request, words % {"names": ", ".join(done)})
    return redirect("staff_aliases")


def _one_of_many(request: HttpRequest, staff: Staff, row: AliasRequest, step: str, note: str, revision: int) -> bool:
    """Decide about one of several; what can't be done is told and keeps nothing else from being done."""
    try:
        _decide(staff, row.id, step, note, revision)
    except AlreadyHandled as error:
        messages.error(request, _("%(name)s was decided by %(by)s already.") % {"name": row.alias, "by": error.by})
    except (RequestMoved, RequestNotFound):
        messages.error(request, _("%(name)s changed since it was shown; look at it again.") % {"name": row.alias})
    except NameRefused as error:
        messages.error(request, refusals.words(error))
    else:
        return True
    return False


def _chosen(request: HttpRequest) -> dict[int, int]:
    """Id -> revision of the requests whose boxes were ticked."""
    found: dict[int, int] = {}
    for value in request.POST.getlist("request")[: queue.PAGE]:
        key, _colon, revision = value.partition(":")
        if all(part.isascii() and part.isdecimal() and len(part) < 16 for part in (key, revision)):
            found[int(key)] = int(revision)
    return found
