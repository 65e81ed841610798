"""Lifecycle policies through boto3: put, read, removed, refused with their places."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts.models import AuditEvent
from tests.registry.aws.conftest import Clients
from tests.registry.aws.test_registries import refused
from tests.registry.lifecycle.test_grammar import rule, text

NAME = "team/app"


@pytest.fixture
def ecr(aws: Clients) -> Any:
    """Alice's client; the repository team/app is there."""
    client = aws("ecr")
    client.create_repository(repositoryName=NAME)
    return client


def test_it_works(ecr: Any) -> None:
    assert refused(ecr.get_lifecycle_policy, repositoryName=NAME) == "LifecyclePolicyNotFoundException"
    assert refused(ecr.delete_lifecycle_policy, repositoryName=NAME) == "LifecyclePolicyNotFoundException"
    policy = text(rule(1))
    put = ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=policy)
    assert (put["registryId"], put["repositoryName"], put["lifecyclePolicyText"]) == ("111122223333", NAME, policy)
    got = ecr.get_lifecycle_policy(repositoryName=NAME)
    assert got["lifecyclePolicyText"] == policy and "lastEvaluatedAt" not in got
    assert ecr.delete_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"] == policy
    assert refused(ecr.get_lifecycle_policy, repositoryName=NAME) == "LifecyclePolicyNotFoundException"
    assert AuditEvent.objects.filter(event_name__in=["PutLifecyclePolicy", "DeleteLifecyclePolicy"]).count() == 2


def test_it_refuses(ecr: Any) -> None:
    put = ecr.put_lifecycle_policy
    with pytest.raises(ClientError) as caught:
        put(repositoryName=NAME, lifecyclePolicyText=text(rule(1, countNumber=0)))
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    assert "line " in str(caught.value) and "countNumber" in str(caught.value)
    for wrong in ("{}", "x" * 30_721, json.dumps({"rules": []}).ljust(120)):
        assert refused(put, repositoryName=NAME, lifecyclePolicyText=wrong) == "InvalidParameterException"
    absent = refused(put, repositoryName="none", lifecyclePolicyText=text(rule(1)))
    assert absent == "RepositoryNotFoundException"
