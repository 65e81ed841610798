"""Groups: list, create, members and policies, delete."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.directory import groups, users
from accounts.errors import AccessDenied
from accounts.iam.arn import Arn
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
    """The account's groups by name, with a filter."""
    visitor = visitor_at(request, account_id)
    contains, named = name_filter(request)
    found = [each for each in groups.summaries(visitor.caller, account_id) if named(each.group.name)]
    context = context_of(request, visitor, "groups") | {"found": found, "contains": contains}
    return render(request, "console/iam/groups.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """One field: the name."""
    visitor = visitor_at(request, account_id)
    name, hindrance = request.POST.get("name", "").strip(), ""
    if request.method == "POST":
        hindrance = failure(lambda: groups.create(visitor.caller, account_id, name))
        if not hindrance:
            messages.success(request, _("The group %(name)s is ready.") % {"name": name})
            return redirect("console_group", account_id=account_id, name=name)
    context = context_of(request, visitor, "groups") | {"name": name, "hindrance": hindrance}
    context["command"] = command(request, "CreateGroup", {"GroupName": name or "builders"})
    return render(request, "console/iam/new_group.html", context, status=422 if hindrance else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A group's users and policies; a POST adds a user or takes one out."""
    visitor = visitor_at(request, account_id)
    group = groups.get(visitor.caller, account_id, name)
    if request.method == "POST":
        user, is_added = request.POST.get("user", ""), request.POST.get("step") == "add"
        change = groups.add_user if is_added else groups.remove_user
        done = _("%(name)s is in the group.") if is_added else _("%(name)s is out of the group.")
        act(request, lambda: change(visitor.caller, account_id, name, user), done % {"name": user})
        return redirect(request.path)
    members = groups.members(group)
    try:
        others = [each for each in users.list_users(visitor.caller, account_id) if each not in members]
    except AccessDenied:
        others = []
    context = context_of(request, visitor, "groups", Arn.parse(group.arn))
    context |= attached.context(request, visitor, group, "groups")
    context |= {"group": group, "members": members, "others": others}
    if others and context["can"]["AddUserToGroup"]:
        context["command"] = command(request, "AddUserToGroup", {"GroupName": name, "UserName": others[0].name})
    return render(request, "console/iam/group.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """What goes with the group; the name has to be typed."""
    visitor = visitor_at(request, account_id)
    group = groups.get(visitor.caller, account_id, name)
    context = context_of(request, visitor, "groups", Arn.parse(group.arn))
    return confirm_deletion(
        request,
        context,
        name,
        lambda: groups.delete(visitor.caller, account_id, name),
        loses=[(_("Users"), len(groups.members(group))), (_("Policies"), attached.count(visitor, group))],
        back=f"{context['section_url']}/{name}",
        done=_("The group %(name)s is deleted.") % {"name": name},
        call=("DeleteGroup", {"GroupName": name}),
    )
