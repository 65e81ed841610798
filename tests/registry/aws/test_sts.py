"""sts through boto3: who is calling, assumed roles, session tokens, decoded refusals."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller, operator
from accounts.directory import policies, providers, roles
from accounts.errors import AccessDenied
from accounts.iam.request import SubjectKind
from accounts.models import Account, AuditEvent, Session
from accounts.sessions import assume, messages, oidc, passwords, temporary
from accounts.sessions.assume import Wish
from tests.clients import issuer
from tests.clients.issuer import Issuer
from tests.registry.aws import client as in_process
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
        (
            {"RoleArn": ROLE, "SerialNumber": "arn:aws:iam::444455556666:mfa/charlie", "TokenCode": "123456"},
            "AccessDenied",
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


def test_a_transitive_tag_stays_as_it_is(aws: Clients, other: dict[str, Any], account: Account) -> None:
    """Policies may rely on it along a chain of roles: who has the session can't give it another value."""
    by_tag = trusting(["444455556666", "111122223333"], Action=["sts:AssumeRole", "sts:TagSession"])
    for name in ("puller", "next"):
        made = roles.create(operator(account.id), account.id, name, by_tag)
        policies.attach(operator(account.id), made, policies.ADMINISTRATOR_ACCESS)
    marked = {"Tags": [{"Key": "Team", "Value": "blue"}], "TransitiveTagKeys": ["team"]}
    session = aws("sts", other).assume_role(RoleArn=ROLE, RoleSessionName="job", **marked)["Credentials"]
    chained, following = aws("sts", session), {"RoleArn": ROLE.replace("puller", "next"), "RoleSessionName": "job"}
    for key in ("Team", "team"):
        with pytest.raises(ClientError) as caught:
            chained.assume_role(**following, Tags=[{"Key": key, "Value": "red"}])
        assert refused(caught) == "ValidationError"
    chained.assume_role(**following, Tags=[{"Key": "stage", "Value": "test"}])
    assert Session.objects.get(principal__name="next").tags == {"Team": "blue", "stage": "test"}


def test_the_case_of_tag_keys_tells_nothing_apart(aws: Clients, other: dict[str, Any], account: Account) -> None:
    by_tag = trusting("444455556666", Action=["sts:AssumeRole", "sts:TagSession"])
    made = roles.create(operator(account.id), account.id, "puller", by_tag, tags={"Team": "blue"})
    only_blue = {"StringEquals": {"aws:PrincipalTag/Team": "blue"}}
    statement = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": only_blue}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies.put_inline(operator(account.id), made, "blue", text)
    sts, wish = aws("sts", other), {"RoleArn": ROLE, "RoleSessionName": "job"}
    assert aws("ecr", sts.assume_role(**wish)["Credentials"]).describe_repositories()["repositories"] == []
    red = sts.assume_role(**wish, Tags=[{"Key": "team", "Value": "red"}])["Credentials"]
    with pytest.raises(ClientError) as caught:
        aws("ecr", red).describe_repositories()
    assert refused(caught) == "AccessDeniedException"
    with pytest.raises(ClientError) as caught:
        sts.assume_role(**wish, Tags=[{"Key": "team", "Value": "red"}, {"Key": "Team", "Value": "blue"}])
    assert refused(caught) == "ValidationError"


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


def test_only_sessions_of_roles_shorten_a_role(aws: Clients, other: dict[str, Any], account: Account) -> None:
    """A session token is its user with another key: to assume a role with it begins no chain."""
    both = trusting(["444455556666", "111122223333"])
    made = roles.create(operator(account.id), account.id, "puller", both, max_session_seconds=7200)
    policies.attach(operator(account.id), made, policies.ADMINISTRATOR_ACCESS)
    wish = {"RoleArn": ROLE, "RoleSessionName": "job", "DurationSeconds": 7200}
    token = aws("sts", other).get_session_token()["Credentials"]
    session = aws("sts", token).assume_role(**wish)["Credentials"]
    assert session["Expiration"] > timezone.now() + timedelta(seconds=7100)
    with pytest.raises(ClientError) as caught:
        aws("sts", session).assume_role(**wish)
    assert refused(caught) == "ValidationError"


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


WEB_ROLE = "arn:aws:iam::111122223333:role/ci"


