"""The gate raises what the edges put into words."""

import pytest

from accounts import caller as callers
from accounts import gate
from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.iam.arn import Arn

RESOURCE = Arn("ecr", "us-east-1", "111122223333", "repository/app")
CHARLIE = Caller("444455556666", "arn:aws:iam::444455556666:user/charlie")


def test_it_works() -> None:
    gate.require(Caller("111122223333", "arn:aws:iam::111122223333:root"), "ecr:PutImage", RESOURCE)
    gate.require(callers.service("111122223333", "lifecycle"), "ecr:BatchDeleteImage", RESOURCE)


def test_it_refuses_strangers_and_nobody() -> None:
    with pytest.raises(AccessDenied) as caught:
        gate.require(CHARLIE, "ecr:PutImage", RESOURCE)
    assert (caught.value.action, caught.value.resource) == ("ecr:PutImage", str(RESOURCE))
    with pytest.raises(CredentialsMissing):
        gate.require(Caller(), "ecr:PutImage", RESOURCE)
    assert not gate.decide(CHARLIE, "ecr:PutImage", RESOURCE).allowed


def test_a_caller_keeps_who_it_is_in_another_region() -> None:
    assert CHARLIE.in_region("eu-west-1").principal_arn == CHARLIE.principal_arn
    assert CHARLIE.in_region("eu-west-1").region == "eu-west-1"
    assert Caller().is_anonymous and not CHARLIE.is_anonymous
