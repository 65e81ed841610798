"""A repository's lifecycle policy: its rules in words and as text, edited, tried on the images, saved, removed."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registry.console import commands, lifecycle_drafts, lifecycle_words, places
from registry.console.lifecycle_drafts import RuleForm
from registry.console.membership import console_page, visitor_of
from registry.errors import LifecyclePolicyInvalid
from registry.lifecycle import explaining, grammar, policies
from registry.values import PUBLIC

STARTS: Final = {
    "untagged": gettext_lazy("Delete untagged images after 14 days"),
    "newest": gettext_lazy("Keep the 30 newest images"),
    "unused": gettext_lazy("Archive what nobody has pulled for 90 days"),
}
MOST_TAGS: Final = 6
LONGEST: Final = 30_720


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def lifecycle(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show the policy or a draft of one, with what it would do; each button sends the draft along."""
    if region == PUBLIC:
        raise Http404
    visitor = visitor_of(request, account_id, region)
    caller, address = visitor.caller, places.address_of(account_id, region, name)
    opened = explaining.open_page(caller, address)
    saved = opened.saved
    draft = _Draft(request, saved.text if saved else "")
    draft.change()
    context = places.of_repository(request, visitor, address, "lifecycle")
    if draft.wants_removal and saved and not draft.is_stale:
        policies.delete(caller, address)
        messages.success(request, _("The policy is removed. Images are kept for ever."))
        return redirect(request.path)
    if draft.wants_saving and not draft.problems and not draft.is_stale:
        policies.put(caller, address, draft.text)
        messages.success(request, _("The policy is saved. It is applied for the first time in an hour."))
        return redirect(request.path)
    may_preview = context["can"]["StartLifecyclePolicyPreview"]
    shown = None
    if draft.text and not draft.problems and may_preview:
        most = explaining.MOST_PREVIEWED if request.method == "POST" else explaining.MOST
        shown = explaining.forecast(caller, opened.repository, draft.text, most=most)
    context |= draft.context() | {
        "saved": saved,
        "starts": STARTS,
        "last_run": opened.last_run,
        "forecast": shown,
        "rows": [_row(each) for each in shown.rows] if shown else [],
        "is_too_large": bool(draft.text and not draft.problems and may_preview and shown is None),
        "is_read_only": not context["can"]["PutLifecyclePolicy"],
        "command": commands.equivalent(
            request,
            address.registry,
            "PutLifecyclePolicy",
            {"repositoryName": name, "lifecyclePolicyText": draft.text or "file://policy.json"},
        ),
    }
    return render(request, "console/lifecycle.html", context, status=draft.status)


def _row(row: explaining.Row) -> dict[str, Any]:
    """An image of a preview, in words."""
    decision = row.decision
    return {
        "image": row.image,
        "size": row.size,
        "tags": row.image.tags[:MOST_TAGS],
        "more_tags": max(0, len(row.image.tags) - MOST_TAGS),
        "goes": bool(decision.action),
        "action": lifecycle_words.action(decision),
        "rule": decision.rule,
        "why": lifecycle_words.why(decision),
    }


def with_plain_ends(text: str) -> str:
    """A text with one kind of line ends: clients put policies with any, and browsers send their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Draft:
    """The text on the screen, and what a button does to it."""

    def __init__(self, request: HttpRequest, saved: str) -> None:
        self._saved = saved = with_plain_ends(saved)
        self._post = request.POST if request.method == "POST" else None
        do, _, number = (request.POST.get("do", "preview") if self._post is not None else "").partition(":")
        self.do, self.number = do, int(number) if number.isdecimal() and len(number) < 11 else 0
        self.text = saved
        if self._post is not None:
            self.text = with_plain_ends(self._post.get("text", "")[: LONGEST + 1]).strip()
        elif not saved and request.GET.get("start") in STARTS:
            self.text = lifecycle_drafts.with_start(request.GET["start"])
        self.form = RuleForm()
        self.editing = 0
        self.problems: list[Any] = []
        self.rules: tuple[grammar.Rule, ...] = ()
        self.is_stale = self._post is not None and with_plain_ends(self._post.get("was", "")) != saved

    @property
    def wants_saving(self) -> bool:
        """Whether the draft is to be put in force."""
        return self.do == "save" and bool(self.text)

    @property
    def wants_removal(self) -> bool:
        """Whether there is to be no policy."""
        return self.do == "remove" or (self.do == "save" and not self.text)

    @property
    def status(self) -> int:
        """409 if somebody else saved meanwhile, 422 for what can't be read."""
        if (self.wants_saving or self.wants_removal) and self.is_stale:
            return 409
        return 422 if self._post is not None and (self.problems or self.form.errors) else 200

    def change(self) -> None:
        """Do what the button says, and read the result."""
        rules = lifecycle_drafts.rules_of(self.text)
        if rules is not None and self._post is not None:
            self._change(rules)
        self._read()
        if self.do == "edit":
            chosen = next((rule for rule in self.rules if rule.priority == self.number), None)
            if chosen:
                self.form, self.editing = RuleForm(initial=lifecycle_drafts.initial(chosen)), chosen.priority

    def _change(self, rules: list[dict[str, Any]]) -> None:
        if self.do in {"up", "down"}:
            rules = lifecycle_drafts.moved(rules, self.number, -1 if self.do == "up" else 1)
        elif self.do == "drop":
            rules = lifecycle_drafts.without(rules, self.number)
        elif self.do in {"add", "change"}:
            self.form, self.editing = RuleForm(self._post), self.number
            if not self.form.is_valid():
                return
            made = lifecycle_drafts.with_rule(rules, self.form.as_rule(), self.number)
            if self._is_refused(made):
                return
            rules, self.form, self.editing = made, RuleForm(), 0
        else:
            return
        self.text = lifecycle_drafts.written(rules)

    def _is_refused(self, rules: list[dict[str, Any]]) -> bool:
        """Whether the grammar does not let the rule in; the form says why."""
        try:
            grammar.parse(lifecycle_drafts.written(rules))
        except grammar.LifecyclePolicyInvalid as error:
            self.form.add_error(None, "; ".join(problem.message for problem in error.problems))
            return True
        return False

    def _read(self) -> None:
        if len(self.text) > LONGEST:
            self.text = self.text[:LONGEST]
        if not self.text:
            return
        try:
            policies.check(self.text)
        except LifecyclePolicyInvalid as error:
            self.problems = list(error.problems)
            return
        self.rules = grammar.parse(self.text)

    def context(self) -> dict[str, Any]:
        """What the page shows of the draft."""
        return {
            "text": self.text,
            "was": self._saved,
            "rules": [lifecycle_words.rule(rule) for rule in self.rules],
            "problems": self.problems,
            "form": self.form,
            "editing": self.editing,
            "is_draft": self.text != self._saved,
            "is_stale": self.do == "save" and self.is_stale,
            "is_removal_asked": self.do == "ask" and bool(self._saved),
        }
