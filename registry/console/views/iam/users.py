"""Users: list, create, look at, delete; their access keys."""

import shlex

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.directory import groups, rights, user_keys, users
from accounts.directory.access_keys import NewAccessKey
from accounts.errors import AccessDenied
from accounts.iam.arn import Arn
from accounts.models import AccessKey
from accounts.sessions import temporary
from registry.console import shown_once
from registry.console.membership import console_page
from registry.console.shown_once import Secret
from registry.console.views.iam import attached
from registry.console.views.iam.common import act, command, confirm_deletion, context_of, failure, visitor_at


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's users by name, with a filter."""
    visitor = visitor_at(request, account_id)
    contains = request.GET.get("contains", "").strip()[:64]
    found = users.summaries(visitor.caller, account_id, contains=contains)
    context = context_of(request, visitor, "users")
    return render(request, "console/iam/users.html", context | {"found": found, "contains": contains})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """One field: the name."""
    visitor = visitor_at(request, account_id)
    name, hindrance = request.POST.get("name", "").strip(), ""
    if request.method == "POST":
        hindrance = failure(lambda: users.create(visitor.caller, account_id, name))
        if not hindrance:
            messages.success(request, _("The user %(name)s is ready. It has no rights yet.") % {"name": name})
            return redirect("console_user", account_id=account_id, name=name)
    context = context_of(request, visitor, "users") | {"name": name, "hindrance": hindrance}
    context["command"] = command(request, "CreateUser", {"UserName": name or "ci"})
    return render(request, "console/iam/new_user.html", context, status=422 if hindrance else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A user's groups and policies; a POST puts it into a group or takes it out."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    if request.method == "POST":
        group, is_added = request.POST.get("group", ""), request.POST.get("step") == "add"
        change = groups.add_user if is_added else groups.remove_user
        done = _("The user is in the group %(name)s.") if is_added else _("The user is out of the group %(name)s.")
        act(request, lambda: change(visitor.caller, account_id, group, name), done % {"name": group})
        return redirect(request.path)
    context = context_of(request, visitor, "users", Arn.parse(user.arn)) | attached.context(
        request, visitor, user, "users"
    )
    try:
        its = groups.of_user(visitor.caller, user)
        others = [each for each in groups.list_groups(visitor.caller, account_id) if each not in its]
        lists = ("ListAttachedUserPolicies", "ListUserPolicies")
        in_force = rights.sources(user) if all(context["can"][action] for action in lists) else []
    except AccessDenied:
        its, others, in_force = [], [], []
    context |= {"user_shown": user, "groups": its, "other_groups": others, "tab": "rights"}
    context |= {
        "in_force": [(each, attached.described(each.arn, account_id)["url"] if each.arn else "") for each in in_force],
        "sessions": temporary.of_principal(user),
    }
    if others:
        joins = {"GroupName": others[0].name, "UserName": name}
        context["group_command"] = command(request, "AddUserToGroup", joins)
    return render(request, "console/iam/user.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A user's access keys: made (shown once), switched off and on, deleted after a confirmation."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    context = context_of(request, visitor, "users", Arn.parse(user.arn)) | {"user_shown": user, "tab": "keys"}
    step, key_id = request.POST.get("step", ""), request.POST.get("key", "")
    if step == "create":
        made: list[NewAccessKey] = []
        context["hindrance"] = failure(lambda: made.append(user_keys.create(visitor.caller, account_id, name)))
        if made:
            secret = _shown(made[0], name, context["origin"], context["host"], request.path)
            return shown_once.lead_to(request, account_id, secret)
    elif step in {"activate", "deactivate"}:
        status = AccessKey.Status.ACTIVE if step == "activate" else AccessKey.Status.INACTIVE
        done = _("The key %(key)s is active.") if step == "activate" else _("The key %(key)s is inactive.")
        change = user_keys.set_status
        act(request, lambda: change(visitor.caller, account_id, name, key_id, status), done % {"key": key_id})
        return redirect(request.path)
    context["command"] = command(request, "CreateAccessKey", {"UserName": name})
    context["keys"] = user_keys.list_keys(visitor.caller, account_id, name)
    return render(request, "console/iam/keys.html", context, status=422 if context.get("hindrance") else 200)


def _shown(key: NewAccessKey, user_name: str, origin: str, host: str, done: str) -> Secret:
    """A new key, with the lines that put it to use."""
    settings_of_cli = {
        "aws_access_key_id": key.id,
        "aws_secret_access_key": key.secret,
        "region": settings.HOME_REGION,
        "endpoint_url": origin,
    }
    configure = " && ".join(
        f"aws configure set {each} {shlex.quote(value)} --profile kho" for each, value in settings_of_cli.items()
    )
    return Secret(
        title=_("The new key of %(name)s") % {"name": user_name},
        lines=[
            (_("Access key id"), key.id),
            (_("Secret access key"), key.secret),
            (_("For the AWS CLI, which then takes --profile kho"), configure),
            (_("For docker; paste the secret as the password"), f"docker login --username {key.id} {host}"),
        ],
        done=done,
        section="users",
        columns={"user_name": user_name, "access_key_id": key.id, "secret_access_key": key.secret},
        filename=f"{key.id}.csv",
    )


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete_key(request: HttpRequest, account_id: str, name: str, key_id: str) -> HttpResponse:
    """What stops working; the key's id has to be typed."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    known = {key.id: key for key in user_keys.list_keys(visitor.caller, account_id, name)}
    context = context_of(request, visitor, "users", Arn.parse(user.arn))
    context["section_url"] += f"/{name}/keys"
    last = known[key_id].last_used_at if key_id in known else None
    return confirm_deletion(
        request,
        context,
        key_id,
        lambda: user_keys.delete(visitor.caller, account_id, name, key_id),
        loses=[(_("User"), name), (_("Last used"), last.strftime("%Y-%m-%d %H:%M UTC") if last else _("never"))],
        back=context["section_url"],
        done=_("The key %(key)s is deleted.") % {"key": key_id},
        call=("DeleteAccessKey", {"UserName": name, "AccessKeyId": key_id}),
    )


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """What goes with the user; the name has to be typed."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    keys_left = user_keys.list_keys(visitor.caller, account_id, name)
    context = context_of(request, visitor, "users", Arn.parse(user.arn))
    return confirm_deletion(
        request,
        context,
        name,
        lambda: users.delete(visitor.caller, account_id, name),
        loses=[
            (_("Access keys"), len(keys_left)),
            (_("Groups"), len(groups.of_user(visitor.caller, user))),
            (_("Policies"), attached.count(visitor, user)),
        ],
        back=f"{context['section_url']}/{name}",
        done=_("The user %(name)s is deleted.") % {"name": name},
        call=("DeleteUser", {"UserName": name}),
    )