@pytest.fixture
def ci(account: Account, settings: Settings) -> Iterator[Issuer]:
    """An issuer that Alice's account trusts for one role."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    with issuer.running() as running:
        name = running.url.partition("://")[2]
        made = providers.create(operator(account.id), account.id, running.url, ["sts.amazonaws.com"])
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": made.arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringLike": {f"{name}:sub": "repo:example/app:*"}},
        }
        roles.create(operator(account.id), account.id, "ci", json.dumps({"Statement": [statement]}))
        yield running


def assume_with(token: str, **more: Any) -> Any:
    """Assume the role without any key."""
    sts = in_process.client("sts", "AKIANOBODYHASTHISKEY", "none")
    return sts.assume_role_with_web_identity(
        **({"RoleArn": WEB_ROLE, "RoleSessionName": "build", "WebIdentityToken": token} | more)
    )


def test_a_job_assumes_a_role_by_its_token(aws: Clients, ci: Issuer) -> None:
    given = assume_with(ci.token("sts.amazonaws.com", "repo:example/app:main"))
    assert given["SubjectFromWebIdentityToken"] == "repo:example/app:main"
    assert aws("sts", given["Credentials"]).get_caller_identity()["Arn"].endswith("assumed-role/ci/build")


@pytest.mark.parametrize(
    ("audience", "subject", "claims", "expected"),
    [
        ("sts.amazonaws.com", "repo:example/other:main", {}, "AccessDenied"),
        ("another", "repo:example/app:main", {}, "InvalidIdentityToken"),
        ("sts.amazonaws.com", "repo:example/app:main", {"exp": 1}, "ExpiredTokenException"),
        ("sts.amazonaws.com", "repo:example/app:main", {"nbf": 9_999_999_999}, "InvalidIdentityToken"),
        ("sts.amazonaws.com", "repo:example/app:main", {"iss": "https://other.example.com"}, "AccessDenied"),
        ("sts.amazonaws.com", "repo:example/app:main", {"iss": 7}, "InvalidIdentityToken"),
        ("sts.amazonaws.com", "repo:example/app:main", {"iss": "https://a\0"}, "InvalidIdentityToken"),
        ("sts.amazonaws.com", "repo:example/app:main", {"iss": "https://\ud800"}, "InvalidIdentityToken"),
    ],
)
def test_it_refuses_tokens(ci: Issuer, audience: str, subject: str, claims: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        assume_with(ci.token(audience, subject, **claims))
    assert refused(caught) == expected, caught.value


def test_it_refuses_altered_and_foreign_tokens(ci: Issuer) -> None:
    good = ci.token("sts.amazonaws.com", "repo:example/app:main")
    head, body, signature = good.split(".")
    none = jwt.encode({"iss": ci.url, "aud": "sts.amazonaws.com", "sub": "repo:example/app:x"}, "", algorithm="none")
    foreign = Issuer(ci.url).token("sts.amazonaws.com", "repo:example/app:main")
    for token in (none, foreign, f"{head}.{body}.{signature[:-8]}AAAAAAAA", "x.y.z", "nonsense"):
        with pytest.raises(ClientError) as caught:
            assume_with(token)
        assert refused(caught) == "InvalidIdentityToken", token
    with pytest.raises(ClientError) as caught:
        assume_with(good, RoleArn=WEB_ROLE + "x")
    assert refused(caught) == "AccessDenied"


@pytest.mark.parametrize("key", ["aws:PrincipalTag/team", "aws:username", "aws:userid", "aws:PrincipalArn"])
def test_whoever_signs_the_request_of_a_job_tells_nothing_of_the_job(ci: Issuer, account: Account, key: str) -> None:
    """Nobody has to sign it: what a signature says of somebody else must not count for the token's own identity."""
    provider = f"arn:aws:iam::{account.id}:oidc-provider/{ci.url.partition('://')[2]}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {key: ["blue", "arn:aws:iam::444455556666:role/blue"]}},
    }
    roles.create(operator(account.id), account.id, "blue", json.dumps({"Statement": [statement]}))
    signer = Caller(
        account_id="444455556666",
        principal_arn="arn:aws:sts::444455556666:assumed-role/blue/blue",
        kind=SubjectKind.SESSION,
        role_arn="arn:aws:iam::444455556666:role/blue",
        unique_id="blue",
        name="blue",
        tags=(("team", "blue"),),
    )
    token = ci.token("sts.amazonaws.com", "repo:example/app:main")
    wish = Wish(role_arn=f"arn:aws:iam::{account.id}:role/blue", name="build")
    with pytest.raises(AccessDenied):
        assume.assume_role_with_web_identity(signer, token, wish)


def test_a_forged_token_is_refused_the_same_whether_there_is_such_a_role_or_not(ci: Issuer) -> None:
    """Anybody can send one, and would learn the names of roles by it."""
    forged, said = Issuer(ci.url).token("sts.amazonaws.com", "repo:example/app:main"), set()
    for role_arn in (WEB_ROLE, f"{WEB_ROLE}x"):
        with pytest.raises(ClientError) as caught:
            assume_with(forged, RoleArn=role_arn)
        said.add((refused(caught), caught.value.response["Error"]["Message"]))
    assert {code for code, _ in said} == {"InvalidIdentityToken"} and len(said) == 1


def test_an_issuer_in_a_private_network_is_not_asked(ci: Issuer, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    oidc._keys.clear()
    with pytest.raises(ClientError) as caught:
        assume_with(ci.token("sts.amazonaws.com", "repo:example/app:main"))
    assert refused(caught) == "IDPCommunicationError"
