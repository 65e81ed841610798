"""Every error that the models know of every served operation is provoked through boto3, or named with why it can't be.

A new operation, or a new error in a newer botocore, makes this fail until it has its row.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from django.db import OperationalError
from pytest_django import Settings

from accounts.caller import operator
from registry.aws import dispatch
from registry.aws.wire import models
from registry.core import addresses
from registry.models import Alias
from registry.values import Digest
from tests.factories.registry import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, push_blob, push_image
from tests.registry.aws.conftest import Clients

ACCOUNT: Final = "111122223333"
OWNER: Final = operator(ACCOUNT)
SERVICES: Final = ("ecr", "ecr-public")
ABSENT: Final = {"repositoryName": "absent"}
EMPTY: Final = {"repositoryName": "team/empty"}
FULL: Final = {"repositoryName": "team/app"}
NO_UPLOAD: Final = "00000000-0000-4000-8000-000000000000"
NOTHING: Final = f"sha256:{'0' * 64}"
BLOB: Final = b"a layer that is there"
PART: Final = {"partFirstByte": 0, "partLastByte": 4, "layerPartBlob": b"bytes"}
BO: Final = f"arn:aws:iam::{ACCOUNT}:user/bo"
POLICY: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:*", "Resource": "*"}],
    }
)
TAGS_TWICE: Final = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
MANY_TAGS: Final = [{"Key": f"k{number}", "Value": ""} for number in range(51)]


@dataclass
class World:
    """What the provocations act on: a client, and the settings of the deployment."""

    client: Any
    service: str
    settings: Settings
    image: Any

    def address(self, name: str) -> Any:
        """Where a repository of the service is."""
        if self.service == "ecr":
            return addresses.private(ACCOUNT, name, "us-east-1")
        return addresses.public(ACCOUNT, name)

    def upload(self, name: str = "team/empty", content: bytes = b"") -> str:
        """Open an upload, with a part of some bytes."""
        upload_id = str(self.client.initiate_layer_upload(repositoryName=name)["uploadId"])
        if content:
            ends = {"partFirstByte": 0, "partLastByte": len(content) - 1}
            self.client.upload_layer_part(repositoryName=name, uploadId=upload_id, layerPartBlob=content, **ends)
        return upload_id

    def arn(self, name: str) -> str:
        """The ARN of a repository of the service."""
        return str(addresses.arn(self.address(name)))

    def manifest(self, **more: Any) -> dict[str, Any]:
        """Arguments that put the image that is there once more."""
        found = self.image.manifest.content
        return {"imageManifest": bytes(found).decode(), "imageManifestMediaType": OCI_MANIFEST, **more}


@dataclass(frozen=True)
class Row:
    """How an error is provoked: arguments, or a function that prepares the world and gives them."""

    arguments: dict[str, Any] | Callable[[World], dict[str, Any]] = field(default_factory=dict)
    region: str = ""


def manifest_with(layer: str = "", child: str = "") -> dict[str, Any]:
    """A manifest that names what is not there."""
    if child:
        entry = {"mediaType": OCI_MANIFEST, "digest": child, "size": 7}
        text = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        return {"imageManifest": text, "imageManifestMediaType": OCI_INDEX, **FULL}
    config = {"mediaType": OCI_CONFIG, "digest": NOTHING, "size": 2}
    layers = [{"mediaType": OCI_LAYER, "digest": layer, "size": 2}]
    text = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers})
    return {"imageManifest": text, "imageManifestMediaType": OCI_MANIFEST, **FULL}


def limited(name: str, value: int, arguments: dict[str, Any]) -> Callable[[World], dict[str, Any]]:
    """Set a limit of the deployment first."""

    def prepare(world: World) -> dict[str, Any]:
        setattr(world.settings, name, value)
        return arguments

    return prepare


def immutable(world: World) -> dict[str, Any]:
    """The tag 1 of an image, to be moved in a repository whose tags don't."""
    if world.service == "ecr":
        world.client.put_image_tag_mutability(**FULL, imageTagMutability="IMMUTABLE")
    else:
        from registry.models import Repository

        Repository.objects.filter(name="team/app", region="public").update(image_tag_mutability="IMMUTABLE")
    other = push_image(OWNER, world.address("team/app"), "")
    text = bytes(other.manifest.content).decode()
    return {"imageManifest": text, "imageManifestMediaType": OCI_MANIFEST, "imageTag": "1", **FULL}


