"""The settings of a private registry as one form: read together, and changed together or not at all."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from accounts.caller import Caller
from registry.core import registries
from registry.values import RegistryId


@dataclass(frozen=True, slots=True)
class Settings:
    """What an account sets for its registry, beside the policy; `scan_type` keeps the scan rules that there are."""

    policy_scope: str
    blob_mounting: bool
    scan_type: str

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def get(caller: Caller, registry: RegistryId) -> Settings:
    """Return the present settings. AccessDenied."""
    return Settings(
        policy_scope=registries.account_setting(caller, registry, "REGISTRY_POLICY_SCOPE"),
        blob_mounting=registries.account_setting(caller, registry, "BLOB_MOUNTING") == "ENABLED",
        scan_type=registries.scanning(caller, registry)["scanType"],
    )


def change(caller: Caller, registry: RegistryId, wanted: Settings) -> None:
    """Let the settings be as wanted; only what differs has to be allowed.

    Raises AccessDenied; InvalidValue if the registry's scan rules do not go with the scan type.
    """
    with transaction.atomic():
        now = get(caller, registry)
        if wanted.scan_type != now.scan_type:
            rules = registries.scanning(caller, registry)["rules"]
            registries.put_scanning(caller, registry, wanted.scan_type, rules)
        if wanted.policy_scope != now.policy_scope:
            registries.put_account_setting(caller, registry, "REGISTRY_POLICY_SCOPE", wanted.policy_scope)
        if wanted.blob_mounting != now.blob_mounting:
            value = "ENABLED" if wanted.blob_mounting else "DISABLED"
            registries.put_account_setting(caller, registry, "BLOB_MOUNTING", value)
