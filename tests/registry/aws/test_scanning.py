"""Scans through boto3: on push, by hand, waited for; findings in both shapes; new advisories; what can't be scanned."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.models import AuditEvent, OutboxRow
from registry.core import addresses
from registry.models import Finding, Image, ImageScan
from registry.models import Sbom as SbomRow
from registry.scanning import engine, importing, scans
from registry.scanning.sboms import Distribution, Package, Sbom
from registry.scanning.tasks import look_after_scans
from registry.storage import default as storage
from tests.factories.registry import push_image, push_index
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import OWNER
from tests.registry.aws.test_registries import refused
from tests.registry.scanning.making import tree
from tests.registry.scanning.test_contents import DJANGO, METADATA, OS_RELEASE, STATUS
from tests.registry.scanning.test_importing import DATA, zipped
from tests.registry.scanning.test_matching import BULLSEYE, package
from tests.registry.scanning.test_osv import V3, record

NAME = "team/app"
LAYERS = [tree({"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS}), tree({DJANGO: METADATA})]
EVENTS = ("ImagePushed", "ScanRequested", "ScanningConfigured", "AdvisoriesChanged", "ImageScanned")


class Quick:
    """Stands for Syft where it is not what is tested: it knows the packages of LAYERS."""

    def packages(self, folder: Path, work: Path) -> Sbom:
        """What of them is there."""
        found = []
        if (folder / "var/lib/dpkg/status").exists():
            found += [Package("libssl1.1", "1.1.1k-1", "deb", "amd64", "openssl", "", path="/var/lib/dpkg/status")]
        if (folder / DJANGO).exists():
            found += [Package("django", "3.2.1", "python", path=f"/{DJANGO}")]
        return Sbom(BULLSEYE if (folder / "etc/os-release").exists() else Distribution(), tuple(found), "quick 1")


@pytest.fixture
def ecr(aws: Clients, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Any:
    """Alice's client; the repository team/app is there, and what is pushed to it is scanned."""
    settings.SCAN_ROOT = tmp_path / "scans"
    if request.node.name != "test_it_works":
        monkeypatch.setattr(engine, "default", Quick)
    client = aws("ecr")
    client.create_repository(repositoryName=NAME, imageScanningConfiguration={"scanOnPush": True})
    return client


def pushed(tag: str = "1", **more: Any) -> Image:
    """An image of team/app with Debian's and Python's packages."""
    return push_image(OWNER, addresses.private("111122223333", NAME), tag, **({"layers": LAYERS} | more))


def work() -> list[str]:
    """Do what waits for a task worker; return the events, in order."""
    done = []
    while rows := list(OutboxRow.objects.filter(event__in=EVENTS, dead_at=None).order_by("id")):
        for row in rows:
            assert outbox.run(row.id), OutboxRow.objects.get(id=row.id).last_error
            done.append(row.event)
    return done


def named(tag: str = "1") -> dict[str, Any]:
    """What names an image."""
    return {"repositoryName": NAME, "imageId": {"imageTag": tag}}


@pytest.fixture
def advisories(db: None) -> None:
    """The real ones about Debian and PyPI."""
    importing.run(str(DATA / "Debian.zip"))
    importing.run(str(DATA / "PyPI.zip"))


