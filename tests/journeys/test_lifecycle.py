"""A lifecycle policy on a repository that real clients filled: what its preview says goes, and can come back."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.clients import images
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.engines import Engine
from tests.clients.processes import Client
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

NAME = "lifecycle/app"


def rule(priority: int, count: int, **selection: Any) -> dict[str, Any]:
    """The newest so many are kept."""
    counted = {"countType": "imageCountMoreThan", "countNumber": count}
    return {"rulePriority": priority, "selection": selection | counted, "action": {"type": "expire"}}


def different(folder: Path, count: int) -> Path:
    """An OCI layout with the tags v1, v2 and so on: images that differ in a label."""
    layout = folder / "different"
    shutil.copytree(images.busybox(), layout)
    for number in range(1, count + 1):
        Client("umoci")("config", "--image", f"{layout}:1", "--tag", f"v{number}", "--config.label", f"n={number}")
    return layout


def test_it_works(alice: Tenant, short_path: Path, tmp_path: Path) -> None:
    """Old versions and what lost its tag expire, an index keeps its platforms, and docker pulls what was restored."""
    aws, place = Aws(alice.server, alice.key_id, alice.secret), ("--repository-name", NAME)
    aws("ecr", "create-repository", *place)
    uri = alice.private(NAME)
    skopeo = Skopeo(tmp_path / "alice")
    skopeo.login(alice.server.host, USER, alice.password())
    layout = different(tmp_path, 4)
    for number in range(1, 5):
        skopeo.copy(f"oci:{layout}:v{number}", f"docker://{uri}:v{number}")
    digests = {f"v{number}": skopeo.digest(f"docker://{uri}:v{number}") for number in range(1, 5)}

    def there() -> dict[str, list[str]]:
        found = aws("ecr", "describe-images", *place)["imageDetails"]
        return {each["imageDigest"]: sorted(each.get("imageTags", [])) for each in found}

    with closing(Dockerd(short_path / "docker")) as docker:
        docker.login(alice.server.host, USER, alice.password())
        docker.pull(f"{uri}:v1")
        docker.docker("tag", f"{uri}:v1", f"{uri}:v4")
        docker.push(f"{uri}:v4")  # what was v4 has lost its tag, unless docker sent what was v1
        skopeo.copy(f"oci:{images.two_platforms()}:1", f"docker://{uri}:all", "--all")
        before = there()
        assert before[digests["v4"]] == []
        rules = [rule(1, 1, tagStatus="untagged"), rule(2, 2, tagStatus="tagged", tagPrefixList=["v"])]
        aws("ecr", "put-lifecycle-policy", *place, "--lifecycle-policy-text", json.dumps({"rules": rules}))
        assert aws("ecr", "start-lifecycle-policy-preview", *place)["status"] == "IN_PROGRESS"
        aws("ecr", "wait", "lifecycle-policy-preview-complete", *place)
        preview = aws("ecr", "get-lifecycle-policy-preview", *place)
        going = {each["imageDigest"]: each["appliedRulePriority"] for each in preview["previewResults"]}
        assert preview["summary"]["expiringImageTotalCount"] == len(going)
        assert going[digests["v4"]] == 1 and going[digests["v2"]] == 2 and digests["v3"] not in going
        index = json.loads(skopeo.skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{uri}:all"))
        named = {each["digest"] for each in index["manifests"]}
        assert len(named) == 2 and named <= before.keys() and not named & going.keys()
        assert there() == before

        said = alice.server.manage("run_lifecycle", "--repository", f"{alice.account_id}/{NAME}")
        assert f"{len(going)} expired" in said
        assert there() == {digest: tags for digest, tags in before.items() if digest not in going}
        assert "lastEvaluatedAt" in aws("ecr", "get-lifecycle-policy", *place)
        skopeo.copy(f"docker://{uri}:all", f"oci:{tmp_path / 'all'}:1", "--all")
        assert "not found" in docker.pull_refused(f"{uri}:v2").lower()

        restore = ("restore_image", alice.account_id, NAME)
        assert digests["v2"] in alice.server.manage(*restore)
        assert alice.server.manage(*restore, digests["v2"]) == f"Restored {digests['v2']}; tags: v2."
        docker.pull(f"{uri}:v2")
        alice.server.manage(*restore, digests["v4"])
        docker.pull(f"{uri}@{digests['v4']}")
        assert there()[digests["v4"]] == []


def test_an_archived_image_is_not_pulled_until_it_is_restored(
    alice: Tenant, machine: Callable[[str], Engine], tmp_path: Path
) -> None:
    aws, place = Aws(alice.server, alice.key_id, alice.secret), ("--repository-name", "lifecycle/cold")
    aws("ecr", "create-repository", *place)
    uri = alice.private("lifecycle/cold")
    skopeo = Skopeo(tmp_path / "alice")
    skopeo.login(alice.server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{uri}:1")
    move = ("ecr", "update-image-storage-class", *place, "--image-id", "imageTag=1", "--target-storage-class")
    assert aws(*move, "ARCHIVE")["imageStatus"] == "ARCHIVED"
    docker = machine("docker")
    docker.login(alice.server.host, USER, alice.password())
    assert "archive" in docker.pull_refused(f"{uri}:1")
    assert aws("ecr", "list-images", *place)["imageIds"] == []
    assert aws(*move, "STANDARD")["imageStatus"] == "ACTIVE"
    docker.pull(f"{uri}:1")
    aws(*move, "ARCHIVE")
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{uri}:1")
    docker.pull(f"{uri}:1")
