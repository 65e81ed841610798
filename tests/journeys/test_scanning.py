"""A Debian image with old packages is pushed by docker: AWS CLI, webhook, gallery and oras tell what was found."""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.clients import deployments, tenants
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.oras import Oras
from tests.clients.processes import wait_for
from tests.clients.receiver import Receiver
from tests.clients.server import Server
from tests.clients.tenants import USER, Tenant
from tests.journeys.test_webhooks import receiver, subscribe

__all__ = ["receiver"]

NAME = "scanned/app"
ADVISORIES = Path(__file__).parents[1] / "data" / "advisories"
FILES = {
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nID=debian\nVERSION_ID="11"\n',
    "var/lib/dpkg/status": (
        "Package: libssl1.1\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 1.1.1k-1\n\n"
        "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.1-2+deb11u1\n"
    ),
    "usr/lib/python3/dist-packages/Django-3.2.1.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: Django\nVersion: 3.2.1\n"
    ),
}


NO_DJANGO = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/scanned",
    "author": "Team",
    "timestamp": "2026-11-30T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2021-35042"},
            "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:pypi/django@3.2.1"}]}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }
    ],
}
"""What the publisher says of one finding."""


def archive(folder: Path) -> Path:
    """The files as docker imports them."""
    made = folder / "root.tar"
    with tarfile.open(made, "w") as root:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            root.addfile(entry, io.BytesIO(text.encode()))
    return made


def bring_advisories(server: Server) -> None:
    """Those of Debian and of Python's packages."""
    said = server.manage("import_advisories", str(ADVISORIES / "Debian.zip"), str(ADVISORIES / "PyPI.zip"))
    assert "410 read" in said and "158 read" in said


def push(owner: Tenant, reference: str, short_path: Path, folder: Path) -> None:
    """Import the image and push it."""
    with closing(Dockerd(short_path / "docker")) as docker:
        docker.login(owner.server.host, USER, owner.password())
        docker.docker("import", str(archive(folder)), reference)
        docker.push(reference)


def scans_told(receiver: Receiver) -> list[dict[str, Any]]:
    """What the webhook was told of scans."""
    return [each.event["detail"] for each in receiver.messages if each.event["detail-type"] == "ECR Image Scan"]


