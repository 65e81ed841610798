"""The AWS command line, unmodified: create, log in, push; grant a role of another account; a job without a key."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from PIL import Image as Picture

from tests.clients import images, issuer, tenants
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.issuer import Issuer
from tests.clients.tenants import USER, Tenant

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
PUSH = ["ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]

UNTAGGED = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 10}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def aws_of(tenant: Tenant) -> Aws:
    """The command line with the tenant's access key."""
    return Aws(tenant.server, tenant.key_id, tenant.secret)


@pytest.fixture
def dockerd(short_path: Path) -> Iterator[Callable[[], Dockerd]]:
    """Call it to get an empty docker machine."""
    numbers = count(1)
    with ExitStack() as machines:

        def start() -> Dockerd:
            started = Dockerd(short_path / f"d{next(numbers)}")
            machines.callback(started.close)
            return started

        yield start


@pytest.fixture(scope="module")
def ci() -> Iterator[Issuer]:
    """A CI system's issuer of tokens."""
    with issuer.running() as running:
        yield running


def test_it_works_to_create_log_in_push_and_grant(
    alice: Tenant, charlie: Tenant, dockerd: Callable[[], Dockerd]
) -> None:
    """A role of another account pulls what the owner granted; a third account does not."""
    third = tenants.open_account(alice.server, "mallory", "888899990000", create_on_push=False)
    owner, guest, stranger = aws_of(alice), aws_of(charlie), aws_of(third)
    who = owner("sts", "get-caller-identity")
    assert (who["Account"], who["Arn"]) == (alice.account_id, f"arn:aws:iam::{alice.account_id}:user/alice")

    made = owner("ecr", "create-repository", "--repository-name", "story/app")["repository"]
    assert made["repositoryArn"] == f"arn:aws:ecr:us-east-1:{alice.account_id}:repository/story/app"
    uri = made["repositoryUri"]
    here = dockerd()
    here.login(alice.server.host, USER, owner.password())
    here.load(images.busybox_archive(), f"{uri}:1")
    here.push(f"{uri}:1")

    trust = policy(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{charlie.account_id}:root"}, "Action": "sts:AssumeRole"}
    )
    guest("iam", "create-role", "--role-name", "puller", "--assume-role-policy-document", trust)
    rights = policy({"Effect": "Allow", "Action": [*PULL, "ecr:GetAuthorizationToken"], "Resource": "*"})
    guest("iam", "put-role-policy", "--role-name", "puller", "--policy-name", "pull", "--policy-document", rights)
    role = f"arn:aws:iam::{charlie.account_id}:role/puller"
    grant = policy({"Sid": "LetPullerPull", "Effect": "Allow", "Principal": {"AWS": role}, "Action": PULL})
    owner("ecr", "set-repository-policy", "--repository-name", "story/app", "--policy-text", grant)

    session = guest.assume(role, "job-7")
    assert session("sts", "get-caller-identity")["Arn"].endswith("assumed-role/puller/job-7")
    there = dockerd()
    there.login(alice.server.host, USER, session.password())
    there.pull(f"{uri}:1")
    assert there.image_id(f"{uri}:1") == here.image_id(f"{uri}:1")
    there.docker("tag", f"{uri}:1", f"{uri}:2")
    assert "denied" in there.push_refused(f"{uri}:2")

    foreign = dockerd()
    foreign.login(alice.server.host, USER, stranger.password())
    assert "denied" in foreign.pull_refused(f"{uri}:1")
    assert "AccessDenied" in stranger.refused(
        "ecr", "batch-get-image", "--registry-id", alice.account_id, "--repository-name", "story/app", "--image-ids",
        "imageTag=1",
    )  # fmt: skip


