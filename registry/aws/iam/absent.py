"""Lists of what there is none of here. Terraform, Ansible and others ask for it before they delete a user."""

from typing import Any, Final

from accounts.directory import users
from registry.aws.dispatch import Call, operation
from registry.aws.iam import answers
from registry.aws.iam.named import is_own_root, user_name

OF_USERS: Final = {
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListSigningCertificates": "Certificates",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
}
"""Operation -> the list in its answer."""
OF_ACCOUNTS: Final = {"ListAccountAliases": "AccountAliases", "ListVirtualMFADevices": "VirtualMFADevices"}
"""Second factors are listed by their users alone: ListMFADevices."""


def _serve(name: str, member: str) -> None:
    @operation("iam", name)
    def none(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        is_of_user = name in OF_USERS and ("UserName" in request or not is_own_root(call, request))
        if is_of_user and request.get("AllUsers") is None:
            users.get(call.caller, call.caller.account_id, user_name(call, request))
        return answers.page(call, request, member, [])


for _name, _member in (OF_USERS | OF_ACCOUNTS).items():
    _serve(_name, _member)
