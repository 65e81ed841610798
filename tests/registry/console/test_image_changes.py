"""What is done to images: another tag, a tag away, deletion with what goes along, all that match."""

from django.test import Client

from accounts.caller import Caller
from registry.core import work
from registry.models import Image, ImageScan, ImageTag, Repository, WorkItem
from registry.values import Address
from tests.factories.registry import push_image, push_index
from tests.registry.console.test_console import BASE, PRIVATE, ana, page
from tests.registry.console.test_iam import reader

__all__ = ["ana", "reader"]
IMAGES = f"{PRIVATE}/team/app/-/images"


def test_the_list_has_filters_sorts_and_commands(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    push_image(alice, address)
    text = page(ana, IMAGES)
    assert "docker pull testserver/111122223333/team/app:1.0" in text
    assert f"docker pull testserver/111122223333/team/app@{image.digest}" in text
    assert "--password-stdin testserver" in text and "alice" in text
    assert "1 image" in page(ana, f"{IMAGES}?status=untagged")
    assert "1 image" in page(ana, f"{IMAGES}?status=tagged&kind=image&sort=size")
    assert "No image matches these filters." in page(ana, f"{IMAGES}?older=3")
    assert ana.get(f"{IMAGES}?older=x").status_code == 400
    part = ana.get(IMAGES, headers={"HX-Request": "true"}).content.decode()
    assert "<h1" not in part and "2 images" in part


def test_an_image_gets_another_tag(ana: Client, alice: Caller, address: Address) -> None:
    one, two = push_image(alice, address, "1"), push_image(alice, address, "2")
    path = f"{IMAGES}/{two.digest}/retag"
    assert "Tags now" in page(ana, path)
    assert "stable names this image now." in ana.post(path, {"tag": "stable"}, follow=True).content.decode()
    assert "named this image already" in ana.post(path, {"tag": "stable"}, follow=True).content.decode()
    Repository.objects.update(image_tag_mutability="IMMUTABLE")
    answer = ana.post(path, {"tag": "1"})
    assert answer.status_code == 422 and "1 is immutable here" in answer.content.decode()
    assert ana.post(path, {"tag": "not legal"}).status_code == 422
    assert ImageTag.objects.get(name="1").image == one
    page(ana, f"{IMAGES}/sha256:{'0' * 64}/retag", 404)


def test_a_tag_is_taken_away(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    path = f"{PRIVATE}/team/app/-/tags/1/remove"
    assert "The image stays, even without a tag." in page(ana, path)
    assert ana.post(path, {"digest": image.digest}).status_code == 302
    assert not ImageTag.objects.exists() and Image.objects.filter(deleted_at=None).count() == 1
    assert ana.post(path, {"digest": image.digest}).status_code == 404, "a second click finds nothing"
    push_image(alice, address, "1")
    late = ana.post(path, {"digest": image.digest}, follow=True).content.decode()
    assert "names another image by now" in late and ImageTag.objects.exists()


def test_deletion_says_what_goes_along(ana: Client, alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    text = page(ana, f"{IMAGES}/delete?digest={index.digest}")
    assert "Delete 2 images?" in text and "Platform images that only they name" in text and "batch-delete-image" in text
    answer = ana.post(f"{IMAGES}/delete", {"digest": index.digest, "confirmed": "1"}, follow=True)
    assert "2 images are deleted." in answer.content.decode()
    assert not Image.objects.filter(deleted_at=None).exists()


def test_all_that_match_are_deleted_by_work(ana: Client, alice: Caller, address: Address) -> None:
    for number in range(12):
        push_image(alice, address, f"old-{number}")
    kept = push_image(alice, address, "new")
    every = {"all": "1", "filter": "contains=old-"}
    assert "Delete 12 images?" in ana.post(f"{IMAGES}/delete", every).content.decode()
    assert ana.post(f"{IMAGES}/delete", every | {"confirmed": "1", "typed": "11"}).status_code == 422
    answer = ana.post(f"{IMAGES}/delete", every | {"confirmed": "1", "typed": "12"})
    item = WorkItem.objects.get()
    assert answer.headers["Location"] == f"{BASE}/work/{item.id}"
    work.run({"item": str(item.id)})
    assert list(Image.objects.filter(deleted_at=None)) == [kept]
    none = ana.post(f"{IMAGES}/delete", every, follow=True).content.decode()
    assert "No image matches any more." in none


def test_readers_see_no_way_to_change(reader: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    text = page(reader, IMAGES)
    assert "BatchDeleteImage" in text and "Remove the tag" not in text and 'class="tick"' not in text
    assert "you need <code>ecr:PutImage" in page(reader, f"{IMAGES}/{image.digest}/retag")
    assert reader.post(f"{IMAGES}/{image.digest}/retag", {"tag": "2"}).status_code == 403
    assert reader.post(f"{PRIVATE}/team/app/-/tags/1/remove", {"digest": image.digest}).status_code == 403
    assert reader.post(f"{IMAGES}/delete", {"digest": image.digest}).status_code == 403
    assert ImageTag.objects.count() == 1


def test_two_ticked_images_are_compared(ana: Client, reader: Client, alice: Caller, address: Address) -> None:
    one, two = push_image(alice, address, "1"), push_image(alice, address, "2")
    compare = f"{PRIVATE}/team/app/-/compare"
    for browser in (ana, reader):
        assert f'formaction="{compare}"' in page(browser, IMAGES)
        assert f'name="digest" value="{one.digest}"' in page(browser, IMAGES)
        answer = browser.post(compare, {"digest": [two.digest, one.digest]})
        assert answer.headers["Location"] == f"{compare}/{one.digest}...{two.digest}"
        for ticked in ([], [one.digest], [one.digest, two.digest, f"sha256:{'0' * 64}"], ["x", "y"]):
            answer = browser.post(compare, {"digest": ticked}, follow=True)
            assert "Tick two images to compare them." in answer.content.decode()
    Image.objects.filter(pk=two.pk).delete()
    assert "formaction" not in page(reader, IMAGES)


def test_images_are_found_by_class_and_by_what_scans_found(ana: Client, alice: Caller, address: Address) -> None:
    old, bad, child = push_image(alice, address, "old"), push_image(alice, address, "bad"), push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    Image.objects.filter(pk=old.pk).update(image_status="ARCHIVED")
    ImageScan.objects.create(image=old, scan_type="BASIC", status="COMPLETE", counts={"LOW": 3})
    ImageScan.objects.create(image=bad, scan_type="BASIC", status="COMPLETE", counts={"HIGH": 1})
    ImageScan.objects.create(image=child, scan_type="BASIC", status="ACTIVE", counts={"CRITICAL": 0, "HIGH": 2})
    for query, names in {
        "image_class=ARCHIVED": {old},
        "image_class=ACTIVE": {bad, index},
        "severity=LOW": {old, bad, index},
        "severity=HIGH": {bad, index},
        "severity=CRITICAL": set(),
    }.items():
        text = page(ana, f"{IMAGES}?{query}")
        shown = {each for each in (old, bad, index) if f'value="{each.digest}"' in text}
        assert shown == names, query
    assert ana.get(f"{IMAGES}?severity=BAD").status_code == 400
