"""Images and their tags: put, get, delete, untag, referrers, history."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.models import AuditEvent, OutboxRow
from registry import storage
from registry.core import image_tags, images, repositories
from registry.errors import (
    ImageIsReferenced,
    ImageNotFound,
    ImageTagAlreadyExists,
    LayersNotFound,
    ManifestDigestMismatch,
    ManifestInvalid,
    ManifestTooLarge,
    ReferencedImagesNotFound,
)
from registry.models import Blob, Image, Repository, TagEvent
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    make_repository,
    manifest_bytes,
    push_blob,
    push_image,
    push_index,
)

ONE = ImageTag("1")


def digest_of(image: Image) -> Digest:
    """The image's digest as a value."""
    return Digest.parse(image.digest)


def test_it_works(alice: Caller, address: Address, repository: Repository) -> None:
    """Pushed by tag, found by tag and digest, with its facts, one audit row and one event."""
    image = push_image(alice, address, "1", layers=[b"x" * 100], labels={"a": "b"}, architecture="arm64")
    stored = images.get(alice, address, ONE)
    assert stored.image.id == image.id == images.head(alice, address, digest_of(image)).id
    assert Digest.of(stored.content) == digest_of(image)
    assert (image.platform, image.kind, image.media_type) == ("linux/arm64", "image", OCI_MANIFEST)
    assert image.size > 100 and image.manifest_size == len(stored.content)
    assert [row.is_config for row in image.blobs.all()] == [True, False]
    assert AuditEvent.objects.get(event_name="PutImage").details["imageDigest"] == image.digest
    assert OutboxRow.objects.filter(event="ImagePushed", task="gallery.search.index.refresh").count() == 1
    repository.refresh_from_db()
    assert repository.last_push_at is not None


def test_the_same_push_again_changes_nothing(alice: Caller, address: Address) -> None:
    """No second history row, audit row or event."""
    first = push_image(alice, address, "1")
    content = images.get(alice, address, ONE).content
    again = images.put(alice, address, ONE, OCI_MANIFEST, content).image
    assert again == first
    assert TagEvent.objects.count() == AuditEvent.objects.filter(event_name="PutImage").count() == 1


def test_a_push_counts_images_only_near_the_limit(alice: Caller, address: Address, settings: Settings) -> None:
    """To count them takes long in a repository of many, and others wait for its lock."""
    push_image(alice, address, "1")
    for most in (100, 3):
        settings.MAX_IMAGES = most
        with CaptureQueriesContext(connection) as read:
            push_image(alice, address)
        counted = [each for each in read if "COUNT(*)" in each["sql"] and '"is_generated"' in each["sql"]]
        assert not counted


def test_a_tag_moves_and_its_history_tells(alice: Caller, address: Address) -> None:
    """Created, moved, deleted, by whom, from which digest to which."""
    one, two = push_image(alice, address, "1"), push_image(alice, address, "1")
    assert images.head(alice, address, ONE).id == two.id
    assert images.head(alice, address, digest_of(one)).id == one.id
    images.untag(alice, address, ONE)
    with pytest.raises(ImageNotFound):
        images.head(alice, address, ONE)
    assert images.head(alice, address, digest_of(two)).id == two.id
    history = TagEvent.objects.order_by("id").values_list("kind", "old_digest", "new_digest", "principal_arn")
    assert list(history) == [
        ("created", "", one.digest, alice.principal_arn),
        ("moved", one.digest, two.digest, alice.principal_arn),
        ("deleted", two.digest, "", alice.principal_arn),
    ]


def test_immutable_tags_stay(alice: Caller) -> None:
    """Another image is refused, the same one is not, and nothing of the refused push is visible."""
    address = make_repository(alice, "fixed", image_tag_mutability="IMMUTABLE").address
    push_image(alice, address, "1")
    content = images.get(alice, address, ONE).content
    images.put(alice, address, ONE, OCI_MANIFEST, content)
    with pytest.raises(ImageTagAlreadyExists):
        push_image(alice, address, "1")
    assert Image.objects.count() == 1


def test_an_index_names_its_children(alice: Caller, address: Address) -> None:
    """Its size is that of the largest child; children can't go before it."""
    small, large = push_image(alice, address, layers=[b"a"]), push_image(alice, address, layers=[b"b" * 999])
    index = push_index(alice, address, "1", [small, large])
    assert (index.kind, index.size) == ("index", large.size)
    assert [child.digest for child in index.children.all()] == [small.digest, large.digest]
    with pytest.raises(ImageIsReferenced):
        images.delete(alice, address, digest_of(small))
    images.delete_many(alice, address, [digest_of(small), digest_of(index)])
    images.delete(alice, address, digest_of(large))
    assert not Image.objects.filter(deleted_at=None).exists()


