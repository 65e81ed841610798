"""ecr and ecr-public through boto3: what is served, and each error in its own words."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from accounts.caller import operator
from accounts.models import AuditEvent
from accounts.sessions import passwords
from registry.aws import dispatch, pending
from registry.aws.wire import models
from registry.values import Address
from tests.factories.registry import OCI_MANIFEST, push_image
from tests.registry.aws.conftest import Clients, pulled

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": ["ecr:BatchGetImage"], "Sid": "In"}
    ],
}


def code(error: Any) -> str:
    """The code of a caught error."""
    found: str = error.value.response["Error"]["Code"]
    return found


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
def test_every_operation_is_served_or_named_as_pending(service: str) -> None:
    known = frozenset(models.service(service).operation_names)
    assert dispatch.served(service) | pending.names(service) == known
    assert not dispatch.served(service) & pending.names(service)


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
def test_a_pending_operation_says_so(aws: Clients, service: str) -> None:
    client = aws(service)
    shape_codes = {"ecr": "InvalidParameterException", "ecr-public": "UnsupportedCommandException"}
    for name in sorted(pending.names(service)):
        method = next(each for each, operation in client.meta.method_to_api_mapping.items() if operation == name)
        with pytest.raises(ClientError) as caught:
            getattr(client, method)()
        assert code(caught) == shape_codes[service], name
        assert "not served yet" in str(caught.value)


def test_it_works_to_create_describe_and_delete(aws: Clients) -> None:
    ecr = aws("ecr")
    made = ecr.create_repository(repositoryName="team/app", tags=[{"Key": "team", "Value": "blue"}])["repository"]
    assert made["repositoryArn"] == "arn:aws:ecr:us-east-1:111122223333:repository/team/app"
    assert made["repositoryUri"] == "kho.test/111122223333/team/app"
    assert (made["registryId"], made["imageTagMutability"]) == ("111122223333", "MUTABLE")
    assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert ecr.describe_repositories()["repositories"] == [made]
    assert ecr.describe_repositories(repositoryNames=["team/app"])["repositories"] == [made]
    assert ecr.delete_repository(repositoryName="team/app")["repository"] == made
    assert ecr.describe_repositories()["repositories"] == []
    assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}


def test_pages_follow_each_other(aws: Clients, other: dict[str, Any]) -> None:
    ecr = aws("ecr")
    for number in range(5):
        ecr.create_repository(repositoryName=f"app-{number}")
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["repositories"]) for page in pages] == [2, 2, 1]
    token = pages[0]["nextToken"]
    for client, given in ((aws("ecr", other), token), (ecr, token[:-1]), (ecr, "nonsense")):
        with pytest.raises(ClientError) as caught:
            client.describe_repositories(nextToken=given)
        assert code(caught) == "InvalidParameterException"


@pytest.mark.parametrize(
    ("operation", "arguments", "expected", "words"),
    [
        ("create_repository", {"repositoryName": "there"}, "RepositoryAlreadyExistsException", "already exists in the"),
        ("create_repository", {}, "InvalidParameterException", "'repositoryName' failed to satisfy constraint"),
        ("create_repository", {"repositoryName": "A"}, "InvalidParameterException", "repositoryName"),
        ("create_repository", {"repositoryName": "a" * 300}, "InvalidParameterException", "less than or equal to 256"),
        ("create_repository", {"repositoryName": "kho\u202ea"}, "InvalidParameterException", "repositoryName"),
        ("create_repository", {"repositoryName": "a\x00b"}, "InvalidParameterException", "repositoryName"),
        (
            "create_repository",
            {"repositoryName": "new", "imageTagMutability": "SOMETIMES"},
            "InvalidParameterException",
            "enum value set",
        ),
        (
            "create_repository",
            {"repositoryName": "new", "encryptionConfiguration": {"encryptionType": "KMS"}},
            "KmsException",
            "not served",
        ),
        (
            "create_repository",
            {"repositoryName": "new", "tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "InvalidTagParameterException",
            "of its own",
        ),
        (
            "create_repository",
            {"repositoryName": "new", "tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
            "TooManyTagsException",
            "50 tags",
        ),
        ("describe_repositories", {"repositoryNames": ["absent"]}, "RepositoryNotFoundException", "does not exist in"),
        (
            "describe_repositories",
            {"repositoryNames": ["there"], "maxResults": 3},
            "InvalidParameterException",
            "combined",
        ),
        ("describe_repositories", {"maxResults": 5000}, "InvalidParameterException", "less than or equal to 1000"),
        ("describe_repositories", {"maxResults": "many"}, "SerializationException", "maxResults"),
        ("delete_repository", {"repositoryName": "absent"}, "RepositoryNotFoundException", "registry with id"),
        ("delete_repository", {"repositoryName": "team/app"}, "RepositoryNotEmptyException", "still contains images"),
        ("get_repository_policy", {"repositoryName": "there"}, "RepositoryPolicyNotFoundException", "does not exist"),
        ("delete_repository_policy", {"repositoryName": "there"}, "RepositoryPolicyNotFoundException", "not exist"),
        (
            "set_repository_policy",
            {"repositoryName": "there", "policyText": "{"},
            "InvalidParameterException",
            "PolicyText",
        ),
        (
            "set_repository_policy",
            {"repositoryName": "there", "policyText": "x" * 20_000},
            "InvalidParameterException",
            "policyText",
        ),
        ("put_image", {"repositoryName": "there", "imageManifest": "{}"}, "InvalidParameterException", "mediaType"),
        (
            "put_image",
            {"repositoryName": "there", "imageManifest": "[]", "imageManifestMediaType": OCI_MANIFEST},
            "InvalidParameterException",
            "ImageManifest",
        ),
        (
            "batch_get_image",
            {"repositoryName": "absent", "imageIds": [{"imageTag": "1"}]},
            "RepositoryNotFoundException",
            "not exist",
        ),
    ],
)
def test_each_error_has_its_code(
    aws: Clients, address: Address, operation: str, arguments: dict[str, Any], expected: str, words: str
) -> None:
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="there")
    ecr.create_repository(repositoryName="team/app")
    push_image(operator("111122223333"), address, "1.0")
    with pytest.raises(ClientError) as caught:
        getattr(ecr, operation)(**arguments)
    assert code(caught) == expected, caught.value
    assert words in str(caught.value)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["ResponseMetadata"]["RequestId"]


def test_the_token_logs_in(aws: Clients) -> None:
    [token] = aws("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    assert (user, token["proxyEndpoint"]) == ("AWS", "http://kho.test")
    assert passwords.verify(password)[0].name == "alice"
    public = aws("ecr-public").get_authorization_token()["authorizationData"]
    assert "proxyEndpoint" not in public and public["authorizationToken"]
    assert AuditEvent.objects.filter(event_name="GetAuthorizationToken").count() == 2


def test_policies_let_others_in_and_are_given_back(aws: Clients, other: dict[str, Any], address: Address) -> None:
    ecr, foreign = aws("ecr"), aws("ecr", other)
    ecr.create_repository(repositoryName="team/app")
    image = push_image(operator("111122223333"), address, "1.0")
    asked = {"registryId": "111122223333", "repositoryName": "team/app", "imageIds": [{"imageTag": "1.0"}]}
    for name in ("team/app", "absent"):
        with pytest.raises(ClientError) as caught:
            foreign.batch_get_image(**(asked | {"repositoryName": name}))
        assert code(caught) == "AccessDeniedException"
        assert f"repository/{name}" in str(caught.value) and "ecr:BatchGetImage" in str(caught.value)
    ecr.set_repository_policy(repositoryName="team/app", policyText=json.dumps(POLICY))
    assert json.loads(ecr.get_repository_policy(repositoryName="team/app")["policyText"]) == POLICY
    [found] = foreign.batch_get_image(**asked)["images"]
    assert found["imageId"] == {"imageDigest": image.digest, "imageTag": "1.0"}
    assert ecr.delete_repository_policy(repositoryName="team/app")["registryId"] == "111122223333"
    with pytest.raises(ClientError):
        foreign.batch_get_image(**asked)


def test_a_policy_that_locks_out_needs_force(aws: Clients) -> None:
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="team/app")
    locks = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]})
    with pytest.raises(ClientError) as caught:
        ecr.set_repository_policy(repositoryName="team/app", policyText=locks)
    assert code(caught) == "InvalidParameterException" and "force" in str(caught.value)
    ecr.set_repository_policy(repositoryName="team/app", policyText=locks, force=True)


def test_images_are_had_by_id_and_failures_are_listed(aws: Clients, address: Address) -> None:
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="team/app")
    image = push_image(operator("111122223333"), address, "1.0")
    ids = [
        {"imageTag": "1.0"},
        {"imageDigest": image.digest},
        {"imageTag": "absent"},
        {"imageDigest": "sha256:nonsense"},
        {"imageTag": "1.0", "imageDigest": "sha256:" + "0" * 64},
        {},
    ]
    answer = ecr.batch_get_image(repositoryName="team/app", imageIds=ids)
    assert [each["imageId"]["imageDigest"] for each in answer["images"]] == [image.digest] * 2
    assert pulled() == 2, "what is handed out is a pull, and nothing else"
    codes = [each["failureCode"] for each in answer["failures"]]
    assert codes == ["ImageNotFound", "InvalidImageDigest", "ImageTagDoesNotMatchDigest", "MissingDigestAndTag"]
    manifest = answer["images"][0]["imageManifest"]
    put = {"repositoryName": "team/app", "imageManifest": manifest, "imageManifestMediaType": OCI_MANIFEST}
    assert ecr.put_image(**put, imageTag="2.0")["image"]["imageId"]["imageTag"] == "2.0"
    with pytest.raises(ClientError) as caught:
        ecr.put_image(**put, imageTag="2.0")
    assert code(caught) == "ImageAlreadyExistsException"
    with pytest.raises(ClientError) as caught:
        ecr.put_image(**put, imageDigest="sha256:" + "0" * 64)
    assert code(caught) == "ImageDigestDoesNotMatchException"


def test_public_repositories_have_their_own_words(aws: Clients) -> None:
    public = aws("ecr-public")
    made = public.create_repository(repositoryName="hello")["repository"]
    assert made["repositoryArn"] == "arn:aws:ecr-public::111122223333:repository/hello"
    assert made["repositoryUri"].endswith("/hello") and "imageTagMutability" not in made
    public.set_repository_policy(repositoryName="hello", policyText=json.dumps(POLICY))
    assert public.describe_repositories()["repositories"] == [made]
    public.delete_repository(repositoryName="hello")


def test_tokens_are_for_awss_names_if_they_lead_here(aws: Clients, settings: Settings) -> None:
    settings.AWS_HOST_NAMES = True
    answer = aws("ecr").get_authorization_token(registryIds=["111122223333", "444455556666"])
    assert [each["proxyEndpoint"] for each in answer["authorizationData"]] == [
        "https://111122223333.dkr.ecr.us-east-1.amazonaws.com",
        "https://444455556666.dkr.ecr.us-east-1.amazonaws.com",
    ]
    made = aws("ecr").create_repository(repositoryName="team/app")["repository"]
    assert made["repositoryUri"] == "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app"
