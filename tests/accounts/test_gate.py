"""The gate raises what the edges put into words, and tells policies what the request is like."""

import json
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from accounts import caller as callers
from accounts import gate
from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.iam import document
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, Policy
from accounts.iam.request import EVERYTHING, Rights, SubjectKind

RESOURCE = Arn("ecr", "us-east-1", "111122223333", "repository/app")
CHARLIE = Caller(
    "444455556666", "arn:aws:iam::444455556666:user/charlie", kind=SubjectKind.USER, name="charlie", rights=EVERYTHING
)
ALICE = "arn:aws:iam::111122223333:user/alice"


def alice(*statements: dict[str, object], **fields: object) -> Caller:
    """A user with one identity policy."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    rights = Rights(identity=(document.parse(text, Kind.IDENTITY).named("hers"),))
    return Caller("111122223333", ALICE, kind=SubjectKind.USER, name="alice", rights=rights, **fields)  # type: ignore[arg-type]  # fields by name


def allow(action: str = "ecr:PutImage", **more: object) -> dict[str, object]:
    """A statement."""
    return {"Sid": "Given", "Effect": "Allow", "Action": action, "Resource": "*", **more}


def of_repository(**statement: object) -> Policy:
    """A repository's policy of one statement."""
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", **statement}})
    return document.parse(text, Kind.REPOSITORY).named("repository policy")


def test_it_works() -> None:
    gate.require(callers.operator("111122223333"), "ecr:PutImage", RESOURCE)
    gate.require(callers.service("111122223333", "lifecycle"), "ecr:BatchDeleteImage", RESOURCE)
    gate.require(alice(allow()), "ecr:PutImage", RESOURCE)
    decision = gate.decide(alice(allow()), "ecr:PutImage", RESOURCE)
    assert (decision.statement, decision.policy) == ("Given", "hers")


def test_it_refuses_strangers_and_nobody() -> None:
    with pytest.raises(AccessDenied) as caught:
        gate.require(CHARLIE, "ecr:PutImage", RESOURCE)
    assert (caught.value.action, caught.value.resource) == ("ecr:PutImage", str(RESOURCE))
    assert caught.value.decision is not None and not caught.value.decision.allowed
    with pytest.raises(CredentialsMissing):
        gate.require(Caller(), "ecr:PutImage", RESOURCE)
    assert not gate.decide(CHARLIE, "ecr:PutImage", RESOURCE).allowed


def test_it_refuses_who_has_no_policy_in_the_own_account() -> None:
    nobody = Caller("111122223333", ALICE, kind=SubjectKind.USER)
    with pytest.raises(AccessDenied):
        gate.require(nobody, "ecr:PutImage", RESOURCE)
    gate.require(nobody, "ecr:PutImage", RESOURCE, policies=[of_repository(Principal={"AWS": ALICE})])


def test_across_accounts_both_sides_have_to_allow() -> None:
    let_in = of_repository(Principal={"AWS": "444455556666"})
    gate.require(CHARLIE, "ecr:PutImage", RESOURCE, policies=[let_in])
    without = Caller("444455556666", CHARLIE.principal_arn, kind=SubjectKind.USER)
    assert not gate.decide(without, "ecr:PutImage", RESOURCE, policies=[let_in]).allowed


def test_a_deny_of_the_resource_binds_root_too() -> None:
    denies = of_repository(Effect="Deny", Principal="*")
    assert not gate.decide(callers.operator("111122223333"), "ecr:PutImage", RESOURCE, policies=[denies]).allowed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SourceIp", "192.0.2.7"),
        ("aws:UserAgent", "docker/28"),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalArn", ALICE),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "User"),
        ("aws:PrincipalOrgID", "o-1a2b3c4d5e"),
        ("aws:PrincipalTag/Team", "blue"),
        ("aws:SourceVpce", "vpce-office"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:userid", "AIDAALICE"),
        ("aws:username", "alice"),
        ("aws:CurrentTime", "2026-11-24T05:06:07Z"),
        ("aws:EpochTime", "1795496767"),
        ("aws:TokenIssueTime", "2026-11-24T00:00:00Z"),
        ("ecr:ImageTag", "1.0"),
    ],
)
def test_conditions_see_the_request(settings: Settings, key: str, value: str) -> None:
    settings.ORGANIZATION_ID = "o-1a2b3c4d5e"
    settings.VPC_ENDPOINTS = (("vpce-office", ip_network("192.0.2.0/24")),)
    gate.endpoint_of.cache_clear()
    caller = alice(
        allow(),
        source_ip="192.0.2.7",
        user_agent="docker/28",
        is_secure=True,
        region="us-east-1",
        unique_id="AIDAALICE",
        tags=(("team", "blue"),),
        keys=(("aws:tokenissuetime", ("2026-11-24T00:00:00Z",)),),
    )
    at = datetime(2026, 11, 24, 5, 6, 7, tzinfo=UTC)
    context = gate.Context(caller, {"ecr:ImageTag": lambda: ["1.0"]}, at)
    assert context[key.lower()] == (value,)
    assert key.lower() in set(context)
    assert len(context) == len(set(context))


def test_what_a_request_does_not_have_is_absent(settings: Settings) -> None:
    context = gate.Context(Caller(), {"aws:RequestTag/a": ()})
    for key in ("aws:requesttag/a", "aws:sourceip", "aws:principaltag/team", "aws:sourcevpce", "aws:nonsense"):
        assert context.get(key) is None and key not in context


def test_a_costly_value_is_asked_for_only_by_a_condition() -> None:
    asked: list[str] = []

    def tags() -> list[str]:
        asked.append("tags")
        return ["1.0"]

    gate.require(alice(allow()), "ecr:PutImage", RESOURCE, context={"ecr:ImageTag": tags})
    assert asked == []
    limited = alice(allow(Condition={"StringLike": {"ecr:ImageTag": "1.*"}}))
    gate.require(limited, "ecr:PutImage", RESOURCE, context={"ecr:ImageTag": tags})
    assert asked == ["tags"]


def test_a_caller_keeps_who_it_is_in_another_region() -> None:
    assert CHARLIE.in_region("eu-west-1").principal_arn == CHARLIE.principal_arn
    assert CHARLIE.in_region("eu-west-1").region == "eu-west-1"
    assert Caller().is_anonymous and not CHARLIE.is_anonymous
