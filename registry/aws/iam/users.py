"""Users."""

from typing import Any

from accounts.directory import users
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


@operation("iam", "CreateUser")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a user."""
    answers.refuse_boundary(request)
    path, tags = request.get("Path", "/"), answers.tags_of(request)
    made = users.create(call.caller, call.caller.account_id, request["UserName"], path=path, tags=tags)
    return {"User": answers.user(made)}


@operation("iam", "GetUser")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A user; the caller itself without a name."""
    name = request.get("UserName") or call.caller.name
    return {"User": answers.user(users.get(call.caller, call.caller.account_id, name))}


@operation("iam", "ListUsers")
def list_users(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account's users."""
    found = users.list_users(call.caller, call.caller.account_id, path=request.get("PathPrefix", "/"))
    return answers.page(call, request, "Users", [answers.user(each) for each in found])


@operation("iam", "DeleteUser")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a user."""
    users.delete(call.caller, call.caller.account_id, request["UserName"])
    return {}


@operation("iam", "UpdateUser")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Rename a user, or move it to another path."""
    new_name, new_path = request.get("NewUserName", ""), request.get("NewPath", "")
    account_id = call.caller.account_id
    users.update(call.caller, account_id, request["UserName"], new_name=new_name, new_path=new_path)
    return {}


@operation("iam", "TagUser")
def tag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set tags."""
    user = users.get(call.caller, call.caller.account_id, request["UserName"])
    users.tag(call.caller, user, answers.tags_of(request))
    return {}


@operation("iam", "UntagUser")
def untag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    users.untag(call.caller, users.get(call.caller, call.caller.account_id, request["UserName"]), request["TagKeys"])
    return {}


@operation("iam", "ListUserTags")
def list_tags(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A user's tags."""
    user = users.get(call.caller, call.caller.account_id, request["UserName"])
    return answers.page(call, request, "Tags", answers.tags(user.tags))
