"""Settings of a repository: all in one form, nothing overwritten unseen; deletion protection against every API."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.caller import Caller
from registry.core import registries, repositories, repository_settings
from registry.errors import DeletionProtected
from registry.models import Repository
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import PRIVATE, ana, page
from tests.registry.console.test_iam import reader

__all__ = ["ana", "reader"]
PATH = f"{PRIVATE}/team/app/-/settings"
GIVEN = {
    "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
    "exclusion_filters": "dev-*",
    "scan_on_push": "on",
    "resource_tags": "team=shop",
    "deletion_protection": "on",
}


def test_it_works(ana: Client, address: Address) -> None:
    Repository.objects.update(resource_tags={"old": "1"})
    assert "old=1" in page(ana, PATH)
    assert ana.post(PATH, GIVEN).status_code == 302
    row = Repository.objects.get()
    assert repository_settings.of(row).as_dict() == {
        "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
        "exclusion_filters": ["dev-*"],
        "scan_on_push": True,
        "resource_tags": {"team": "shop"},
        "deletion_protection": True,
    }
    assert ana.post(PATH, GIVEN).status_code == 302, "the same again changes nothing"
    text = page(ana, PATH)
    assert "can't be deleted while deletion protection is on" in text and "put-image-tag-mutability" in text


def test_it_refuses_to_overwrite_what_others_saved(ana: Client, alice: Caller, address: Address) -> None:
    was = json.dumps(repository_settings.of(Repository.objects.get()).as_dict())
    repositories.put_mutability(alice, address, "IMMUTABLE")
    answer = ana.post(PATH, {"was": was, "image_tag_mutability": "MUTABLE", "scan_on_push": "on"})
    text = answer.content.decode()
    assert answer.status_code == 409 and "Somebody else has changed these settings" in text
    assert "IMMUTABLE" in text and not Repository.objects.get().scan_on_push
    for broken in ("", "[]", "{", "1" * 5000):
        assert ana.post(PATH, {"was": broken, "image_tag_mutability": "IMMUTABLE"}).status_code == 302


def test_it_refuses_wrong_settings(ana: Client, address: Address) -> None:
    answer = ana.post(PATH, GIVEN | {"exclusion_filters": ""})
    assert answer.status_code == 422 and Repository.objects.get().image_tag_mutability == "MUTABLE"


def test_readers_see_what_they_lack_and_change_nothing(reader: Client, address: Address) -> None:
    text = page(reader, PATH)
    assert "PutImageTagMutability" in text and "Save settings" not in text
    assert reader.post(PATH, GIVEN).status_code == 403
    assert repository_settings.of(Repository.objects.get()).resource_tags == {}


def test_a_protected_repository_is_deleted_by_nobody(ana: Client, alice: Caller, address: Address) -> None:
    repositories.put_deletion_protection(alice, address, True)
    with pytest.raises(DeletionProtected):
        repositories.delete(alice, address, force=True)
    path = f"{PRIVATE}/team/app/-/delete"
    assert "Deletion protection is on" in page(ana, path)
    answer = ana.post(path, {"typed": "team/app"})
    assert answer.status_code == 409 and repositories.find(address)
    repositories.put_deletion_protection(alice, address, False)
    assert ana.post(path, {"typed": "team/app"}).status_code == 302
    assert ana.post(path, {"typed": "team/app"}).status_code == 404, "a second click finds nothing"


def test_it_says_how_images_are_scanned_in_the_end(ana: Client, alice: Caller, address: Address) -> None:
    assert "In force: By hand." in page(ana, PATH)
    rule = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "team/*", "filterType": "WILDCARD"}]}
    registries.put_scanning(alice, address.registry, "BASIC", [rule])
    assert "In force: On push, by the registry's filter team/*." in page(ana, PATH)


def test_deleting_says_how_long_it_can_be_undone(
    ana: Client, alice: Caller, address: Address, settings: Settings
) -> None:
    image = push_image(alice, address, "1")
    one, some = f"{PRIVATE}/team/app/-/delete", f"{PRIVATE}/team/app/-/images/delete?digest={image.digest}"
    assert "can be restored for 7 days" in page(ana, one) and "/repositories/-/deleted" in page(ana, one)
    assert "can be restored for 7 days" in page(ana, some) and "/-/images/deleted" in page(ana, some)
    chosen = {"name": "team/app"}
    assert "can be restored for 7 days" in ana.post(f"{PRIVATE}/-/delete", chosen).content.decode()
    assert "What can't be undone" not in page(ana, PATH)
    settings.UNDELETE_SECONDS = 0
    for path in (one, some):
        assert "can't be restored" in page(ana, path) and "for 7 days" not in page(ana, path)
