"""The rules of a registry's replication: adding or changing one, shown with what it would do, and removing one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.caller import Caller
from registry.console import commands, replication_forms, stale
from registry.console.membership import console_page
from registry.console.replication_forms import ReplicationRule
from registry.console.replication_words import shown
from registry.console.views.registry import context_of, private
from registry.core import registries
from registry.errors import InvalidValue, ReplicationChanged
from registry.replication import overview
from registry.values import RegistryId

OPERATION: Final = "PutReplicationConfiguration"
CURRENT: Final = "replication"
ADDED: Final = gettext_lazy("The rule is added. What is pushed from now on follows it.")
CHANGED: Final = gettext_lazy("The rule is changed. What is pushed from now on follows it.")


@dataclass(frozen=True, slots=True)
class _Place:
    """The rules in force, and where among them the rule of a form is; nowhere if it is new, or gone.

    `is_stale` says whether that rule is another one than when the form was opened; of a new one, whether any is.
    """

    now: Mapping[str, Any]
    number: int | None
    is_gone: bool = False
    is_stale: bool = False

    @property
    def rule(self) -> dict[str, Any] | None:
        """The rule that is in force there."""
        return self.now["rules"][self.number] if self.number is not None else None

    def with_rule(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        """All rules, with this one in its place."""
        rules = self.now["rules"]
        if self.number is None:
            return {"rules": [*rules, rule]}
        return {"rules": [*rules[: self.number], rule, *rules[self.number + 1 :]]}


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """A new rule: asked for, shown with what it would do, and put."""
    return _ask(request, account_id, region, None)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, account_id: str, region: str, number: str) -> HttpResponse:
    """A rule in the form for a new one; it takes its own place, if nobody has changed that rule meanwhile."""
    return _ask(request, account_id, region, int(number))


def _ask(request: HttpRequest, account_id: str, region: str, number: int | None) -> HttpResponse:
    visitor, registry = private(request, account_id, region)
    caller = visitor.caller
    place = _place(request, registries.replication(caller, registry), number)
    form = _form(request, registry, place)
    context = context_of(request, visitor, registry, CURRENT)
    if form.is_bound and form.is_valid() and not place.is_gone:
        wanted = place.with_rule(form.as_rule())
        try:
            if (
                request.POST.get("step") == "confirm"
                and not place.is_stale
                and _put(caller, registry, wanted, place, form)
            ):
                messages.success(request, ADDED if number is None else CHANGED)
                return redirect("console_replication", account_id=account_id, region=region)
        except ReplicationChanged:
            return _ask(request, account_id, region, number)
        if not form.errors:
            context |= _preview(request, caller, registry, form, wanted)
    context |= {
        "form": form,
        "was": stale.mark(place.now),
        "is_stale": place.is_stale,
        "is_new": number is None,
        "is_gone": place.is_gone,
        "number": place.number,
        "rule": shown(place.rule) if place.rule else None,
    }
    status = 409 if place.is_stale else 200
    return render(request, "console/replication_rule.html", context, status=422 if form.errors else status)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, account_id: str, region: str, number: str) -> HttpResponseBase:
    """Say what ends with a rule, then remove it; what was copied stays."""
    visitor, registry = private(request, account_id, region)
    now = registries.replication(visitor.caller, registry)
    place = _place(request, now, int(number))
    if place.is_gone:
        messages.error(request, _("Somebody else has removed or changed this rule meanwhile. Nothing was removed."))
        return redirect("console_replication", account_id=account_id, region=region)
    rest = {"rules": [each for index, each in enumerate(now["rules"]) if index != place.number]}
    context = context_of(request, visitor, registry, CURRENT)
    if request.method == "POST" and not place.is_stale:
        try:
            registries.put_replication(visitor.caller, registry, rest, instead_of=now)
        except ReplicationChanged:
            return remove(request, account_id, region, number)
        messages.success(request, _("The rule is removed. What was copied stays."))
        return redirect("console_replication", account_id=account_id, region=region)
    context |= {"rule": shown(place.rule or {}), "was": stale.mark(now), "is_stale": place.is_stale}
    context |= {"number": place.number}
    context["command"] = commands.equivalent(request, registry, OPERATION, {"replicationConfiguration": rest})
    return render(request, "console/remove_replication_rule.html", context, status=409 if place.is_stale else 200)


def _place(request: HttpRequest, now: Mapping[str, Any], number: int | None) -> _Place:
    """Where the rule is that a form is about, which remembers the rules that it was opened with. Http404 without one.

    Rules have no names: a rule that says the same is the same one, wherever it stands now. Without one, the only rule
    that was not there before is what has become of it.
    """
    rules = now["rules"]
    if request.method != "POST":
        if number is not None and number >= len(rules):
            raise Http404
        return _Place(now, number)
    if number is None:
        mark = stale.mark(now)
        return _Place(now, None, is_stale=request.POST.get("was", mark) != mark)
    was = _remembered(request)
    if number < len(was) and was[number] in rules:
        same = number < len(rules) and rules[number] == was[number]
        return _Place(now, number if same else rules.index(was[number]))
    others = [index for index, each in enumerate(rules) if each not in was]
    if number in others or len(others) == 1:
        return _Place(now, number if number in others else others[0], is_stale=True)
    return _Place(now, None, is_gone=True, is_stale=True)


def _remembered(request: HttpRequest) -> list[Any]:
    """The rules that a form was opened with; none if it does not say."""
    try:
        was = json.loads(request.POST.get("was", ""))
    except (ValueError, RecursionError):
        return []
    rules = was.get("rules") if isinstance(was, dict) else None
    return rules if isinstance(rules, list) else []


def _form(request: HttpRequest, registry: RegistryId, place: _Place) -> ReplicationRule:
    """The form with what is typed or in force; a button adds a place for a destination, or takes one out."""
    if request.method != "POST":
        present = replication_forms.initial(place.rule) if place.rule else {"account": registry.account_id}
        return ReplicationRule(initial=present, registry=registry)
    step, _colon, number = request.POST.get("step", "").partition(":")
    typed = request.POST.dict()
    if step == "more":
        return ReplicationRule(initial=replication_forms.with_room(typed, registry.account_id), registry=registry)
    if step == "drop" and number.isascii() and number.isdecimal() and len(number) < 3:
        return ReplicationRule(initial=replication_forms.without(typed, int(number)), registry=registry)
    return ReplicationRule(request.POST, registry=registry)


def _put(caller: Caller, registry: RegistryId, wanted: Mapping[str, Any], place: _Place, form: ReplicationRule) -> bool:
    """Put the rules instead of those that were read; False, with the error in the form, if there are too many."""
    try:
        registries.put_replication(caller, registry, wanted, instead_of=place.now)
    except InvalidValue:
        form.add_error(None, _("A registry may have 10 rules, and 25 destinations in all."))
    return not form.errors


def _preview(
    request: HttpRequest, caller: Caller, registry: RegistryId, form: ReplicationRule, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """What the rule would do, and what the other sides have to allow."""
    found, deletes = overview.reach(caller, registry, form.as_rule()), form.cleaned_data["deletes"]
    return {
        "reach": found,
        "places": [
            (to, is_let_in, "" if is_let_in or to.account_id == registry.account_id else _policy(registry, to, deletes))
            for to, is_let_in in found.let_in.items()
        ],
        "command": commands.equivalent(request, registry, OPERATION, {"replicationConfiguration": dict(wanted)}),
    }


def _policy(registry: RegistryId, to: RegistryId, deletes: bool) -> str:
    """What the policy of a destination has to say."""
    statement = {
        "Sid": "Replicate",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{registry.account_id}:root"},
        "Action": ["ecr:CreateRepository", "ecr:ReplicateImage", *(["ecr:BatchDeleteImage"] if deletes else [])],
        "Resource": f"arn:aws:ecr:{to.region}:{to.account_id}:repository/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
