"""Access keys."""

from typing import Any

from accounts.audit.actions import Action
from accounts.directory import access_keys, asking, users
from accounts.errors import InvalidInput, NotFound
from accounts.iam.arn import Arn
from accounts.models import AccessKey, Principal
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


def _user(call: Call, request: dict[str, Any], action: Action) -> Principal:
    """The user that is named, or the caller itself; the gate is asked about the action on it."""
    name = request.get("UserName") or call.caller.name
    asking.allow(call.caller, action, asking.arn_of(call.caller.account_id, f"user/{name}"))
    if call.identified is not None and name == call.caller.name:
        return call.identified.principal
    return users.get(call.caller, call.caller.account_id, name)


def _key(user: Principal, request: dict[str, Any]) -> AccessKey:
    key = access_keys.get(request["AccessKeyId"])
    if key.principal_id != user.id:
        raise NotFound(f"access key {request['AccessKeyId']}")
    return key


@operation("iam", "CreateAccessKey")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a key; the secret is told once."""
    user = _user(call, request, Action.CREATE_ACCESS_KEY)
    made = access_keys.create(user)
    asking.record(call.caller, Action.CREATE_ACCESS_KEY, Arn.parse(user.arn), accessKeyId=made.id)
    known = {"UserName": user.name, "AccessKeyId": made.id, "Status": "Active", "SecretAccessKey": made.secret}
    return {"AccessKey": known | {"CreateDate": access_keys.get(made.id).created_at}}


@operation("iam", "ListAccessKeys")
def list_keys(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A user's keys."""
    user = _user(call, request, Action.LIST_ACCESS_KEYS)
    found = [
        {"UserName": user.name, "AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created_at}
        for key in access_keys.of_principal(user)
    ]
    return answers.page(call, request, "AccessKeyMetadata", found)


@operation("iam", "UpdateAccessKey")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Switch a key on or off."""
    user = _user(call, request, Action.UPDATE_ACCESS_KEY)
    key = _key(user, request)
    if request["Status"] not in AccessKey.Status.values:
        raise InvalidInput("status", "takes Active or Inactive")
    access_keys.set_status(key, AccessKey.Status(request["Status"]))
    resource = Arn.parse(user.arn)
    asking.record(call.caller, Action.UPDATE_ACCESS_KEY, resource, accessKeyId=key.id, status=request["Status"])
    return {}


@operation("iam", "DeleteAccessKey")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a key."""
    user = _user(call, request, Action.DELETE_ACCESS_KEY)
    key = _key(user, request)
    access_keys.delete(key)
    asking.record(call.caller, Action.DELETE_ACCESS_KEY, Arn.parse(user.arn), accessKeyId=key.id)
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
