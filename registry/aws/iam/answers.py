"""How IAM's answers write principals, groups, policies and lists."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from registry.aws import pages
from registry.aws.dispatch import Call
from registry.aws.errors import AwsError

T = TypeVar("T")


def page(call: Call, request: dict[str, Any], name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A part of a list under its name, with the marker of the next one."""
    begin = int(pages.after(call, name, request.get("Marker")) or 0)
    end = begin + request.get("MaxItems", 100)
    more = end < len(items)
    answer: dict[str, Any] = {name: list(items[begin:end]), "IsTruncated": more}
    return answer | ({"Marker": pages.token(call, name, str(end))} if more else {})


def texts(call: Call, request: dict[str, Any], name: str, items: Sequence[str]) -> dict[str, Any]:
    """The same for a list of texts."""
    answer = page(call, request, name, [{"text": item} for item in items])
    return answer | {name: [each["text"] for each in answer[name]]}


def refuse_boundary(request: dict[str, Any]) -> None:
    """AwsError for a permissions boundary: it would not hold, and whoever gives one relies on it."""
    if request.get("PermissionsBoundary"):
        raise AwsError("InvalidInput", "Permissions boundaries are not served")


def tags(given: Any) -> list[dict[str, str]]:
    """Tags as a list."""
    return [{"Key": key, "Value": value} for key, value in sorted(given.items())]


def tags_of(request: dict[str, Any]) -> dict[str, str]:
    """Tags of a request."""
    return {each["Key"]: each["Value"] for each in request.get("Tags", [])}


def user(principal: Any) -> dict[str, Any]:
    """A user."""
    return {
        "Path": principal.path,
        "UserName": principal.name,
        "UserId": principal.unique_id,
        "Arn": principal.arn,
        "CreateDate": principal.created_at,
        "Tags": tags(principal.tags),
    }


def role(principal: Any) -> dict[str, Any]:
    """A role; its trust policy is encoded as in an address, as IAM does."""
    return {
        "Path": principal.path,
        "RoleName": principal.name,
        "RoleId": principal.unique_id,
        "Arn": principal.arn,
        "CreateDate": principal.created_at,
        "AssumeRolePolicyDocument": document(principal.trust_policy),
        "Description": principal.description,
        "MaxSessionDuration": principal.max_session_seconds,
        "Tags": tags(principal.tags),
        "RoleLastUsed": {"LastUsedDate": principal.last_used_at} if principal.last_used_at else {},
    }


def group(found: Any) -> dict[str, Any]:
    """A group."""
    return {
        "Path": found.path,
        "GroupName": found.name,
        "GroupId": found.unique_id,
        "Arn": found.arn,
        "CreateDate": found.created_at,
    }


def document(text: str) -> str:
    """A policy document as IAM's answers carry it."""
    return quote(text, safe="")