@pytest.mark.usefixtures("advisories")
def test_it_works(ecr: Any) -> None:
    """A push starts a scan, boto3 waits for it, findings come page by page, and DescribeImages has their numbers."""
    image = pushed()
    assert refused(ecr.describe_image_scan_findings, **named()) == "ScanNotFoundException"
    assert "ImageScanned" in work()
    ecr.get_waiter("image_scan_complete").wait(**named(), WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    said = ecr.describe_image_scan_findings(**named())
    assert said["imageId"] == {"imageDigest": image.digest, "imageTag": "1"}
    assert said["imageScanStatus"]["status"] == "COMPLETE"
    found = said["imageScanFindings"]
    assert found["vulnerabilitySourceUpdatedAt"] <= found["imageScanCompletedAt"]
    first = found["findings"][0]
    attributes = {each["key"]: each["value"] for each in first["attributes"]}
    assert first["name"].startswith("CVE-") and first["uri"].startswith("https://security-tracker.debian.org/")
    assert attributes["package_name"] in {"openssl", "glibc"} and attributes["advisory"].startswith("DSA-")
    assert {each["key"] for each in first["attributes"]} >= {"package_version", "fixed_in_version"}
    assert not any("django" in str(each) for each in found["findings"])
    names = [each["name"] for each in found["findings"]]
    pages = ecr.get_paginator("describe_image_scan_findings").paginate(**named(), PaginationConfig={"PageSize": 2})
    assert [each["name"] for page in pages for each in page["imageScanFindings"]["findings"]] == names
    (detail,) = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    counts = detail["imageScanFindingsSummary"]["findingSeverityCounts"]
    assert counts == found["findingSeverityCounts"] == {"UNDEFINED": len(names)}
    assert detail["imageScanStatus"]["status"] == "COMPLETE"


@pytest.mark.usefixtures("advisories")
def test_a_scan_by_hand_is_made_once_a_day(ecr: Any) -> None:
    ecr.put_image_scanning_configuration(repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False})
    pushed()
    work()
    assert not ImageScan.objects.exists()
    started = ecr.start_image_scan(**named())
    assert started["imageScanStatus"]["status"] == "PENDING"
    waiting = ecr.describe_image_scan_findings(**named())
    assert waiting["imageScanStatus"]["status"] == "PENDING" and "imageScanFindings" not in waiting
    assert refused(ecr.start_image_scan, **named()) == "LimitExceededException"
    work()
    assert ecr.describe_image_scan_findings(**named())["imageScanStatus"]["status"] == "COMPLETE"
    assert refused(ecr.start_image_scan, **named()) == "LimitExceededException"
    assert AuditEvent.objects.filter(event_name="StartImageScan").count() == 1
    ImageScan.objects.update(requested_at=timezone.now() - scans.AGAIN_AFTER)
    before = Finding.objects.count()
    ecr.start_image_scan(**named())
    assert work() and Finding.objects.count() == before > 0 and SbomRow.objects.count() == 1


@pytest.mark.usefixtures("advisories")
def test_enhanced_scanning_looks_at_languages_and_follows_new_advisories(ecr: Any, tmp_path: Path) -> None:
    """What was pushed before is scanned when it is switched on; new advisories need neither a layer nor the engine."""
    image = pushed()
    work()
    rules = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "team", "filterType": "WILDCARD"}]}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    work()
    said = ecr.describe_image_scan_findings(**named(), maxResults=1000)
    assert said["imageScanStatus"] == {"status": "ACTIVE", "description": "Continuous scan is selected for image."}
    found = said["imageScanFindings"]["enhancedFindings"]
    assert {each["packageVulnerabilityDetails"]["source"] for each in found} == {"DSA", "PYSEC"}
    django = next(each for each in found if each["title"].endswith("- django"))
    (vulnerable,) = django["packageVulnerabilityDetails"]["vulnerablePackages"]
    assert vulnerable["version"] == "3.2.1" and vulnerable["packageManager"] == "PYTHONPKG"
    assert vulnerable["filePath"] == f"/{DJANGO}" and vulnerable["sourceLayerHash"].startswith("sha256:")
    assert django["findingArn"].startswith("arn:aws:inspector2:us-east-1:111122223333:finding/")
    assert django["resources"][0]["details"]["awsEcrContainerImage"]["imageHash"] == image.digest
    assert refused(ecr.start_image_scan, **named()) == "ValidationException"

    Image.objects.get(id=image.id).blobs.all().delete()
    first_seen = Finding.objects.get(name=django["packageVulnerabilityDetails"]["vulnerabilityId"]).first_seen_at
    severity = [{"type": "CVSS_V3", "score": V3}]
    new = record(
        id="DSA-9999-1", upstream=["CVE-2026-1000"], affected=[package("openssl", fixed="9")], severity=severity
    )
    importing.run(zipped(tmp_path, {"a.json": new}))
    assert work() == ["AdvisoriesChanged", "ImageScanned"]
    again = ecr.describe_image_scan_findings(**named(), maxResults=1000)["imageScanFindings"]
    worst = again["enhancedFindings"][0]
    assert (worst["severity"], worst["score"], worst["title"]) == ("CRITICAL", 9.8, "CVE-2026-1000 - openssl")
    assert worst["scoreDetails"]["cvss"]["scoringVector"] == V3 and worst["fixAvailable"] == "YES"
    assert len(again["enhancedFindings"]) == len(found) + 1 and again["findingSeverityCounts"]["CRITICAL"] == 1
    kept = Finding.objects.get(name=django["packageVulnerabilityDetails"]["vulnerabilityId"])
    assert kept.first_seen_at == first_seen

    other = record(id="DSA-9998-1", affected=[package("not-installed", fixed="9")])
    importing.run(zipped(tmp_path, {"a.json": other}))
    assert work() == ["AdvisoriesChanged"]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    importing.run(zipped(tmp_path, {"a.json": record(id="DSA-9997-1")}))
    work()
    assert ecr.describe_image_scan_findings(**named())["imageScanStatus"]["status"] == "SCAN_ELIGIBILITY_EXPIRED"


