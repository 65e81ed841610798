"""MFA devices: the second factors of users at the console."""

from typing import Any

from accounts.directory import user_factors
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers
from registry.aws.iam.named import is_own_root, user_name


@operation("iam", "ListMFADevices")
def list_devices(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A user's second factors; root, which does not sign in, has none."""
    found: list[dict[str, Any]] = []
    if not is_own_root(call, request):
        name = user_name(call, request)
        found = [
            {"UserName": name, "SerialNumber": each.serial_number, "EnableDate": each.enabled_at}
            for each in user_factors.list_devices(call.caller, call.caller.account_id, name)
        ]
    return answers.page(call, request, "MFADevices", found)


@operation("iam", "DeactivateMFADevice")
def deactivate(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take a second factor away from a user."""
    name = user_name(call, request)
    user_factors.deactivate(call.caller, call.caller.account_id, name, request["SerialNumber"])
    return {}
