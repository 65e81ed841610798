"""DescribeRegistries."""

from typing import Any, Final

from gallery.aliases import requests
from gallery.models.alias_request import State
from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import registry_of
from registry.core import addresses, aliases, publishers
from registry.values import PUBLIC, RegistryId

STATUSES: Final = {State.REQUESTED: "PENDING", State.ASKED: "PENDING", State.REJECTED: "REJECTED"}
"""State of a request -> status of an alias. Names that were given are ACTIVE; the rest is not told."""


@operation("ecr-public", "DescribeRegistries")
def describe_registries(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The caller's public registry with its aliases; there is one, so there is one page."""
    account_id = registry_of(call, request).account_id
    asked = requests.listed(call.caller, account_id)
    names = aliases.of_account(account_id)
    written = [_written(each.name, "ACTIVE", primary=each.is_primary, default=each.is_default) for each in names]
    active = {each.name for each in names}
    written += [
        _written(each.alias, STATUSES[State(each.state)])
        for each in asked
        if each.state in STATUSES and each.alias not in active
    ]
    if not written:
        return {"registries": []}
    host = addresses.registry_host(RegistryId(account_id, PUBLIC), call.host)
    row = {
        "registryId": account_id,
        "registryArn": f"arn:aws:ecr-public::{account_id}:registry/{account_id}",
        "registryUri": f"{host}/{names[0].name}" if names else host,
        "verified": publishers.is_verified(account_id),
        "aliases": written,
    }
    return {"registries": [row]}


def _written(name: str, status: str, *, primary: bool = False, default: bool = False) -> dict[str, Any]:
    return {"name": name, "status": status, "primaryRegistryAlias": primary, "defaultRegistryAlias": default}
