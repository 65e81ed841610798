"""Roles."""

from typing import Any

from accounts.directory import roles, users
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


@operation("iam", "CreateRole")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a role."""
    answers.refuse_boundary(request)
    made = roles.create(
        call.caller,
        call.caller.account_id,
        request["RoleName"],
        request["AssumeRolePolicyDocument"],
        path=request.get("Path", "/"),
        description=request.get("Description", ""),
        max_session_seconds=request.get("MaxSessionDuration", roles.SHORTEST_SESSION),
        tags=answers.tags_of(request),
    )
    return {"Role": answers.role(made)}


@operation("iam", "GetRole")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A role."""
    return {"Role": answers.role(roles.get(call.caller, call.caller.account_id, request["RoleName"]))}


@operation("iam", "ListRoles")
def list_roles(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account's roles."""
    found = roles.list_roles(call.caller, call.caller.account_id, path=request.get("PathPrefix", "/"))
    return answers.page(call, request, "Roles", [answers.role(each) for each in found])


@operation("iam", "UpdateAssumeRolePolicy")
def update_trust(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Say anew who may assume it."""
    roles.update_trust(call.caller, call.caller.account_id, request["RoleName"], request["PolicyDocument"])
    return {}


@operation("iam", "UpdateRole")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Change description or longest session."""
    roles.update(
        call.caller,
        call.caller.account_id,
        request["RoleName"],
        description=request.get("Description"),
        max_session_seconds=request.get("MaxSessionDuration"),
    )
    return {}


@operation("iam", "DeleteRole")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a role."""
    roles.delete(call.caller, call.caller.account_id, request["RoleName"])
    return {}


@operation("iam", "TagRole")
def tag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set tags."""
    role = roles.get(call.caller, call.caller.account_id, request["RoleName"])
    users.tag(call.caller, role, answers.tags_of(request))
    return {}


@operation("iam", "UntagRole")
def untag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    users.untag(call.caller, roles.get(call.caller, call.caller.account_id, request["RoleName"]), request["TagKeys"])
    return {}


@operation("iam", "ListRoleTags")
def list_tags(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A role's tags."""
    role = roles.get(call.caller, call.caller.account_id, request["RoleName"])
    return answers.page(call, request, "Tags", answers.tags(role.tags))


@operation("iam", "ListInstanceProfilesForRole")
def instance_profiles(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """None: there are no machines here. Terraform asks before it deletes a role."""
    roles.get(call.caller, call.caller.account_id, request["RoleName"])
    return {"InstanceProfiles": [], "IsTruncated": False}
