"""Roles: list, create, who may assume them, what they may do, delete."""

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.console.assumed import session_name
from accounts.directory import roles
from accounts.iam.arn import Arn
from accounts.iam.document import Kind
from accounts.models import Principal
from accounts.sessions import assume
from registry.console import commands, editor, policy_words
from registry.console.membership import console_page
from registry.console.views.iam import attached
from registry.console.views.iam.common import command, confirm_deletion, context_of, failure, name_filter, visitor_at

STARTS: Final = {
    "own": gettext_lazy("This account's users"),
    "account": gettext_lazy("Another account"),
    "github": gettext_lazy("GitHub Actions"),
    "gitlab": gettext_lazy("GitLab CI"),
    "oidc": gettext_lazy("Another OpenID Connect provider"),
}
"""Starting points of a trust policy, by their name in the address."""

CI: Final = {
    "github": ("token.actions.githubusercontent.com", "repo:example/app:ref:refs/heads/main"),
    "gitlab": ("gitlab.com", "project_path:example/app:ref_type:branch:ref:main"),
    "oidc": ("ci.example.com", "job:example"),
}
"""Host of the provider, and a subject as its tokens write it."""


def trust_start(name: str, account_id: str) -> str:
    """A trust policy to begin with."""
    statement: dict[str, Any] = {"Effect": "Allow"}
    if name in CI:
        host, subject = CI[name]
        audience = "https://gitlab.com" if name == "gitlab" else "sts.amazonaws.com"
        statement |= {
            "Principal": {"Federated": f"arn:aws:iam::{account_id}:oidc-provider/{host}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": audience}, "StringLike": {f"{host}:sub": subject}},
        }
    elif name == "account":
        statement |= {
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a-word-that-both-sides-know"}},
        }
    else:
        statement |= {"Principal": {"AWS": f"arn:aws:iam::{account_id}:root"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's roles by name, with a filter, and who may assume them."""
    visitor = visitor_at(request, account_id)
    contains, named = name_filter(request)
    found = [
        {"role": role, "trusted": trusted(role)}
        for role in roles.list_roles(visitor.caller, account_id)
        if named(role.name)
    ]
    context = context_of(request, visitor, "roles") | {"found": found, "contains": contains}
    return render(request, "console/iam/roles.html", context)


def _statements(role: Principal) -> list[dict[str, Any]]:
    """The statements of the trust policy."""
    try:
        statements = json.loads(role.trust_policy or "{}").get("Statement", [])
    except ValueError:
        return []
    return statements if isinstance(statements, list) else [statements]


def _lets_assume(role: Principal) -> bool:
    """Whether somebody may assume it by `sts:AssumeRole`; tokens of CI systems take another call."""
    actions: list[str] = []
    for statement in _statements(role):
        its = statement.get("Action", []) if statement.get("Effect") == "Allow" else []
        actions += its if isinstance(its, list) else [its]
    return any(each.lower() in {"sts:assumerole", "sts:*", "*"} for each in actions)


def trusted(role: Principal) -> list[str]:
    """Whom the trust policy names, in words."""
    named: list[str] = []
    for statement in _statements(role):
        principal = statement.get("Principal", [])
        values = principal.values() if isinstance(principal, dict) else [principal]
        for value in values:
            named += value if isinstance(value, list) else [value]
    return [policy_words.who(str(each)) for each in named if each]


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """Name, description and trust policy on one page."""
    visitor = visitor_at(request, account_id)
    start = trust_start(request.GET.get("start", "own"), account_id)
    draft = editor.draft(request, Kind.TRUST, "", start=start)
    name, hindrance = request.POST.get("name", "").strip(), ""
    if draft.step == "save":
        made: list[bool] = []
        hindrance = failure(
            lambda: made.append(draft.save(lambda text: roles.create(visitor.caller, account_id, name, text)))
        )
        if not hindrance and made[0]:
            messages.success(request, _("The role %(name)s is ready. It has no rights yet.") % {"name": name})
            return redirect("console_role", account_id=account_id, name=name)
    context = context_of(request, visitor, "roles") | draft.context()
    context |= {
        "title": _("Create a role"),
        "lede": _("A role is assumed for a time by whom its trust policy names."),
        "needs_name": True,
        "name": name,
        "hindrance": hindrance,
        "starts": [{"name": key, "title": title} for key, title in STARTS.items()],
        "back": context["section_url"],
        "command": command(
            request, "CreateRole", {"RoleName": name or "deploy", "AssumeRolePolicyDocument": draft.text}
        ),
    }
    return render(request, "console/iam/edit.html", context, status=422 if hindrance or draft.failed else 200)


@console_page
@require_safe
def detail(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """Who may assume the role, and what it may do."""
    visitor = visitor_at(request, account_id)
    role = roles.get(visitor.caller, account_id, name)
    context = context_of(request, visitor, "roles", Arn.parse(role.arn))
    context |= attached.context(request, visitor, role, "roles")
    trust = {"cards": policy_words.cards(role.trust_policy), "text": editor.formatted(role.trust_policy)}
    context |= {"role": role} | trust
    context["may_assume"] = assume.may_assume(visitor.caller, role, session_name(visitor.person))
    if _lets_assume(role):
        wanted = {"RoleArn": role.arn, "RoleSessionName": "me"}
        context["command"] = commands.of_service(request, "sts", ("AssumeRole", wanted))
    return render(request, "console/iam/role.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def trust(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """The editor of who may assume the role."""
    visitor = visitor_at(request, account_id)
    role = roles.get(visitor.caller, account_id, name)
    wanted = request.GET.get("start", "")
    draft = editor.draft(request, Kind.TRUST, role.trust_policy, start=trust_start("own", account_id))
    if wanted in STARTS and not draft.step:
        draft.text = trust_start(wanted, account_id)
    back = f"/console/{account_id}/iam/roles/{name}"
    if draft.step == "save" and draft.save(lambda text: roles.update_trust(visitor.caller, account_id, name, text)):
        messages.success(request, _("The trust policy is in force."))
        return redirect(back)
    context = context_of(request, visitor, "roles", Arn.parse(role.arn)) | draft.context()
    context |= {
        "command": command(request, "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": draft.text}),
        "title": _("Trust policy"),
        "crumbs": [(name, back)],
        "lede": _("Who may assume the role, and when."),
        "starts": [{"name": key, "title": title} for key, title in STARTS.items()],
        "back": back,
    }
    return render(request, "console/iam/edit.html", context, status=422 if draft.failed else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """What goes with the role; the name has to be typed."""
    visitor = visitor_at(request, account_id)
    role = roles.get(visitor.caller, account_id, name)
    context = context_of(request, visitor, "roles", Arn.parse(role.arn))
    last = role.last_used_at
    return confirm_deletion(
        request,
        context,
        name,
        lambda: roles.delete(visitor.caller, account_id, name),
        loses=[
            (_("Policies"), attached.count(visitor, role)),
            (_("Last used"), last.strftime("%Y-%m-%d %H:%M UTC") if last else _("never")),
        ],
        back=f"{context['section_url']}/{name}",
        done=_("The role %(name)s is deleted.") % {"name": name},
        call=("DeleteRole", {"RoleName": name}),
    )
