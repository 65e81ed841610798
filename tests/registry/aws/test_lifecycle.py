"""Lifecycle policies through boto3: put, read, removed, refused with their places; previews; the archive."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone

from accounts import outbox
from accounts.models import AuditEvent, OutboxRow
from registry.core import addresses
from registry.lifecycle import previews
from registry.models import Image, LifecyclePreview, LifecyclePreviewImage
from tests.factories.registry import push_image
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import OWNER
from tests.registry.aws.test_registries import refused
from tests.registry.lifecycle.making import age
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


def pushed(days: float, tag: str = "", **more: Any) -> Image:
    """An image of team/app, so many days old."""
    return age(push_image(OWNER, addresses.private("111122223333", NAME), tag, **more), days)


def work() -> None:
    """Do what waits for a task worker."""
    for row in OutboxRow.objects.filter(event="LifecyclePreviewStarted"):
        assert outbox.run(row.id)


def test_a_preview_is_made_by_a_worker_and_waited_for(ecr: Any) -> None:
    """By boto3's own waiter; nothing is deleted."""
    old, tagged, young = pushed(40), pushed(30, "1"), pushed(1)
    policy = text(rule(1), rule(5, tagStatus="any", countNumber=20))
    started = ecr.start_lifecycle_policy_preview(repositoryName=NAME, lifecyclePolicyText=policy)
    assert (started["status"], started["lifecyclePolicyText"]) == ("IN_PROGRESS", policy)
    assert "previewResults" not in started
    waiting = ecr.get_lifecycle_policy_preview(repositoryName=NAME)
    assert (waiting["status"], waiting["previewResults"]) == ("IN_PROGRESS", [])
    again = refused(ecr.start_lifecycle_policy_preview, repositoryName=NAME, lifecyclePolicyText=policy)
    assert again == "LifecyclePolicyPreviewInProgressException"
    work()
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(repositoryName=NAME)
    found = ecr.get_lifecycle_policy_preview(repositoryName=NAME)
    assert found["summary"]["expiringImageTotalCount"] == 2
    assert [each["imageDigest"] for each in found["previewResults"]] == [old.digest, tagged.digest]
    first, second = found["previewResults"]
    assert "imageTags" not in first and first["appliedRulePriority"] == 1
    assert (second["imageTags"], second["action"], second["storageClass"]) == (["1"], {"type": "EXPIRE"}, "STANDARD")
    assert len(ecr.describe_images(repositoryName=NAME)["imageDetails"]) == 3 and young
    assert (
        ecr.start_lifecycle_policy_preview(repositoryName=NAME, lifecyclePolicyText=policy)["status"] == "IN_PROGRESS"
    )