def full(world: World) -> dict[str, Any]:
    """A new image for a repository that has as many as it may."""
    world.settings.MAX_IMAGES = 1
    config = push_blob(OWNER, world.address("team/app"), b'{"architecture": "amd64", "os": "linux"}')
    text = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config | {"mediaType": OCI_CONFIG}, "layers": []}
    )
    return {"imageManifest": text, "imageManifestMediaType": OCI_MANIFEST, **FULL}


def templates(world: World, *, prefix: str = "a") -> dict[str, Any]:
    """A template is there."""
    made = {"prefix": prefix, "appliedFor": ["REPLICATION"]}
    world.client.create_repository_creation_template(**made)
    return made


def excluded(world: World) -> dict[str, Any]:
    """An exclusion is there."""
    world.client.register_pull_time_update_exclusion(principalArn=BO)
    return {"principalArn": BO}


def too_many_excluded(world: World) -> dict[str, Any]:
    """As many exclusions as there may be."""
    for number in range(100):
        world.client.register_pull_time_update_exclusion(principalArn=f"{BO}{number}")
    return {"principalArn": BO}


def many_templates(world: World) -> dict[str, Any]:
    """As many templates as there may be."""
    for number in range(100):
        templates(world, prefix=f"p{number}")
    return {"prefix": "one-more", "appliedFor": ["REPLICATION"]}


def tagged(world: World) -> dict[str, Any]:
    """A repository with fifty resource tags, and one more."""
    arn = world.arn("team/empty")
    world.client.tag_resource(resourceArn=arn, tags=MANY_TAGS[:50])
    return {"resourceArn": arn, "tags": [{"Key": "one-more", "Value": ""}]}


REPOSITORY: Final[dict[str, dict[str, Any]]] = {
    "BatchCheckLayerAvailability": {"layerDigests": [NOTHING]},
    "BatchDeleteImage": {"imageIds": [{"imageTag": "1"}]},
    "BatchGetImage": {"imageIds": [{"imageTag": "1"}]},
    "CompleteLayerUpload": {"uploadId": NO_UPLOAD, "layerDigests": [NOTHING]},
    "DeleteLifecyclePolicy": {},
    "DeleteRepository": {},
    "DeleteRepositoryPolicy": {},
    "DescribeImages": {},
    "DescribeImageTags": {},
    "GetDownloadUrlForLayer": {"layerDigest": NOTHING},
    "GetLifecyclePolicy": {},
    "GetRepositoryCatalogData": {},
    "GetRepositoryPolicy": {},
    "InitiateLayerUpload": {},
    "ListImageReferrers": {"subjectId": {"imageDigest": NOTHING}},
    "ListImages": {},
    "PutImage": {"imageManifest": "{}", "imageManifestMediaType": OCI_MANIFEST},
    "PutImageScanningConfiguration": {"imageScanningConfiguration": {"scanOnPush": True}},
    "PutImageTagMutability": {"imageTagMutability": "IMMUTABLE"},
    "PutLifecyclePolicy": {
        "lifecyclePolicyText": json.dumps(
            {
                "rules": [
                    {
                        "rulePriority": 1,
                        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
                        "action": {"type": "expire"},
                    }
                ]
            }
        )
    },
    "PutRepositoryCatalogData": {"catalogData": {}},
    "SetRepositoryPolicy": {"policyText": POLICY},
    "UploadLayerPart": {"uploadId": NO_UPLOAD, **PART},
}
"""What operations on one repository need beside its name."""
ARN: Final[dict[str, dict[str, Any]]] = {
    "ListTagsForResource": {},
    "TagResource": {"tags": [{"Key": "a", "Value": "1"}]},
    "UntagResource": {"tagKeys": ["a"]},
}
"""The same for operations on the ARN of one."""

