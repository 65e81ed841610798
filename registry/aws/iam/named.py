"""What requests say of principals: which user they are about, and limits that are not served."""

from typing import Any

from accounts.iam.request import SubjectKind
from registry.aws.dispatch import Call
from registry.aws.errors import AwsError


def user_name(call: Call, request: dict[str, Any]) -> str:
    """Return the name that the request has, or that of the calling user; a role's session has to name one."""
    name: str = request.get("UserName", "")
    if not name and call.caller.kind is not SubjectKind.USER:
        raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
    return name or call.caller.name


def refuse_boundary(request: dict[str, Any]) -> None:
    """Refuse a limit of rights that would not hold."""
    if request.get("PermissionsBoundary"):
        raise AwsError("InvalidInput", "Permissions boundaries are not served")


def is_own_root(call: Call, request: dict[str, Any]) -> bool:
    """Whether the account's root asks about itself."""
    return not request.get("UserName") and call.caller.kind is SubjectKind.ROOT
