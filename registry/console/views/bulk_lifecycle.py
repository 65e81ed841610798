"""One lifecycle policy for many repositories at once: typed, reviewed beside what it replaces, put by a work item."""

import hashlib
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from registry.console import commands, lifecycle_drafts, lifecycle_words, places
from registry.console.membership import console_page, visitor_of
from registry.console.views import bulk
from registry.console.views.lifecycle import LONGEST, STARTS, with_plain_ends
from registry.core import work
from registry.errors import LifecyclePolicyInvalid
from registry.lifecycle import grammar, policies
from registry.lifecycle.policies import Standing

REVIEWED: Final = frozenset({"review", "confirm"})


@console_page
@require_http_methods(["POST"])
def lifecycle(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """A first POST names the repositories, one with a text is reviewed, the last one confirms."""
    registry = places.registry_of(account_id, region)
    if registry.is_public:
        raise Http404
    visitor = visitor_of(request, account_id, region)
    membership = visitor.membership
    names = bulk.selected(request, visitor, registry)
    if not names:
        return bulk.nothing(request, registry)
    step, _, start = request.POST.get("step", "").partition(":")
    text = with_plain_ends(request.POST.get("text", "")[: LONGEST + 1]).strip()
    if step == "start" and start in STARTS:
        text = lifecycle_drafts.with_start(start)
    rules, problems = _read(text)
    standing = policies.standing(visitor.caller, registry, names)
    was = _mark(standing)
    is_stale = step == "confirm" and request.POST.get("was", "") != was
    if step == "confirm" and rules and not is_stale:
        item = work.start(visitor.caller, membership, registry, "set-lifecycle", names, params={"text": text})
        return redirect("console_work_item", account_id=account_id, item_id=item.id)
    context = bulk.context_of(request, visitor, registry, names) | {
        "text": text,
        "problems": problems,
        "is_missing": step in REVIEWED and not text,
        "rules": [lifecycle_words.rule(rule) for rule in rules],
        "is_review": step in REVIEWED and bool(rules),
        "is_stale": is_stale and bool(rules),
        "was": was,
        "starts": STARTS,
        **_compared(standing, text),
    }
    if len(names) <= bulk.MOST_SHOWN and rules:
        given = {"repositoryName": commands.EACH, "lifecyclePolicyText": text}
        context["command"] = commands.for_each(request, registry, names, "PutLifecyclePolicy", given)
    status = 409 if context["is_stale"] else 422 if problems or context["is_missing"] else 200
    return render(request, "console/set_lifecycle.html", context, status=status)


def _read(text: str) -> tuple[tuple[grammar.Rule, ...], list[Any]]:
    """The rules of a text, and what is wrong with it."""
    if not text:
        return (), []
    try:
        policies.check(text)
    except LifecyclePolicyInvalid as error:
        return (), list(error.problems)
    return grammar.parse(text), []


def _mark(standing: list[Standing]) -> str:
    """Tells whether what would be replaced is still what was shown."""
    read = "\0".join(f"{each.name}\0{each.text}" for each in standing)
    return hashlib.sha256(read.encode()).hexdigest()


def _compared(standing: list[Standing], text: str) -> dict[str, Any]:
    """What the policy replaces: those with another one first, then those that can't be changed, then the rest."""
    rows = [
        {
            "name": each.name,
            "may_put": each.may_put,
            "is_hidden": each.text is None,
            "is_same": each.text == text,
            "is_replaced": each.may_put and bool(each.text) and each.text != text,
            "rules": [lifecycle_words.rule(rule) for rule in _read(each.text or "")[0]],
        }
        for each in standing
    ]
    rows.sort(key=lambda row: (not row["is_replaced"], row["may_put"]))
    return {
        "rows": rows[: bulk.MOST_SHOWN],
        "more_rows": max(0, len(rows) - bulk.MOST_SHOWN),
        "replaced": sum(row["is_replaced"] for row in rows),
        "refused": sum(not row["may_put"] for row in rows),
        "allowed": sum(row["may_put"] for row in rows),
    }
