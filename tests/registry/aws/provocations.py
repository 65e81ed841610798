"""How each error that the models of ecr and ecr-public know is brought about; or why it can't be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from accounts.caller import operator
from registry.core import addresses
from registry.models import ImageScan
from registry.values import Address, Digest
from tests.factories.registry import OCI_MANIFEST, push_blob, push_image, push_index

NAME: Final = "team/app"
OWNER: Final = operator("111122223333")
ABSENT: Final = str(Digest.of(b"absent"))
NO_UPLOAD: Final = "00000000-0000-0000-0000-000000000000"
NO_BACKFILL: Final = "00000000-0000-0000-0000-000000000001"
FAR: Final = {"region": "eu-west-1", "registryId": "111122223333"}
BO: Final = "arn:aws:iam::111122223333:user/bo"
ARNS: Final = {
    "ecr": f"arn:aws:ecr:us-east-1:111122223333:repository/{NAME}",
    "ecr-public": f"arn:aws:ecr-public::111122223333:repository/{NAME}",
}
LIFECYCLE: Final = (
    '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", '
    '"countNumber": 3}, "action": {"type": "expire"}}]}'
)
KMS: Final = {"encryptionType": "KMS"}
MANY: Final = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
EMPTY_INDEX: Final = (
    '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": '
    f'[{{"mediaType": "{OCI_MANIFEST}", "digest": "{ABSENT}", "size": 2}}]}}'
)

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """Alice's client of one service; the repository team/app is there, with the image 1."""

    client: Any
    address: Address
    settings: Any
    monkeypatch: pytest.MonkeyPatch

    def upload(self, *parts: bytes) -> Arguments:
        """An upload with parts: what names it, and the digest of all that it got."""
        upload_id = self.client.initiate_layer_upload(repositoryName=NAME)["uploadId"]
        for number, part in enumerate(parts):
            first = sum(len(each) for each in parts[:number])
            place = {"repositoryName": NAME, "uploadId": upload_id, "partFirstByte": first}
            self.client.upload_layer_part(**place, partLastByte=first + len(part) - 1, layerPartBlob=part)
        return {"uploadId": upload_id, "layerDigests": [str(Digest.of(b"".join(parts)))]}

    def manifest(self, tag: str = "") -> str:
        """The manifest of an image that is there."""
        return bytes(push_image(OWNER, self.address, tag).manifest.content).decode()


def manifest_without(digest: str) -> str:
    """A manifest whose layer is nowhere."""
    config = f'{{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "{digest}", "size": 2}}'
    return f'{{"schemaVersion": 2, "mediaType": "{OCI_MANIFEST}", "config": {config}, "layers": []}}'