SPECIAL: Final[dict[tuple[str, str], Row]] = {
    ("BatchGetRepositoryScanningConfiguration", "InvalidParameterException"): Row({"repositoryNames": []}),
    ("CreateRepository", "InvalidParameterException"): Row({"repositoryName": "UPPER"}),
    ("CreateRepository", "RepositoryAlreadyExistsException"): Row(EMPTY),
    ("CreateRepository", "InvalidTagParameterException"): Row({"repositoryName": "new", "tags": TAGS_TWICE}),
    ("CreateRepository", "TooManyTagsException"): Row({"repositoryName": "new", "tags": MANY_TAGS}),
    ("CreateRepository", "LimitExceededException"): Row(limited("MAX_REPOSITORIES", 1, {"repositoryName": "new"})),
    ("CreateRepository", "KmsException"): Row(
        {"repositoryName": "new", "encryptionConfiguration": {"encryptionType": "KMS"}}
    ),
    ("CreateRepositoryCreationTemplate", "InvalidParameterException"): Row(
        {"prefix": "UPPER", "appliedFor": ["REPLICATION"]}
    ),
    ("CreateRepositoryCreationTemplate", "ValidationException"): Row(
        {"prefix": "a", "appliedFor": ["REPLICATION"], "imageTagMutability": "MUTABLE_WITH_EXCLUSION"}
    ),
    ("CreateRepositoryCreationTemplate", "LimitExceededException"): Row(many_templates),
    ("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException"): Row(templates),
    ("CompleteLayerUpload", "UploadNotFoundException"): Row(EMPTY | REPOSITORY["CompleteLayerUpload"]),
    ("CompleteLayerUpload", "EmptyUploadException"): Row(
        lambda world: EMPTY | {"uploadId": world.upload(), "layerDigests": [NOTHING]}
    ),
    ("CompleteLayerUpload", "InvalidLayerException"): Row(
        lambda world: EMPTY | {"uploadId": world.upload(content=b"x"), "layerDigests": [NOTHING]}
    ),
    ("CompleteLayerUpload", "LayerAlreadyExistsException"): Row(
        lambda world: FULL | {"uploadId": world.upload("team/app", BLOB), "layerDigests": [str(Digest.of(BLOB))]}
    ),
    ("CompleteLayerUpload", "LayerPartTooSmallException"): Row(
        lambda world: EMPTY | {"uploadId": small_parts(world), "layerDigests": [str(Digest.of(b"smallparts"))]}
    ),
    ("DeleteLifecyclePolicy", "LifecyclePolicyNotFoundException"): Row(EMPTY),
    ("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"): Row(EMPTY),
    ("DeleteRegistryPolicy", "RegistryPolicyNotFoundException"): Row(),
    ("GetRegistryPolicy", "RegistryPolicyNotFoundException"): Row(),
    ("DeleteRepository", "RepositoryNotEmptyException"): Row(FULL),
    ("DeleteRepositoryPolicy", "RepositoryPolicyNotFoundException"): Row(EMPTY),
    ("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"): Row(EMPTY),
    ("DeleteRepositoryCreationTemplate", "InvalidParameterException"): Row({"prefix": "UPPER"}),
    ("DeleteRepositoryCreationTemplate", "TemplateNotFoundException"): Row({"prefix": "none"}),
    ("UpdateRepositoryCreationTemplate", "InvalidParameterException"): Row({"prefix": "UPPER"}),
    ("UpdateRepositoryCreationTemplate", "TemplateNotFoundException"): Row({"prefix": "none"}),
    ("UpdateRepositoryCreationTemplate", "ValidationException"): Row(
        lambda world: {"prefix": templates(world)["prefix"], "imageTagMutability": "MUTABLE_WITH_EXCLUSION"}
    ),
    ("DescribeRepositoryCreationTemplates", "InvalidParameterException"): Row({"maxResults": 0}),
    ("DescribeRepositoryCreationTemplates", "ValidationException"): Row({"prefixes": ["a"], "maxResults": 3}),
    ("DeregisterPullTimeUpdateExclusion", "ExclusionNotFoundException"): Row({"principalArn": BO}),
    ("DeregisterPullTimeUpdateExclusion", "InvalidParameterException"): Row({"principalArn": "bo"}),
    ("RegisterPullTimeUpdateExclusion", "ExclusionAlreadyExistsException"): Row(excluded),
    ("RegisterPullTimeUpdateExclusion", "LimitExceededException"): Row(too_many_excluded),
    ("RegisterPullTimeUpdateExclusion", "InvalidParameterException"): Row({"principalArn": "bo"}),
    ("ListPullTimeUpdateExclusions", "InvalidParameterException"): Row({"maxResults": 0}),
    ("DescribeImages", "ImageNotFoundException"): Row(FULL | {"imageIds": [{"imageTag": "none"}]}),
    ("DescribeRepositories", "RepositoryNotFoundException"): Row({"repositoryNames": ["absent"]}),
    ("DescribeRepositories", "InvalidParameterException"): Row({"maxResults": 0}),
    ("DescribeRegistries", "InvalidParameterException"): Row({"maxResults": 0}),
    ("GetAccountSetting", "InvalidParameterException"): Row({"name": ""}),
    ("GetAccountSetting", "ValidationException"): Row({"name": "NO_SUCH_SETTING"}),
    ("PutAccountSetting", "InvalidParameterException"): Row({"name": "", "value": ""}),
    ("PutAccountSetting", "ValidationException"): Row({"name": "BLOB_MOUNTING", "value": "PERHAPS"}),
    ("GetAuthorizationToken", "InvalidParameterException"): Row({"registryIds": ["12"]}),
    ("GetDownloadUrlForLayer", "LayersNotFoundException"): Row(EMPTY | {"layerDigest": NOTHING}),
    ("GetRepositoryCatalogData", "RepositoryCatalogDataNotFoundException"): Row(EMPTY),
    ("PutRegistryCatalogData", "InvalidParameterException"): Row({"displayName": "x" * 101}),
    ("PutImage", "ImageAlreadyExistsException"): Row(lambda world: world.manifest(imageTag="1", **FULL)),
    ("PutImage", "LayersNotFoundException"): Row(manifest_with(layer=NOTHING)),
    ("PutImage", "ReferencedImagesNotFoundException"): Row(manifest_with(child=NOTHING)),
    ("PutImage", "LimitExceededException"): Row(full),
    ("PutImage", "ImageTagAlreadyExistsException"): Row(immutable),
    ("PutImage", "ImageDigestDoesNotMatchException"): Row(lambda world: world.manifest(imageDigest=NOTHING, **FULL)),
    ("PutRegistryPolicy", "InvalidParameterException"): Row({"policyText": "{"}),
    ("PutRegistryScanningConfiguration", "InvalidParameterException"): Row({"scanType": "SOMETIMES"}),
    ("PutRegistryScanningConfiguration", "ValidationException"): Row(
        {
            "scanType": "BASIC",
            "rules": [
                {
                    "scanFrequency": "CONTINUOUS_SCAN",
                    "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}],
                }
            ],
        }
    ),
    ("PutReplicationConfiguration", "InvalidParameterException"): Row({"replicationConfiguration": {}}),
    ("PutReplicationConfiguration", "ValidationException"): Row(
        {"replicationConfiguration": {"rules": [{"destinations": [{"region": "us-east-1", "registryId": ACCOUNT}]}]}}
    ),
    ("TagResource", "InvalidTagParameterException"): Row(
        lambda world: {"resourceArn": world.arn("team/empty"), "tags": TAGS_TWICE}
    ),
    ("TagResource", "TooManyTagsException"): Row(tagged),
    ("UploadLayerPart", "UploadNotFoundException"): Row(EMPTY | REPOSITORY["UploadLayerPart"]),
    ("UploadLayerPart", "InvalidLayerPartException"): Row(
        lambda world: EMPTY | {"uploadId": world.upload()} | PART | {"partFirstByte": 5, "partLastByte": 9}
    ),
    ("UploadLayerPart", "LimitExceededException"): Row(
        lambda world: limited("MAX_BLOB_BYTES", 3, EMPTY | {"uploadId": world.upload()} | PART)(world)
    ),
}
"""By operation (of either service) and error, where no general rule below provokes it."""


