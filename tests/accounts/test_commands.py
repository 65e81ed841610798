"""The account commands: what they print, and one line for what is wrong."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts import sealing
from accounts.directory import access_keys, people, resealing
from accounts.models import AccessKey, Account, Person, PolicyAttachment, Principal, Session
from accounts.sessions import passwords, temporary


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


POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}'
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
    '"Action": "sts:AssumeRole"}]}'
)


@pytest.fixture
def team(db: None) -> str:
    """An account with the user ci."""
    account = run("create_account", "Team", "--id", "111122223333")
    run("create_user", account, "ci")
    return account


def test_groups(team: str) -> None:
    assert run("groups", "create", team, "builders") == f"arn:aws:iam::{team}:group/builders"
    assert run("groups", "add", team, "builders", "ci") == "ci is in the group builders now."
    assert run("groups", "list", team) == "builders: ci"
    with pytest.raises(CommandError, match="has users"):
        run("groups", "delete", team, "builders")
    assert "no longer" in run("groups", "remove", team, "builders", "ci")
    assert run("groups", "list", team) == "builders: no users"
    assert run("groups", "delete", team, "builders") == "The group builders is deleted."
    with pytest.raises(CommandError, match="There is no"):
        run("groups", "delete", team, "builders")


def test_roles(team: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "trust.json"
    file.write_text(TRUST)
    assert run("roles", "create", team, "deploy", str(file)) == f"arn:aws:iam::{team}:role/deploy"
    assert f"arn:aws:iam::{team}:role/deploy" in run("roles", "list", team)
    monkeypatch.setattr("sys.stdin", StringIO(TRUST.replace("111122223333", "444455556666")))
    assert "in force" in run("roles", "trust", team, "deploy", "-")
    assert "444455556666" in Principal.objects.get(name="deploy").trust_policy
    file.write_text('{"Version": "2012-10-17"}')
    with pytest.raises(CommandError, match="Statement"):
        run("roles", "trust", team, "deploy", str(file))
    with pytest.raises(CommandError, match="can't be read"):
        run("roles", "trust", team, "deploy", str(tmp_path / "none"))
    assert run("roles", "delete", team, "deploy") == "The role deploy is deleted."


def test_policies(team: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(POLICY)
    arn = run("policies", "create", team, "own", str(file))
    assert arn == f"arn:aws:iam::{team}:policy/own"
    for number in range(2, 8):
        file.write_text(POLICY.replace("ecr:*", f"ecr:Get{'*' * number}"))
        assert f"v{number}" in run("policies", "update", team, "own", str(file))
    assert "ecr:Get*******" in run("policies", "show", team, "own")
    assert "ecr:*" in run("policies", "show", team, "AmazonEC2ContainerRegistryFullAccess")
    with pytest.raises(CommandError, match="There is no policy none"):
        run("policies", "show", team, "none")
    listed = run("policies", "list", team)
    assert arn in listed and "arn:aws:iam::aws:policy/AdministratorAccess" in listed
    assert "is attached" in run("policies", "attach", team, "own", "--user", "ci")
    assert list(PolicyAttachment.objects.filter(principal__name="ci").values_list("policy_arn", flat=True)) == [arn]
    with pytest.raises(CommandError, match="is attached"):
        run("policies", "delete", team, "own")
    assert "is detached" in run("policies", "detach", team, "own", "--user", "ci")
    run("groups", "create", team, "builders")
    assert "is in force" in run("policies", "put", team, "mine", str(file), "--group", "builders")
    assert "is removed" in run("policies", "remove", team, "mine", "--group", "builders")
    assert "is attached" in run("policies", "attach", team, "AdministratorAccess", "--role", "Administrator")
    assert run("policies", "delete", team, "own") == "The policy own is deleted."


def test_identity_providers(team: str) -> None:
    made = run("identity_providers", "create", team, "https://ci.example.com/one", "--audience", "kho")
    assert made == f"arn:aws:iam::{team}:oidc-provider/ci.example.com/one"
    assert run("identity_providers", "list", team) == "ci.example.com/one: kho"
    assert "no more" in run("identity_providers", "delete", team, "https://ci.example.com/one")
    assert run("identity_providers", "list", team) == ""


def test_keys_are_listed_and_deleted(team: str) -> None:
    key = json.loads(run("create_access_key", team, "--user", "ci", "--output", "json"))["AccessKeyId"]
    assert "user ci, active" in run("list_access_keys", team) and "never used" in run("list_access_keys", team)
    access_keys.used(key, access_keys.Use(timezone.now(), "sts", "us-east-1"))
    assert "(sts us-east-1)" in run("list_access_keys", team)
    assert run("delete_access_key", key) == f"The access key {key} is deleted."
    assert key not in run("list_access_keys", team)


class TestTheMasterKeyIsChanged:
    """A new key, the old one beside it until everything is sealed anew."""

    def test_it_works(self, team: str, settings: Settings) -> None:
        key = json.loads(run("create_access_key", team, "--user", "ci", "--output", "json"))
        user = Principal.objects.get(name="ci")
        session = temporary.issue(user, kind=Session.Kind.TOKEN, seconds=900)
        former, settings.MASTER_KEY = settings.MASTER_KEY, "quite another key " * 3
        row = access_keys.get(key["AccessKeyId"])
        with pytest.raises(ValueError, match="does not have"):
            access_keys.secret_of(row)
        with pytest.raises(CommandError, match="2 secrets can't be opened"):
            run("reseal")
        settings.FORMER_MASTER_KEYS = (former,)
        assert access_keys.secret_of(row) == key["SecretAccessKey"]
        assert "2 of 2 secrets were sealed anew" in run("reseal")
        assert "0 of 2 secrets" in run("reseal")
        settings.FORMER_MASTER_KEYS = ()
        row.refresh_from_db()
        assert access_keys.secret_of(row) == key["SecretAccessKey"]
        assert temporary.secret_of(Session.objects.get()) == session.secret

    def test_values_from_before_keys_had_names_open(self, team: str, settings: Settings) -> None:
        sealed = sealing.UNNAMED + sealing._cipher(settings.MASTER_KEY, "access key").encrypt(b"a secret")
        assert sealing.unseal(sealed, "access key") == b"a secret"
        assert not sealing.is_present(sealed)
        former, settings.MASTER_KEY = settings.MASTER_KEY, "quite another key " * 3
        with pytest.raises(ValueError, match="does not have"):
            sealing.unseal(sealed, "access key")
        settings.FORMER_MASTER_KEYS = ("a third one", former)
        assert sealing.unseal(sealed, "access key") == b"a secret"

    def test_many_are_read_in_batches(self, team: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resealing, "BATCH", 2)
        for name in "abcde":
            run("create_user", team, name)
            run("create_access_key", team, "--user", name)
        settings.FORMER_MASTER_KEYS, settings.MASTER_KEY = (settings.MASTER_KEY,), "quite another key " * 3
        assert "5 of 5 secrets" in run("reseal")