def test_it_works(alice: Tenant, receiver: Receiver, short_path: Path, tmp_path: Path) -> None:
    """Basic scanning tells of Debian's packages, enhanced scanning of Python's too; describe-images has the numbers."""
    aws, place = Aws(alice.server, alice.key_id, alice.secret), ("--repository-name", NAME)
    image = ("--image-id", "imageTag=1")
    bring_advisories(alice.server)
    subscribe(alice, receiver, "scanned")
    aws("ecr", "create-repository", *place, "--image-scanning-configuration", "scanOnPush=true")
    push(alice, alice.private(NAME) + ":1", short_path, tmp_path)
    aws("ecr", "wait", "image-scan-complete", *place, *image)
    basic = aws("ecr", "describe-image-scan-findings", *place, *image)
    assert basic["imageScanStatus"]["status"] == "COMPLETE"
    found = basic["imageScanFindings"]["findings"]
    packages = {each["value"] for row in found for each in row["attributes"] if each["key"] == "package_name"}
    assert packages == {"openssl"} and all(row["name"].startswith("CVE-") for row in found)
    (detail,) = aws("ecr", "describe-images", *place)["imageDetails"]
    assert sum(detail["imageScanFindingsSummary"]["findingSeverityCounts"].values()) == len(found)
    wait_for("the webhook is told", lambda: bool(scans_told(receiver)), seconds=60)
    [told] = scans_told(receiver)
    assert (told["scan-status"], told["repository-name"], told["image-tags"]) == ("COMPLETE", NAME, ["1"])
    assert sum(told["finding-severity-counts"].values()) == len(found)
    again = aws.refused("ecr", "start-image-scan", *place, *image)
    assert "LimitExceededException" in again

    aws("ecr", "put-registry-scanning-configuration", "--scan-type", "ENHANCED", "--rules", "[]")

    def enhanced() -> Any:
        return aws("ecr", "describe-image-scan-findings", *place, *image)

    wait_for("the enhanced scan", lambda: enhanced()["imageScanStatus"]["status"] == "ACTIVE", seconds=120)
    rows = enhanced()["imageScanFindings"]["enhancedFindings"]
    titles = {row["title"].rpartition(" - ")[2] for row in rows}
    assert titles == {"openssl", "django"}
    oras = Oras(tmp_path / "oras")
    oras.login(alice.server.host, USER, alice.password())
    (oras.folder / "vex.json").write_text(json.dumps(NO_DJANGO))
    attached = oras.attach(alice.private(NAME) + ":1", "application/vnd.openvex+json", "vex.json:application/json")
    aws("ecr", "put-account-setting", "--name", "ATTACHED_VEX", "--value", "TRUSTED")

    def suppressed() -> set[str]:
        rows = enhanced()["imageScanFindings"]["enhancedFindings"]
        return {row["title"].rpartition(" - ")[2] for row in rows if row["status"] == "SUPPRESSED"}

    wait_for("what is attached is followed", lambda: suppressed() == {"django"}, seconds=60)
    aws("ecr", "batch-delete-image", *place, "--image-ids", f"imageDigest={attached}")
    wait_for("it is gone", lambda: not suppressed(), seconds=60)
    aws("ecr", "put-account-setting", "--name", "ATTACHED_VEX", "--value", "SHOWN")
    aws("ecr", "put-registry-scanning-configuration", "--scan-type", "BASIC", "--rules", "[]")


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Tenant]:
    """Who publishes in a deployment that attaches lists of packages to public images."""
    with deployments.database() as url:
        server = Server(tmp_path / "kho", url, {"KHO_SBOM_REFERRERS": "public"})
        try:
            server.prepare()
            server.start()
            server.start_worker()
            yield tenants.open_account(server, "alice", "111122223333", create_on_push=True)
        finally:
            server.close()


def test_public_images(publisher: Tenant, short_path: Path, tmp_path: Path) -> None:
    """Nobody asks for the scan; strangers see what was found, and have the list of packages from oras."""
    bring_advisories(publisher.server)
    repository = publisher.create_public("app")
    push(publisher, f"{repository}:1", short_path, tmp_path)
    site, place = f"http://{publisher.server.host}", repository.partition("/")[2]

    def tag() -> dict[str, Any]:
        with urlopen(f"{site}/api/v1/repositories/{place}/-/tags", timeout=30) as answer:
            [row] = json.load(answer)["results"]
            return dict(row)

    wait_for("the scan", lambda: tag()["scan"]["state"] == "FOUND", seconds=120)
    with urlopen(f"{site}/{place}/-/images/{tag()['image']['digest']}/vulnerabilities", timeout=30) as answer:
        shown = answer.read().decode()
    assert "openssl" in shown and "django" in shown and "CVE-" in shown
    with urlopen(f"{site}/{place}/-/images/{tag()['image']['digest']}/sbom", timeout=30) as answer:
        shown = answer.read().decode()
    assert ">libssl1.1<" in shown and ">bash<" in shown and "/var/lib/dpkg/status" in shown
    stranger = Oras(tmp_path / "stranger")
    wait_for("the list of packages is attached", lambda: bool(stranger.discover(f"{repository}:1")), seconds=60)
    [attached] = stranger.discover(f"{repository}:1")
    assert attached["artifactType"] == "application/vnd.cyclonedx+json"
    stranger.pull(f"{repository}@{attached['digest']}", tmp_path / "list")
    [file] = (tmp_path / "list").iterdir()
    named = {each["name"] for each in json.loads(file.read_text())["components"]}
    assert {"libssl1.1", "bash"} <= named
