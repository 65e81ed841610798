"""Replication as the AWS CLI and boto3 see it."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.models import OutboxRow
from registry.models import Blob, Replication, ReplicationBackfill
from registry.values import Address
from tests.factories.registry import make_caller, push_image
from tests.registry.aws.conftest import Clients
from tests.registry.replication.making import FAR, HOME, work

ACCOUNT = "111122223333"
OWNER = make_caller(ACCOUNT, "alice")


@pytest.fixture(autouse=True)
def regions(settings: Settings) -> None:
    settings.REGIONS = [HOME, FAR]


@pytest.fixture
def ecr(aws: Clients) -> Any:
    """Alice's client, with a rule to her other region and a repository."""
    client = aws("ecr")
    rule = {
        "destinations": [{"region": FAR, "registryId": ACCOUNT}],
        "repositoryFilters": [{"filter": "team/", "filterType": "PREFIX_MATCH"}],
    }
    client.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    client.create_repository(repositoryName="team/app")
    return client


def test_it_works(ecr: Any, aws: Clients, address: Address) -> None:
    """Nothing, on its way, and there."""
    image = push_image(OWNER, address, "1.0")
    ask = {"repositoryName": "team/app", "imageId": {"imageTag": "1.0"}}
    assert ecr.describe_image_replication_status(**ask)["replicationStatuses"] == []
    work()
    answer = ecr.describe_image_replication_status(**ask)
    assert answer["repositoryName"] == "team/app"
    assert answer["imageId"] == {"imageTag": "1.0", "imageDigest": image.digest}
    there = {"region": FAR, "registryId": ACCOUNT}
    assert answer["replicationStatuses"] == [there | {"status": "COMPLETE"}]
    [copy] = aws("ecr", region=FAR).describe_images(repositoryName="team/app")["imageDetails"]
    assert (copy["imageDigest"], copy["imageTags"]) == (image.digest, ["1.0"])
    Replication.objects.update(status="IN_PROGRESS")
    by_digest = {"repositoryName": "team/app", "imageId": {"imageDigest": image.digest}}
    assert ecr.describe_image_replication_status(**by_digest)["replicationStatuses"] == [
        there | {"status": "IN_PROGRESS"}
    ]


def test_a_failure_has_a_code(ecr: Any, address: Address, other: dict[str, Any]) -> None:
    rule = {"destinations": [{"region": HOME, "registryId": "444455556666"}]}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    push_image(OWNER, address, "1.0")
    work()
    [found] = ecr.describe_image_replication_status(repositoryName="team/app", imageId={"imageTag": "1.0"})[
        "replicationStatuses"
    ]
    assert (found["registryId"], found["status"], found["failureCode"]) == ("444455556666", "FAILED", "AccessDenied")


def test_the_switch_for_deletions_is_kept(ecr: Any) -> None:
    rule = {"destinations": [{"region": FAR, "registryId": ACCOUNT}], "deleteReplication": {"enabled": True}}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    assert ecr.describe_registry()["replicationConfiguration"] == {"rules": [rule]}


def test_strangers_learn_nothing(ecr: Any, aws: Clients, other: dict[str, Any], address: Address) -> None:
    """Whether the repository is there or not, the answer is the same."""
    push_image(OWNER, address, "1.0")
    theirs = aws("ecr", other)
    said = set()
    for name in ("team/app", "team/none"):
        with pytest.raises(theirs.exceptions.ClientError) as caught:
            theirs.describe_image_replication_status(
                registryId=ACCOUNT, repositoryName=name, imageId={"imageTag": "1.0"}
            )
        said.add(
            (
                caught.value.response["Error"]["Code"],
                caught.value.response["Error"]["Message"].partition("Encoded")[0].replace(name, ""),
            )
        )
    assert len(said) == 1 and next(iter(said))[0] == "AccessDeniedException"


class TestBackfill:
    """ECR's own four operations."""

    @pytest.fixture
    def backfill(self, ecr: Any, address: Address) -> str:
        """One of three images, which were there before the rules."""
        for tag in ("1", "2", "3"):
            push_image(OWNER, address, tag)
        OutboxRow.objects.all().delete()
        made = ecr.start_replication_backfill(destination={"region": FAR, "registryId": ACCOUNT})
        assert (made["status"], made["registryId"]) == ("PREPARING", ACCOUNT) and made["startedAt"]
        assert made["destination"] == {"region": FAR, "registryId": ACCOUNT}
        return str(made["replicationBackfillId"])

    def test_it_works(self, ecr: Any, aws: Clients, backfill: str) -> None:
        ask = {"replicationBackfillId": backfill}
        answer = ecr.describe_replication_backfill_results(**ask)
        assert answer["status"] == "PREPARING" and "progress" not in answer and answer["results"] == []
        work()
        answer = ecr.describe_replication_backfill_results(**ask, maxResults=2)
        rest = ecr.describe_replication_backfill_results(**ask, maxResults=2, nextToken=answer["nextToken"])
        found = answer["results"] + rest["results"]
        assert [each["imageId"]["imageTag"] for each in found] == ["1", "2", "3"] and "nextToken" not in rest
        assert all(each["status"] == "COMPLETE" and each["repositoryName"] == "team/app" for each in found)
        assert answer["status"] == "COMPLETE" and answer["endedAt"] >= answer["startedAt"]
        progress = {
            "totalReplicationCount": 3,
            "completedReplicationCount": 3,
            "failedReplicationCount": 0,
            "failureCodes": [],
        }
        assert answer["progress"] == progress
        [listed] = ecr.list_replication_backfills()["backfills"]
        assert (listed["replicationBackfillId"], listed["progress"]) == (backfill, progress)
        assert len(aws("ecr", region=FAR).list_images(repositoryName="team/app")["imageIds"]) == 3

    def test_it_is_paged(self, ecr: Any, backfill: str) -> None:
        work()
        ecr.start_replication_backfill(destination={"region": FAR, "registryId": ACCOUNT})
        pages = ecr.get_paginator("list_replication_backfills").paginate(PaginationConfig={"PageSize": 1})
        assert [page["backfills"][0]["status"] for page in pages] == ["PREPARING", "COMPLETE"]

    def test_a_page_has_25_unless_another_number_is_wanted(self, ecr: Any, backfill: str) -> None:
        work()
        known = ReplicationBackfill.objects.get()
        for _ in range(26):
            known.pk = uuid4()
            known.save(force_insert=True)
        assert len(ecr.list_replication_backfills()["backfills"]) == 25
        assert len(ecr.list_replication_backfills(maxResults=50)["backfills"]) == 27

    def test_failures_alone(self, ecr: Any, backfill: str) -> None:
        Blob.objects.filter(images__image__tags__name="2", images__is_config=False).update(state=Blob.State.DAMAGED)
        work()
        answer = ecr.describe_replication_backfill_results(replicationBackfillId=backfill, resultStatusFilter="FAILED")
        [failed] = answer["results"]
        assert (failed["imageId"]["imageTag"], failed["failureCode"]) == ("2", "LayersNotFound")
        assert answer["progress"]["failureCodes"] == ["LayersNotFound"] and answer["status"] == "COMPLETE"

    def test_it_is_stopped(self, ecr: Any, backfill: str) -> None:
        assert ecr.stop_replication_backfill(replicationBackfillId=backfill)["status"] == "STOPPED"
        work()
        assert ecr.list_replication_backfills()["backfills"][0]["status"] == "STOPPED"
