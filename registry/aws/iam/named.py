"""The user that a request is about: the one it names, or the caller."""

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


def is_own_root(call: Call, request: dict[str, Any]) -> bool:
    """Whether the account's root asks about itself."""
    return not request.get("UserName") and call.caller.kind is SubjectKind.ROOT
