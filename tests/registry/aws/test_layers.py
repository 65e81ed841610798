"""Layers by the API alone: an upload in parts, an image, an address to fetch it from."""

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client

from accounts.caller import operator
from registry.core import addresses, aliases, layers
from registry.models import Blob, BlobLink, Upload
from registry.values import Digest
from tests.factories.registry import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, make_public_repository, push_image
from tests.registry.aws.conftest import Clients
from tests.registry.aws.test_registries import refused

OWNER = operator("111122223333")
PART = 5 * 1024 * 1024
NAME = "team/app"
ADDRESS = addresses.private("111122223333", NAME, "us-east-1")


@pytest.fixture
def ecr(aws: Clients) -> Any:
    """Alice's client; the repository team/app is there."""
    client = aws("ecr")
    client.create_repository(repositoryName=NAME)
    return client


def upload(client: Any, *parts: bytes, name: str = NAME, **more: Any) -> str:
    """Upload a layer in parts and return its digest."""
    upload_id = client.initiate_layer_upload(repositoryName=name, **more)["uploadId"]
    first = 0
    for part in parts:
        sent = put(client, upload_id, first, part, name=name, **more)
        first += len(part)
        assert sent["lastByteReceived"] == first - 1
    digest = str(Digest.of(b"".join(parts)))
    done = client.complete_layer_upload(repositoryName=name, uploadId=upload_id, layerDigests=[digest], **more)
    assert done["layerDigest"] == digest
    return digest


def put(client: Any, upload_id: str, first: int, part: bytes, *, name: str = NAME, **more: Any) -> Any:
    """Upload one part."""
    return client.upload_layer_part(
        repositoryName=name,
        uploadId=upload_id,
        partFirstByte=first,
        partLastByte=first + len(part) - 1,
        layerPartBlob=part,
        **more,
    )