def test_it_works_to_push_one_tag_pattern_from_a_job_without_a_key(
    alice: Tenant, ci: Issuer, dockerd: Callable[[], Dockerd]
) -> None:
    """The job's token becomes a session of a role that may push `ci-*` and nothing else."""
    owner = aws_of(alice)
    uri = owner("ecr", "create-repository", "--repository-name", "ci/app")["repository"]["repositoryUri"]
    provider = owner(
        "iam", "create-open-id-connect-provider", "--url", ci.url, "--client-id-list", "sts.amazonaws.com",
        "--thumbprint-list", "0" * 40,
    )["OpenIDConnectProviderArn"]  # fmt: skip
    name = ci.url.partition("://")[2]
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{name}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{name}:sub": "repo:example/app:*"},
            },
        }
    )
    owner("iam", "create-role", "--role-name", "ci", "--assume-role-policy-document", trust)
    rights = policy(
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Effect": "Allow", "Action": PUSH, "Resource": "arn:aws:ecr:*:*:repository/ci/*"},
        {
            "Effect": "Allow",
            "Action": "ecr:PutImage",
            "Resource": "arn:aws:ecr:*:*:repository/ci/*",
            "Condition": {"StringLike": {"ecr:ImageTag": "ci-*"}},
        },
    )
    owner("iam", "put-role-policy", "--role-name", "ci", "--policy-name", "push", "--policy-document", rights)

    def signed_in(token: str) -> Aws:
        given = Aws(alice.server)(
            "sts", "assume-role-with-web-identity", "--role-arn", f"arn:aws:iam::{alice.account_id}:role/ci",
            "--role-session-name", "build-1", "--web-identity-token", token,
        )  # fmt: skip
        return owner.with_session(given["Credentials"])

    job = signed_in(ci.token("sts.amazonaws.com", "repo:example/app:ref:refs/heads/main"))
    box = dockerd()
    box.login(alice.server.host, USER, job.password())
    box.load(images.busybox_archive(), f"{uri}:ci-1", f"{uri}:latest")
    box.push(f"{uri}:ci-1")
    assert "denied" in box.push_refused(f"{uri}:latest")
    assert "AccessDenied" in job.refused("ecr", "create-repository", "--repository-name", "ci/other")
    for token in (
        ci.token("sts.amazonaws.com", "repo:example/other:ref:refs/heads/main"),
        ci.token("another-audience", "repo:example/app:ref:refs/heads/main"),
    ):
        refused = Aws(alice.server).refused(
            "sts", "assume-role-with-web-identity", "--role-arn", f"arn:aws:iam::{alice.account_id}:role/ci",
            "--role-session-name", "build-2", "--web-identity-token", token,
        )  # fmt: skip
        assert "AccessDenied" in refused or "InvalidIdentityToken" in refused


def test_it_works_to_do_everything_to_images_by_command(
    alice: Tenant, dockerd: Callable[[], Dockerd], tmp_path: Path
) -> None:
    """Immutability with an exception, docker push, describe, untag, delete; a layer up and down by the API alone."""
    owner = aws_of(alice)
    place = ("--repository-name", "images/app")
    uri = owner("ecr", "create-repository", *place, "--image-tag-mutability", "IMMUTABLE")["repository"][
        "repositoryUri"
    ]
    box = dockerd()
    box.login(alice.server.host, USER, owner.password())
    box.load(images.busybox_archive(), f"{uri}:1", f"{uri}:latest")
    box.push(f"{uri}:1")
    box.push(f"{uri}:latest")
    box.load(images.debian_archive(), f"{uri}:1", f"{uri}:latest")
    assert "immutable" in box.push_refused(f"{uri}:1")
    owner(
        "ecr", "put-image-tag-mutability", *place, "--image-tag-mutability", "IMMUTABLE_WITH_EXCLUSION",
        "--image-tag-mutability-exclusion-filters", "filterType=WILDCARD,filter=latest",
    )  # fmt: skip
    box.push(f"{uri}:latest")
    details = owner("ecr", "describe-images", *place)["imageDetails"]
    assert sorted(tag for each in details for tag in each["imageTags"]) == ["1", "latest"]
    named = owner("ecr", "describe-images", *place, "--image-ids", "imageTag=latest")["imageDetails"]
    digest = named[0]["imageDigest"]
    image = owner("ecr", "batch-get-image", *place, "--image-ids", f"imageDigest={digest}")["images"][0]
    layer = json.loads(image["imageManifest"])["layers"][0]
    url = owner("ecr", "get-download-url-for-layer", *place, "--layer-digest", layer["digest"])["downloadUrl"]
    content = urlopen(url).read()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer["digest"]

    owner("ecr", "create-repository", "--repository-name", "images/copy")
    target = ("--repository-name", "images/copy")
    upload = owner("ecr", "initiate-layer-upload", *target)
    part = tmp_path / "part"
    first = 0
    while first < len(content):
        piece = content[first : first + upload["partSize"]]
        part.write_bytes(piece)
        owner(
            "ecr", "upload-layer-part", *target, "--upload-id", upload["uploadId"], "--part-first-byte", str(first),
            "--part-last-byte", str(first + len(piece) - 1), "--layer-part-blob", f"fileb://{part}",
        )  # fmt: skip
        first += len(piece)
    owner(
        "ecr", "complete-layer-upload", *target, "--upload-id", upload["uploadId"], "--layer-digests", layer["digest"]
    )
    found = owner("ecr", "batch-check-layer-availability", *target, "--layer-digests", layer["digest"])
    assert found["layers"][0]["layerAvailability"] == "AVAILABLE"

    lifecycle = {"rules": [{"rulePriority": 1, "description": "Few untagged images", "selection": UNTAGGED,
                            "action": {"type": "expire"}}]}  # fmt: skip
    put = owner("ecr", "put-lifecycle-policy", *place, "--lifecycle-policy-text", json.dumps(lifecycle))
    assert (put["registryId"], json.loads(put["lifecyclePolicyText"])) == (alice.account_id, lifecycle)
    assert json.loads(owner("ecr", "get-lifecycle-policy", *place)["lifecyclePolicyText"]) == lifecycle
    wrong = json.dumps(lifecycle).replace("expire", "explode").replace("Few", "F" * 100)
    said = owner.refused("ecr", "put-lifecycle-policy", *place, "--lifecycle-policy-text", wrong)
    assert "InvalidParameterException" in said and "LifecyclePolicyText" in said

    gone = owner("ecr", "batch-delete-image", *place, "--image-ids", "imageTag=latest", "imageTag=none")
    assert [each["failureCode"] for each in gone["failures"]] == ["ImageNotFound"]
    assert [each["imageTag"] for each in owner("ecr", "list-images", *place)["imageIds"]] == ["1"]
    owner("ecr", "tag-resource", "--resource-arn", f"arn:aws:ecr:us-east-1:{alice.account_id}:repository/images/app",
          "--tags", "Key=team,Value=blue")  # fmt: skip
    assert "RepositoryNotEmptyException" in owner.refused("ecr", "delete-repository", *place)
    owner("ecr", "delete-repository", *place, "--force")
    assert "RepositoryNotFoundException" in owner.refused("ecr", "list-images", *place)


def test_it_works_to_describe_a_public_repository_by_command(alice: Tenant) -> None:
    """Catalog data with a logo, the registry's aliases and its name."""
    owner = aws_of(alice)
    picture = io.BytesIO()
    Picture.new("RGB", (128, 128), "teal").save(picture, "PNG")
    words = {
        "description": "A warehouse of words",
        "aboutText": "# About",
        "usageText": "`docker run`",
        "architectures": ["x86-64", "ARM 64"],
        "operatingSystems": ["Linux"],
        "logoImageBlob": base64.b64encode(picture.getvalue()).decode(),
    }
    made = owner(
        "ecr-public", "create-repository", "--repository-name", "catalog/app", "--catalog-data", json.dumps(words),
    )  # fmt: skip
    said = made["catalogData"]
    assert {name: said[name] for name in words if name in said} | {"logoImageBlob": words["logoImageBlob"]} == words
    with urlopen(said["logoUrl"]) as logo, Picture.open(io.BytesIO(logo.read())) as shown:
        assert (shown.format, shown.size) == ("PNG", (128, 128))
    found = owner("ecr-public", "get-repository-catalog-data", "--repository-name", "catalog/app")["catalogData"]
    assert found == made["catalogData"]
    [registry] = owner("ecr-public", "describe-registries")["registries"]
    assert made["repository"]["repositoryUri"] == f"{registry['registryUri']}/catalog/app"
    owner("ecr-public", "put-registry-catalog-data", "--display-name", "The Warehouse")
    assert owner("ecr-public", "get-registry-catalog-data")["registryCatalogData"]["displayName"] == "The Warehouse"
    changed = json.dumps({"description": "A warehouse of other words"})
    owner("ecr-public", "put-repository-catalog-data", "--repository-name", "catalog/app", "--catalog-data", changed)
    named = ("--repository-names", "catalog/app")
    [found] = owner("ecr-public", "describe-repositories", *named)["repositories"]
    assert found == made["repository"]
    owner("ecr-public", "delete-repository", "--repository-name", "catalog/app", "--force")
    refused = owner.refused("ecr-public", "get-repository-catalog-data", "--repository-name", "catalog/app")
    assert "RepositoryNotFoundException" in refused
