"""Managed policies: AWS's to read, the account's own with their versions."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.directory import policies
from accounts.iam import managed
from accounts.iam.arn import Arn
from accounts.iam.document import MANAGED_LIMIT, Kind
from registry.console import editor
from registry.console.membership import console_page
from registry.console.views.iam import attached
from registry.console.views.iam.common import (
    act,
    command,
    confirm_deletion,
    context_of,
    failure,
    name_filter,
    visitor_at,
)


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's own policies, then AWS's, with a filter."""
    visitor = visitor_at(request, account_id)
    contains, named = name_filter(request)
    context = context_of(request, visitor, "policies")
    context |= {
        "contains": contains,
        "own": [each for each in policies.list_policies(visitor.caller, account_id) if named(each.name)],
        "of_aws": [each for each in managed.all_policies() if named(each.name)],
        "uses": policies.uses(visitor.caller, account_id),
    }
    context["total"] = len(context["own"]) + len(context["of_aws"])
    return render(request, "console/iam/policies.html", context)


@console_page
@require_safe
def of_aws(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A policy that AWS manages, to read."""
    visitor = visitor_at(request, account_id)
    found = managed.get(managed.PREFIX + name)
    if found is None:
        raise Http404
    policies.list_policies(visitor.caller, account_id)
    context = context_of(request, visitor, "policies")
    context |= {"policy": found, "text": found.document, "is_of_aws": True}
    return render(request, "console/iam/policy.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """Name and text on one page."""
    visitor = visitor_at(request, account_id)
    draft = editor.draft(request, Kind.IDENTITY, "", start=attached.START, limit=MANAGED_LIMIT)
    name, hindrance = request.POST.get("name", "").strip(), ""
    if draft.step == "save":
        made: list[bool] = []
        hindrance = failure(
            lambda: made.append(draft.save(lambda text: policies.create(visitor.caller, account_id, name, text)))
        )
        if not hindrance and made[0]:
            messages.success(request, _("The policy %(name)s is ready to be attached.") % {"name": name})
            return redirect("console_policy", account_id=account_id, name=name)
    context = context_of(request, visitor, "policies") | draft.context()
    context |= {
        "command": command(request, "CreatePolicy", {"PolicyName": name or "pull", "PolicyDocument": draft.text}),
        "title": _("Create a policy"),
        "lede": _("It can be attached to users, groups and roles of this account."),
        "needs_name": True,
        "name": name,
        "hindrance": hindrance,
        "back": context["section_url"],
    }
    return render(request, "console/iam/edit.html", context, status=422 if hindrance or draft.failed else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A policy's text and versions; a POST puts an earlier version in force, or removes one after a question."""
    visitor = visitor_at(request, account_id)
    arn = attached.own_policy_arn(visitor, name)
    policy = policies.get(visitor.caller, arn)
    step, given = request.POST.get("step", ""), request.POST.get("version", "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    if request.method == "POST" and step != "ask":
        version = {"version": f"v{number}"}
        if step == "remove":
            done = _("%(version)s is removed.") % version
            act(request, lambda: policies.delete_version(visitor.caller, arn, number), done)
        else:
            done = _("%(version)s is in force.") % version
            act(request, lambda: policies.set_default(visitor.caller, arn, number), done)
        return redirect(request.path)
    wanted = f"v{number}" if step == "ask" else request.GET.get("version")
    versions = policies.versions(visitor.caller, arn)[::-1]
    default = next(each for each in versions if each.is_default)
    shown = next((each for each in versions if f"v{each.number}" == wanted), default)
    context = context_of(request, visitor, "policies", Arn.parse(arn))
    context |= {
        "policy": policy,
        "versions": versions,
        "shown": shown,
        "is_removal_asked": step == "ask" and not shown.is_default,
        "text": editor.formatted(shown.document),
        "changes": editor.changes(default.document, shown.document),
        "users": policies.attached_principals(visitor.caller, arn),
    }
    if not shown.is_default:
        version = {"PolicyArn": arn, "VersionId": f"v{shown.number}"}
        operation = "DeletePolicyVersion" if step == "ask" else "SetDefaultPolicyVersion"
        context["command"] = command(request, operation, version)
    return render(request, "console/iam/policy.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """The editor; saving makes a version and puts it in force."""
    visitor = visitor_at(request, account_id)
    arn = attached.own_policy_arn(visitor, name)
    default = next(each for each in policies.versions(visitor.caller, arn) if each.is_default)
    draft = editor.draft(request, Kind.IDENTITY, default.document, limit=MANAGED_LIMIT)
    back = f"/console/{account_id}/iam/policies/{name}"
    if draft.step == "save" and draft.save(
        lambda text: policies.create_version(visitor.caller, arn, text, set_default=True)
    ):
        messages.success(request, _("The new version is in force."))
        return redirect(back)
    context = context_of(request, visitor, "policies", Arn.parse(arn)) | draft.context()
    context |= {
        "command": command(
            request, "CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": draft.text, "SetAsDefault": True}
        ),
        "title": _("New version"),
        "crumbs": [(name, back)],
        "lede": _("Saving puts it in force for all it is attached to. A policy keeps five versions."),
        "back": back,
    }
    return render(request, "console/iam/edit.html", context, status=422 if draft.failed else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """What it is attached to; the name has to be typed."""
    visitor = visitor_at(request, account_id)
    arn = attached.own_policy_arn(visitor, name)
    context = context_of(request, visitor, "policies", Arn.parse(arn))
    return confirm_deletion(
        request,
        context,
        name,
        lambda: policies.delete(visitor.caller, arn),
        loses=[
            (_("Versions"), len(policies.versions(visitor.caller, arn))),
            (_("Attached to"), len(policies.attached_principals(visitor.caller, arn))),
        ],
        back=f"{context['section_url']}/{name}",
        done=_("The policy %(name)s is deleted.") % {"name": name},
        call=("DeletePolicy", {"PolicyArn": arn}),
    )