def test_an_image_is_made_and_fetched_by_the_api_alone(ecr: Any, client: Client) -> None:
    config = json.dumps({"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    big = hashlib.sha256(b"seed").digest() * (PART // 32)
    digests = [upload(ecr, config), upload(ecr, big, b"the end")]
    descriptors = [
        {"mediaType": kind, "digest": digest, "size": size}
        for kind, digest, size in (
            (OCI_CONFIG, digests[0], len(config)),
            (OCI_LAYER, digests[1], len(big) + 7),
        )
    ]
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptors[0], "layers": descriptors[1:]}
    ecr.put_image(repositoryName=NAME, imageTag="1", imageManifest=json.dumps(manifest))
    checked = ecr.batch_check_layer_availability(repositoryName=NAME, layerDigests=[*digests, str(Digest.of(b"no"))])
    assert [each["layerAvailability"] for each in checked["layers"]] == ["AVAILABLE", "AVAILABLE", "UNAVAILABLE"]
    assert (checked["layers"][1]["layerSize"], checked["layers"][1]["mediaType"]) == (len(big) + 7, OCI_LAYER)
    url = ecr.get_download_url_for_layer(repositoryName=NAME, layerDigest=digests[1])["downloadUrl"]
    path = url.removeprefix("http://kho.test")
    assert path.startswith("/v2/_layers/")
    answer = client.get(path)
    assert b"".join(answer.streaming_content) == big + b"the end"  # type: ignore[attr-defined]
    assert "no-store" in answer.headers["Cache-Control"]
    part = client.get(path, headers={"Range": "bytes=0-31"})
    assert part.status_code == 206 and b"".join(part.streaming_content) == big[:32]  # type: ignore[attr-defined]


def test_addresses_end_and_can_not_be_altered(ecr: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    push_image(OWNER, ADDRESS, "1", layers=[b"layer"])
    digest = str(Digest.of(b"layer"))
    url = ecr.get_download_url_for_layer(repositoryName=NAME, layerDigest=digest)["downloadUrl"]
    path = url.removeprefix("http://kho.test")
    assert client.get(path).status_code == 200
    for wrong in (path[:-2], path.replace("_layers/", "_layers/x"), "/v2/_layers/nonsense"):
        answer = client.get(wrong)
        assert answer.status_code == 404 and answer.json()["errors"][0]["code"] == "BLOB_UNKNOWN"
    monkeypatch.setattr(layers, "URL_SECONDS", -1)
    assert client.get(path).status_code == 404
    monkeypatch.undo()
    ecr.delete_repository(repositoryName=NAME, force=True)
    assert client.get(path).status_code == 404


def test_only_layers_of_images_have_addresses(ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
    digest = upload(ecr, b"alone")
    get = ecr.get_download_url_for_layer
    assert refused(get, repositoryName=NAME, layerDigest=digest) == "LayerInaccessibleException"
    absent = str(Digest.of(b"absent"))
    assert refused(get, repositoryName=NAME, layerDigest=absent) == "LayersNotFoundException"
    assert refused(get, repositoryName="none", layerDigest=digest) == "RepositoryNotFoundException"
    assert refused(get, repositoryName=NAME, layerDigest="sha256:12") == "InvalidParameterException"
    foreign = aws("ecr", other).get_download_url_for_layer
    denied = refused(foreign, registryId="111122223333", repositoryName=NAME, layerDigest=digest)
    assert denied == "AccessDeniedException"


def test_availability_names_what_is_no_digest(ecr: Any) -> None:
    answer = ecr.batch_check_layer_availability(repositoryName=NAME, layerDigests=["", "nonsense"])
    assert [each["failureCode"] for each in answer["failures"]] == ["MissingLayerDigest", "InvalidLayerDigest"]
    check = ecr.batch_check_layer_availability
    assert refused(check, repositoryName="none", layerDigests=["a"]) == "RepositoryNotFoundException"
    assert refused(check, repositoryName=NAME, layerDigests=["a"] * 101) == "InvalidParameterException"


def test_parts_follow_each_other(ecr: Any) -> None:
    upload_id = ecr.initiate_layer_upload(repositoryName=NAME)["uploadId"]
    put(ecr, upload_id, 0, b"x" * 10)
    with pytest.raises(ClientError) as caught:
        put(ecr, upload_id, 20, b"y")
    assert caught.value.response["Error"]["Code"] == "InvalidLayerPartException"
    assert caught.value.response["lastValidByteReceived"] == 9
    short = refused(
        ecr.upload_layer_part,
        repositoryName=NAME,
        uploadId=upload_id,
        partFirstByte=10,
        partLastByte=30,
        layerPartBlob=b"y",
    )
    assert short == "InvalidLayerPartException"
    put(ecr, upload_id, 10, b"y")
    again = refused(
        ecr.complete_layer_upload, repositoryName=NAME, uploadId=upload_id, layerDigests=[str(Digest.of(b"x"))]
    )
    assert again == "LayerPartTooSmallException"


def test_a_wrong_digest_is_refused_and_nothing_is_there(ecr: Any) -> None:
    upload_id = ecr.initiate_layer_upload(repositoryName=NAME)["uploadId"]
    put(ecr, upload_id, 0, b"content")
    wrong = refused(
        ecr.complete_layer_upload, repositoryName=NAME, uploadId=upload_id, layerDigests=[str(Digest.of(b"other"))]
    )
    assert wrong == "InvalidLayerException"
    assert not BlobLink.objects.exists()


def test_a_layer_is_uploaded_once(ecr: Any) -> None:
    digest = upload(ecr, b"layer")
    upload_id = ecr.initiate_layer_upload(repositoryName=NAME)["uploadId"]
    put(ecr, upload_id, 0, b"layer")
    complete = ecr.complete_layer_upload
    again = refused(complete, repositoryName=NAME, uploadId=upload_id, layerDigests=[digest])
    assert again == "LayerAlreadyExistsException"
    assert Blob.objects.filter(digest=digest).count() == 1 and not Upload.objects.exists()


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("initiate_layer_upload", {"repositoryName": "none"}, "RepositoryNotFoundException"),
        ("complete_layer_upload", {"layerDigests": [str(Digest.of(b""))]}, "EmptyUploadException"),
        ("complete_layer_upload", {"layerDigests": ["sha256:12"]}, "InvalidParameterException"),
        (
            "complete_layer_upload",
            {"uploadId": "00000000-0000-0000-0000-000000000000", "layerDigests": [str(Digest.of(b""))]},
            "UploadNotFoundException",
        ),
        (
            "upload_layer_part",
            {
                "uploadId": "00000000-0000-0000-0000-000000000000",
                "partFirstByte": 0,
                "partLastByte": 0,
                "layerPartBlob": b"x",
            },
            "UploadNotFoundException",
        ),
        (
            "upload_layer_part",
            {"repositoryName": "none", "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": b"x"},
            "RepositoryNotFoundException",
        ),
        (
            "complete_layer_upload",
            {"repositoryName": "none", "layerDigests": [str(Digest.of(b""))]},
            "RepositoryNotFoundException",
        ),
    ],
)
def test_it_refuses(ecr: Any, operation: str, arguments: dict[str, Any], expected: str) -> None:
    known: dict[str, Any] = {"repositoryName": NAME}
    if operation != "initiate_layer_upload":
        known["uploadId"] = ecr.initiate_layer_upload(repositoryName=NAME)["uploadId"]
    assert refused(getattr(ecr, operation), **(known | arguments)) == expected


def test_a_layer_may_be_too_large(ecr: Any, settings: Any) -> None:
    settings.MAX_BLOB_BYTES = 4
    upload_id = ecr.initiate_layer_upload(repositoryName=NAME)["uploadId"]
    with pytest.raises(ClientError) as caught:
        put(ecr, upload_id, 0, b"12345")
    assert caught.value.response["Error"]["Code"] == "LimitExceededException"


def test_public_layers_go_by_alias_too(aws: Clients, account: Any) -> None:
    public = aws("ecr-public")
    repository = make_public_repository(OWNER, "tool")
    alias = aliases.primary(repository.account_id)
    digest = upload(public, b"layer", name="tool", registryId=alias)
    answer = public.batch_check_layer_availability(repositoryName="tool", layerDigests=[digest])
    assert answer["layers"][0]["layerAvailability"] == "AVAILABLE"
    unknown = refused(public.initiate_layer_upload, repositoryName="tool", registryId="nobody-has-it")
    assert unknown == "RegistryNotFoundException"
