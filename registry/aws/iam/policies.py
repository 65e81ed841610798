"""Policies: managed ones, what is attached, inline ones."""

from typing import Any

from accounts.directory import groups, policies, roles, users
from accounts.iam import managed
from accounts.models import Principal
from registry.aws.dispatch import Call, operation
from registry.aws.errors import AwsError
from registry.aws.iam import answers

FINDERS = {"User": users.get, "Role": roles.get, "Group": groups.get}


def _policy(found: Any, number: int | None = None) -> dict[str, Any]:
    return {
        "PolicyName": found.name,
        "PolicyId": found.unique_id,
        "Arn": found.arn,
        "Path": found.path,
        "DefaultVersionId": f"v{number or _default(found)}",
        "Description": found.description,
        "CreateDate": found.created_at,
        "UpdateDate": found.updated_at,
        "IsAttachable": True,
        "Tags": answers.tags(found.tags),
    }


def _default(found: Any) -> int:
    return int(found.versions.get(is_default=True).number)


def _of_aws(found: managed.Managed) -> dict[str, Any]:
    return {"PolicyName": found.name, "Arn": found.arn, "Path": "/", "DefaultVersionId": "v1", "IsAttachable": True}


@operation("iam", "CreatePolicy")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a managed policy."""
    made = policies.create(
        call.caller,
        call.caller.account_id,
        request["PolicyName"],
        request["PolicyDocument"],
        path=request.get("Path", "/"),
        description=request.get("Description", ""),
        tags=answers.tags_of(request),
    )
    return {"Policy": _policy(made, 1) | {"AttachmentCount": 0}}


@operation("iam", "GetPolicy")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A managed policy, AWS's own included."""
    known = managed.get(request["PolicyArn"])
    if known:
        return {"Policy": _of_aws(known)}
    found = policies.get(call.caller, request["PolicyArn"])
    return {"Policy": _policy(found) | {"AttachmentCount": policies.attachments(found)}}


