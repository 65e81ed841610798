"""sts through boto3: who is calling, assumed roles, session tokens, decoded refusals."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone

from accounts.caller import operator
from accounts.directory import policies, roles
from accounts.errors import AccessDenied
from accounts.models import Account, AuditEvent, Session
from accounts.sessions import messages, passwords, temporary
from tests.registry.aws.conftest import Clients

ROLE = "arn:aws:iam::111122223333:role/puller"


def trusting(principal: Any, **more: Any) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(account: Account) -> None:
    """A role of Alice's account that Charlie's may assume."""
    made = roles.create(operator(account.id), account.id, "puller", trusting("444455556666"), max_session_seconds=7200)
    policies.attach(operator(account.id), made, "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")


def refused(caught: Any) -> str:
    """The code of an error."""
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_it_says_who_is_calling(aws: Clients) -> None:
    who = aws("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("111122223333", "arn:aws:iam::111122223333:user/alice")
    assert who["UserId"].startswith("AIDA")


def test_a_role_is_assumed_across_accounts(aws: Clients, other: dict[str, Any], role: None) -> None:
    given = aws("sts", other).assume_role(RoleArn=ROLE, RoleSessionName="job-7")
    assert given["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/puller/job-7"
    session = given["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA")
    who = aws("sts", session).get_caller_identity()
    assert who["Arn"].endswith("assumed-role/puller/job-7") and who["UserId"].endswith(":job-7")
    assert aws("ecr", session).describe_repositories()["repositories"] == []
    with pytest.raises(ClientError) as caught:
        aws("ecr", session).create_repository(repositoryName="a1")
    assert refused(caught) == "AccessDeniedException"
    recorded = AuditEvent.objects.get(event_name="AssumeRole")
    assert recorded.details["roleSessionName"] == "job-7" and session["SecretAccessKey"] not in str(recorded.details)


def test_a_session_policy_limits(aws: Clients, other: dict[str, Any], role: None) -> None:
    limits = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
    )
    given = aws("sts", other).assume_role(RoleArn=ROLE, RoleSessionName="job", Policy=limits)
    with pytest.raises(ClientError):
        aws("ecr", given["Credentials"]).describe_repositories()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"RoleArn": "arn:aws:iam::111122223333:role/absent"}, "AccessDenied"),
        ({"RoleArn": "arn:aws:iam::999999999999:role/puller"}, "AccessDenied"),
        ({"RoleArn": "arn:aws:iam::111122223333:role/puller", "DurationSeconds": 60}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::111122223333:role/puller", "DurationSeconds": 7201}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::111122223333:role/puller", "RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::111122223333:role/puller", "Policy": "{"}, "MalformedPolicyDocument"),
        (
            {"RoleArn": ROLE, "PolicyArns": [{"arn": "arn:aws:iam::111122223333:policy/absent"}]},
            "ValidationError",
        ),
        ({"RoleArn": ROLE, "Tags": [{"Key": "a", "Value": "b"}]}, "AccessDenied"),
        ({"RoleArn": "nonsense, but long enough"}, "ValidationError"),
        ({"RoleArn": ""}, "ValidationError"),
    ],
)
def test_it_refuses(aws: Clients, other: dict[str, Any], role: None, arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws("sts", other).assume_role(**({"RoleSessionName": "job"} | arguments))
    assert refused(caught) == expected, caught.value


def test_an_external_id_can_be_asked_for(aws: Clients, other: dict[str, Any], account: Account) -> None:
    asks = trusting("444455556666", Condition={"StringEquals": {"sts:ExternalId": "17"}})
    roles.create(operator(account.id), account.id, "puller", asks)
    sts = aws("sts", other)
    for more in ({}, {"ExternalId": "18"}):
        with pytest.raises(ClientError) as caught:
            sts.assume_role(RoleArn=ROLE, RoleSessionName="job", **more)
        assert refused(caught) == "AccessDenied"
    assert sts.assume_role(RoleArn=ROLE, RoleSessionName="job", ExternalId="17")["Credentials"]


def test_sessions_end(aws: Clients, other: dict[str, Any], role: None) -> None:
    session = aws("sts", other).assume_role(RoleArn=ROLE, RoleSessionName="job")["Credentials"]
    [token] = aws("ecr", session).get_authorization_token()["authorizationData"]
    assert token["expiresAt"] <= session["Expiration"]
    wrong = session | {"SessionToken": "kho" + "0" * 64}
    with pytest.raises(ClientError) as caught:
        aws("sts", wrong).get_caller_identity()
    assert refused(caught) == "InvalidClientTokenId"
    row = Session.objects.get()
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ClientError) as caught:
        aws("sts", session).get_caller_identity()
    assert refused(caught) == "ExpiredToken"
    Session.objects.update(expires_at=timezone.now() - timedelta(days=2))
    assert temporary.sweep() == 1
    assert passwords.issue(row.principal).value


def test_revoked_sessions_end_at_once(aws: Clients, other: dict[str, Any], role: None) -> None:
    session = aws("sts", other).assume_role(RoleArn=ROLE, RoleSessionName="job")["Credentials"]
    temporary.revoke(Session.objects.get().principal)
    with pytest.raises(ClientError) as caught:
        aws("sts", session).get_caller_identity()
    assert refused(caught) == "InvalidClientTokenId"


def test_a_user_has_session_tokens(aws: Clients) -> None:
    session = aws("sts").get_session_token(DurationSeconds=900)["Credentials"]
    assert aws("sts", session).get_caller_identity()["Arn"] == "arn:aws:iam::111122223333:user/alice"
    with pytest.raises(ClientError) as caught:
        aws("sts", session).get_session_token()
    assert refused(caught) == "AccessDenied"


def test_whose_a_key_is_is_told(aws: Clients, other: dict[str, Any]) -> None:
    assert aws("sts").get_access_key_info(AccessKeyId=other["AccessKeyId"])["Account"] == "444455556666"
    with pytest.raises(ClientError) as caught:
        aws("sts").get_access_key_info(AccessKeyId="AKIANOBODYHASTHISKEY")
    assert refused(caught) == "ValidationError"


def test_a_refusal_is_decoded_for_its_own_account(aws: Clients, other: dict[str, Any]) -> None:
    denied = AccessDenied("arn:aws:iam::111122223333:user/bob", "ecr:PutImage", "arn:x", "because")
    text = messages.encode(operator("111122223333"), denied)
    decoded = json.loads(aws("sts").decode_authorization_message(EncodedMessage=text)["DecodedMessage"])
    assert decoded["context"]["action"] == "ecr:PutImage" and decoded["reason"] == "because"
    for client, given in ((aws("sts", other), text), (aws("sts"), text[:-4]), (aws("sts"), "nonsense")):
        with pytest.raises(ClientError) as caught:
            client.decode_authorization_message(EncodedMessage=given)
        assert refused(caught) == "ValidationError"


def test_an_operation_that_is_not_served_says_so(aws: Clients) -> None:
    with pytest.raises(ClientError) as caught:
        aws("sts").get_federation_token(Name="ana")
    assert refused(caught) == "InvalidAction"