def test_a_preview_of_the_current_policy_by_pages_and_filters(ecr: Any) -> None:
    made = [pushed(60 - number, f"v{number}") for number in range(5)]
    untagged = pushed(20)
    archive = {"type": "transition", "targetStorageClass": "archive"}
    policy = text(rule(1), rule(2, tagStatus="tagged", tagPatternList=["v*"], action=archive))
    ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=policy)
    assert ecr.start_lifecycle_policy_preview(repositoryName=NAME)["lifecyclePolicyText"] == policy
    work()
    pages = ecr.get_paginator("get_lifecycle_policy_preview").paginate(
        repositoryName=NAME, PaginationConfig={"PageSize": 2}
    )
    rows = [row for page in pages for row in page["previewResults"]]
    assert [row["imageDigest"] for row in rows] == [*(image.digest for image in made), untagged.digest]
    assert rows[0]["action"] == {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"}
    get = ecr.get_lifecycle_policy_preview
    counts = get(repositoryName=NAME)["summary"]
    assert counts["transitioningImageTotalCounts"] == [{"targetStorageClass": "ARCHIVE", "imageTotalCount": 5}]

    def digests(**more: Any) -> list[str]:
        return [row["imageDigest"] for row in get(repositoryName=NAME, **more)["previewResults"]]

    assert digests(filter={"tagStatus": "UNTAGGED"}) == [untagged.digest]
    assert len(digests(filter={"tagStatus": "TAGGED"})) == 5 and len(digests(filter={"tagStatus": "ANY"})) == 6
    assert digests(imageIds=[{"imageTag": "v3"}]) == [made[3].digest]
    assert digests(imageIds=[{"imageDigest": untagged.digest}, {"imageTag": "none"}]) == [untagged.digest]
    both = refused(get, repositoryName=NAME, imageIds=[{"imageTag": "v3"}], maxResults=1)
    assert both == "InvalidParameterException"
    token = get(repositoryName=NAME, maxResults=1)["nextToken"]
    assert (
        refused(get, repositoryName=NAME, nextToken=token, filter={"tagStatus": "TAGGED"})
        == "InvalidParameterException"
    )


def test_a_preview_ends(ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
    """After a day it has expired, and one that never gets ready has failed; strangers learn nothing."""
    get, start = ecr.get_lifecycle_policy_preview, ecr.start_lifecycle_policy_preview
    assert refused(get, repositoryName=NAME) == "LifecyclePolicyPreviewNotFoundException"
    assert refused(start, repositoryName=NAME) == "LifecyclePolicyNotFoundException"
    wrong = refused(start, repositoryName=NAME, lifecyclePolicyText=text(rule(0)).ljust(120))
    assert wrong == "InvalidParameterException"
    pushed(40)
    start(repositoryName=NAME, lifecyclePolicyText=text(rule(1)))
    LifecyclePreview.objects.update(started_at=timezone.now() - timedelta(hours=2))
    assert get(repositoryName=NAME)["status"] == "FAILED"
    start(repositoryName=NAME, lifecyclePolicyText=text(rule(1)))
    work()
    LifecyclePreview.objects.update(started_at=timezone.now() - timedelta(hours=25))
    assert (get(repositoryName=NAME)["status"], get(repositoryName=NAME)["previewResults"]) == ("EXPIRED", [])
    assert previews.forget_old() == 1 and LifecyclePreviewImage.objects.count() == 0
    assert get(repositoryName=NAME)["status"] == "EXPIRED"
    stranger = aws("ecr", other)
    for call in (stranger.get_lifecycle_policy_preview, stranger.start_lifecycle_policy_preview):
        assert refused(call, registryId="111122223333", repositoryName=NAME) == "AccessDeniedException"


def test_images_go_into_the_archive_and_come_back(ecr: Any) -> None:
    """Described but not pulled there; by API or by the same push they are back."""
    image, active = pushed(5, "1"), pushed(4, "2")
    update, get = ecr.update_image_storage_class, ecr.batch_get_image
    manifest = get(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["images"][0]["imageManifest"]
    gone = update(repositoryName=NAME, imageId={"imageTag": "1"}, targetStorageClass="ARCHIVE")
    assert (gone["imageId"], gone["imageStatus"]) == ({"imageDigest": image.digest, "imageTag": "1"}, "ARCHIVED")
    failure = get(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["failures"][0]
    assert failure["failureCode"] == "ImageInaccessible"

    def listed(**wanted: str) -> list[str]:
        found = ecr.list_images(repositoryName=NAME, filter=wanted)["imageIds"]
        described = ecr.describe_images(repositoryName=NAME, filter=wanted)["imageDetails"]
        assert {each["imageDigest"] for each in found} == {each["imageDigest"] for each in described}
        return [each["imageTag"] for each in found]

    assert (listed(), listed(imageStatus="ARCHIVED"), listed(imageStatus="ANY")) == (["2"], ["1"], ["1", "2"])
    assert listed(imageStatus="ACTIVATING") == []
    detail = ecr.describe_images(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert detail["imageStatus"] == "ARCHIVED" and detail["lastArchivedAt"] and "lastActivatedAt" not in detail
    layers = [each.blob.digest for each in image.blobs.select_related("blob")]
    states = ecr.batch_check_layer_availability(repositoryName=NAME, layerDigests=layers)["layers"]
    assert {each["layerAvailability"] for each in states} == {"ARCHIVED"}
    closed = refused(ecr.get_download_url_for_layer, repositoryName=NAME, layerDigest=layers[0])
    assert closed == "LayerInaccessibleException"
    back = update(repositoryName=NAME, imageId={"imageDigest": image.digest}, targetStorageClass="STANDARD")
    assert back["imageStatus"] == "ACTIVE"
    detail = ecr.describe_images(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert detail["imageStatus"] == "ACTIVE" and detail["lastActivatedAt"], "who polls for it is through at once"
    assert (listed(imageStatus="ARCHIVED"), listed(imageStatus="ACTIVATING")) == ([], [])
    assert get(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["images"]
    update(repositoryName=NAME, imageId={"imageTag": "1"}, targetStorageClass="ARCHIVE")
    ecr.put_image(repositoryName=NAME, imageManifest=manifest, imageTag="1")
    detail = ecr.describe_images(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert detail["imageStatus"] == "ACTIVE" and detail["lastActivatedAt"] > detail["lastArchivedAt"] and active
    assert AuditEvent.objects.filter(event_name="UpdateImageStorageClass").count() == 4


def test_what_is_attached_follows_into_the_archive(ecr: Any) -> None:
    image = pushed(5, "1")
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    signature = pushed(4, subject=subject)
    ecr.update_image_storage_class(repositoryName=NAME, imageId={"imageTag": "1"}, targetStorageClass="ARCHIVE")
    lists = ecr.list_image_referrers
    about = {"repositoryName": NAME, "subjectId": {"imageDigest": image.digest}}
    assert lists(**about)["referrers"] == []
    archived = lists(**about, filter={"artifactStatus": "ARCHIVED"})["referrers"]
    assert [(each["digest"], each["artifactStatus"]) for each in archived] == [(signature.digest, "ARCHIVED")]
    ecr.update_image_storage_class(repositoryName=NAME, imageId={"imageTag": "1"}, targetStorageClass="STANDARD")
    assert [each["digest"] for each in lists(**about)["referrers"]] == [signature.digest]