@operation("iam", "ListPolicies")
def list_policies(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account's policies and AWS's. None of them is a permissions boundary: there are no such."""
    scope, path = request.get("Scope", "All"), request.get("PathPrefix", "/")
    own = policies.list_policies(call.caller, call.caller.account_id)
    uses = policies.uses(call.caller, call.caller.account_id)
    found = [_policy(each) for each in own] if scope != "AWS" else []
    found += [_of_aws(each) for each in managed.all_policies()] if scope != "Local" else []
    listed = [
        each | {"AttachmentCount": uses.get(each["Arn"], 0)}
        for each in found
        if each["Path"].startswith(path) and (each["Arn"] in uses or not request.get("OnlyAttached"))
    ]
    is_of_boundaries = request.get("PolicyUsageFilter") == "PermissionsBoundary"
    return answers.page(call, request, "Policies", [] if is_of_boundaries else listed)


@operation("iam", "ListEntitiesForPolicy")
def list_entities(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account's users, groups and roles that a policy is attached to, by kind. It is nobody's boundary."""
    found = policies.entities(call.caller, call.caller.account_id, request["PolicyArn"])
    wanted, path = request.get("EntityFilter", ""), request.get("PathPrefix", "/")
    kinds = [(each.kind.capitalize() if isinstance(each, Principal) else "Group", each) for each in found]
    named = [
        {"kind": kind, f"{kind}Name": each.name, f"{kind}Id": each.unique_id}
        for kind, each in kinds
        if each.path.startswith(path) and wanted in ("", kind)
    ]
    is_of_boundaries = request.get("PolicyUsageFilter") == "PermissionsBoundary"
    answer = answers.page(call, request, "entities", [] if is_of_boundaries else named)
    shown = answer.pop("entities")
    return answer | {f"Policy{kind}s": [each for each in shown if each["kind"] == kind] for kind in FINDERS}


@operation("iam", "DeletePolicy")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a managed policy."""
    policies.delete(call.caller, request["PolicyArn"])
    return {}


@operation("iam", "CreatePolicyVersion")
def create_version(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Add a version."""
    set_default = request.get("SetAsDefault", False)
    made = policies.create_version(
        call.caller, request["PolicyArn"], request["PolicyDocument"], set_default=set_default
    )
    return {"PolicyVersion": _version(made, is_default=set_default)}


def _version(found: Any, *, is_default: bool | None = None, text: bool = False) -> dict[str, Any]:
    known = {
        "VersionId": f"v{found.number}",
        "IsDefaultVersion": found.is_default if is_default is None else is_default,
        "CreateDate": found.created_at,
    }
    return known | ({"Document": answers.document(found.document)} if text else {})


@operation("iam", "ListPolicyVersions")
def list_versions(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A policy's versions."""
    if managed.get(request["PolicyArn"]):
        return answers.page(call, request, "Versions", [{"VersionId": "v1", "IsDefaultVersion": True}])
    found = policies.versions(call.caller, request["PolicyArn"])
    return answers.page(call, request, "Versions", [_version(each) for each in reversed(found)])


@operation("iam", "GetPolicyVersion")
def get_version(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """One version with its text."""
    known, number = managed.get(request["PolicyArn"]), _number(request["VersionId"])
    if known and number == 1:
        text = answers.document(known.document)
        return {"PolicyVersion": {"VersionId": "v1", "IsDefaultVersion": True, "Document": text}}
    for each in policies.versions(call.caller, request["PolicyArn"]) if not known else []:
        if each.number == number:
            return {"PolicyVersion": _version(each, text=True)}
    raise AwsError("NoSuchEntity", f"Policy version {request['VersionId']} cannot be found.", status=404)


def _number(version: str) -> int:
    digits = version.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0


@operation("iam", "SetDefaultPolicyVersion")
def set_default(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Put a version in force."""
    policies.set_default(call.caller, request["PolicyArn"], _number(request["VersionId"]))
    return {}


@operation("iam", "DeletePolicyVersion")
def delete_version(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a version."""
    policies.delete_version(call.caller, request["PolicyArn"], _number(request["VersionId"]))
    return {}


def _serve(kind: str) -> None:
    """The operations that users, roles and groups have in common."""
    name_member = f"{kind}Name"

    def target(call: Call, request: dict[str, Any]) -> Any:
        return FINDERS[kind](call.caller, call.caller.account_id, request[name_member])

    @operation("iam", f"Attach{kind}Policy")
    def attach(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        policies.attach(call.caller, target(call, request), request["PolicyArn"])
        return {}

    @operation("iam", f"Detach{kind}Policy")
    def detach(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        policies.detach(call.caller, target(call, request), request["PolicyArn"])
        return {}

    @operation("iam", f"ListAttached{kind}Policies")
    def attached(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        start = f":policy{request.get('PathPrefix', '/')}"
        arns = [each for each in policies.attached_to(call.caller, target(call, request)) if start in each]
        found = [{"PolicyName": each.rpartition("/")[2], "PolicyArn": each} for each in arns]
        return answers.page(call, request, "AttachedPolicies", found)

    @operation("iam", f"Put{kind}Policy")
    def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        policies.put_inline(call.caller, target(call, request), request["PolicyName"], request["PolicyDocument"])
        return {}

    @operation("iam", f"Get{kind}Policy")
    def get_inline(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        text = policies.get_inline(call.caller, target(call, request), request["PolicyName"])
        names = {name_member: request[name_member], "PolicyName": request["PolicyName"]}
        return names | {"PolicyDocument": answers.document(text)}

    @operation("iam", f"List{kind}Policies")
    def inline(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        return answers.texts(call, request, "PolicyNames", policies.list_inline(call.caller, target(call, request)))

    @operation("iam", f"Delete{kind}Policy")
    def delete_inline(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        policies.delete_inline(call.caller, target(call, request), request["PolicyName"])
        return {}


for _kind in FINDERS:
    _serve(_kind)
