"""SBOMs attached to images: found by the referrers API, no push, always the same bytes, gone with their image."""

import json
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.core import generated, image_tags, images, policies, reading, recycling, repositories, retagging
from registry.core.blobs import find, read
from registry.errors import CountLimitExceeded, QuotaExceeded
from registry.lifecycle import facts
from registry.models import Image, ImageScan, Repository, Sbom, TagEvent
from registry.scanning import attaching, sboms
from registry.scanning.sboms import Package
from registry.scanning.tasks import attach_sboms
from registry.values import Address, Digest, RepositoryName
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image, push_index
from tests.registry.console.test_scanning import BASH, SSL, scanned
from tests.registry.scanning.test_matching import sbom

CYCLONEDX = "application/vnd.cyclonedx+json"
DENY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action":
["ecr:PutImage", "ecr:InitiateLayerUpload"]}]}"""


@pytest.fixture(autouse=True)
def chosen(settings: Settings, tmp_path: Path) -> None:
    """All images have theirs attached."""
    settings.SBOM_REFERRERS = "all"
    settings.SCAN_ROOT = tmp_path


def attached(caller: Caller, address: Address, image: Image) -> list[Image]:
    """What the referrers API tells of."""
    return images.referrers(caller, address, Digest.parse(image.digest), artifact_types=[CYCLONEDX])[0]


def tell(scan: ImageScan) -> None:
    """Say that a scan has ended."""
    attaching.packages_listed({"scan": scan.id})


def relist(image: Image, *packages: Package) -> None:
    """Another engine lists other packages."""
    found = sbom(*packages)
    Sbom.objects.filter(manifest_digest=image.digest).update(content=sboms.packed(found), created_at=timezone.now())


def test_it_works(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    before, pushes = Repository.objects.get(id=image.repository_id), OutboxRow.objects.count()
    scan = scanned(image, SSL, BASH)
    asked = OutboxRow.objects.count()
    tell(scan)
    (made,) = attached(alice, address, image)
    assert made.is_generated and made.kind == "sbom" and "role/aws-service-role/kho/scanning" in made.pushed_by
    content = json.loads(images.get(alice, address, Digest.parse(made.digest)).content)
    assert content["subject"]["digest"] == image.digest and content["artifactType"] == CYCLONEDX
    assert content["layers"][0]["annotations"] == {"org.opencontainers.image.title": "sbom.cdx.json"}
    with read(find(alice, address, Digest.parse(content["layers"][0]["digest"]))).file as file:
        listed = json.loads(file.read())
    assert listed["bomFormat"] == "CycloneDX" and "timestamp" not in listed["metadata"]
    assert [each["name"] for each in listed["components"]] == ["debian", "libssl3", "bash"]
    assert OutboxRow.objects.count() == asked > pushes, "it is no push"
    after = Repository.objects.get(id=image.repository_id)
    assert after.last_push_at == before.last_push_at and after.image_count == before.image_count + 1
    tell(scan)
    assert attached(alice, address, image) == [made]


def test_nobody_is_told_that_it_goes(alice: Caller, address: Address) -> None:
    """As nobody was told that it came."""
    image = push_image(alice, address, "1")
    tell(scanned(image, SSL, BASH))
    (made,) = attached(alice, address, image)
    images.delete_many(alice, address, [Digest.parse(image.digest), Digest.parse(made.digest)])
    told = OutboxRow.objects.filter(event="ImageDeleted").values_list("payload__digest", flat=True)
    assert set(told) == {image.digest} and not attached(alice, address, image)


def test_the_same_packages_have_the_same_digest_everywhere(
    alice: Caller, address: Address, public_address: Address
) -> None:
    config = b'{"os": "linux", "architecture": "amd64"}'
    one, other = (push_image(alice, each, "1", layers=[b"1"], config=config) for each in (address, public_address))
    scan = scanned(one, SSL)
    also = ImageScan.objects.create(image=other, status="COMPLETE", scan_type="ENHANCED", sbom=scan.sbom)
    tell(scan)
    tell(also)
    assert one.digest == other.digest
    assert attached(alice, address, one)[0].digest == attached(alice, public_address, other)[0].digest


def test_other_packages_take_the_place_of_those_before(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    scan = scanned(image, SSL)
    tell(scan)
    (first,) = attached(alice, address, image)
    count = Repository.objects.get(id=image.repository_id).image_count
    relist(image, SSL)
    tell(scan)
    assert attached(alice, address, image) == [first], "the same packages again"
    relist(image, SSL, BASH)
    tell(scan)
    (second,) = attached(alice, address, image)
    assert second.digest != first.digest
    assert Repository.objects.get(id=image.repository_id).image_count == count


def test_it_goes_and_comes_back_with_its_image(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    tell(scanned(image, SSL))
    (made,) = attached(alice, address, image)
    assert {each.digest: each.subject for each in facts.of_repository(image.repository_id)}[made.digest] == image.digest
    told = OutboxRow.objects.count()
    images.delete(alice, address, Digest.parse(image.digest))
    assert not Image.objects.filter(deleted_at=None).exists()
    assert Repository.objects.get(id=image.repository_id).image_count == 0
    events = list(OutboxRow.objects.order_by("id")[told:])
    assert {each.payload["digest"] for each in events} == {image.digest}, "nobody is told of what nobody pushed"
    recycling.restore(alice, address, Digest.parse(image.digest))
    back = OutboxRow.objects.order_by("id")[told + len(events) :]
    assert {each.payload["digest"] for each in back} == {image.digest}
    assert attached(alice, address, image) == [made]
    images.delete(alice, address, Digest.parse(image.digest))
    repositories.delete(alice, address)


class TestPushing:
    """What somebody pushes, or names, of what was made here is theirs: it stays."""

    @pytest.fixture
    def image(self, alice: Caller, address: Address) -> Image:
        """An image with its list of packages attached."""
        image = push_image(alice, address, "1")
        tell(scanned(image, SSL))
        return image

    @pytest.mark.parametrize("reference", [Tag.parse("sbom"), None])
    def test_the_same_bytes(self, alice: Caller, address: Address, image: Image, reference: Tag | None) -> None:
        (made,) = attached(alice, address, image)
        pushed, count = OutboxRow.objects.count(), Repository.objects.get(id=image.repository_id).image_count
        content = reading.manifest(made.digest) or b""
        put = images.put(alice, address, reference or Digest.parse(made.digest), made.media_type, content)
        assert put.changed and not put.image.is_generated
        assert {row.payload["digest"] for row in OutboxRow.objects.order_by("id")[pushed:]} == {made.digest}
        assert Repository.objects.get(id=image.repository_id).image_count == count
        self._stays(alice, address, image, made)
        assert not images.put(alice, address, Digest.parse(made.digest), made.media_type, content).changed

    def test_another_tag(self, alice: Caller, address: Address, image: Image) -> None:
        (made,) = attached(alice, address, image)
        retagging.retag(alice, address, Digest.parse(made.digest), Tag.parse("sbom"))
        self._stays(alice, address, image, made)

    def test_a_tag_that_comes_back(self, alice: Caller, address: Address, image: Image) -> None:
        (made,) = attached(alice, address, image)
        TagEvent.objects.create(repository_id=image.repository_id, tag="old", kind="created", new_digest=made.digest)
        image_tags.revert(alice, address, Tag.parse("old"), Digest.parse(made.digest))
        self._stays(alice, address, image, made)

    def test_an_index(self, alice: Caller, address: Address, image: Image) -> None:
        (made,) = attached(alice, address, image)
        push_index(alice, address, "all", [made])
        self._stays(alice, address, image, made)

    def test_it_counts_from_then_on(self, alice: Caller, address: Address, image: Image, settings: Settings) -> None:
        settings.MAX_IMAGES = 1
        (made,) = attached(alice, address, image)
        with pytest.raises(CountLimitExceeded):
            retagging.retag(alice, address, Digest.parse(made.digest), Tag.parse("sbom"))
        assert attached(alice, address, image)[0].is_generated
        settings.MAX_IMAGES = 2
        retagging.retag(alice, address, Digest.parse(made.digest), Tag.parse("sbom"))
        with pytest.raises(CountLimitExceeded):
            push_image(alice, address, "3", layers=[b"3"])

    def _stays(self, caller: Caller, address: Address, image: Image, made: Image) -> None:
        """Other packages do not take its place, and it does not go with its image."""
        relist(image, SSL, BASH)
        tell(ImageScan.objects.get(image=image))
        assert len(attached(caller, address, image)) == 2
        images.delete(caller, address, Digest.parse(image.digest))
        assert attached(caller, address, image) == [made]


def test_it_does_not_count(alice: Caller, address: Address, settings: Settings) -> None:
    settings.MAX_IMAGES = 2
    image = push_image(alice, address, "1")
    push_image(alice, address, "2", layers=[b"2"])
    tell(scanned(image, SSL))
    assert len(attached(alice, address, image)) == 1
    images.delete(alice, address, Digest.parse(Image.objects.get(tags__name="2").digest))
    push_image(alice, address, "3", layers=[b"3"])


@pytest.mark.parametrize("choice", ["off", "public"])
def test_it_is_attached_where_the_deployment_says_so(
    alice: Caller, address: Address, public_address: Address, settings: Settings, choice: str
) -> None:
    settings.SBOM_REFERRERS = choice
    private, public = push_image(alice, address, "1"), push_image(alice, public_address, "2", layers=[b"2"])
    for image in (private, public):
        tell(scanned(image, SSL))
    assert attached(alice, address, private) == []
    assert len(attached(alice, public_address, public)) == (choice == "public")


def test_nothing_is_attached_where_it_may_not_be(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    scan = scanned(image, SSL)
    policies.put(alice, address, DENY)
    tell(scan)
    assert attached(alice, address, image) == []
    policies.delete(alice, address)
    Image.objects.update(deleted_at=timezone.now())
    tell(scan)
    assert generated.of(image) is None and Image.objects.count() == 1


class TestMissing:
    """What could not be attached at first is attached by a later pass."""

    def test_once_there_is_room(self, alice: Caller, address: Address, settings: Settings) -> None:
        image, other = push_image(alice, address, "1"), push_image(alice, address, "2", layers=[b"2"])
        scans = [scanned(image, SSL), scanned(other, BASH)]
        settings.STORAGE_QUOTA_BYTES = 1
        for scan in scans:
            tell(scan)
        assert attach_sboms() == 0
        assert attached(alice, address, image) == attached(alice, address, other) == []
        settings.STORAGE_QUOTA_BYTES = 0
        assert (attach_sboms(), attach_sboms()) == (2, 0)
        assert len(attached(alice, address, image)) == len(attached(alice, address, other)) == 1

    def test_an_account_without_room_is_asked_once_and_others_are_too(
        self, alice: Caller, address: Address, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            scanned(push_image(alice, address, str(number), layers=[str(number).encode()]), SSL)
        asked = []

        def refuse(caller: Caller, *_: object) -> None:
            asked.append(caller.account_id)
            raise QuotaExceeded(1)

        monkeypatch.setattr(generated, "put", refuse)
        assert attach_sboms() == 0
        assert asked == [address.registry.account_id]

    def test_a_repository_that_refuses_holds_no_other_up(self, alice: Caller, address: Address) -> None:
        other = Address(address.registry, RepositoryName.parse("team/other"))
        repositories.create(alice, other)
        one = push_image(alice, address, "1")
        two = push_image(alice, other, "1", layers=[b"2"])
        for image in (one, two):
            scanned(image, SSL)
        policies.put(alice, address, DENY)
        assert attach_sboms() == 1
        assert len(attached(alice, other, two)) == 1

    def test_what_somebody_has_deleted_stays_away(self, alice: Caller, address: Address) -> None:
        image = push_image(alice, address, "1")
        tell(scanned(image, SSL))
        (made,) = attached(alice, address, image)
        images.delete(alice, address, Digest.parse(made.digest))
        assert attach_sboms() == 0
        relist(image, SSL, BASH)
        assert attach_sboms() == 1

    @pytest.mark.parametrize(("choice", "count"), [("off", 0), ("public", 1), ("all", 2)])
    def test_only_where_the_deployment_says_so(
        self, alice: Caller, address: Address, public_address: Address, settings: Settings, choice: str, count: int
    ) -> None:
        for number, each in enumerate((address, public_address)):
            scanned(push_image(alice, each, "1", layers=[str(number).encode()]), SSL)
        settings.SBOM_REFERRERS = choice
        assert attach_sboms() == count

    def test_a_pass_has_an_end(self, alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attaching, "MOST", 2)
        monkeypatch.setattr(attaching, "BATCH", 1)
        for number in range(3):
            scanned(push_image(alice, address, str(number), layers=[str(number).encode()]), SSL)
        assert (attach_sboms(), attach_sboms()) == (2, 1)