VALID: Final[dict[str, Arguments]] = {
    "BatchCheckLayerAvailability": {"repositoryName": NAME, "layerDigests": [ABSENT]},
    "BatchDeleteImage": {"repositoryName": NAME, "imageIds": [{"imageTag": "1"}]},
    "BatchGetImage": {"repositoryName": NAME, "imageIds": [{"imageTag": "1"}]},
    "BatchGetRepositoryScanningConfiguration": {"repositoryNames": [NAME]},
    "CompleteLayerUpload": {"repositoryName": NAME, "uploadId": NO_UPLOAD, "layerDigests": [ABSENT]},
    "CreateRepository": {"repositoryName": "new"},
    "CreateRepositoryCreationTemplate": {"prefix": "a", "appliedFor": ["REPLICATION"]},
    "DeleteRepositoryCreationTemplate": {"prefix": "a"},
    "DeregisterPullTimeUpdateExclusion": {"principalArn": BO},
    "DescribeImageReplicationStatus": {"repositoryName": NAME, "imageId": {"imageTag": "1"}},
    "GetAccountSetting": {"name": "BLOB_MOUNTING"},
    "GetDownloadUrlForLayer": {"repositoryName": NAME, "layerDigest": ABSENT},
    "ListImageReferrers": {"repositoryName": NAME, "subjectId": {"imageDigest": ABSENT}},
    "PutAccountSetting": {"name": "BLOB_MOUNTING", "value": "ENABLED"},
    "PutImage": {"repositoryName": NAME, "imageManifest": manifest_without(ABSENT)},
    "DescribeImageScanFindings": {"repositoryName": NAME, "imageId": {"imageTag": "1"}},
    "StartImageScan": {"repositoryName": NAME, "imageId": {"imageTag": "1"}},
    "PutImageScanningConfiguration": {"repositoryName": NAME, "imageScanningConfiguration": {"scanOnPush": True}},
    "PutImageTagMutability": {"repositoryName": NAME, "imageTagMutability": "IMMUTABLE"},
    "StartReplicationBackfill": {"destination": FAR},
    "StopReplicationBackfill": {"replicationBackfillId": NO_BACKFILL},
    "DescribeReplicationBackfillResults": {"replicationBackfillId": NO_BACKFILL},
    "StartLifecyclePolicyPreview": {"repositoryName": NAME, "lifecyclePolicyText": LIFECYCLE},
    "UpdateImageStorageClass": {
        "repositoryName": NAME,
        "imageId": {"imageTag": "1"},
        "targetStorageClass": "ARCHIVE",
    },
    "PutLifecyclePolicy": {"repositoryName": NAME, "lifecyclePolicyText": LIFECYCLE},
    "PutRegistryPolicy": {"policyText": "{}"},
    "PutReplicationConfiguration": {"replicationConfiguration": {"rules": []}},
    "PutRepositoryCatalogData": {"repositoryName": NAME, "catalogData": {}},
    "RegisterPullTimeUpdateExclusion": {"principalArn": BO},
    "SetRepositoryPolicy": {"repositoryName": NAME, "policyText": "{}"},
    "TagResource": {"tags": [{"Key": "team", "Value": "blue"}]},
    "UntagResource": {"tagKeys": ["team"]},
    "UpdateRepositoryCreationTemplate": {"prefix": "a"},
    "UploadLayerPart": {
        "repositoryName": NAME,
        "uploadId": NO_UPLOAD,
        "partFirstByte": 0,
        "partLastByte": 0,
        "layerPartBlob": b"x",
    },
}
"""What the members that a request must have may say; operations that are not here need only a repository or nothing."""

WRONG: Final[Arguments] = {
    "repositoryName": "UPPER",
    "repositoryNames": ["UPPER"],
    "resourceArn": "nonsense",
    "prefix": "UPPER",
    "principalArn": "bo",
    "name": "",
    "registryIds": ["12"],
    "policyText": "{",
    "scanType": "THOROUGH",
    "replicationConfiguration": {},
    "displayName": "x" * 101,
    "maxResults": 5000,
}
"""A value that the member does not take; the first one that an operation has tells that it looks."""


def _too_many_destinations(bench: Bench) -> Arguments:
    accounts = [{"region": "us-east-1", "registryId": f"{number:012d}"} for number in range(26)]
    rules = [{"destinations": accounts[:13]}, {"destinations": accounts[13:]}]
    return {"replicationConfiguration": {"rules": rules}}


def _replicate(bench: Bench) -> None:
    bench.settings.REGIONS = ["us-east-1", FAR["region"]]
    bench.client.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [FAR]}]})


def _backfill_runs(bench: Bench) -> Arguments:
    _replicate(bench)
    bench.client.start_replication_backfill(destination=FAR)
    return {}


def _no_backfill_more(bench: Bench) -> Arguments:
    _replicate(bench)
    bench.monkeypatch.setattr("registry.replication.backfills.MOST_OPEN", 0)
    return {}


def _backfill_is_over(bench: Bench) -> Arguments:
    _replicate(bench)
    made = bench.client.start_replication_backfill(destination=FAR)["replicationBackfillId"]
    bench.client.stop_replication_backfill(replicationBackfillId=made)
    return {"replicationBackfillId": made}


def _no_repository_more(bench: Bench) -> Arguments:
    bench.settings.MAX_REPOSITORIES = 1
    return {}


def _part_too_large(bench: Bench) -> Arguments:
    bench.settings.MAX_BLOB_BYTES = 0
    return _open_upload(bench)


def _open_upload(bench: Bench) -> Arguments:
    return {"uploadId": bench.upload()["uploadId"]}


def _one_tag_too_many(bench: Bench) -> Arguments:
    bench.settings.MAX_TAGS = 1
    return {"imageTag": "3", "imageManifest": bench.manifest("2")}


def _no_template_more(bench: Bench) -> Arguments:
    bench.monkeypatch.setattr("registry.core.templates.MOST", 0)
    return {}


def _no_exclusion_more(bench: Bench) -> Arguments:
    bench.monkeypatch.setattr("registry.core.registries.MOST_EXCLUSIONS", 0)
    return {}


