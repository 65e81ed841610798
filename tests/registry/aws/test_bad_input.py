"""Input that no client of good will sends: every operation answers it with an error that its model knows."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from accounts.directory.access_keys import NewAccessKey
from accounts.models import Account
from registry.aws import dispatch
from registry.aws.wire import models
from registry.models import Repository
from tests.factories.registry import push_image
from tests.registry.aws import provocations
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import NAME, OWNER
from tests.registry.aws.test_fuzz import sent

OPERATIONS: Final = [
    (service, operation) for service in ("ecr", "ecr-public") for operation in sorted(dispatch.served(service))
]
STRANGE: Final = {
    "nul": "a\x00b",
    "escape": "\x1b[2J",
    "line": "a\r\nX-Header: 1",
    "right to left": "kho\u202eppa",
    "emoji": "\U0001f4a3",
    "accents": "ứng/dụng",
    "path": "../../etc/passwd",
    "format": "%s{0}${jndi:x}",
    "long": "x" * 100_000,
}
COMMON: Final = frozenset({"SerializationException", "InvalidParameterException"})


@pytest.fixture
def repository(aws: Clients, account: Account, service: str) -> str:
    """The repository that requests are about, with the image 1."""
    aws(service).create_repository(repositoryName=NAME)
    push_image(OWNER, provocations.place(service), "1")
    return NAME


def request(service: str, operation: str) -> dict[str, Any]:
    """A request in form, as JSON."""
    shape = models.service(service).operation_model(operation).input_shape
    given = provocations.request(service, operation, list(shape.members) if shape is not None else [])
    return {name: "eA==" if isinstance(value, bytes) else value for name, value in given.items()}


def answer(key: NewAccessKey, service: str, operation: str, given: Any) -> tuple[int, dict[str, Any]]:
    """Status and body."""
    got = sent(key, service, operation, given)
    return got.status_code, json.loads(got.content)


def altered(value: Any, text: str) -> Iterator[Any]:
    """The value with one of its texts replaced, for each text in it."""
    if isinstance(value, str):
        yield text
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from (value | {name: other} for other in altered(each, text))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in altered(each, text))


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_strange_text_is_refused_in_words_of_the_operation(
    key: NewAccessKey, repository: str, service: str, operation: str
) -> None:
    known = models.errors(service, operation) | COMMON
    shape = models.service(service).operation_model(operation).input_shape
    more = {"registryId": "x"} if shape is not None and "registryId" in shape.members else {}
    for text in STRANGE.values():
        for given in altered(request(service, operation) | more, text):
            status, said = answer(key, service, operation, given)
            assert status == 200 or (status == 400 and said["__type"] in known), (given, said)
    names = Repository.objects.values_list("name", flat=True)
    assert set(names) <= {NAME, "new"}


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_body_that_is_no_object_can_not_be_read(key: NewAccessKey, service: str, operation: str) -> None:
    for given in ([], None, "text", 7, [{"repositoryName": NAME}]):
        status, said = answer(key, service, operation, given)
        assert (status, said["__type"]) == (400, "SerializationException"), given


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_members_that_nobody_knows_change_nothing(
    key: NewAccessKey, repository: str, service: str, operation: str
) -> None:
    given = request(service, operation)
    status, said = answer(key, service, operation, given | {"colour": {"a": [1]}, "__proto__": {}, "": None})
    assert status == 200 or "colour" not in said["message"]
    assert said.get("__type") != "SerializationException"


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":[]}',
        '{"Version":"1999-01-01","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}',
        '{"Statement":[{"Effect":"Perhaps","Principal":"*","Action":"ecr:*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"ecr:*"}]}',
        '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"bo\\u0000"},"Action":"ecr:*"}]}',
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Sid":"a\x00"}]}',
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Condition":{"Maybe":{"a":"b"}}}]}',
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Effect":"Deny"}]}',
        "[" * 9_000,
    ],
)
def test_what_is_no_policy_is_refused(aws: Clients, repository: str, service: str, text: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws(service).set_repository_policy(repositoryName=NAME, policyText=text)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    assert Repository.objects.get().policy_text == ""


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
@pytest.mark.parametrize(
    "locking",
    [
        {"Principal": "*", "Action": "*"},
        {"Principal": {"AWS": "*"}, "Action": "{service}:Set*"},
        {"Principal": {"AWS": "111122223333"}, "Action": "{service}:SetRepositoryPolicy"},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"}, "NotAction": "{service}:GetRepositoryPolicy"},
        {"NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "{service}:*"},
    ],
)
def test_a_policy_that_locks_its_owner_out_needs_force(
    aws: Clients, repository: str, service: str, locking: dict[str, Any]
) -> None:
    client = aws(service)
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny"} | locking]})
    text = text.replace("{service}", service)
    with pytest.raises(ClientError) as caught:
        client.set_repository_policy(repositoryName=NAME, policyText=text)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    assert "force" in caught.value.response["Error"]["Message"]
    assert Repository.objects.get().policy_text == ""
    client.set_repository_policy(repositoryName=NAME, policyText=text, force=True)
    with pytest.raises(ClientError) as caught:
        client.set_repository_policy(repositoryName=NAME, policyText=text, force=True)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_request_is_for_the_service_that_it_is_signed_for(key: NewAccessKey) -> None:
    for service, other in (("ecr", "ecr-public"), ("ecr-public", "ecr")):
        status, said = answer(key, service, "DescribeRepositories", {})
        assert (status, said) == (200, {"repositories": []})
        prefix = models.service(other).metadata["targetPrefix"]
        got = sent(key, service, "DescribeRepositories", {}, prefix=prefix)
        assert (got.status_code, json.loads(got.content)["__type"]) == (400, "InvalidSignatureException")
