"""Groups."""

from typing import Any

from accounts.directory import groups, users
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


@operation("iam", "CreateGroup")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a group."""
    path = request.get("Path", "/")
    return {"Group": answers.group(groups.create(call.caller, call.caller.account_id, request["GroupName"], path=path))}


@operation("iam", "GetGroup")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A group with its users."""
    group = groups.get(call.caller, call.caller.account_id, request["GroupName"])
    found = [answers.user(each) for each in groups.members(group)]
    return {"Group": answers.group(group)} | answers.page(call, request, "Users", found)


@operation("iam", "ListGroups")
def list_groups(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account's groups."""
    found = groups.list_groups(call.caller, call.caller.account_id, path=request.get("PathPrefix", "/"))
    return answers.page(call, request, "Groups", [answers.group(each) for each in found])


@operation("iam", "ListGroupsForUser")
def of_user(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The groups of a user."""
    found = groups.of_user(call.caller, users.get(call.caller, call.caller.account_id, request["UserName"]))
    return answers.page(call, request, "Groups", [answers.group(each) for each in found])


@operation("iam", "AddUserToGroup")
def add(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Put a user in."""
    groups.add_user(call.caller, call.caller.account_id, request["GroupName"], request["UserName"])
    return {}


@operation("iam", "RemoveUserFromGroup")
def remove(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take a user out."""
    groups.remove_user(call.caller, call.caller.account_id, request["GroupName"], request["UserName"])
    return {}


@operation("iam", "UpdateGroup")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Rename a group, or move it to another path."""
    new_name, new_path = request.get("NewGroupName", ""), request.get("NewPath", "")
    account_id = call.caller.account_id
    groups.update(call.caller, account_id, request["GroupName"], new_name=new_name, new_path=new_path)
    return {}


@operation("iam", "DeleteGroup")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a group."""
    groups.delete(call.caller, call.caller.account_id, request["GroupName"])
    return {}
