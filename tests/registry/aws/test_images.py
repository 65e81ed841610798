"""Images through boto3: listed, described, deleted, their referrers; resource tags; tags that may not move."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import operator
from accounts.models import AuditEvent
from registry.core import addresses, resource_tags
from registry.errors import CountLimitExceeded
from registry.models import Image, Repository
from registry.values import Address, Digest
from tests.factories.registry import make_public_repository, push_image, push_index
from tests.registry.aws.conftest import Clients
from tests.registry.aws.test_ecr import code

ARN = "arn:aws:ecr:us-east-1:111122223333:repository/team/app"
ABSENT = str(Digest.of(b"absent"))
OWNER = operator("111122223333")


@pytest.fixture
def ecr(aws: Clients) -> Any:
    """Alice's client; the repository team/app is there."""
    client = aws("ecr")
    client.create_repository(repositoryName="team/app")
    return client


def test_images_are_listed_by_tag_and_digest(ecr: Any, address: Address) -> None:
    tagged = push_image(OWNER, address, "1.0")
    ecr.put_image(repositoryName="team/app", imageTag="latest", imageManifest=bytes(tagged.manifest.content).decode())
    plain = push_image(OWNER, address)
    rows = [{"imageDigest": tagged.digest, "imageTag": tag} for tag in ("1.0", "latest")]
    assert ecr.list_images(repositoryName="team/app")["imageIds"] == [*rows, {"imageDigest": plain.digest}]
    for status, expected in (("TAGGED", rows), ("UNTAGGED", [{"imageDigest": plain.digest}])):
        asked = {"repositoryName": "team/app", "filter": {"tagStatus": status}}
        assert ecr.list_images(**asked)["imageIds"] == expected
        details = ecr.describe_images(**asked)["imageDetails"]
        assert {each["imageDigest"] for each in details} == {each["imageDigest"] for each in expected}
    archived = {"repositoryName": "team/app", "filter": {"imageStatus": "ARCHIVED"}}
    assert ecr.list_images(**archived)["imageIds"] == ecr.describe_images(**archived)["imageDetails"] == []


def test_pages_hold_every_row_once(ecr: Any, address: Address) -> None:
    first = push_image(OWNER, address, "a")
    content = bytes(first.manifest.content).decode()
    for tag in ("b", "c", "d"):
        ecr.put_image(repositoryName="team/app", imageTag=tag, imageManifest=content)
    push_image(OWNER, address)
    push_image(OWNER, address, "e")
    pages = ecr.get_paginator("list_images").paginate(repositoryName="team/app", PaginationConfig={"PageSize": 2})
    rows = [each.get("imageTag", "") for page in pages for each in page["imageIds"]]
    assert rows == ["a", "b", "c", "d", "", "e"]
    described = ecr.get_paginator("describe_images").paginate(
        repositoryName="team/app", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["imageDetails"]) for page in described] == [2, 1]
    token = ecr.list_images(repositoryName="team/app", maxResults=1)["nextToken"]
    for other in ({"repositoryName": "team/app", "filter": {"tagStatus": "TAGGED"}},):
        with pytest.raises(ClientError) as caught:
            ecr.list_images(**other, nextToken=token)
        assert code(caught) == "InvalidParameterException"


def test_an_image_is_described(ecr: Any, address: Address, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    image = push_image(OWNER, address, "1.0")
    signature = push_image(OWNER, address, subject={"mediaType": image.media_type, "digest": image.digest, "size": 1})
    index = push_index(OWNER, address, "all", [image])
    [detail] = ecr.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "1.0"}])["imageDetails"]
    assert detail["imagePushedAt"] == image.pushed_at
    del detail["imagePushedAt"]
    assert detail == {
        "registryId": "111122223333",
        "repositoryName": "team/app",
        "imageDigest": image.digest,
        "imageTags": ["1.0"],
        "imageSizeInBytes": image.size,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    }
    named = ecr.describe_images(
        repositoryName="team/app",
        imageIds=[{"imageDigest": signature.digest}, {"imageTag": "all", "imageDigest": index.digest}],
    )["imageDetails"]
    assert named[0]["subjectManifestDigest"] == image.digest and "imageTags" not in named[0]
    assert named[1]["imageSizeInBytes"] == image.size


