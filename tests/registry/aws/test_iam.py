"""iam through boto3: principals are prepared, and refused in IAM's words."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from accounts import recent
from accounts.authn import sigv4
from accounts.directory.access_keys import NewAccessKey
from accounts.models import Account
from config.settings import base
from registry.metering import drain
from tests.registry.aws.conftest import Clients

READS = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}],
}


def code(caught: Any) -> str:
    """The code of an error."""
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_a_user_is_made_given_rights_and_removed(aws: Clients) -> None:
    iam = aws("iam")
    made = iam.create_user(UserName="bob", Path="/ci/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == "arn:aws:iam::111122223333:user/ci/bob"
    bob = iam.create_access_key(UserName="bob")["AccessKey"]
    with pytest.raises(ClientError) as caught:
        aws("ecr", bob).describe_repositories()
    assert code(caught) == "AccessDeniedException"
    iam.attach_user_policy(UserName="bob", PolicyArn=READS)
    assert aws("ecr", bob).describe_repositories()["repositories"] == []
    iam.put_user_policy(UserName="bob", PolicyName="more", PolicyDocument=json.dumps(POLICY))
    assert aws("ecr", bob).create_repository(repositoryName="b1")["repository"]
    assert iam.get_user_policy(UserName="bob", PolicyName="more")["PolicyDocument"] == POLICY
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == ["more"]
    assert iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"][0]["PolicyArn"] == READS
    assert [each["UserName"] for each in iam.list_users()["Users"]] == ["alice", "bob"]
    undo: list[tuple[str, dict[str, str]]] = [
        ("delete_user_policy", {"PolicyName": "more"}),
        ("detach_user_policy", {"PolicyArn": READS}),
        ("delete_access_key", {"AccessKeyId": bob["AccessKeyId"]}),
    ]
    for operation, arguments in undo:
        with pytest.raises(ClientError) as caught:
            iam.delete_user(UserName="bob")
        assert code(caught) == "DeleteConflict"
        getattr(iam, operation)(UserName="bob", **arguments)
    iam.delete_user(UserName="bob")
    with pytest.raises(ClientError) as caught:
        iam.get_user(UserName="bob")
    assert code(caught) == "NoSuchEntity"
    assert iam.get_user()["User"]["UserName"] == "alice"


def test_a_group_lends_its_rights(aws: Clients) -> None:
    iam = aws("iam")
    iam.create_user(UserName="bob")
    bob = iam.create_access_key(UserName="bob")["AccessKey"]
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=READS)
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    assert [each["UserName"] for each in iam.get_group(GroupName="readers")["Users"]] == ["bob"]
    assert iam.list_groups_for_user(UserName="bob")["Groups"][0]["GroupName"] == "readers"
    assert aws("ecr", bob).describe_repositories()["repositories"] == []
    with pytest.raises(ClientError) as caught:
        iam.delete_group(GroupName="readers")
    assert code(caught) == "DeleteConflict"
    iam.remove_user_from_group(GroupName="readers", UserName="bob")
    with pytest.raises(ClientError):
        aws("ecr", bob).describe_repositories()


def test_a_role_is_made_and_changed(aws: Clients) -> None:
    iam = aws("iam")
    made = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=json.dumps(TRUST), MaxSessionDuration=7200)["Role"]
    assert made["AssumeRolePolicyDocument"] == TRUST and made["MaxSessionDuration"] == 7200
    iam.update_role(RoleName="ci", Description="for builds")
    iam.tag_role(RoleName="ci", Tags=[{"Key": "a", "Value": "b"}])
    assert iam.get_role(RoleName="ci")["Role"]["Description"] == "for builds"
    assert iam.list_role_tags(RoleName="ci")["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.untag_role(RoleName="ci", TagKeys=["a"])
    iam.update_assume_role_policy(RoleName="ci", PolicyDocument=json.dumps(TRUST))
    assert iam.list_instance_profiles_for_role(RoleName="ci")["InstanceProfiles"] == []
    iam.delete_role(RoleName="ci")
    with pytest.raises(ClientError) as caught:
        iam.delete_role(RoleName="Administrator")
    assert code(caught) == "DeleteConflict"


def test_the_case_of_tag_keys_tells_nothing_apart(aws: Clients) -> None:
    iam = aws("iam")
    iam.create_user(UserName="bob", Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "team", "Value": "red"}]
    with pytest.raises(ClientError) as caught:
        iam.tag_user(UserName="bob", Tags=[{"Key": "a", "Value": "b"}, {"Key": "A", "Value": "b"}])
    assert code(caught) == "ValidationError"


def test_a_managed_policy_has_versions(aws: Clients) -> None:
    iam = aws("iam")
    arn = iam.create_policy(PolicyName="push", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    assert arn == "arn:aws:iam::111122223333:policy/push"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(POLICY), SetAsDefault=True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == POLICY
    with pytest.raises(ClientError) as caught:
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    assert code(caught) == "DeleteConflict"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    assert [each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    names = [each["PolicyName"] for each in iam.list_policies()["Policies"]]
    assert "push" in names and "AdministratorAccess" in names
    iam.delete_policy(PolicyArn=arn)


def test_policies_are_listed_by_use_and_path(aws: Clients) -> None:
    iam = aws("iam")
    text = json.dumps(POLICY)
    made = {name: iam.create_policy(PolicyName=name, Path="/ci/", PolicyDocument=text) for name in ("push", "spare")}
    iam.create_policy(PolicyName="other", PolicyDocument=text)
    iam.create_user(UserName="bob")
    for arn in (made["push"]["Policy"]["Arn"], READS):
        iam.attach_user_policy(UserName="bob", PolicyArn=arn)

    def names(**wanted: Any) -> list[str]:
        return [each["PolicyName"] for each in iam.list_policies(**wanted)["Policies"]]

    attached = ["push", "AdministratorAccess", READS.rpartition("/")[2]]
    assert names(OnlyAttached=True) == attached
    assert names(Scope="Local", PathPrefix="/ci/") == ["push", "spare"] == names(PathPrefix="/ci/")
    assert names(PolicyUsageFilter="PermissionsBoundary") == []
    counts = {each["PolicyName"]: each["AttachmentCount"] for each in iam.list_policies(Scope="Local")["Policies"]}
    assert counts == {"other": 0, "push": 1, "spare": 0}
    [only] = iam.list_attached_user_policies(UserName="bob", PathPrefix="/ci/")["AttachedPolicies"]
    assert only["PolicyName"] == "push"


def test_identity_providers_are_kept(aws: Clients) -> None:
    iam = aws("iam")
    arn = iam.create_open_id_connect_provider(Url="https://ci.example.com/x", ClientIDList=["a"])[
        "OpenIDConnectProviderArn"
    ]
    assert arn == "arn:aws:iam::111122223333:oidc-provider/ci.example.com/x"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["b"]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with pytest.raises(ClientError) as caught:
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert code(caught) == "NoSuchEntity"


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("create_user", {"UserName": "alice"}, "EntityAlreadyExists"),
        ("create_user", {"UserName": "no spaces"}, "ValidationError"),
        ("create_user", {"UserName": "x" * 65}, "ValidationError"),
        ("create_user", {}, "ValidationError"),
        ("list_users", {"Marker": "nonsense"}, "ValidationError"),
        ("get_user", {"UserName": "absent"}, "NoSuchEntity"),
        ("create_role", {"RoleName": "ci", "AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument"),
        ("create_user", {"UserName": "bo", "PermissionsBoundary": READS}, "InvalidInput"),
        (
            "create_role",
            {"RoleName": "ci", "AssumeRolePolicyDocument": json.dumps(TRUST), "PermissionsBoundary": READS},
            "InvalidInput",
        ),
        ("create_policy", {"PolicyName": "p", "PolicyDocument": json.dumps(TRUST)}, "MalformedPolicyDocument"),
        ("attach_user_policy", {"UserName": "alice", "PolicyArn": READS + "x"}, "NoSuchEntity"),
        ("get_policy_version", {"PolicyArn": READS, "VersionId": "v9"}, "NoSuchEntity"),
        ("delete_access_key", {"UserName": "alice", "AccessKeyId": "AKIANOBODYHASTHISKEY"}, "NoSuchEntity"),
        ("get_group", {"GroupName": "absent"}, "NoSuchEntity"),
        ("create_open_id_connect_provider", {"Url": "ftp://ci.example.com"}, "ValidationError"),
        ("create_open_id_connect_provider", {"Url": "https://[ci.example.com"}, "ValidationError"),
        ("create_open_id_connect_provider", {"Url": "https://ci.example.com:99999"}, "ValidationError"),
        ("create_open_id_connect_provider", {"Url": "https://ci example.com/x?y"}, "ValidationError"),
        ("delete_open_id_connect_provider", {"OpenIDConnectProviderArn": "0" * 19 + "\x00"}, "ValidationError"),
    ],
)
def test_it_refuses(aws: Clients, account: Account, operation: str, arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws("iam"), operation)(**arguments)
    assert code(caught) == expected, caught.value


def test_a_third_key_is_refused(aws: Clients) -> None:
    iam = aws("iam")
    second = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    with pytest.raises(ClientError) as caught:
        iam.create_access_key(UserName="alice")
    assert code(caught) == "LimitExceeded"
    iam.update_access_key(UserName="alice", AccessKeyId=second, Status="Inactive")
    states = {each["AccessKeyId"]: each["Status"] for each in iam.list_access_keys()["AccessKeyMetadata"]}
    assert states[second] == "Inactive"
    assert iam.get_access_key_last_used(AccessKeyId=second)["AccessKeyLastUsed"]["Region"] == "N/A"


def test_another_account_is_not_reached(aws: Clients, other: dict[str, Any], account: Account) -> None:
    foreign = aws("iam", other)
    arn = aws("iam").create_policy(PolicyName="push", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    attempts: list[tuple[str, dict[str, str]]] = [
        ("get_policy", {}),
        ("delete_policy", {}),
        ("create_policy_version", {"PolicyDocument": json.dumps(POLICY)}),
    ]
    for operation, arguments in attempts:
        with pytest.raises(ClientError) as caught:
            getattr(foreign, operation)(PolicyArn=arn, **arguments)
        assert code(caught) == "AccessDenied"
    assert [each["UserName"] for each in foreign.list_users()["Users"]] == ["charlie"]


def test_users_and_groups_are_renamed(aws: Clients) -> None:
    iam = aws("iam")
    iam.create_user(UserName="bob")
    iam.create_user(UserName="rob")
    iam.create_group(GroupName="readers")
    iam.create_group(GroupName="writers")
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    iam.update_user(UserName="bob", NewUserName="bobby", NewPath="/team/")
    iam.update_group(GroupName="readers", NewGroupName="lectors")
    user = iam.get_user(UserName="bobby")["User"]
    assert user["Arn"] == "arn:aws:iam::111122223333:user/team/bobby"
    assert iam.list_groups_for_user(UserName="bobby")["Groups"][0]["GroupName"] == "lectors"
    for call, given, code in (
        (iam.update_user, {"UserName": "bobby", "NewUserName": "rob"}, "EntityAlreadyExists"),
        (iam.update_group, {"GroupName": "lectors", "NewGroupName": "writers"}, "EntityAlreadyExists"),
        (iam.update_user, {"UserName": "bob", "NewUserName": "x"}, "NoSuchEntity"),
        (iam.update_group, {"GroupName": "readers", "NewGroupName": "x"}, "NoSuchEntity"),
        (iam.update_user, {"UserName": "bobby", "NewUserName": "not good"}, "ValidationError"),
    ):
        with pytest.raises(ClientError) as refused:
            call(**given)
        assert refused.value.response["Error"]["Code"] == code
    iam.update_user(UserName="bobby")
    assert iam.get_user(UserName="bobby")["User"]["Path"] == "/team/"


def test_keys_tell_where_they_were_used_last(aws: Clients, key: NewAccessKey) -> None:
    aws("sts").get_caller_identity()
    drain.drain()
    used = aws("iam").get_access_key_last_used(AccessKeyId=key.id)
    assert used["UserName"] == "alice"
    assert (used["AccessKeyLastUsed"]["ServiceName"], used["AccessKeyLastUsed"]["Region"]) == ("sts", "us-east-1")


def test_rights_that_are_taken_away_lapse(aws: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read may be used for RIGHTS_SECONDS, which is less than five seconds, and no longer."""
    assert base.RIGHTS_SECONDS <= 5
    settings.RIGHTS_SECONDS = 1.25
    now = [1000.0]
    for module in (recent, sigv4):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
    iam = aws("iam")
    iam.create_user(UserName="bob")
    bob = iam.create_access_key(UserName="bob")["AccessKey"]
    iam.attach_user_policy(UserName="bob", PolicyArn=READS)
    assert aws("ecr", bob).describe_repositories()["repositories"] == []
    iam.detach_user_policy(UserName="bob", PolicyArn=READS)
    now[0] += 1.3
    with pytest.raises(ClientError) as caught:
        aws("ecr", bob).describe_repositories()
    assert code(caught) == "AccessDeniedException"
