"""The settings of a private registry as one form: read together, and changed together or not at all."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from accounts.caller import Caller
from registry.core import registries
from registry.values import RegistryId


@dataclass(frozen=True, slots=True)
class Settings:
    """What an account sets for its registry, beside the policy and scanning."""

    policy_scope: str
    blob_mounting: bool
    trusts_attached_vex: bool

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def get(caller: Caller, registry: RegistryId) -> Settings:
    """Return the present settings. AccessDenied."""
    return Settings(
        policy_scope=registries.account_setting(caller, registry, "REGISTRY_POLICY_SCOPE"),
        blob_mounting=registries.account_setting(caller, registry, "BLOB_MOUNTING") == "ENABLED",
        trusts_attached_vex=registries.account_setting(caller, registry, "ATTACHED_VEX") == "TRUSTED",
    )


def change(caller: Caller, registry: RegistryId, wanted: Settings) -> None:
    """Let the settings be as wanted; only what differs has to be allowed. AccessDenied."""
    with transaction.atomic():
        now = get(caller, registry)
        if wanted.policy_scope != now.policy_scope:
            registries.put_account_setting(caller, registry, "REGISTRY_POLICY_SCOPE", wanted.policy_scope)
        if wanted.blob_mounting != now.blob_mounting:
            value = "ENABLED" if wanted.blob_mounting else "DISABLED"
            registries.put_account_setting(caller, registry, "BLOB_MOUNTING", value)
        if wanted.trusts_attached_vex != now.trusts_attached_vex:
            value = "TRUSTED" if wanted.trusts_attached_vex else "SHOWN"
            registries.put_account_setting(caller, registry, "ATTACHED_VEX", value)