def _template_is_there(bench: Bench) -> Arguments:
    bench.client.create_repository_creation_template(prefix="a", appliedFor=["REPLICATION"])
    return {}


def _exclusion_is_there(bench: Bench) -> Arguments:
    bench.client.register_pull_time_update_exclusion(principalArn=BO)
    return {}


def _preview_is_running(bench: Bench) -> Arguments:
    bench.client.start_lifecycle_policy_preview(repositoryName=NAME, lifecyclePolicyText=LIFECYCLE)
    return {}


def _without_policy(bench: Bench) -> Arguments:
    bench.client.meta.events.register("provide-client-params.ecr.StartLifecyclePolicyPreview", _no_text)
    return {}


def _no_text(params: Arguments, **_: Any) -> Arguments:
    return {name: value for name, value in params.items() if name != "lifecyclePolicyText"}


def _an_index_names_it(bench: Bench) -> Arguments:
    child = push_image(OWNER, bench.address)
    push_index(OWNER, bench.address, "all", [child])
    return {"imageId": {"imageDigest": child.digest}}


def _scanned_today(bench: Bench) -> Arguments:
    bench.client.start_image_scan(repositoryName=NAME, imageId={"imageTag": "1"})
    ImageScan.objects.update(status=ImageScan.Status.COMPLETE)
    return {}


def _by_enhanced_scanning(bench: Bench) -> Arguments:
    bench.client.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    return {}


def _of_an_index(bench: Bench) -> Arguments:
    push_index(OWNER, bench.address, "all", [push_image(OWNER, bench.address)])
    return {"imageId": {"imageTag": "all"}}


def _of_the_archive(bench: Bench) -> Arguments:
    image_id = {"imageTag": "1"}
    bench.client.update_image_storage_class(repositoryName=NAME, imageId=image_id, targetStorageClass="ARCHIVE")
    return {}


def _tag_is_immutable(bench: Bench) -> Arguments:
    bench.client.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="IMMUTABLE")
    return {"imageTag": "1", "imageManifest": bench.manifest()}


def _layer_alone(bench: Bench) -> Arguments:
    return {"layerDigest": push_blob(OWNER, bench.address, b"layer")["digest"]}


def _layer_is_there(bench: Bench) -> Arguments:
    push_blob(OWNER, bench.address, b"layer")
    return bench.upload(b"layer")


Provocation = Arguments | Callable[[Bench], Arguments]

