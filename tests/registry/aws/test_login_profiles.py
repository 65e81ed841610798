"""Console passwords through boto3: given, looked at, changed, taken away, and refused in IAM's words."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client

from accounts.caller import operator
from accounts.directory import policies, users
from accounts.models import Account, AuditEvent, Person, Principal
from tests.registry.aws.conftest import Clients

PASSWORD = "a shelf of long words"
OTHER = "another shelf of words"
OWN = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "%s"}]}'


@pytest.fixture
def bob(account: Account) -> Principal:
    """A user without any right."""
    return users.create(operator(account.id), account.id, "bob", path="/team/")


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    """The code and status of an error."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert PASSWORD not in str(caught.value) and OTHER not in str(caught.value)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def signs_in(password: str, name: str = "bob", account: str = "111122223333") -> str:
    """Where a sign-in leads; empty if nowhere."""
    fields = {"account": account, "user_name": name, "password": password}
    return Client().post("/sign-in/user", fields).headers.get("Location", "")


def test_it_works(aws: Clients, bob: Principal) -> None:
    iam = aws("iam")
    made = iam.create_login_profile(UserName="bob", Password=PASSWORD)["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == ("bob", False)
    assert signs_in(PASSWORD) == "/console"
    assert iam.get_login_profile(UserName="bob")["LoginProfile"] == made
    iam.update_login_profile(UserName="bob", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"]
    assert signs_in(PASSWORD) == "/console", "the password stays"
    iam.update_login_profile(UserName="bob", Password=OTHER, PasswordResetRequired=False)
    assert signs_in(PASSWORD) == "" and signs_in(OTHER) == "/console"
    iam.delete_login_profile(UserName="bob")
    assert signs_in(OTHER) == ""
    for name in ("Create", "Update", "Delete"):
        event = AuditEvent.objects.filter(event_name=f"{name}LoginProfile").first()
        assert event is not None and event.resource_arn == "arn:aws:iam::111122223333:user/team/bob"
        assert not {PASSWORD, OTHER} & set(map(str, event.details.values()))


def test_it_refuses_in_iam_s_words(aws: Clients, bob: Principal) -> None:
    iam = aws("iam")
    for call in (iam.get_login_profile, iam.delete_login_profile):
        for name in ("bob", "nobody"):
            assert refusal(call, UserName=name) == ("NoSuchEntity", 404)
    assert refusal(iam.update_login_profile, UserName="bob", Password=OTHER) == ("NoSuchEntity", 404)
    assert refusal(iam.create_login_profile, UserName="nobody", Password=PASSWORD) == ("NoSuchEntity", 404)
    for weak in ("short", "password12", "bob@111122223333", "1234567890"):
        assert refusal(iam.create_login_profile, UserName="bob", Password=weak) == ("PasswordPolicyViolation", 400)
    assert refusal(iam.create_login_profile, UserName="bob")[0] == "ValidationError"
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    assert refusal(iam.create_login_profile, UserName="bob", Password=OTHER) == ("EntityAlreadyExists", 409)
    assert refusal(iam.update_login_profile, UserName="bob", Password="short")[0] == "PasswordPolicyViolation"
    assert refusal(iam.delete_user, UserName="bob") == ("DeleteConflict", 409)
    assert signs_in(PASSWORD) == "/console"


def test_a_user_changes_the_own_password(aws: Clients, account: Account, bob: Principal) -> None:
    iam = aws("iam")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    own = aws("iam", iam.create_access_key(UserName="bob")["AccessKey"])
    arguments = {"OldPassword": PASSWORD, "NewPassword": OTHER}
    assert refusal(own.change_password, **arguments) == ("AccessDenied", 403)
    policies.put_inline(operator(account.id), bob, "own", OWN % bob.arn)
    with pytest.raises(ClientError, match="old password was incorrect"):
        own.change_password(OldPassword="wrong", NewPassword=OTHER)
    assert refusal(own.change_password, OldPassword=PASSWORD, NewPassword="short")[0] == "PasswordPolicyViolation"
    own.change_password(**arguments)
    assert signs_in(PASSWORD) == "" and signs_in(OTHER) == "/console"
    for _ in range(10):
        refusal(own.change_password, OldPassword="wrong", NewPassword=PASSWORD)
    assert refusal(own.change_password, OldPassword=OTHER, NewPassword=PASSWORD) == ("LimitExceeded", 409)


def test_a_password_that_is_due_needs_no_right(aws: Clients, bob: Principal) -> None:
    iam = aws("iam")
    iam.create_login_profile(UserName="bob", Password=PASSWORD, PasswordResetRequired=True)
    own = aws("iam", iam.create_access_key(UserName="bob")["AccessKey"])
    own.change_password(OldPassword=PASSWORD, NewPassword=OTHER)
    assert not Person.objects.get().must_change_password and signs_in(OTHER) == "/console"


def test_only_users_have_an_own_password(aws: Clients, user: Principal) -> None:
    assert refusal(aws("iam").change_password, OldPassword=PASSWORD, NewPassword=OTHER) == ("NoSuchEntity", 404)
    role = aws("iam").create_role(
        RoleName="ci",
        AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        '{"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]}',
    )["Role"]
    session = aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="job")["Credentials"]
    denied = refusal(aws("iam", session).change_password, OldPassword=PASSWORD, NewPassword=OTHER)
    assert denied == ("InvalidUserType", 400)


def test_others_learn_and_do_nothing(aws: Clients, bob: Principal, other: dict[str, Any]) -> None:
    """A user without rights is refused in the same words whether there is such a user; an account sees its own only."""
    iam = aws("iam")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    weak = aws("iam", iam.create_access_key(UserName="bob")["AccessKey"])
    for name in ("bob", "alice", "nobody"):
        for call, more in (
            (weak.create_login_profile, {"Password": OTHER}),
            (weak.get_login_profile, {}),
            (weak.update_login_profile, {"Password": OTHER}),
            (weak.delete_login_profile, {}),
        ):
            assert refusal(call, UserName=name, **more) == ("AccessDenied", 403)
    theirs = aws("iam", other)
    assert refusal(theirs.get_login_profile, UserName="bob") == ("NoSuchEntity", 404)
    assert refusal(theirs.delete_login_profile, UserName="bob") == ("NoSuchEntity", 404)
    assert signs_in(PASSWORD) == "/console" and signs_in(PASSWORD, account="444455556666") == ""