def test_a_page_costs_the_same_however_long(
    ecr: Any, address: Address, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        push_image(OWNER, address, f"v{number}")
    ecr.describe_images(repositoryName="team/app", maxResults=1)
    with django_assert_num_queries(8) as few:
        ecr.describe_images(repositoryName="team/app", maxResults=1)
    with django_assert_num_queries(len(few)):
        ecr.describe_images(repositoryName="team/app")


def test_referrers_are_listed(ecr: Any, address: Address) -> None:
    image = push_image(OWNER, address, "1.0")
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": 1}
    made = [
        push_image(OWNER, address, subject=subject, artifactType=kind, annotations={"by": kind})
        for kind in ("application/vnd.sbom", "application/vnd.signature", "application/vnd.signature")
    ]
    asked = {"repositoryName": "team/app", "subjectId": {"imageDigest": image.digest}}
    found = ecr.list_image_referrers(**asked)["referrers"]
    assert {each["digest"] for each in found} == {each.digest for each in made}
    some = ecr.list_image_referrers(**asked, filter={"artifactTypes": ["application/vnd.sbom"]})["referrers"]
    assert [each["digest"] for each in some] == [made[0].digest]
    assert some[0]["annotations"] == {"by": "application/vnd.sbom"} and some[0]["artifactStatus"] == "ACTIVE"
    first = ecr.list_image_referrers(**asked, maxResults=2)
    rest = ecr.list_image_referrers(**asked, maxResults=2, nextToken=first["nextToken"])
    assert len(first["referrers"]) == 2 and len(rest["referrers"]) == 1
    assert ecr.list_image_referrers(**asked, filter={"artifactStatus": "ARCHIVED"})["referrers"] == []
    absent = {"repositoryName": "team/app", "subjectId": {"imageDigest": ABSENT}}
    assert ecr.list_image_referrers(**absent)["referrers"] == []


class TestDeleting:
    """BatchDeleteImage: a tag, the last tag, a digest; what an index names stays."""

    def test_the_last_tag_takes_the_image_along(self, ecr: Any, address: Address) -> None:
        image = push_image(OWNER, address, "1.0")
        content = bytes(image.manifest.content).decode()
        ecr.put_image(repositoryName="team/app", imageTag="latest", imageManifest=content)
        gone = ecr.batch_delete_image(repositoryName="team/app", imageIds=[{"imageTag": "1.0"}])
        assert gone["imageIds"] == [{"imageDigest": image.digest, "imageTag": "1.0"}] and not gone["failures"]
        assert ecr.list_images(repositoryName="team/app")["imageIds"][0]["imageTag"] == "latest"
        ecr.batch_delete_image(
            repositoryName="team/app", imageIds=[{"imageTag": "latest", "imageDigest": image.digest}]
        )
        assert ecr.list_images(repositoryName="team/app")["imageIds"] == []
        [first, _] = AuditEvent.objects.filter(event_name="BatchDeleteImage").order_by("event_time")
        assert first.details["imageIds"] == [{"imageDigest": image.digest, "imageTag": "1.0"}]

    def test_a_digest_goes_with_all_its_tags(self, ecr: Any, address: Address) -> None:
        image = push_image(OWNER, address, "1.0")
        content = bytes(image.manifest.content).decode()
        ecr.put_image(repositoryName="team/app", imageTag="latest", imageManifest=content)
        gone = ecr.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": image.digest}])
        assert [each["imageTag"] for each in gone["imageIds"]] == ["1.0", "latest"]
        assert ecr.list_images(repositoryName="team/app")["imageIds"] == []

    def test_children_stay_while_their_index_is_there(self, ecr: Any, address: Address) -> None:
        child = push_image(OWNER, address, "child")
        index = push_index(OWNER, address, "all", [child])
        kept = ecr.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": child.digest}])
        assert kept["failures"][0]["failureCode"] == "ImageReferencedByManifestList" and not kept["imageIds"]
        ecr.batch_delete_image(repositoryName="team/app", imageIds=[{"imageTag": "child"}])
        assert Image.objects.get(id=child.id).deleted_at is None
        both = ecr.batch_delete_image(
            repositoryName="team/app", imageIds=[{"imageDigest": child.digest}, {"imageDigest": index.digest}]
        )
        assert not both["failures"] and len(both["imageIds"]) == 2

    def test_each_failure_has_its_code(self, ecr: Any, address: Address) -> None:
        push_image(OWNER, address, "1.0")
        answer = ecr.batch_delete_image(
            repositoryName="team/app",
            imageIds=[
                {},
                {"imageDigest": "sha256:xyz"},
                {"imageTag": "bad tag"},
                {"imageTag": "none"},
                {"imageDigest": ABSENT},
                {"imageTag": "1.0", "imageDigest": ABSENT},
            ],
        )
        assert answer["imageIds"] == []
        assert [each["failureCode"] for each in answer["failures"]] == [
            "MissingDigestAndTag",
            "InvalidImageDigest",
            "InvalidImageTag",
            "ImageNotFound",
            "ImageTagDoesNotMatchDigest",
            "ImageNotFound",
        ]


@pytest.mark.parametrize("operation", ["describe_images", "start_image_scan", "update_image_storage_class"])
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"imageTag": "none"}, "imageDigest:null, imageTag:'none'"),
        ({"imageDigest": ABSENT}, f"imageDigest:'{ABSENT}', imageTag:null"),
        ({"imageTag": "1.0", "imageDigest": ABSENT}, f"imageDigest:'{ABSENT}', imageTag:'1.0'"),
    ],
)
def test_it_says_which_image_is_not_there(
    ecr: Any, address: Address, operation: str, named: dict[str, str], said: str
) -> None:
    push_image(OWNER, address, "1.0")
    wanted: dict[str, Any] = {"imageIds": [named]} if operation == "describe_images" else {"imageId": named}
    if operation == "update_image_storage_class":
        wanted["targetStorageClass"] = "ARCHIVE"
    with pytest.raises(ClientError) as caught:
        getattr(ecr, operation)(repositoryName="team/app", **wanted)
    assert caught.value.response["Error"]["Message"] == (
        f"The image with imageId {{{said}}} does not exist within the repository with name '{address.name}' in the "
        f"registry with id '{address.registry.account_id}'"
    )


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("list_images", {"repositoryName": "absent"}, "RepositoryNotFoundException"),
        ("describe_images", {"repositoryName": "absent"}, "RepositoryNotFoundException"),
        ("describe_images", {"imageIds": [{"imageTag": "none"}]}, "ImageNotFoundException"),
        ("describe_images", {"imageIds": [{"imageDigest": ABSENT}]}, "ImageNotFoundException"),
        ("describe_images", {"imageIds": [{"imageTag": "1.0", "imageDigest": ABSENT}]}, "ImageNotFoundException"),
        ("describe_images", {"imageIds": [{}]}, "InvalidParameterException"),
        ("describe_images", {"imageIds": [{"imageTag": "1.0"}], "maxResults": 3}, "InvalidParameterException"),
        ("describe_images", {"imageIds": [{"imageTag": f"{n}"} for n in range(101)]}, "InvalidParameterException"),
        ("list_images", {"filter": {"tagStatus": "SOME"}}, "InvalidParameterException"),
        ("list_images", {"nextToken": "nonsense"}, "InvalidParameterException"),
        ("batch_delete_image", {"repositoryName": "absent", "imageIds": [{}]}, "RepositoryNotFoundException"),
        ("batch_delete_image", {"imageIds": [{}] * 101}, "InvalidParameterException"),
        ("list_image_referrers", {"subjectId": {"imageDigest": "no digest"}}, "InvalidParameterException"),
        (
            "list_image_referrers",
            {"repositoryName": "absent", "subjectId": {"imageDigest": ABSENT}},
            "RepositoryNotFoundException",
        ),
        (
            "put_image_tag_mutability",
            {"repositoryName": "absent", "imageTagMutability": "IMMUTABLE"},
            "RepositoryNotFoundException",
        ),
        ("put_image_tag_mutability", {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}, "InvalidParameterException"),
        (
            "put_image_tag_mutability",
            {
                "imageTagMutability": "IMMUTABLE",
                "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
            },
            "InvalidParameterException",
        ),
        (
            "put_image_tag_mutability",
            {
                "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "a*b*c*"}],
            },
            "InvalidParameterException",
        ),
    ],
)
def test_it_refuses(ecr: Any, address: Address, operation: str, arguments: dict[str, Any], expected: str) -> None:
    push_image(OWNER, address, "1.0")
    with pytest.raises(ClientError) as caught:
        getattr(ecr, operation)(**({"repositoryName": "team/app"} | arguments))
    assert code(caught) == expected, caught.value