OWN: Final[dict[tuple[str, str], Provocation]] = {
    ("CompleteLayerUpload", "EmptyUploadException"): lambda bench: bench.upload(),
    ("CompleteLayerUpload", "InvalidLayerException"): lambda bench: bench.upload(b"x") | {"layerDigests": [ABSENT]},
    ("CompleteLayerUpload", "LayerAlreadyExistsException"): _layer_is_there,
    ("CompleteLayerUpload", "LayerPartTooSmallException"): lambda bench: bench.upload(b"x", b"y"),
    ("CompleteLayerUpload", "UploadNotFoundException"): {},
    ("CreateRepository", "InvalidTagParameterException"): {"tags": [{"Key": "aws:x", "Value": ""}]},
    ("CreateRepository", "KmsException"): {"encryptionConfiguration": KMS},
    ("CreateRepository", "LimitExceededException"): _no_repository_more,
    ("CreateRepository", "RepositoryAlreadyExistsException"): {"repositoryName": NAME},
    ("CreateRepository", "TooManyTagsException"): {"tags": MANY},
    ("CreateRepositoryCreationTemplate", "LimitExceededException"): _no_template_more,
    ("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException"): _template_is_there,
    ("CreateRepositoryCreationTemplate", "ValidationException"): {"encryptionConfiguration": KMS},
    ("DeleteLifecyclePolicy", "LifecyclePolicyNotFoundException"): {},
    ("DeleteRegistryPolicy", "RegistryPolicyNotFoundException"): {},
    ("DeleteRepository", "RepositoryNotEmptyException"): {},
    ("DeleteRepositoryCreationTemplate", "TemplateNotFoundException"): {},
    ("DeleteRepositoryPolicy", "RepositoryPolicyNotFoundException"): {},
    ("DeregisterPullTimeUpdateExclusion", "ExclusionNotFoundException"): {},
    ("DescribeImageScanFindings", "ImageNotFoundException"): {"imageId": {"imageTag": "none"}},
    ("DescribeImageScanFindings", "ScanNotFoundException"): {},
    ("DescribeImageReplicationStatus", "ImageNotFoundException"): {"imageId": {"imageTag": "none"}},
    ("DescribeImageReplicationStatus", "ValidationException"): {"imageId": {}},
    ("DescribeImages", "ImageNotFoundException"): {"imageIds": [{"imageTag": "none"}]},
    ("DescribeRepositoryCreationTemplates", "ValidationException"): {"prefixes": ["a"], "maxResults": 3},
    ("GetAccountSetting", "ValidationException"): {"name": "COLOUR"},
    ("GetDownloadUrlForLayer", "LayerInaccessibleException"): _layer_alone,
    ("GetDownloadUrlForLayer", "LayersNotFoundException"): {},
    ("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"): {},
    ("GetLifecyclePolicyPreview", "LifecyclePolicyPreviewNotFoundException"): {},
    ("GetRegistryPolicy", "RegistryPolicyNotFoundException"): {},
    ("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"): {},
    ("PutAccountSetting", "ValidationException"): {"value": ""},
    ("PutImage", "ImageAlreadyExistsException"): lambda bench: {"imageManifest": bench.manifest("2"), "imageTag": "2"},
    ("PutImage", "ImageDigestDoesNotMatchException"): {"imageDigest": ABSENT},
    ("PutImage", "ImageTagAlreadyExistsException"): _tag_is_immutable,
    ("PutImage", "LayersNotFoundException"): {},
    ("PutImage", "LimitExceededException"): _one_tag_too_many,
    ("PutImage", "ReferencedImagesNotFoundException"): {"imageManifest": EMPTY_INDEX},
    ("PutRegistryScanningConfiguration", "ValidationException"): {
        "scanType": "BASIC",
        "rules": [
            {
                "scanFrequency": "CONTINUOUS_SCAN",
                "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}],
            }
        ],
    },
    ("PutReplicationConfiguration", "ValidationException"): _too_many_destinations,
    ("RegisterPullTimeUpdateExclusion", "ExclusionAlreadyExistsException"): _exclusion_is_there,
    ("RegisterPullTimeUpdateExclusion", "LimitExceededException"): _no_exclusion_more,
    ("StartImageScan", "ImageArchivedException"): _of_the_archive,
    ("StartImageScan", "ImageNotFoundException"): {"imageId": {"imageTag": "none"}},
    ("StartImageScan", "LimitExceededException"): _scanned_today,
    ("StartImageScan", "UnsupportedImageTypeException"): _of_an_index,
    ("StartImageScan", "ValidationException"): _by_enhanced_scanning,
    ("DescribeReplicationBackfillResults", "ReplicationBackfillNotFoundException"): {},
    ("StartReplicationBackfill", "LimitExceededException"): _no_backfill_more,
    ("StartReplicationBackfill", "ReplicationBackfillInProgressException"): _backfill_runs,
    ("StartReplicationBackfill", "ValidationException"): {},
    ("StopReplicationBackfill", "ReplicationBackfillInvalidStatusException"): _backfill_is_over,
    ("StopReplicationBackfill", "ReplicationBackfillNotFoundException"): {},
    ("StartLifecyclePolicyPreview", "LifecyclePolicyNotFoundException"): _without_policy,
    ("StartLifecyclePolicyPreview", "LifecyclePolicyPreviewInProgressException"): _preview_is_running,
    ("UpdateImageStorageClass", "ImageNotFoundException"): {"imageId": {"imageTag": "none"}},
    ("UpdateImageStorageClass", "ImageStorageClassUpdateNotSupportedException"): _an_index_names_it,
    ("TagResource", "InvalidTagParameterException"): {"tags": [{"Key": "aws:x", "Value": ""}]},
    ("TagResource", "TooManyTagsException"): {"tags": MANY},
    ("UntagResource", "InvalidTagParameterException"): {"tagKeys": ["aws:x"]},
    ("UntagResource", "TooManyTagsException"): {"tagKeys": [each["Key"] for each in MANY]},
    ("UpdateRepositoryCreationTemplate", "TemplateNotFoundException"): {},
    ("UpdateRepositoryCreationTemplate", "ValidationException"): {"encryptionConfiguration": KMS},
    ("UploadLayerPart", "InvalidLayerPartException"): lambda bench: _open_upload(bench) | {"partLastByte": 7},
    ("UploadLayerPart", "LimitExceededException"): _part_too_large,
    ("UploadLayerPart", "UploadNotFoundException"): {},
}
"""(operation, error) -> what its request says beside VALID, or what first makes it so."""

