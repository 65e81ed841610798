"""OpenID Connect providers."""

from typing import Any

from accounts.directory import providers
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers


@operation("iam", "CreateOpenIDConnectProvider")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Trust an issuer."""
    clients, prints = request.get("ClientIDList", []), request.get("ThumbprintList", [])
    tags = answers.tags_of(request)
    made = providers.create(call.caller, call.caller.account_id, request["Url"], clients, prints, tags=tags)
    return {"OpenIDConnectProviderArn": made.arn, "Tags": answers.tags(made.tags)}


@operation("iam", "GetOpenIDConnectProvider")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """An issuer that is trusted."""
    found = providers.get(call.caller, call.caller.account_id, request["OpenIDConnectProviderArn"])
    return {
        "Url": found.url,
        "ClientIDList": found.client_ids,
        "ThumbprintList": found.thumbprints,
        "CreateDate": found.created_at,
        "Tags": answers.tags(found.tags),
    }


@operation("iam", "ListOpenIDConnectProviders")
def list_providers(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """All of them."""
    found = providers.list_providers(call.caller, call.caller.account_id)
    return {"OpenIDConnectProviderList": [{"Arn": each.arn} for each in found]}


@operation("iam", "DeleteOpenIDConnectProvider")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Trust it no more."""
    providers.delete(call.caller, call.caller.account_id, request["OpenIDConnectProviderArn"])
    return {}


@operation("iam", "AddClientIDToOpenIDConnectProvider")
def add_client(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take tokens for another audience."""
    arn, client = request["OpenIDConnectProviderArn"], request["ClientID"]
    providers.set_clients(call.caller, call.caller.account_id, arn, add=[client])
    return {}


@operation("iam", "RemoveClientIDFromOpenIDConnectProvider")
def remove_client(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take tokens for an audience no more."""
    arn, client = request["OpenIDConnectProviderArn"], request["ClientID"]
    providers.set_clients(call.caller, call.caller.account_id, arn, remove=[client])
    return {}


@operation("iam", "UpdateOpenIDConnectProviderThumbprint")
def set_thumbprints(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Keep other thumbprints."""
    arn, prints = request["OpenIDConnectProviderArn"], request["ThumbprintList"]
    providers.set_thumbprints(call.caller, call.caller.account_id, arn, prints)
    return {}
