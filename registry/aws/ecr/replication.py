"""PutReplicationConfiguration, DescribeRegistry, DescribeImageReplicationStatus, and the operations on backfills."""

from typing import TYPE_CHECKING, Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of, registry_of
from registry.aws.errors import AwsError
from registry.core import registries
from registry.replication import backfills, statuses
from registry.values import Digest, ImageTag, RegistryId

if TYPE_CHECKING:
    from registry.models import ReplicationBackfill, ReplicationBackfillResult

PAGE: Final = 100
BACKFILLS_PAGE: Final = 25


@operation("ecr", "DescribeRegistry")
def describe(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The caller's own registry."""
    registry = registry_of(call, request)
    found = registries.replication(call.caller, registry)
    return {"registryId": registry.account_id, "replicationConfiguration": found}


@operation("ecr", "PutReplicationConfiguration")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Replace the replication rules; what is pushed from now on follows them."""
    found = registries.put_replication(call.caller, registry_of(call, request), request["replicationConfiguration"])
    return {"replicationConfiguration": found}


@operation("ecr", "DescribeImageReplicationStatus")
def status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How far the copies of an image are."""
    given = request["imageId"]
    digest, tag = given.get("imageDigest"), given.get("imageTag")
    if not digest and not tag:
        raise AwsError("ValidationException", "Invalid request parameters: both tag and digest cannot be null")
    address = address_of(call, request)
    named, found = statuses.of_image(
        call.caller, address, Digest.parse(digest) if digest else None, ImageTag.parse(tag) if tag else None
    )
    return {
        "repositoryName": str(address.name),
        "imageId": {"imageDigest": named} | ({"imageTag": tag} if tag else {}),
        "replicationStatuses": [
            {
                "region": each.destination.region,
                "registryId": each.destination.account_id,
                "status": each.status,
                "failureCode": (each.status == "FAILED" and each.failure_code) or None,
            }
            for each in found
        ],
    }


@operation("ecr", "StartReplicationBackfill")
def start_backfill(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Copy what was there before the rules."""
    to = request["destination"]
    row = backfills.start(call.caller, registry_of(call, request), RegistryId(to["registryId"], to["region"]))
    return _of(row) | {"startedAt": row.started_at}


@operation("ecr", "StopReplicationBackfill")
def stop_backfill(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Stop it after the copies that are under way."""
    row = backfills.stop(call.caller, registry_of(call, request), request["replicationBackfillId"])
    return _of(row) | {"startedAt": row.started_at}


@operation("ecr", "ListReplicationBackfills")
def list_backfills(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Backfills of the last 90 days, newest first."""
    registry = registry_of(call, request)
    place = f"{registry.account_id}/{registry.region}"
    after, limit = pages.after(call, place, request.get("nextToken")), request.get("maxResults", BACKFILLS_PAGE)
    rows, more = backfills.recent(call.caller, registry, after=after, limit=limit)
    return {
        "registryId": registry.account_id,
        "backfills": [{k: v for k, v in _summary(row).items() if k != "registryId"} for row in rows],
        "nextToken": pages.token(call, place, str(rows[-1].id)) if more else None,
    }


@operation("ecr", "DescribeReplicationBackfillResults")
def describe_backfill(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How far a backfill is, and, once it is over, how each image fared."""
    registry = registry_of(call, request)
    row = backfills.get(call.caller, registry, request["replicationBackfillId"])
    wanted = request.get("resultStatusFilter", "")
    place = f"{registry.account_id}/{registry.region}/{row.id}/{wanted}"
    after, limit = pages.after(call, place, request.get("nextToken")), request.get("maxResults", PAGE)
    found, more = backfills.results(row, status=wanted, after=int(after or 0), limit=limit)
    return _summary(row) | {
        "results": [_result(each) for each in found],
        "nextToken": pages.token(call, place, str(found[-1].id)) if more else None,
    }


def _of(row: "ReplicationBackfill") -> dict[str, Any]:
    return {
        "replicationBackfillId": str(row.id),
        "registryId": row.account_id,
        "destination": {"region": row.region, "registryId": row.registry_id},
        "status": row.status,
    }


def _summary(row: "ReplicationBackfill") -> dict[str, Any]:
    progress = row.total is not None and {
        "totalReplicationCount": row.total,
        "completedReplicationCount": row.completed,
        "failedReplicationCount": row.failed,
        "failureCodes": backfills.failure_codes(row),
    }
    return _of(row) | {
        "failureCode": row.failure_code or None,
        "progress": progress or None,
        "startedAt": row.started_at,
        "endedAt": row.ended_at,
    }


def _result(row: "ReplicationBackfillResult") -> dict[str, Any]:
    return {
        "repositoryName": row.repository_name,
        "imageId": {"imageDigest": row.digest} | ({"imageTag": row.tag} if row.tag else {}),
        "status": row.status,
        "failureCode": row.failure_code or None,
        "subImageFailureCodes": row.child_failure_codes or None,
    }