def small_parts(world: World) -> str:
    """An upload whose first part, of two, is below 5 MiB."""
    upload_id = world.upload(content=b"small")
    ends = {"partFirstByte": 5, "partLastByte": 9}
    world.client.upload_layer_part(**EMPTY, uploadId=upload_id, layerPartBlob=b"parts", **ends)
    return upload_id


KMS: Final = "no repository is encrypted with a key of KMS: CreateRepository refuses that"
UPSTREAM: Final = "no repository caches another registry"
SHAPES: Final = "whatever the shapes let through is a good request"
UNREACHABLE: Final[dict[tuple[str, str], str]] = {
    ("ecr-public:GetAuthorizationToken", "InvalidParameterException"): "it takes nothing",
    **{
        (name, "KmsException"): KMS
        for name in ("CompleteLayerUpload", "DeleteRepository", "InitiateLayerUpload", "PutImage", "UploadLayerPart")
    },
    ("BatchGetImage", "UnableToGetUpstreamImageException"): UPSTREAM,
    ("GetDownloadUrlForLayer", "UnableToGetUpstreamLayerException"): UPSTREAM,
    ("ListImageReferrers", "UnableToListUpstreamImageReferrersException"): UPSTREAM,
    ("GetDownloadUrlForLayer", "LayerInaccessibleException"): "layers are never kept where they can't be read at once",
    ("BatchGetImage", "LimitExceededException"): "reads are not limited",
    ("DeregisterPullTimeUpdateExclusion", "LimitExceededException"): "taking one away is never too many",
    ("ListPullTimeUpdateExclusions", "LimitExceededException"): "reads are not limited",
    ("PutAccountSetting", "LimitExceededException"): "there are three settings",
    ("PutRegistryScanningConfiguration", "BlockedByOrganizationPolicyException"): "there are no organization policies",
    ("UntagResource", "InvalidTagParameterException"): "taking tags away that are not there is no error, as in ECR",
    ("UntagResource", "TooManyTagsException"): "taking tags away is never too many",
    **{
        (name, "ValidationException"): SHAPES
        for name in (
            *("BatchGetRepositoryScanningConfiguration", "DeleteLifecyclePolicy", "DeleteRegistryPolicy"),
            *("DeleteRepositoryCreationTemplate", "DeregisterPullTimeUpdateExclusion", "DescribeRegistry"),
            *("GetLifecyclePolicy", "GetRegistryPolicy", "GetRegistryScanningConfiguration", "ListImageReferrers"),
            *("ListPullTimeUpdateExclusions", "PutImageScanningConfiguration", "PutLifecyclePolicy"),
            *("PutRegistryPolicy", "RegisterPullTimeUpdateExclusion"),
        )
    },
    ("BatchGetRepositoryScanningConfiguration", "RepositoryNotFoundException"): "what is not there is a failure's row",
    **{
        (name, "InvalidParameterException"): "it takes nothing"
        for name in (
            "DeleteRegistryPolicy",
            "DescribeRegistry",
            "GetRegistryPolicy",
            "GetRegistryScanningConfiguration",
        )
    },
}
"""By operation and error: why nothing can provoke it."""


