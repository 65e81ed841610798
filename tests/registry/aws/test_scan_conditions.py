"""BatchGetImage and ListImageReferrers under policies that ask what a scan found."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts.caller import operator
from accounts.directory import access_keys, policies, principals
from accounts.models import Account
from registry.models import Image, ImageScan
from registry.values import Address, Digest
from tests.factories.registry import push_image
from tests.registry.aws.conftest import Clients, pulled
from tests.registry.aws.test_ecr import code

OWNER = operator("111122223333")
REPOSITORY = {"repositoryName": "team/app"}
NO_TAG_NOR_DIGEST: dict[str, str] = {}


@pytest.fixture
def images(aws: Clients, address: Address) -> tuple[Image, Image]:
    """One in which nothing was found, with the tag `good`, and one with a critical finding, `bad`."""
    aws("ecr").create_repository(**REPOSITORY)
    good, bad = (push_image(OWNER, address, tag) for tag in ("good", "bad"))
    ImageScan.objects.create(image=good, status="COMPLETE")
    ImageScan.objects.create(image=bad, status="COMPLETE", counts={"CRITICAL": 1})
    return good, bad


@pytest.fixture
def dan(aws: Clients, account: Account, images: tuple[Image, Image]) -> Any:
    """The client of a user who may pull images in which nothing was found."""
    user = principals.create_user(account, "dan")
    condition = {"StringEquals": {"kho:ImageWorstSeverity": "NONE"}}
    allow = {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*", "Condition": condition}
    policies.put_inline(OWNER, user, "own", json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    made = access_keys.create(user)
    return aws("ecr", {"AccessKeyId": made.id, "SecretAccessKey": made.secret})


def refused(call: Any, **arguments: Any) -> str:
    """The code of what a call is answered."""
    with pytest.raises(ClientError) as caught:
        call(**REPOSITORY, **arguments)
    return code(caught)


def test_each_image_is_asked_about(dan: Any, images: tuple[Image, Image]) -> None:
    good, bad = images
    for ids in ([{"imageTag": "good"}], [{"imageDigest": good.digest}], [{"imageTag": "good"}, NO_TAG_NOR_DIGEST]):
        [found] = dan.batch_get_image(**REPOSITORY, imageIds=ids)["images"]
        assert found["imageId"]["imageDigest"] == good.digest
    for other in ({"imageTag": "bad"}, {"imageDigest": bad.digest}, {"imageTag": "absent"}):
        for ids in ([other], [{"imageTag": "good"}, other], [NO_TAG_NOR_DIGEST, other]):
            assert refused(dan.batch_get_image, imageIds=ids) == "AccessDeniedException", ids
    assert pulled() == 3, "a call that is refused pulls nothing"


def test_referrers_of_it_are_listed(dan: Any, images: tuple[Image, Image]) -> None:
    good, bad = images
    assert dan.list_image_referrers(**REPOSITORY, subjectId={"imageDigest": good.digest})["referrers"] == []
    for digest in (bad.digest, str(Digest.of(b"absent"))):
        assert refused(dan.list_image_referrers, subjectId={"imageDigest": digest}) == "AccessDeniedException"


def test_who_names_no_image_is_asked_about_too(
    aws: Clients, other: dict[str, Any], images: tuple[Image, Image]
) -> None:
    """Somebody else hears the same, whatever the request names."""
    for ids in ([NO_TAG_NOR_DIGEST], [{"imageDigest": "sha256:nonsense"}], [{"imageTag": "good"}]):
        foreign = aws("ecr", other).batch_get_image
        assert refused(foreign, registryId=OWNER.account_id, imageIds=ids) == "AccessDeniedException"
