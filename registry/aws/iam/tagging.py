"""Tags of managed policies and of OpenID Connect providers."""

from typing import Any

from accounts.directory import tagging
from accounts.directory.tagging import Tagged
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


def _serve(kind: Tagged, noun: str, arn: str) -> None:
    """The three operations on the tags of a kind, which `arn` names in requests."""

    @operation("iam", f"Tag{noun}")
    def tag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        tagging.put(call.caller, kind, request[arn], answers.tags_of(request))
        return {}

    @operation("iam", f"Untag{noun}")
    def untag(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        tagging.remove(call.caller, kind, request[arn], request["TagKeys"])
        return {}

    @operation("iam", f"List{noun}Tags")
    def list_tags(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        found = tagging.of(call.caller, kind, request[arn])
        return answers.page(call, request, "Tags", answers.tags(found))


_serve(tagging.POLICY, "Policy", "PolicyArn")
_serve(tagging.PROVIDER, "OpenIDConnectProvider", "OpenIDConnectProviderArn")
