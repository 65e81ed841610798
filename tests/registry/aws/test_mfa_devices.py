"""Second factors of users through boto3, and the lists that are always empty."""

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from botocore.exceptions import ClientError

from accounts.directory import access_keys
from accounts.models import Account, Person, Principal
from tests.registry.aws.conftest import Clients

SIGNED_IN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def bob(aws: Clients) -> Person:
    """A user with a console password, an app for codes, a passkey and recovery codes."""
    aws("iam").create_user(UserName="bob")
    aws("iam").create_login_profile(UserName="bob", Password="a shelf of long words")
    person = Person.objects.get(principal__name="bob")
    for kind in Authenticator.Type.values:
        Authenticator.objects.create(user=person, type=kind, data={})
    Person.objects.filter(pk=person.pk).update(last_login=SIGNED_IN)
    return person


def code(call: Any, **arguments: Any) -> str:
    """The code of the error of a call."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_second_factors_are_listed_and_taken_away(aws: Clients, bob: Person) -> None:
    iam = aws("iam")
    devices = {each["SerialNumber"]: each for each in iam.list_mfa_devices(UserName="bob")["MFADevices"]}
    [passkey, app] = sorted(devices, reverse=True)
    assert app == "arn:aws:iam::111122223333:mfa/bob"
    assert passkey.startswith("arn:aws:iam::111122223333:u2f/user/bob/")
    assert devices[app]["UserName"] == "bob" and devices[app]["EnableDate"]
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=app)
    assert [each["SerialNumber"] for each in iam.list_mfa_devices(UserName="bob")["MFADevices"]] == [passkey]
    assert Authenticator.objects.filter(user=bob, type=Authenticator.Type.RECOVERY_CODES).exists()
    assert code(iam.deactivate_mfa_device, UserName="bob", SerialNumber=app) == "NoSuchEntity"
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=passkey)
    assert not Authenticator.objects.filter(user=bob).exists()
    assert iam.list_mfa_devices()["MFADevices"] == []
    assert code(iam.list_mfa_devices, UserName="absent") == "NoSuchEntity"


def test_the_last_sign_in_is_told(aws: Clients, bob: Person) -> None:
    iam = aws("iam")
    assert iam.get_user(UserName="bob")["User"]["PasswordLastUsed"] == SIGNED_IN
    used = {each["UserName"]: each.get("PasswordLastUsed") for each in iam.list_users()["Users"]}
    assert used == {"alice": None, "bob": SIGNED_IN}


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("list_ssh_public_keys", "SSHPublicKeys"),
        ("list_signing_certificates", "Certificates"),
        ("list_service_specific_credentials", "ServiceSpecificCredentials"),
        ("list_virtual_mfa_devices", "VirtualMFADevices"),
        ("list_account_aliases", "AccountAliases"),
    ],
)
def test_what_there_is_none_of_is_an_empty_list(aws: Clients, account: Account, operation: str, member: str) -> None:
    made = access_keys.create(Principal.objects.get(account=account, kind=Principal.Kind.ROOT))
    root = aws("iam", {"AccessKeyId": made.id, "SecretAccessKey": made.secret})
    for iam in (aws("iam"), root):
        assert getattr(iam, operation)()[member] == []
    if member not in {"VirtualMFADevices", "AccountAliases"}:
        assert getattr(aws("iam"), operation)(UserName="alice")[member] == []
        assert code(getattr(aws("iam"), operation), UserName="absent") == "NoSuchEntity"


def test_another_account_is_not_reached(aws: Clients, bob: Person, other: dict[str, Any]) -> None:
    foreign = aws("iam", other)
    serial = "arn:aws:iam::111122223333:mfa/bob"
    assert code(foreign.list_mfa_devices, UserName="bob") == "NoSuchEntity"
    assert code(foreign.deactivate_mfa_device, UserName="bob", SerialNumber=serial) == "NoSuchEntity"
    assert Authenticator.objects.filter(user=bob, type=Authenticator.Type.TOTP).exists()
