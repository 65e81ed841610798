"""The policies of a user, group or role: attached ones, and those that are its own."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.directory import policies
from accounts.directory.policies import Target
from accounts.errors import AccessDenied, NotFound
from accounts.iam import managed
from accounts.iam.arn import Arn
from accounts.iam.document import Kind
from registry.console import editor
from registry.console.membership import Visitor, console_page
from registry.console.views.iam.common import FINDERS, WORDS, act, command, context_of, failure, visitor_at

START = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"],
                "Resource": "*",
            },
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        ],
    },
    indent=2,
)


def context(request: HttpRequest, visitor: Visitor, target: Target, section: str) -> dict[str, Any]:
    """What `console/iam/_policies.html` shows; nothing of what the visitor may not list."""
    its: list[dict[str, str]] = []
    names: list[str] = []
    choices: list[tuple[str, str]] = []
    try:
        its = [described(arn, visitor.account.id) for arn in policies.attached_to(visitor.caller, target)]
        names = policies.list_inline(visitor.caller, target)
        known = {each["arn"] for each in its}
        own = [(each.name, each.arn) for each in policies.list_policies(visitor.caller, visitor.account.id)]
        choices = [*own, *((each.name, each.arn) for each in managed.all_policies())]
        choices = [each for each in choices if each[1] not in known]
    except AccessDenied:
        pass
    word = WORDS[section]
    attach = {f"{word}Name": target.name, "PolicyArn": choices[0][1]} if choices else {}
    return {
        "attach_command": attach and command(request, f"Attach{word}Policy", attach),
        "attached": its,
        "inline": names,
        "choices": choices,
        "may_attach": visitor.may(f"iam:Attach{word}Policy", Arn.parse(target.arn)),
        "may_put": visitor.may(f"iam:Put{word}Policy", Arn.parse(target.arn)),
        "target_url": f"/console/{visitor.account.id}/iam/{section}/{target.name}",
    }


def count(visitor: Visitor, target: Target) -> int:
    """How many policies hang on it."""
    return len(policies.attached_to(visitor.caller, target)) + len(policies.list_inline(visitor.caller, target))


def described(policy_arn: str, account_id: str) -> dict[str, str]:
    """Name, ARN and page of a managed policy."""
    name = policy_arn.rpartition("/")[2]
    folder = "aws/" if managed.get(policy_arn) else ""
    return {"name": name, "arn": policy_arn, "url": f"/console/{account_id}/iam/policies/{folder}{name}"}


@console_page
@require_POST
def change(request: HttpRequest, account_id: str, section: str, name: str) -> HttpResponse:
    """Attach a managed policy, or detach it."""
    visitor = visitor_at(request, account_id)
    target = FINDERS[section](visitor.caller, account_id, name)
    arn = request.POST.get("policy", "")
    title = {"name": arn.rpartition("/")[2]}
    if request.POST.get("step") == "detach":
        done = _("The policy %(name)s is detached.") % title
        act(request, lambda: policies.detach(visitor.caller, target, arn), done)
    else:
        done = _("The policy %(name)s is attached.") % title
        act(request, lambda: policies.attach(visitor.caller, target, arn), done)
    return redirect(f"/console/{account_id}/iam/{section}/{name}")


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def inline(request: HttpRequest, account_id: str, section: str, name: str, policy: str = "") -> HttpResponse:
    """The editor of a policy that belongs to the user, group or role alone."""
    visitor = visitor_at(request, account_id)
    target = FINDERS[section](visitor.caller, account_id, name)
    back = f"/console/{account_id}/iam/{section}/{name}"
    saved = policies.get_inline(visitor.caller, target, policy) if policy else ""
    draft = editor.draft(request, Kind.IDENTITY, saved, start=START)
    chosen, hindrance = policy or request.POST.get("name", "").strip(), ""
    if draft.step == "remove" and policy:
        policies.delete_inline(visitor.caller, target, policy)
        messages.success(request, _("The policy %(name)s is removed.") % {"name": policy})
        return redirect(back)
    if draft.step == "save" and not policy and chosen in policies.list_inline(visitor.caller, target):
        hindrance = _("There is one of this name already.")
    elif draft.step == "save":
        saved_now = []
        hindrance = failure(
            lambda: saved_now.append(draft.save(lambda text: policies.put_inline(visitor.caller, target, chosen, text)))
        )
        if not hindrance and saved_now[0]:
            messages.success(request, _("The policy %(name)s is in force.") % {"name": chosen})
            return redirect(back)
    context = context_of(request, visitor, section, Arn.parse(target.arn)) | draft.context()
    context |= {
        "command": command(
            request,
            f"Put{WORDS[section]}Policy",
            {f"{WORDS[section]}Name": name, "PolicyName": chosen or "pull", "PolicyDocument": draft.text},
        ),
        "title": policy or _("New inline policy"),
        "crumbs": [(name, back)],
        "lede": _("A policy of %(name)s alone; it goes when %(name)s goes.") % {"name": name},
        "needs_name": not policy,
        "name": chosen,
        "hindrance": hindrance,
        "removable": bool(policy),
        "back": back,
    }
    failed = hindrance or draft.failed
    return render(request, "console/iam/edit.html", context, status=422 if failed else 200)


def own_policy_arn(visitor: Visitor, name: str) -> str:
    """The ARN of the account's own policy of this name, whatever its path. Http404."""
    for each in policies.list_policies(visitor.caller, visitor.account.id):
        if each.name == name:
            return each.arn
    raise Http404 from NotFound(name)
