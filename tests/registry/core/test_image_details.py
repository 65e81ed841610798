"""One image: what it names, what names it, what is attached, and who may read its contents."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.iam import document
from accounts.iam.document import Kind
from accounts.iam.request import Rights
from accounts.statistics import gather
from registry import storage
from registry.content.chart_archives import ChartUnreadable
from registry.content.charts import Chart
from registry.core import image_contents, image_details, images, reading
from registry.errors import BlobNotFound, BlobTooLarge, ImageNotFound
from registry.manifests.parse import Descriptor
from registry.models import Blob, Image, Manifest, Repository
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import (
    make_public_repository,
    make_repository,
    push_chart,
    push_image,
    push_index,
)


def config_of(image: Image) -> Descriptor:
    """How the image's manifest names its config."""
    parsed = image_details.manifest_of(image)
    assert parsed is not None and parsed.config is not None
    return parsed.config


def test_an_image_by_tag_and_digest(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1", labels={"org.opencontainers.image.version": "9"})
    detail = image_details.get(alice, address, Tag("1"))
    assert (detail.image, detail.shown, detail.tags) == (image, image, ["1"])
    assert [row.platform for row in detail.platforms] == ["linux/amd64"]
    assert image_details.get(alice, address, Digest.parse(image.digest)).facts["version"] == "9"


def test_an_index_shows_the_usual_platform_first(alice: Caller, address: Address) -> None:
    arm, amd, odd = (push_image(alice, address, architecture=name) for name in ("arm64", "amd64", "riscv64"))
    index = push_index(alice, address, "all", [odd, arm, amd])
    detail = image_details.get(alice, address, Tag("all"))
    assert (detail.image, detail.shown) == (index, amd)
    assert [row.digest for row in detail.platforms] == [amd.digest, arm.digest, odd.digest]
    assert image_details.get(alice, address, Tag("all"), platform="linux/riscv64").shown == odd
    with pytest.raises(ImageNotFound):
        image_details.get(alice, address, Tag("all"), platform="plan9/mips")
    with pytest.raises(ImageNotFound):
        image_details.get(alice, address, Digest.parse(amd.digest), platform="linux/arm64")


def test_what_is_attached_by_subject_and_by_fallback_tag(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    index = push_index(alice, address, "all", [image])
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    by_subject = push_image(alice, address, subject=subject)
    by_tag = push_image(alice, address, image.digest.replace(":", "-") + ".sig")
    Image.objects.filter(id=by_tag.id).update(kind=Image.Kind.SIGNATURE)
    inside = push_image(alice, address)
    push_index(alice, address, index.digest.replace(":", "-"), [inside])
    _detail, attached = image_details.get_with_attached(alice, address, Tag("all"))
    assert [each.id for each in attached] == [inside.id, by_tag.id, by_subject.id]
    assert image_details.get_with_place(alice, address, Tag("all"))[1].is_signed


def test_where_an_image_stands(alice: Caller, address: Address) -> None:
    old = push_image(alice, address, "1")
    new = push_image(alice, address, "1")
    index = push_index(alice, address, "all", [new])
    _detail, place = image_details.get_with_place(alice, address, Tag("1"))
    assert place.parents == [index]
    assert (place.replaces, place.replaced_tag, place.replaced_is_there) == (old.digest, "1", True)
    images.delete(alice, address, Digest.parse(old.digest))
    assert not image_details.get_with_place(alice, address, Tag("1"))[1].replaced_is_there
    assert image_details.get_with_place(alice, address, Tag("all"))[1].replaces == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes an index for each part of an OR")
def test_no_page_walks_through_all_images(alice: Caller, address: Address, repository: Repository) -> None:
    image, other = push_image(alice, address, "1"), push_image(alice, address, "2")
    digests = [f"sha256:{number:064x}" for number in range(500)]
    images = (Image(repository=repository, manifest=image.manifest, digest=each, manifest_size=2) for each in digests)
    Image.objects.bulk_create(images)
    gather()
    digest = Digest.parse(image.digest)
    with CaptureQueriesContext(connection) as read:
        image_details.get_with_place(alice, address, digest)
        image_details.get_pair(alice, address, digest, Digest.parse(other.digest))
        image_details.get_pair(alice, address, digest, Tag("2"))
    with connection.cursor() as cursor:
        for query in read.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            steps = [step for *_, step in cursor.fetchall() if "image_newest" in step or "registry_image_repos" in step]
            assert not [step for step in steps if step.endswith("(repository_id=?)")], query["sql"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts what its indexes hold by itself")
@pytest.mark.parametrize("attached", [0, 1, 500])
def test_no_deletion_walks_through_all_images(
    alice: Caller, address: Address, repository: Repository, attached: int
) -> None:
    """What was made of an image here is found, whether few images have such a thing or all of them."""
    image = push_image(alice, address, "1")
    digests = [f"sha256:{number:064x}" for number in range(500 + attached)]
    images_of = [
        Image(repository=repository, manifest=image.manifest, digest=each, manifest_size=2) for each in digests
    ]
    for made, subject in zip(images_of[500:], digests, strict=False):
        made.is_generated, made.subject_digest = True, subject
    Image.objects.bulk_create(images_of)
    gather()
    with CaptureQueriesContext(connection) as read:
        images.delete_many(alice, address, [Digest.parse(each) for each in digests[:10]])
    asked = [each["sql"] for each in read.captured_queries if each["sql"].startswith("SELECT")]
    [about_generated] = [sql for sql in asked if '"subject_digest" IN' in sql and 'AND "registry_image"."is_gen' in sql]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {about_generated}")
        steps = [step for *_, step in cursor.fetchall() if "registry_image" in step]
    assert len(steps) == 1 and "image_generated (repository_id=? AND subject_digest=?)" in steps[0], steps


def test_versions_of_a_chart(alice: Caller, address: Address) -> None:
    pushed = ("1.10.0", "1.9.0", "1.10.0-rc.10", "1.10.0-rc.9", "1.2.0", "1.10.0-beta.1")
    for number in pushed:
        push_chart(alice, address, Chart("shop", number))
    push_image(alice, address, "image")
    place = image_details.get_with_place(alice, address, Tag("1.9.0"))[1]
    versions = ["1.10.0", "1.10.0-rc.10", "1.10.0-rc.9", "1.10.0-beta.1", "1.9.0", "1.2.0"]
    assert [(each.tag, each.facts["version"]) for each in place.versions] == [(each, each) for each in versions]


def sharing(caller: Caller, address: Address, tag: str = "1") -> list[int]:
    """In how many other repositories the layers of an image are."""
    _detail, parsed, counted = image_details.get_with_layers(caller, address, Tag(tag))
    return [counted.get(str(layer.digest), 0) for layer in parsed.layers] if parsed else []


def test_layers_count_repositories_that_the_caller_may_see(alice: Caller, charlie: Caller, address: Address) -> None:
    push_image(alice, address, "1", layers=[b"shared", b"own"])
    assert sharing(alice, address) == [0, 0]
    for repository in (make_repository(alice, "other"), make_repository(charlie, "hidden")):
        push_image(repository_owner(repository, alice, charlie), repository.address, "1", layers=[b"shared"])
        push_image(repository_owner(repository, alice, charlie), repository.address, "2", layers=[b"shared"])
    public = make_public_repository(charlie, "open")
    push_image(charlie, public.address, "1", layers=[b"shared"])
    assert sharing(alice, address) == [2, 0], "a repository of the same registry, and a public one"
    limited = replace(alice, rights=rights("ecr:DescribeImages"))
    assert sharing(limited, address) == [1, 0], "who may not list the registry learns of public ones only"
    Repository.objects.filter(id=public.id).update(policy_text="{}")
    assert sharing(alice, address) == [1, 0]


def test_pages_ask_about_the_tags_of_the_image(alice: Caller, address: Address) -> None:
    """However it is named; the policies know the image by its tags."""
    secret, plain = (
        push_image(alice, address, "secret", layers=[b"1"]),
        push_image(alice, address, "plain", layers=[b"2"]),
    )
    condition = {"StringEquals": {"ecr:ImageTag": "secret"}}
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ecr:DescribeImages", "Resource": "*", "Condition": condition},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    limited = replace(alice, rights=Rights(identity=(document.parse(text, Kind.IDENTITY),)))
    for get in (image_details.get, image_details.get_with_layers, image_details.get_with_place):
        assert get(limited, address, Tag("plain"))
        for reference in (Tag("secret"), Digest.parse(secret.digest)):
            with pytest.raises(AccessDenied):
                get(limited, address, reference)
    with pytest.raises(AccessDenied):
        image_details.get_pair(limited, address, Digest.parse(plain.digest), Digest.parse(secret.digest))


def repository_owner(repository: Repository, *callers: Caller) -> Caller:
    """Whose repository it is."""
    return next(caller for caller in callers if caller.account_id == repository.account_id)


def rights(action: str) -> Rights:
    """Those of who may do one thing everywhere."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Rights(identity=(document.parse(text, Kind.IDENTITY),))


def test_a_pair_is_shown_for_one_platform(alice: Caller, address: Address) -> None:
    arm = push_image(alice, address, "arm", architecture="arm64")
    amd = push_image(alice, address, "amd")
    both = push_index(alice, address, "all", [amd, arm])
    old, new = image_details.get_pair(alice, address, Tag("arm"), Digest.parse(both.digest))
    assert (old.shown, new.shown) == (arm, arm)
    old, new = image_details.get_pair(alice, address, Tag("all"), Tag("all"), platform="linux/amd64")
    assert (old.shown, new.shown) == (amd, amd)
    old, new = image_details.get_pair(alice, address, Tag("amd"), Tag("arm"))
    assert (old.shown, new.shown) == (amd, arm), "without a platform of both, each as it is"


def test_a_manifest_that_can_not_be_read_is_none(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    Manifest.objects.filter(digest=image.digest).update(content=b"{")
    reading.contents.clear()
    assert image_details.manifest_of(image) is None
    assert image_details.get_with_layers(alice, address, Tag("1"))[1] is None


# --- contents


def test_configs_and_charts_are_read(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, config=b'{"os": "linux"}')
    assert json.loads(image_contents.config(alice, address, config_of(image))) == {"os": "linux"}
    chart = push_chart(alice, address, Chart("shop", "1.0.0", values="a: 1"))
    parsed = image_details.manifest_of(chart)
    assert parsed is not None
    assert image_contents.chart(alice, address, parsed.layers[0]).values == "a: 1"


def test_it_refuses_contents_that_are_damaged_or_too_large(alice: Caller, address: Address, data_folder: Path) -> None:
    image = push_image(alice, address, config=b" " * (image_contents.LARGEST_CONFIG + 1))
    with pytest.raises(BlobTooLarge):
        image_contents.config(alice, address, config_of(image))
    image = push_image(alice, address, config=b'{"os": "x"}', layers=[b"no chart"])
    parsed = image_details.manifest_of(image)
    assert parsed is not None
    with pytest.raises(ChartUnreadable):
        image_contents.chart(alice, address, parsed.layers[0])
    blob = Blob.objects.get(digest=str(config_of(image).digest))
    reading.contents.clear()
    path = storage.default().relative_path(blob.storage_key)
    assert path
    (data_folder / "blobs" / path).write_bytes(b'{"os": "y"}')
    with pytest.raises(BlobNotFound):
        image_contents.config(alice, address, config_of(image))
    blob.refresh_from_db()
    assert blob.state == Blob.State.DAMAGED


def test_it_refuses_contents_of_other_repositories(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, config=b'{"os": "linux"}')
    other = make_repository(alice, "other").address
    with pytest.raises(BlobNotFound):
        image_contents.config(alice, other, config_of(image))
    with pytest.raises(ImageNotFound):
        image_details.manifest(alice, other, Digest.parse(image.digest))


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    digest, config = Digest.parse(image.digest), config_of(image)
    reads: list[Callable[[Caller], object]] = [
        lambda caller: image_details.get(caller, address, Tag("1")),
        lambda caller: image_details.get(caller, address, Tag("absent")),
        lambda caller: image_details.get_pair(caller, address, Tag("1"), Tag("1")),
        lambda caller: image_details.get_with_place(caller, address, Tag("1")),
        lambda caller: image_details.get_with_layers(caller, address, Tag("1")),
        lambda caller: image_details.get_with_attached(caller, address, Tag("1")),
        lambda caller: image_details.manifest(caller, address, digest),
        lambda caller: image_contents.config(caller, address, config),
        lambda caller: image_contents.chart(caller, address, config),
    ]
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in reads:
            with pytest.raises(error):
                read(caller)


def test_who_may_only_describe_reads_no_contents(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    limited = replace(alice, rights=rights("ecr:DescribeImages"))
    assert image_details.get(limited, address, Tag("1")).image == image
    with pytest.raises(AccessDenied):
        image_details.manifest(limited, address, Digest.parse(image.digest))
    with pytest.raises(AccessDenied):
        image_contents.config(limited, address, config_of(image))
