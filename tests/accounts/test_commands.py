"""The account commands: what they print, and one line for what is wrong."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.directory import people
from accounts.models import AccessKey, Account, Person, PolicyAttachment, Principal
from accounts.sessions import passwords


def run(*arguments: str) -> str:
    """Run a command and return what it printed."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_it_works(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    account = run("create_account", "Team")
    assert run("create_account", "Second", "--id", "222233334444") == "222233334444"
    assert f"{account}  Team" in run("list_accounts")
    monkeypatch.setenv("KHO_PERSON_PASSWORD", "a shelf of long words")
    assert (
        run("create_person", "ana@example.com", "--account", account, "--staff") == "ana@example.com can sign in now."
    )
    assert people.memberships_of(Person.objects.get(is_staff=True))[0].account_id == account
    assert run("create_user", account, "ci") == f"arn:aws:iam::{account}:user/ci"
    key = json.loads(run("create_access_key", account, "--user", "ci", "--output", "json"))
    assert "Secret access key:" in run("create_access_key", account, "--user", "ci")
    assert (
        run("set_access_key_status", key["AccessKeyId"], "Inactive")
        == f"The access key {key['AccessKeyId']} is inactive now."
    )
    assert AccessKey.objects.get(id=key["AccessKeyId"]).status == "Inactive"
    for options, name in (
        ((), "root"),
        (("--root",), "root"),
        (("--user", "ci"), "ci"),
        (("--role", "Administrator"), "Administrator"),
    ):
        assert passwords.verify(run("registry_password", account, *options))[0].name == name
    assert "is disabled now." in run("disable_principal", account, "--user", "ci")
    assert not Principal.objects.get(name="ci").is_active
    assert "is enabled now." in run("enable_principal", account, "--user", "ci")


def test_the_password_is_read_from_standard_input(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("a shelf of long words\n"))
    run("create_person", "ana@example.com")
    assert Person.objects.get().check_password("a shelf of long words")
    with pytest.raises(CommandError, match="A password is needed"):
        run("create_person", "bob@example.com")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create_account", "X", "--id", "12"), "account id: takes 12 digits."),
        (("create_account", "X", "--id", "111122223333"), "There is already the account 111122223333."),
        (("create_user", "999999999999", "x"), "There is no account 999999999999."),
        (("create_access_key", "111122223333", "--user", "x"), "There is no user x of account 111122223333."),
        (("registry_password", "999999999999"), "There is no account 999999999999."),
        (("set_access_key_status", "AKIANOBODY", "Active"), "There is no access key AKIANOBODY."),
        (("disable_principal", "111122223333", "--role", "x"), "There is no role x of account 111122223333."),
    ],
)
def test_it_refuses_in_one_line(account: Account, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert str(caught.value) == words


def test_a_user_gets_a_policy_at_once(db: None) -> None:
    account = run("create_account", "Policies")
    assert run("create_user", account, "ci", "--policy", "AmazonEC2ContainerRegistryReadOnly").endswith(":user/ci")
    [attached] = PolicyAttachment.objects.filter(principal__name="ci")
    assert attached.policy_arn == "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    with pytest.raises(CommandError, match="There is no policy"):
        run("create_user", account, "other", "--policy", "Nonsense")
    assert not Principal.objects.filter(name="other").exists()