def test_excepted_tags_may_move(ecr: Any, address: Address) -> None:
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}, {"filterType": "WILDCARD", "filter": "latest"}]
    answer = ecr.put_image_tag_mutability(
        repositoryName="team/app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    assert answer["imageTagMutabilityExclusionFilters"] == filters
    described = ecr.describe_repositories()["repositories"][0]
    assert described["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert described["imageTagMutabilityExclusionFilters"] == filters
    first, second = push_image(OWNER, address, "1.0"), push_image(OWNER, address)
    content = bytes(second.manifest.content).decode()
    for tag in ("dev-1", "latest"):
        for image in (first, second):
            text = bytes(image.manifest.content).decode()
            ecr.put_image(repositoryName="team/app", imageTag=tag, imageManifest=text)
    with pytest.raises(ClientError) as caught:
        ecr.put_image(repositoryName="team/app", imageTag="1.0", imageManifest=content)
    assert code(caught) == "ImageTagAlreadyExistsException"
    ecr.put_image_tag_mutability(
        repositoryName="team/app",
        imageTagMutability="MUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "release-*"}],
    )
    ecr.put_image(repositoryName="team/app", imageTag="1.0", imageManifest=content)
    ecr.put_image(repositoryName="team/app", imageTag="release-1", imageManifest=content)
    with pytest.raises(ClientError):
        ecr.put_image(
            repositoryName="team/app", imageTag="release-1", imageManifest=bytes(first.manifest.content).decode()
        )


def test_a_public_repository_has_images_too(aws: Clients, account: Any) -> None:
    public = aws("ecr-public")
    place = make_public_repository(OWNER, "tool").address
    image = push_image(OWNER, place, "1.0")
    push_image(OWNER, place, "2.0")
    [detail] = public.describe_images(repositoryName="tool", imageIds=[{"imageTag": "1.0"}])["imageDetails"]
    assert detail["imageDigest"] == image.digest and "imageStatus" not in detail
    pages = list(
        public.get_paginator("describe_image_tags").paginate(repositoryName="tool", PaginationConfig={"PageSize": 1})
    )
    rows = [each for page in pages for each in page["imageTagDetails"]]
    assert [row["imageTag"] for row in rows] == ["1.0", "2.0"]
    assert rows[0]["imageDetail"]["imageDigest"] == image.digest and rows[0]["createdAt"]
    answer = public.batch_delete_image(repositoryName="tool", imageIds=[{"imageTag": "1.0"}])
    assert answer["imageIds"][0]["imageTag"] == "1.0"
    for operation in (public.describe_image_tags, public.describe_images):
        with pytest.raises(ClientError) as caught:
            operation(repositoryName="absent")
        assert code(caught) == "RepositoryNotFoundException"


class TestResourceTags:
    """TagResource, UntagResource, ListTagsForResource."""

    def test_it_works(self, ecr: Any) -> None:
        ecr.tag_resource(resourceArn=ARN, tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}])
        ecr.tag_resource(resourceArn=ARN, tags=[{"Key": "team", "Value": "red"}])
        rows = [{"Key": "stage", "Value": ""}, {"Key": "team", "Value": "red"}]
        assert ecr.list_tags_for_resource(resourceArn=ARN)["tags"] == rows
        ecr.untag_resource(resourceArn=ARN, tagKeys=["stage", "unknown"])
        assert Repository.objects.get().resource_tags == {"team": "red"}
        assert AuditEvent.objects.filter(event_name__in=["TagResource", "UntagResource"]).count() == 3

    def test_public_repositories_have_them(self, aws: Clients, account: Any) -> None:
        public = aws("ecr-public")
        arn = public.create_repository(repositoryName="tool")["repository"]["repositoryArn"]
        public.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": "b"}])
        assert public.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "a", "Value": "b"}]
        with pytest.raises(ClientError) as caught:
            aws("ecr").list_tags_for_resource(resourceArn=arn)
        assert code(caught) == "InvalidParameterException"

    @pytest.mark.parametrize(
        ("operation", "arguments", "expected"),
        [
            ("tag_resource", {"tags": [{"Key": "aws:x", "Value": "1"}]}, "InvalidTagParameterException"),
            ("tag_resource", {"tags": [{"Key": "k" * 129, "Value": "1"}]}, "InvalidTagParameterException"),
            ("tag_resource", {"tags": [{"Key": "k", "Value": "v" * 257}]}, "InvalidTagParameterException"),
            ("tag_resource", {"tags": [{"Key": "a\x00", "Value": ""}]}, "InvalidParameterException"),
            ("tag_resource", {"tags": [{"Key": "a", "Value": "1"}] * 2}, "InvalidTagParameterException"),
            ("tag_resource", {"tags": [{"Key": f"{n}", "Value": ""} for n in range(51)]}, "TooManyTagsException"),
            ("tag_resource", {"resourceArn": "nonsense", "tags": []}, "InvalidParameterException"),
            ("tag_resource", {"resourceArn": f"{ARN}-not", "tags": []}, "RepositoryNotFoundException"),
            ("untag_resource", {"resourceArn": f"{ARN}-not", "tagKeys": []}, "RepositoryNotFoundException"),
            ("list_tags_for_resource", {"resourceArn": f"{ARN}-not"}, "RepositoryNotFoundException"),
            ("list_tags_for_resource", {"resourceArn": "arn:aws:s3:::bucket"}, "InvalidParameterException"),
        ],
    )
    def test_it_refuses(self, ecr: Any, operation: str, arguments: dict[str, Any], expected: str) -> None:
        with pytest.raises(ClientError) as caught:
            getattr(ecr, operation)(**({"resourceArn": ARN} | arguments))
        assert code(caught) == expected, caught.value

    def test_fifty_stay_fifty(self, ecr: Any) -> None:
        ecr.tag_resource(resourceArn=ARN, tags=[{"Key": f"{n}", "Value": ""} for n in range(50)])
        with pytest.raises(ClientError) as caught:
            ecr.tag_resource(resourceArn=ARN, tags=[{"Key": "one more", "Value": ""}])
        assert code(caught) == "TooManyTagsException"

    def test_others_learn_nothing(self, ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
        for arn in (ARN, f"{ARN}-not"):
            with pytest.raises(ClientError) as caught:
                aws("ecr", other).list_tags_for_resource(resourceArn=arn)
            assert code(caught) == "AccessDeniedException"


def test_addresses_of_arns() -> None:
    assert resource_tags.address_of(ARN) == addresses.private("111122223333", "team/app", "us-east-1")


def test_counts_have_limits(ecr: Any, address: Address, settings: Settings) -> None:
    image = push_image(OWNER, address, "1")
    content = bytes(image.manifest.content).decode()
    settings.MAX_TAGS, settings.MAX_IMAGES, settings.MAX_REPOSITORIES = 2, 2, 1
    ecr.put_image(repositoryName="team/app", imageTag="2", imageManifest=content)
    push_image(OWNER, address)
    with pytest.raises(ClientError) as caught:
        ecr.put_image(repositoryName="team/app", imageTag="3", imageManifest=content)
    assert code(caught) == "LimitExceededException" and "2 tags" in str(caught.value)
    with pytest.raises(CountLimitExceeded, match="2 images"):
        push_image(OWNER, address, "4")
    with pytest.raises(ClientError) as caught:
        ecr.create_repository(repositoryName="team/other")
    assert code(caught) == "LimitExceededException"
    assert len(ecr.list_images(repositoryName="team/app")["imageIds"]) == 3