NO_KEYS: Final = "Encryption with KMS keys is not served: no repository has a key that could fail."
NO_UPSTREAM: Final = "There are no pull-through caches, so there is no upstream registry."
ONLY_READS: Final = "The operation makes nothing that there could be too much of."
ONE_BY_ONE: Final = "A repository that is not there is listed among the failures, as ECR does it."
PARAMETERS: Final = "All that its parameters can have wrong is an InvalidParameterException."

UNREACHABLE: Final[dict[tuple[str, str, str], str]] = {
    ("ecr", "BatchGetImage", "LimitExceededException"): NO_UPSTREAM,
    ("ecr", "BatchGetImage", "UnableToGetUpstreamImageException"): NO_UPSTREAM,
    ("ecr", "BatchGetRepositoryScanningConfiguration", "RepositoryNotFoundException"): ONE_BY_ONE,
    ("ecr", "DeregisterPullTimeUpdateExclusion", "LimitExceededException"): ONLY_READS,
    ("ecr", "GetDownloadUrlForLayer", "UnableToGetUpstreamLayerException"): NO_UPSTREAM,
    ("ecr", "ListImageReferrers", "UnableToListUpstreamImageReferrersException"): NO_UPSTREAM,
    ("ecr", "ListPullTimeUpdateExclusions", "LimitExceededException"): ONLY_READS,
    ("ecr", "PutAccountSetting", "LimitExceededException"): ONLY_READS,
    ("ecr", "PutRegistryScanningConfiguration", "BlockedByOrganizationPolicyException"): "There are no organisations.",
    ("ecr-public", "GetRepositoryCatalogData", "RepositoryCatalogDataNotFoundException"): (
        "A repository of which nothing is said has empty catalog data."
    ),
    ("ecr-public", "PutImage", "ImageTagAlreadyExistsException"): "Tags of public repositories always move.",
    **{
        ("ecr", operation, "KmsException"): NO_KEYS
        for operation in (
            "CompleteLayerUpload",
            "DeleteRepository",
            "InitiateLayerUpload",
            "PutImage",
            "UploadLayerPart",
        )
    },
    **{
        ("ecr", operation, "ValidationException"): PARAMETERS
        for operation in (
            "BatchGetRepositoryScanningConfiguration",
            "DeleteLifecyclePolicy",
            "DeleteRegistryPolicy",
            "DeleteRepositoryCreationTemplate",
            "DeregisterPullTimeUpdateExclusion",
            "DescribeImageScanFindings",
            "DescribeRegistry",
            "DescribeReplicationBackfillResults",
            "ListReplicationBackfills",
            "StopReplicationBackfill",
            "GetLifecyclePolicy",
            "GetLifecyclePolicyPreview",
            "GetRegistryPolicy",
            "GetRegistryScanningConfiguration",
            "ListImageReferrers",
            "ListPullTimeUpdateExclusions",
            "PutImageScanningConfiguration",
            "PutLifecyclePolicy",
            "PutRegistryPolicy",
            "RegisterPullTimeUpdateExclusion",
            "StartLifecyclePolicyPreview",
            "UpdateImageStorageClass",
        )
    },
}
"""(service, operation, error) -> why nothing brings it about."""


def request(service: str, operation: str, members: list[str]) -> Arguments:
    """A request that has all it needs, about the repository that is there."""
    known: Arguments = {"resourceArn": ARNS[service]} if "resourceArn" in members else {}
    if "repositoryName" in members:
        known["repositoryName"] = NAME
    return known | VALID.get(operation, {})


def of_nothing(given: Arguments) -> Arguments:
    """The request, about a repository that is not there."""
    if "resourceArn" in given:
        return given | {"resourceArn": given["resourceArn"].replace(NAME, "absent")}
    if "repositoryName" in given:
        return given | {"repositoryName": "absent"}
    return given | {"repositoryNames": ["absent"]}


def place(service: str) -> Address:
    """Where the repository is."""
    make = addresses.public if service == "ecr-public" else addresses.private
    return make("111122223333", NAME)
