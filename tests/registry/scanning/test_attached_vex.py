"""VEX that is attached to images: shown by itself, followed where the registry trusts it, of that image alone."""

import json
from typing import Any

import pytest

from accounts import outbox
from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.core import images, layer_files, recycling, registries, scan_conditions
from registry.errors import InvalidValue, StorageUnavailable, SuppressionNotFound
from registry.models import AttachedVex, Finding, Image, ImageScan, Suppression
from registry.scanning import findings, suppressions, tables, vex_reading
from registry.scanning.findings import EVERY_ONE
from registry.values import Address, Digest
from tests.factories.registry import OCI_MANIFEST, make_repository, manifest_bytes, push_blob, push_image, push_index
from tests.registry.console.test_scanning import BASH, SSL, scanned
from tests.registry.scanning.test_suppressions import CVE, advisories, hidden, scan, wanted
from tests.registry.scanning.test_vex import OPENVEX, WHY, analysed, cyclonedx, openvex, statement
from tests.registry.scanning.test_vex_envelopes import attested, bundle, signed

__all__ = ["advisories", "scan"]
pytestmark = pytest.mark.usefixtures("advisories")
TYPE = "application/vnd.openvex+json"
MANY = openvex(statement(**WHY) | {"products": [{"@id": f"pkg:gem/a{number}"} for number in range(2001)]})
EMPTY = "application/vnd.oci.empty.v1+json"


def attach(
    caller: Caller,
    subject: Image,
    *contents: bytes,
    artifact_type: str = TYPE,
    marks: tuple[str, ...] = (),
    **more: Any,
) -> Image:
    """Push an artifact as `oras attach` does, each content as a layer; `marks` are their predicate types."""
    address = subject.repository.address
    layers = [push_blob(caller, address, each) | {"mediaType": artifact_type} for each in contents]
    for layer, mark in zip(layers, marks, strict=False):
        layer["annotations"] = {"in-toto.io/predicate-type": mark}
    named = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.manifest_size}
    config = push_blob(caller, address, b"{}") | {"mediaType": EMPTY}
    content = manifest_bytes(config, layers, artifactType=artifact_type, subject=named, **more)
    return images.put(caller, address, Digest.of(content), OCI_MANIFEST, content).image


def work() -> None:
    """Do what waits for the scans' worker."""
    while rows := list(OutboxRow.objects.filter(task__startswith="registry.scanning", dead_at=None).order_by("id")):
        for row in rows:
            assert outbox.run(row.id), OutboxRow.objects.get(id=row.id).last_error


def trust(caller: Caller, address: Address, value: str = "TRUSTED") -> None:
    """Let the registry follow what is attached, or only show it."""
    registries.put_account_setting(caller, address.registry, "ATTACHED_VEX", value)
    work()


def says(product: Any, vulnerability: str = CVE, **more: Any) -> bytes:
    """A document with one statement."""
    return openvex(statement(product=product, **WHY) | {"vulnerability": vulnerability}, **more)


def shown(scan: ImageScan) -> dict[str, str]:
    """The findings of which an attached document says something that does not count, and the artifact's digest."""
    page = findings.page(scan, only=EVERY_ONE)
    findings.attached(scan.image.repository, scan.image, page.rows)
    return {row.name: row.attached_vex.attached.referrer.digest for row in page.rows if row.attached_vex}  # type: ignore[union-attr]  # it is attached


def gate(scan: ImageScan) -> str:
    """What policies see of the image."""
    return scan_conditions.of_image(scan.image_id)[0].worst


def test_it_works(alice: Caller, address: Address, scan: ImageScan) -> None:
    """It is shown and changes nothing, until the registry trusts it; and again once it does so no more."""
    image = attach(alice, scan.image, says("pkg:oci/app"))
    work()
    (document,) = AttachedVex.objects.all()
    assert (document.referrer, document.document, document.format) == (image, "https://example.com/vex/1", "OpenVEX")
    assert (document.count, document.open, document.left_out, document.problem) == (1, 0, [], "")
    assert shown(scan) == {CVE: image.digest} and not hidden(scan) and gate(scan) == "CRITICAL"
    trust(alice, address)
    assert hidden(scan) == {CVE} and shown(scan) == {} and gate(scan) == "UNDEFINED"
    scan.refresh_from_db()
    assert scan.counts == {"UNDEFINED": 2} and scan.ignored == 1
    row = next(each for each in findings.every(scan, EVERY_ONE) if each.name == CVE)
    said = tables.described(row)
    assert (said["status"], said["attachedVex"]) == ("SUPPRESSED", image.digest)
    trust(alice, address, "SHOWN")
    assert shown(scan) == {CVE: image.digest} and not hidden(scan) and gate(scan) == "CRITICAL"