def test_without_advisories_nothing_is_said_to_be_safe(ecr: Any, tmp_path: Path) -> None:
    """And the scan is completed as soon as there are any."""
    pushed()
    work()
    said = ecr.describe_image_scan_findings(**named())
    status = {"status": "FINDINGS_UNAVAILABLE", "description": "There are no advisories about Debian:11 here."}
    assert said["imageScanStatus"] == status and "imageScanFindings" not in said
    (detail,) = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert detail["imageScanStatus"] == status and "imageScanFindingsSummary" not in detail
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("bash", fixed="0.1")])}))
    work()
    assert ecr.describe_image_scan_findings(**named())["imageScanStatus"]["status"] == "FINDINGS_UNAVAILABLE"
    importing.run(zipped(tmp_path, {"a.json": record(id="DSA-2-1", affected=[package("openssl", fixed="1.1.1k-2")])}))
    work()
    assert ecr.describe_image_scan_findings(**named())["imageScanFindings"]["findings"]


@pytest.mark.parametrize(
    ("layers", "status", "why"),
    [
        ([tree({"app/main": "x"})], "UNSUPPORTED_IMAGE", "No list of packages was found"),
        ([tree({DJANGO: METADATA})], "UNSUPPORTED_IMAGE", "no packages of a distribution"),
        ([b"not a layer" * 100], "FAILED", "can't be read"),
    ],
)
def test_what_cant_be_scanned_says_why(ecr: Any, layers: list[bytes], status: str, why: str) -> None:
    pushed(layers=layers)
    work()
    said = ecr.describe_image_scan_findings(**named())
    assert said["imageScanStatus"]["status"] == status and why in said["imageScanStatus"]["description"]
    assert "imageScanFindings" not in said
    if status == "FAILED":
        assert ecr.start_image_scan(**named())["imageScanStatus"]["status"] == "PENDING"
        work()
        with pytest.raises(WaiterError, match="terminal failure"):
            ecr.get_waiter("image_scan_complete").wait(**named(), WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_a_missing_layer_and_a_worker_that_dies_end_in_words(ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed("lost")
    blob = Image.objects.get().blobs.filter(is_config=False).select_related("blob")[0].blob
    storage().delete(blob.storage_key)
    work()
    lost = ecr.describe_image_scan_findings(**named("lost"))["imageScanStatus"]
    assert lost["status"] == "FAILED" and "missing or damaged; push it again" in lost["description"]

    pushed("deadly")

    def killed(_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(scans, "_made", killed)
    (row,) = OutboxRow.objects.filter(event="ImagePushed", task="registry.scanning.scans.image_pushed")
    assert outbox.run(row.id)
    scan = ImageScan.objects.get(image__tags__name="deadly")
    for _ in range(scans.MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            scans.run({"scan": scan.id})
    scans.run({"scan": scan.id})
    scan.refresh_from_db()
    assert (scan.status, scan.reason) == ("FAILED", "The scan has ended its worker several times.")


def test_it_refuses(ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
    image = pushed()
    push_index(OWNER, addresses.private("111122223333", NAME), "all", [image])
    for call in (ecr.start_image_scan, ecr.describe_image_scan_findings):
        assert refused(call, **named("none")) == "ImageNotFoundException"
        assert refused(call, repositoryName=NAME, imageId={}) == "InvalidParameterException"
        assert refused(call, repositoryName="none", imageId={"imageTag": "1"}) == "RepositoryNotFoundException"
    assert refused(ecr.start_image_scan, **named("all")) == "UnsupportedImageTypeException"
    assert refused(ecr.describe_image_scan_findings, **named(), nextToken="x") == "ScanNotFoundException"
    assert work()
    ImageScan.objects.update(status="COMPLETE", completed_at=timezone.now())
    assert refused(ecr.describe_image_scan_findings, **named(), nextToken="x") == "InvalidParameterException"
    charlie = aws("ecr", other)
    for call in (charlie.start_image_scan, charlie.describe_image_scan_findings):
        assert refused(call, registryId="111122223333", **named()) == "AccessDeniedException"


def test_an_archived_image_is_not_scanned(ecr: Any) -> None:
    pushed("old")
    ecr.update_image_storage_class(**named("old"), targetStorageClass="ARCHIVE")
    assert refused(ecr.start_image_scan, **named("old")) == "ImageArchivedException"
    ImageScan.objects.create(image=Image.objects.get(), status="COMPLETE", completed_at=timezone.now())
    said = ecr.describe_image_scan_findings(**named("old"))
    assert said["imageScanStatus"]["status"] == "IMAGE_ARCHIVED" and "imageScanFindings" not in said
    (detail,) = ecr.describe_images(repositoryName=NAME, filter={"imageStatus": "ARCHIVED"})["imageDetails"]
    assert detail["imageScanStatus"]["status"] == "IMAGE_ARCHIVED" and "imageScanFindingsSummary" not in detail


@pytest.mark.usefixtures("advisories")
def test_other_tags_and_repositories_of_an_image_share_what_was_read(ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second tag starts no scan; the same image elsewhere is looked up without reading a layer. SBOMs go at last."""
    image = pushed()
    work()
    config = bytes(image.manifest.content)
    ecr.put_image(repositoryName=NAME, imageManifest=config.decode(), imageTag="2")
    assert "ScanRequested" not in work()
    Image.objects.all().delete()
    look_after_scans()
    assert SbomRow.objects.count() == 1
    SbomRow.objects.update(created_at=timezone.now() - scans.AGAIN_AFTER)
    look_after_scans()
    assert not SbomRow.objects.exists()


def test_webhooks_are_told(ecr: Any, tmp_path: Path, webhook: Callable[..., Any]) -> None:
    """ECR's own event of a basic scan, and Amazon Inspector's of an enhanced one."""
    told = webhook(["image.scan"])
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("openssl", fixed="1.1.1k-2")])}))
    image = pushed()
    work()
    (body,) = told()
    assert (body["detail-type"], body["source"]) == ("ECR Image Scan", "aws.ecr")
    assert body["detail"] == {
        "scan-status": "COMPLETE",
        "repository-name": NAME,
        "finding-severity-counts": {"UNDEFINED": 2},
        "image-digest": image.digest,
        "image-tags": ["1"],
    }
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    work()
    body = told()[-1]
    assert (body["detail-type"], body["source"]) == ("Inspector2 Scan", "aws.inspector2")
    assert body["detail"]["repository-name"].startswith("arn:aws:ecr:")
    assert body["detail"]["finding-severity-counts"] == {"UNTRIAGED": 2, "TOTAL": 2}


@pytest.fixture
def webhook(account: Any) -> Callable[..., Any]:
    """Call it with kinds of events to have a webhook that wants them; what it returns gives the bodies for it."""
    from registry.models import Webhook, WebhookDelivery

    def made(kinds: list[str]) -> Callable[[], list[Any]]:
        Webhook.objects.create(account=account, name="told", url="https://example.com", secret=b"x", event_types=kinds)
        return lambda: [json.loads(each.body) for each in WebhookDelivery.objects.order_by("created_at")]

    return made


def test_a_client_error_is_no_crash(ecr: Any) -> None:
    with pytest.raises(ClientError, match="imageId"):
        ecr.describe_image_scan_findings(repositoryName=NAME)