def is_unreachable(service: str, operation: str, error: str) -> bool:
    """Whether the error is named above."""
    return (operation, error) in UNREACHABLE or (f"{service}:{operation}", error) in UNREACHABLE


def row_of(service: str, operation: str, error: str) -> Row | None:
    """How an error of an operation is provoked; None if that is not known."""
    if found := SPECIAL.get((operation, error)):
        return found
    if error == "UnsupportedCommandException":
        return Row(region="mars-north-1")
    needed = REPOSITORY.get(operation)
    if needed is not None:
        match error:
            case "RepositoryNotFoundException":
                return Row(ABSENT | needed)
            case "InvalidParameterException":
                return Row({"repositoryName": "UPPER"} | needed)
            case "RegistryNotFoundException":
                return Row(EMPTY | needed | {"registryId": "nobody"})
    if operation in ARN:
        match error:
            case "RepositoryNotFoundException":
                return Row(lambda world: {"resourceArn": world.arn("absent")} | ARN[operation])
            case "InvalidParameterException":
                return Row({"resourceArn": "arn:aws:s3:::bucket"} | ARN[operation])
    return None


def modelled() -> list[tuple[str, str, str]]:
    """Service, operation and error of everything that is served."""
    return [
        (service, name, shape.name)
        for service in SERVICES
        for name in sorted(dispatch.served(service))
        for shape in models.service(service).operation_model(name).error_shapes
    ]