def test_it_ends_and_comes_back_with_the_artifact(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    image = attach(alice, scan.image, says("pkg:deb/debian/openssl"))
    work()
    assert hidden(scan) == {CVE}
    images.delete(alice, address, Digest.parse(image.digest))
    work()
    assert not hidden(scan) and not shown(scan) and gate(scan) == "CRITICAL"
    recycling.restore(alice, address, Digest.parse(image.digest))
    work()
    assert hidden(scan) == {CVE}


def test_it_may_come_before_the_image(alice: Caller, address: Address) -> None:
    trust(alice, address)
    image = push_image(alice, address, "1")
    attach(alice, image, says("pkg:oci/app"))
    images.delete(alice, address, Digest.parse(image.digest))
    work()
    recycling.restore(alice, address, Digest.parse(image.digest))
    assert hidden(scanned(image, SSL, BASH)) == {CVE}


def test_it_speaks_of_its_subject_alone(alice: Caller, charlie: Caller, address: Address, scan: ImageScan) -> None:
    """Not of other images of the repository, nor of the same image elsewhere, whatever it says."""
    config = b'{"os": "linux", "architecture": "arm64"}'
    same = push_image(alice, address, "2", config=config, layers=[b"1"])
    repository = make_repository(alice, "team/other")
    elsewhere = push_image(alice, repository.address, "2", config=config, layers=[b"1"])
    theirs = push_image(charlie, make_repository(charlie, "team/app").address, "2", config=config, layers=[b"1"])
    scans = [scanned(same, SSL), scan]
    scans += [_also(image, scans[0]) for image in (elsewhere, theirs)]
    assert same.digest == elsewhere.digest == theirs.digest
    trust(alice, address)
    trust(charlie, theirs.repository.address)
    for product in ("pkg:deb/debian/openssl", f"pkg:oci/app@{scan.image.digest}", f"pkg:oci/app@{same.digest}"):
        attach(alice, same, says(product, **{"@id": product}))
    work()
    assert [hidden(each) for each in scans] == [{CVE}, set(), set(), set()]
    assert [bool(shown(each)) for each in scans] == [False] * 4


def _also(image: Image, scan: ImageScan) -> ImageScan:
    """A scan of the same bytes in another repository."""
    made = ImageScan.objects.create(image=image, scan_type="BASIC", status="COMPLETE", sbom=scan.sbom)
    for row in scan.findings.all():
        Finding.objects.create(
            scan=made,
            **{name: getattr(row, name) for name in ("position", "advisory", "name", "severity", "package", "version")},
            package_type=row.package_type,
            installed_as=row.installed_as,
        )
    return made


def test_what_is_attached_to_an_index_speaks_of_its_images(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    index = push_index(alice, address, "all", [scan.image])
    attach(alice, index, says("pkg:oci/app"))
    work()
    assert hidden(scan) == {CVE}
    images.delete(alice, address, Digest.parse(index.digest))
    work()
    assert not hidden(scan)
    recycling.restore(alice, address, Digest.parse(index.digest))
    work()
    assert hidden(scan) == {CVE}


def test_an_index_that_comes_later_brings_its_documents(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    other = push_image(alice, address, "other", layers=[b"2"])
    index = push_index(alice, address, "all", [scan.image, other])
    images.delete(alice, address, Digest.parse(index.digest))
    attach(alice, index, says("pkg:oci/app"))
    work()
    assert not hidden(scan)
    push_index(alice, address, "again", [scan.image, other])
    work()
    assert hidden(scan) == {CVE}


def test_a_new_version_takes_the_place_of_the_one_before(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    attach(alice, scan.image, says("pkg:oci/app"))
    work()
    other = attach(alice, scan.image, says("pkg:oci/app", "CVE-2024-2000"))
    work()
    assert hidden(scan) == {"CVE-2024-2000"}
    third = attach(alice, scan.image, says("pkg:oci/app", "CVE-2024-3000", **{"@id": "https://example.com/vex/2"}))
    work()
    assert hidden(scan) == {"CVE-2024-2000", "CVE-2024-3000"}
    said = findings.attached(scan.image.repository, scan.image)
    assert len(said.rows) == 3
    assert {each.referrer for each in said.rows if each.id in said.current} == {other, third}
    images.delete(alice, address, Digest.parse(other.digest))
    work()
    assert hidden(scan) == {CVE, "CVE-2024-3000"}


def test_what_the_account_itself_says_counts_first(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    attach(alice, scan.image, says("pkg:oci/app"))
    work()
    attached = Suppression.objects.get()
    own = suppressions.create(alice, address.registry, wanted())
    assert Finding.objects.get(name=CVE).suppression == own
    (listed,), _ = suppressions.page(alice, address.registry)
    assert listed == own
    for verb in (suppressions.get, suppressions.end):
        with pytest.raises(SuppressionNotFound):
            verb(alice, address.registry, attached.id)
    suppressions.end(alice, address.registry, own.id)
    assert Finding.objects.get(name=CVE).suppression == attached


@pytest.mark.parametrize(
    ("artifact_type", "value"),
    [
        ("application/vnd.in-toto+json", attested),
        ("application/vnd.dsse.envelope.v1+json", lambda *given: signed(attested(*given))),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", lambda *given: bundle(signed(attested(*given)))),
    ],
)
def test_attestations_are_read(
    alice: Caller, address: Address, scan: ImageScan, artifact_type: str, value: Any
) -> None:
    trust(alice, address)
    content = json.dumps(value(says("pkg:oci/app"), OPENVEX, scan.image.digest)).encode()
    attach(alice, scan.image, b"other", content, artifact_type=artifact_type, marks=("https://spdx.dev/x", OPENVEX))
    work()
    assert hidden(scan) == {CVE}


def test_cyclonedx_is_read(alice: Caller, address: Address, scan: ImageScan) -> None:
    trust(alice, address)
    said = analysed("resolved", "pkg:deb/debian/openssl") | {"id": CVE}
    attach(alice, scan.image, cyclonedx(said), artifact_type="application/vnd.cyclonedx+json")
    work()
    assert hidden(scan) == {CVE}


@pytest.mark.parametrize(
    ("artifact_type", "contents", "more"),
    [
        ("application/vnd.cyclonedx+json", (cyclonedx(),), {}),
        ("application/vnd.in-toto+json", (b"{",), {}),
        ("application/vnd.in-toto+json", (b"{}", b"[]"), {}),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", (b'{"messageSignature": {}}',), {}),
        (TYPE, (says("pkg:oci/app"),), {"annotations": {"in-toto.io/predicate-type": "https://spdx.dev/Document"}}),
        ("application/spdx+json", (says("pkg:oci/app"),), {}),
    ],
)
def test_what_is_no_vex_is_left_alone(
    alice: Caller, scan: ImageScan, artifact_type: str, contents: tuple[bytes, ...], more: dict[str, Any]
) -> None:
    attach(alice, scan.image, *contents, artifact_type=artifact_type, **more)
    work()
    assert not AttachedVex.objects.exists() and not OutboxRow.objects.exclude(last_error="").exists()


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ((b"{",), "not JSON"),
        ((b"\0\xff",), "not JSON"),
        ((b"[" * 100_000,), "not JSON"),
        ((b"{}",), "neither OpenVEX"),
        ((b" " * (2 * 2**20 + 1),), "larger than 2 MiB"),
        ((openvex(statement("safe\0")),), "statements[0].status is"),
        ((b"1", b"2"), "has 2 layers"),
        ((), "has 0 layers"),
        ((MANY,), "more than 2000"),
    ],
)
def test_it_refuses_in_words_and_once(
    alice: Caller, address: Address, scan: ImageScan, contents: tuple[bytes, ...], words: str
) -> None:
    """The artifact stays, the reason is kept, and nothing is tried again."""
    trust(alice, address)
    image = attach(alice, scan.image, *contents)
    work()
    (document,) = AttachedVex.objects.all()
    assert words in document.problem and document.referrer == image and image.deleted_at is None
    assert not hidden(scan) and not Suppression.objects.exists()
    assert not OutboxRow.objects.filter(task__startswith="registry.scanning").exists()


def test_there_is_an_end_to_their_number(alice: Caller, scan: ImageScan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vex_reading, "MOST_DOCUMENTS", 1)
    for number in range(2):
        attach(alice, scan.image, says("pkg:oci/app", **{"@id": f"x{number}"}))
    work()
    problems = AttachedVex.objects.order_by("id").values_list("problem", flat=True)
    assert list(problems) == ["", "An image may have 1 VEX documents."]


def test_it_is_read_once_and_again_if_it_could_not_be(
    alice: Caller, address: Address, scan: ImageScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away delays it; work that comes twice does it once; findings follow in any case."""
    trust(alice, address)
    image = attach(alice, scan.image, says("pkg:oci/app"))
    vex_reading.pushed(image)

    def away(*_: object) -> None:
        raise StorageUnavailable

    rows = list(OutboxRow.objects.filter(event="VexAttached"))
    with monkeypatch.context() as patched:
        patched.setattr(layer_files, "of_image", away)
        assert not outbox.run(rows[0].id)
    assert not AttachedVex.objects.exists() and OutboxRow.objects.filter(id=rows[0].id).exists()
    work()
    assert hidden(scan) == {CVE} and AttachedVex.objects.count() == 1
    Finding.objects.update(suppression=None)
    vex_reading.attached({"image": image.id})
    assert hidden(scan) == {CVE} and Suppression.objects.count() == 1


def test_what_was_attached_before_is_read_once_it_is_trusted(alice: Caller, address: Address, scan: ImageScan) -> None:
    attach(alice, scan.image, says("pkg:oci/app"))
    attach(alice, scan.image, b"1", artifact_type="application/spdx+json")
    OutboxRow.objects.all().delete()
    trust(alice, address, "SHOWN")
    assert not AttachedVex.objects.exists()
    trust(alice, address)
    assert hidden(scan) == {CVE} and AttachedVex.objects.count() == 1


def test_of_public_images_it_is_shown(alice: Caller, public_address: Address) -> None:
    scan = scanned(push_image(alice, public_address, "1"), SSL)
    image = attach(alice, scan.image, says("pkg:deb/debian/openssl"))
    work()
    assert shown(scan) == {CVE: image.digest} and not hidden(scan)
    with pytest.raises(InvalidValue):
        registries.put_account_setting(alice, public_address.registry, "ATTACHED_VEX", "TRUSTED")
