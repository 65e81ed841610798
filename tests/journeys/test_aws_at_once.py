"""Many boto3 clients of one account at once: one name made by all of them, repositories that go while images come."""

import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.clients.tenants import Tenant

CLIENTS: Final = 8
ROUNDS: Final = 12
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"


def client(tenant: Tenant, service: str) -> Any:
    """A client that asks once: what the server says is what the test sees."""
    return boto3.Session().client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://{tenant.server.host}",
        aws_access_key_id=tenant.key_id,
        aws_secret_access_key=tenant.secret,
        config=Config(retries={"max_attempts": 0}),
    )


def outcome(call: Callable[[], Any]) -> str:
    """The code of the error, or none."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "error"),
    [
        ("ecr", "create_repository", {"repositoryName": "once/app"}, "RepositoryAlreadyExistsException"),
        ("ecr-public", "create_repository", {"repositoryName": "once/app"}, "RepositoryAlreadyExistsException"),
        (
            "ecr",
            "create_repository_creation_template",
            {"prefix": "once", "appliedFor": ["REPLICATION"]},
            "TemplateAlreadyExistsException",
        ),
        (
            "ecr",
            "register_pull_time_update_exclusion",
            {"principalArn": "arn:aws:iam::111122223333:role/scanner"},
            "ExclusionAlreadyExistsException",
        ),
    ],
)
def test_one_of_many_makes_it(
    alice: Tenant, service: str, operation: str, arguments: dict[str, Any], error: str
) -> None:
    clients = [client(alice, service) for _ in range(CLIENTS)]
    start = threading.Barrier(CLIENTS)

    def make(each: Any) -> str:
        start.wait()
        return outcome(lambda: getattr(each, operation)(**arguments))

    with ThreadPoolExecutor(CLIENTS) as pool:
        got = Counter(pool.map(make, clients))
    assert got == {"": 1, error: CLIENTS - 1}


def push(ecr: Any, name: str) -> None:
    """An image of its own by the API alone."""
    config = {"os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, "comment": secrets.token_hex(8)}
    descriptors = []
    for kind, content in ((CONFIG, json.dumps(config).encode()), (LAYER, secrets.token_bytes(5000))):
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        descriptors.append({"mediaType": kind, "digest": digest, "size": len(content)})
        place = {"repositoryName": name, "uploadId": ecr.initiate_layer_upload(repositoryName=name)["uploadId"]}
        ecr.upload_layer_part(**place, partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content)
        ecr.complete_layer_upload(**place, layerDigests=[digest])
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptors[0], "layers": descriptors[1:]}
    ecr.put_image(repositoryName=name, imageTag=secrets.token_hex(4), imageManifest=json.dumps(manifest))


def test_deletes_during_pushes_leave_whole_images_or_none(charlie: Tenant) -> None:
    """A push finds its repository or not, never half of it; what is there in the end can be fetched."""
    name = "busy/app"
    owner = client(charlie, "ecr")
    owner.create_repository(repositoryName=name)
    done = threading.Event()

    def push_on(ecr: Any) -> list[str]:
        got = []
        while not done.is_set():
            got.append(outcome(lambda: push(ecr, name)))
        return got

    def delete_on() -> None:
        try:
            for _ in range(ROUNDS):
                done.wait(0.2)
                owner.delete_repository(repositoryName=name, force=True)
                owner.create_repository(repositoryName=name)
            done.wait(1)
        finally:
            done.set()

    with ThreadPoolExecutor(5) as pool:
        pushers = [pool.submit(push_on, client(charlie, "ecr")) for _ in range(4)]
        pool.submit(delete_on).result()
        got = Counter(code for pusher in pushers for code in pusher.result())
    assert got[""] and set(got) <= {
        "",
        "LayersNotFoundException",
        "RepositoryNotFoundException",
        "UploadNotFoundException",
    }, got
    pages = owner.get_paginator("describe_images").paginate(repositoryName=name)
    ids = [{"imageDigest": each["imageDigest"]} for page in pages for each in page["imageDetails"]][:100]
    assert ids
    for image in owner.batch_get_image(repositoryName=name, imageIds=ids)["images"]:
        manifest = json.loads(image["imageManifest"])
        for descriptor in (manifest["config"], *manifest["layers"]):
            layer = {"repositoryName": name, "layerDigest": descriptor["digest"]}
            with urlopen(owner.get_download_url_for_layer(**layer)["downloadUrl"]) as found:
                assert f"sha256:{hashlib.sha256(found.read()).hexdigest()}" == descriptor["digest"]