PROVOKED: Final = [
    each for each in modelled() if not is_unreachable(*each) and each[2] != "ServerException" and row_of(*each)
]


def test_every_error_has_its_row() -> None:
    """None is forgotten, and none is called unreachable that has a row or that no model knows."""
    left = set(modelled()) - set(PROVOKED)
    assert not {each for each in left if each[2] != "ServerException" and not is_unreachable(*each)}
    known = {each[1:] for each in modelled()} | {(f"{service}:{name}", error) for service, name, error in modelled()}
    assert not UNREACHABLE.keys() - known
    assert not SPECIAL.keys() - known
    assert not UNREACHABLE.keys() & SPECIAL.keys()


@pytest.fixture
def make_world(aws: Clients, settings: Settings) -> Callable[[str], World]:
    """A repository with an image, and an empty one, of either service."""

    def made(service: str) -> World:
        client = aws(service)
        for name in ("team/app", "team/empty"):
            client.create_repository(repositoryName=name)
        world = World(client, service, settings, None)
        world.image = push_image(OWNER, world.address("team/app"), "1", layers=[BLOB])
        return world

    return made


def refusal(call: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """What the API says."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response: dict[str, Any] = caught.value.response
    return response


@pytest.mark.parametrize(("service", "operation", "error"), PROVOKED)
def test_it_is_provoked(
    make_world: Callable[[str], World], aws: Clients, service: str, operation: str, error: str
) -> None:
    world = make_world(service)
    row = row_of(service, operation, error)
    assert row is not None
    arguments = row.arguments(world) if callable(row.arguments) else row.arguments
    client = aws(service, region=row.region) if row.region else world.client
    said = refusal(getattr(client, xform_name(operation)), arguments)
    assert said["Error"]["Code"] == error, said["Error"]["Message"]
    assert said["Error"]["Message"]
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("service", "operation"), [(service, name) for service in SERVICES for name in sorted(dispatch.served(service))]
)
def test_it_says_when_the_fault_is_the_servers(
    aws: Clients, monkeypatch: pytest.MonkeyPatch, service: str, operation: str
) -> None:
    """A database that does not answer is a ServerException that may be tried again, with nothing of its own words."""

    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("connection to server at 192.0.2.7 failed")

    client = aws(service)
    monkeypatch.setattr("accounts.authn.callers.of", fail)
    said = refusal(getattr(client, xform_name(operation)), {})
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == ("ServerException", 503)
    assert "192.0.2.7" not in said["Error"]["Message"]


def test_a_registry_is_named_by_alias(make_world: Callable[[str], World]) -> None:
    """What RegistryNotFoundException is about: the alias of somebody who is there works."""
    world = make_world("ecr-public")
    alias = Alias.objects.get(account_id=ACCOUNT).name
    assert world.client.initiate_layer_upload(registryId=alias, **EMPTY)["uploadId"]
