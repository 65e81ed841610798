"""Access keys."""

from typing import Any

from accounts.audit.actions import Action
from accounts.directory import access_keys, asking, user_keys
from accounts.errors import InvalidInput, NotFound
from accounts.models import AccessKey
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers
from registry.aws.iam.named import is_own_root, user_name


def _name(call: Call, request: dict[str, Any]) -> str:
    """The user that is named, or the caller; root's own keys are those of no user."""
    return user_keys.ROOT if is_own_root(call, request) else user_name(call, request)


@operation("iam", "CreateAccessKey")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a key; the secret is told once."""
    name = _name(call, request)
    made = user_keys.create(call.caller, call.caller.account_id, name)
    known = {"UserName": name or None, "AccessKeyId": made.id, "Status": "Active", "SecretAccessKey": made.secret}
    return {"AccessKey": known | {"CreateDate": access_keys.get(made.id).created_at}}


@operation("iam", "ListAccessKeys")
def list_keys(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A user's keys."""
    name = _name(call, request)
    found = [
        {"UserName": name or None, "AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created_at}
        for key in user_keys.list_keys(call.caller, call.caller.account_id, name)
    ]
    return answers.page(call, request, "AccessKeyMetadata", found)


@operation("iam", "UpdateAccessKey")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Switch a key on or off."""
    if request["Status"] not in AccessKey.Status.values:
        raise InvalidInput("status", "takes Active or Inactive")
    status = AccessKey.Status(request["Status"])
    user_keys.set_status(call.caller, call.caller.account_id, _name(call, request), request["AccessKeyId"], status)
    return {}


@operation("iam", "DeleteAccessKey")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a key."""
    user_keys.delete(call.caller, call.caller.account_id, _name(call, request), request["AccessKeyId"])
    return {}


@operation("iam", "GetAccessKeyLastUsed")
def last_used(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """When a key of the account was used last."""
    asking.allow(call.caller, Action.GET_ACCESS_KEY_LAST_USED, asking.arn_of(call.caller.account_id, "user/*"))
    key = access_keys.get(request["AccessKeyId"])
    if key.principal.account_id != call.caller.account_id:
        raise NotFound(f"access key {request['AccessKeyId']}")
    used: dict[str, Any] = {"ServiceName": key.last_used_service or "N/A", "Region": key.last_used_region or "N/A"}
    used |= {"LastUsedDate": key.last_used_at} if key.last_used_at else {}
    return {"UserName": key.principal.name, "AccessKeyLastUsed": used}
