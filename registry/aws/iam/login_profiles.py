"""Console passwords of users, which IAM calls login profiles."""

from typing import Any

from accounts.directory import console_passwords
from accounts.errors import InvalidInput
from accounts.iam.request import SubjectKind
from registry.aws.dispatch import Call, operation
from registry.aws.errors import AwsError
from registry.aws.iam.named import user_name


def _answer(person: Any) -> dict[str, Any]:
    return {
        "LoginProfile": {
            "UserName": person.name,
            "CreateDate": person.created_at,
            "PasswordResetRequired": person.must_change_password,
        }
    }


@operation("iam", "CreateLoginProfile")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Let a user sign in to the console."""
    if "Password" not in request:
        raise InvalidInput("password", "is needed: a user signs in with it")
    must_change = bool(request.get("PasswordResetRequired", False))
    account_id, name = call.caller.account_id, user_name(call, request)
    made = console_passwords.create(call.caller, account_id, name, request["Password"], must_change=must_change)
    return _answer(made)


@operation("iam", "GetLoginProfile")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Whether a user may sign in, and since when."""
    return _answer(console_passwords.get(call.caller, call.caller.account_id, user_name(call, request)))


@operation("iam", "UpdateLoginProfile")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Give another password, or say that it must be changed."""
    console_passwords.update(
        call.caller,
        call.caller.account_id,
        request["UserName"],
        password=request.get("Password", ""),
        must_change=request.get("PasswordResetRequired"),
    )
    return {}


@operation("iam", "DeleteLoginProfile")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Let a user sign in no more."""
    console_passwords.delete(call.caller, call.caller.account_id, user_name(call, request))
    return {}


@operation("iam", "ChangePassword")
def change(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Change the calling user's own password."""
    caller = call.caller
    if caller.kind is not SubjectKind.USER:
        raise AwsError("InvalidUserType", "Only IAM users can change their own password")
    console_passwords.change(caller, caller.account_id, caller.name, request["OldPassword"], request["NewPassword"])
    return {}
