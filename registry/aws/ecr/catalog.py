"""Catalog data of public repositories and registries."""

import base64
from typing import TYPE_CHECKING, Any, Final

from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of, registry_of
from registry.core import catalog
from registry.errors import CatalogDataNotFound

if TYPE_CHECKING:
    from registry.models import CatalogData

FIELDS: Final = {
    "description": "description",
    "aboutText": "about_text",
    "usageText": "usage_text",
    "architectures": "architectures",
    "operatingSystems": "operating_systems",
    "logoImageBlob": "logo",
}


def fields_of(given: dict[str, Any]) -> dict[str, Any]:
    """What a request says, by the names of the core."""
    fields = {ours: given[theirs] for theirs, ours in FIELDS.items() if theirs in given}
    if "logo" in fields:
        fields["logo"] = _picture(fields["logo"])
    return fields


def _picture(blob: bytes) -> bytes:
    """The logo; version 1 of the AWS CLI encodes the text of a JSON argument once more, so that it comes as base64."""
    try:
        return base64.b64decode(blob, validate=True)
    except ValueError:
        return blob


def described(call: Call, found: "CatalogData") -> dict[str, Any]:
    """Catalog data as answers write it."""
    return {
        "description": found.description,
        "architectures": found.architectures,
        "operatingSystems": found.operating_systems,
        "logoUrl": f"{call.origin}/media/logos/{found.logo_id}.png" if found.logo_id else None,
        "aboutText": found.about_text,
        "usageText": found.usage_text,
        "marketplaceCertified": False,
    }


@operation("ecr-public", "PutRepositoryCatalogData")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set what is given."""
    found = catalog.put(call.caller, address_of(call, request), fields_of(request["catalogData"]))
    return {"catalogData": described(call, found)}


@operation("ecr-public", "GetRepositoryCatalogData")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """What the publisher says about a repository; empty if that is nothing, as Terraform relies on."""
    try:
        found = catalog.get(call.caller, address_of(call, request))
    except CatalogDataNotFound:
        found = catalog.nothing()
    return {"catalogData": described(call, found)}


@operation("ecr-public", "PutRegistryCatalogData")
def put_registry(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set the name that the registry is shown under."""
    account_id = registry_of(call, request).account_id
    name = catalog.put_display_name(call.caller, account_id, request.get("displayName", ""))
    return {"registryCatalogData": {"displayName": name}}


@operation("ecr-public", "GetRegistryCatalogData")
def get_registry(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The name that the registry is shown under."""
    name = catalog.display_name(call.caller, registry_of(call, request).account_id)
    return {"registryCatalogData": {"displayName": name}}