def test_indexes_of_indexes_go_together_in_any_order(alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    inner = push_index(alice, address, "", [child])
    outer = push_index(alice, address, "", [inner])
    wanted = [(image.digest, "") for image in (child, inner, outer)]
    gone, failures = images.delete_ids(alice, address, wanted)
    assert set(gone) == set(wanted) and not failures


def test_a_child_that_goes_while_its_index_comes_is_missed(
    alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = push_image(alice, address)
    lock = repositories.lock

    def late(repository: Repository) -> None:
        monkeypatch.setattr(repositories, "lock", lock)
        images.delete(alice, address, digest_of(child))
        lock(repository)

    monkeypatch.setattr(repositories, "lock", late)
    with pytest.raises(ReferencedImagesNotFound):
        push_index(alice, address, "all", [child])
    assert not Image.objects.filter(kind="index").exists()


def test_a_deleted_image_takes_its_tags_and_can_come_back(alice: Caller, address: Address) -> None:
    """The digest is free for a new push at once."""
    push_image(alice, address, "1")
    content = images.get(alice, address, ONE).content
    image = images.put(alice, address, ImageTag("2"), OCI_MANIFEST, content).image
    images.delete(alice, address, digest_of(image))
    assert image_tags.names(alice, address) == ([], False)
    assert OutboxRow.objects.filter(event="ImageDeleted", task="gallery.search.index.refresh").count() == 1
    with pytest.raises(ImageNotFound):
        images.head(alice, address, digest_of(image))
    again = images.put(alice, address, ONE, OCI_MANIFEST, content).image
    assert again.digest == image.digest and again.id != image.id


def test_tags_are_listed_in_byte_order_page_by_page(alice: Caller, address: Address) -> None:
    """Upper case before lower case, and what follows is said."""
    push_image(alice, address, "b")
    content = images.get(alice, address, ImageTag("b")).content
    for tag in ("a", "B", "_x", "10", "9"):
        images.put(alice, address, ImageTag(tag), OCI_MANIFEST, content)
    assert image_tags.names(alice, address) == (["10", "9", "B", "_x", "a", "b"], False)
    assert image_tags.names(alice, address, limit=2) == (["10", "9"], True)
    assert image_tags.names(alice, address, last="B", limit=3) == (["_x", "a", "b"], False)


def test_referrers_are_found_by_their_subject(alice: Caller, address: Address) -> None:
    """By digest order, filtered by type, page by page; the subject need not be there."""
    subject = {"mediaType": OCI_MANIFEST, "digest": str(Digest.of(b"not there")), "size": 9}
    signature, sbom = "application/vnd.example.signature", "application/vnd.example.sbom"
    pushed = [
        push_image(alice, address, subject=subject, artifactType=kind, annotations={"n": str(n)})
        for n, kind in enumerate((signature, sbom, sbom))
    ]
    wanted = Digest.parse(subject["digest"])  # type: ignore[arg-type]  # the size is the only number
    in_order = sorted(pushed, key=lambda image: image.digest)
    assert images.referrers(alice, address, wanted) == (in_order, False)
    assert images.referrers(alice, address, wanted, limit=2) == (in_order[:2], True)
    assert images.referrers(alice, address, wanted, last=in_order[1].digest) == (in_order[2:], False)
    assert images.referrers(alice, address, wanted, artifact_types=[signature]) == (pushed[:1], False)
    assert images.referrers(alice, address, Digest.of(b"else")) == ([], False)
    assert pushed[1].annotations == {"n": "1"}


def test_annotations_may_hold_anything(alice: Caller, address: Address) -> None:
    """Characters that a database refuses are replaced in our copy; the manifest's bytes stay as they are."""
    image = push_image(alice, address, "1", annotations={"odd": "a\x00b\ud800"})
    assert image.annotations == {"odd": "a\ufffdb\ufffd"}
    assert json.loads(images.get(alice, address, ONE).content)["annotations"] == {"odd": "a\x00b\ud800"}


def test_layers_from_elsewhere_may_be_absent_and_are_kept_if_present(
    alice: Caller, address: Address, repository: Repository
) -> None:
    """A layer with urls need not be pushed; if it was, the image holds on to it."""
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    elsewhere = {"urls": ["https://example.com/layer"]}
    absent = {"mediaType": OCI_LAYER, "digest": str(Digest.of(b"absent")), "size": 6} | elsewhere
    pushed = push_blob(alice, address, b"pushed all the same") | elsewhere
    content = manifest_bytes(config, [absent, pushed])
    image = images.put(alice, address, ONE, OCI_MANIFEST, content).image
    assert [row.blob.digest for row in image.blobs.select_related("blob")] == [config["digest"], pushed["digest"]]


def test_it_refuses_missing_blobs_by_name(alice: Caller, charlie: Caller, address: Address) -> None:
    """Blobs of other repositories are missing too, until they are mounted."""
    elsewhere = push_blob(charlie, make_repository(charlie, "own").address, b"theirs")
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    absent = {"mediaType": OCI_LAYER, "digest": str(Digest.of(b"absent")), "size": 6}
    with pytest.raises(LayersNotFound) as caught:
        images.put(alice, address, ONE, OCI_MANIFEST, manifest_bytes(config, [elsewhere, absent]))
    assert set(caught.value.digests) == {elsewhere["digest"], absent["digest"]}
    assert not Image.objects.exists()


def test_it_refuses_missing_children_by_name(alice: Caller, address: Address) -> None:
    """An index must come after its manifests."""
    child = push_image(alice, address)
    images.delete(alice, address, digest_of(child))
    with pytest.raises(ReferencedImagesNotFound) as caught:
        push_index(alice, address, "1", [child])
    assert caught.value.digests == (child.digest,)


def test_it_refuses_a_config_that_is_damaged(alice: Caller, address: Address) -> None:
    """Found when it is read: the client is told to push it again."""
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    storage.default().delete(Blob.objects.get().storage_key)
    with pytest.raises(LayersNotFound):
        images.put(alice, address, ONE, OCI_MANIFEST, manifest_bytes(config, []))


def test_it_refuses_wrong_digests_types_and_sizes(alice: Caller, address: Address, settings: Settings) -> None:
    """Each with its own error."""
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    content = manifest_bytes(config, [])
    with pytest.raises(ManifestDigestMismatch):
        images.put(alice, address, Digest.of(b"else"), OCI_MANIFEST, content)
    with pytest.raises(ManifestInvalid):
        images.put(alice, address, ONE, OCI_INDEX, content)
    with pytest.raises(ManifestInvalid):
        images.put(alice, address, ONE, OCI_MANIFEST, b"not json")
    settings.MAX_MANIFEST_BYTES = len(content) - 1
    with pytest.raises(ManifestTooLarge):
        images.put(alice, address, ONE, OCI_MANIFEST, content)


def test_sha512_names_work(alice: Caller, address: Address) -> None:
    """A manifest pushed by its SHA-512 digest is found by it."""
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    content = manifest_bytes(config, [])
    digest = Digest.of(content, "sha512")
    images.put(alice, address, digest, OCI_MANIFEST, content)
    assert images.get(alice, address, digest).content == content


def test_it_refuses_what_is_not_there(alice: Caller, address: Address) -> None:
    """By tag and by digest, to read and to delete."""
    absent = Digest.of(b"absent")
    for reference in (ONE, absent):
        with pytest.raises(ImageNotFound):
            images.get(alice, address, reference)
    with pytest.raises(ImageNotFound):
        images.untag(alice, address, ONE)
    with pytest.raises(ImageNotFound):
        images.delete(alice, address, absent)


def test_it_refuses_strangers(alice: Caller, charlie: Caller, anonymous: Caller, address: Address) -> None:
    """Every verb."""
    image = push_image(alice, address, "1")
    digest = digest_of(image)
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for verb in (
            lambda caller: images.get(caller, address, ONE),
            lambda caller: images.head(caller, address, digest),
            lambda caller: images.put(caller, address, ONE, OCI_MANIFEST, b"{}"),
            lambda caller: images.delete(caller, address, digest),
            lambda caller: images.untag(caller, address, ONE),
            lambda caller: images.referrers(caller, address, digest),
            lambda caller: image_tags.names(caller, address),
        ):
            with pytest.raises(error):
                verb(caller)


def test_anyone_pulls_public_images(alice: Caller, anonymous: Caller, public_address: Address) -> None:
    """And only that."""
    image = push_image(alice, public_address, "1")
    assert images.get(anonymous, public_address, ONE).image.id == image.id
    assert image_tags.names(anonymous, public_address) == (["1"], False)
    with pytest.raises(CredentialsMissing):
        images.untag(anonymous, public_address, ONE)
