"""Columns of tables: hidden and shown by the address, kept for a person, forgotten."""

import re

import pytest
from django.test import Client

from accounts.caller import Caller
from accounts.models import Person
from registry.console import columns
from registry.models import Image
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import PRIVATE, ana, chi, page

__all__ = ["ana", "chi"]
IMAGES = f"{PRIVATE}/team/app/-/images"
CHOOSE = "/account/columns"


def heads(text: str) -> list[str]:
    """The words at the head of the table."""
    head = re.search(r"<thead>.*?</thead>", text, re.DOTALL)
    assert head
    cells = re.findall(r"<th\b.*?</th>", head[0], re.DOTALL)
    return [re.sub(r"<[^>]+>|[↓↑]", "", cell).strip() for cell in cells]


USUAL = ["Select", "Name", "Tag setting", "Images", "Size", "Last push", "Last pull", "Scanned"]


def test_it_works_by_the_address(ana: Client, address: Address) -> None:
    assert heads(page(ana, PRIVATE)) == USUAL
    assert heads(page(ana, f"{PRIVATE}?columns=tags")) == [*USUAL, "Resource tags"]
    text = page(ana, f"{PRIVATE}?columns=tags,-size,-pulled,-scanning,-name,nonsense")
    assert heads(text) == ["Select", "Name", "Tag setting", "Images", "Last push", "Resource tags"]
    assert 'data-label="Size"' not in text and 'name="columns" value="tags,-size' in text
    assert heads(page(ana, f"{PRIVATE}?columns=nonsense")) == USUAL


def test_it_works_for_images(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    digest = f'<span class="digest muted small nowrap">{image.digest[:19]}<'
    facts = ["Kind", "Pushed", "Last pull", "Size", "Vulnerabilities", "Signed"]
    text = page(ana, IMAGES)
    assert heads(text) == ["Select", "Tags", *facts, "Actions"] and digest in text
    text = page(ana, f"{IMAGES}?columns=-kind,-pushed,-pulled,-size,-vulnerabilities,-signed,-class,-digest")
    assert heads(text) == ["Select", "Tags", "Actions"] and "<td data-label" not in text and digest not in text
    Image.objects.filter(id=image.id).update(image_status=Image.Status.ARCHIVED)
    assert heads(page(ana, IMAGES)) == ["Select", "Tags", *facts, "Class", "Actions"]
    assert "Class" not in heads(page(ana, f"{IMAGES}?columns=-class"))


def test_a_choice_is_kept_until_it_is_reset(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    back = f"{PRIVATE}?sort=-size"
    answer = ana.post(CHOOSE, {"table": "repositories", "next": back, "size": "1", "tags": "1", "other": "1"})
    assert answer.headers["Location"] == back
    text = page(ana, PRIVATE)
    assert heads(text) == ["Select", "Name", "Size", "Resource tags"] and "Back to the usual columns" in text
    assert Person.objects.get().columns == {"repositories": "-mutability,-images,-pushed,-pulled,-scanning,tags"}
    assert "Kind" in heads(page(ana, IMAGES)), "another table has its own"
    ana.post(CHOOSE, {"table": "images", "next": back, "kind": "1"})
    assert heads(page(ana, IMAGES)) == ["Select", "Tags", "Kind", "Actions"]
    # The address wins, and says so.
    text = page(ana, f"{PRIVATE}?columns=-size")
    assert heads(text) == [each for each in USUAL if each != "Size"] and "Show my own choice" in text
    ana.post(CHOOSE, {"table": "repositories", "next": back, "reset": "1", "size": "1"})
    text = page(ana, PRIVATE)
    assert heads(text) == USUAL and "Back to the usual columns" not in text
    assert Person.objects.get().columns == {
        "images": "-pushed,-pulled,-size,-vulnerabilities,-signed,-replication,-class,-lifecycle,-digest"
    }


def test_it_works_only_for_who_chose(ana: Client, address: Address) -> None:
    other = Client()
    assert other.post(CHOOSE, {"table": "repositories"}).headers["Location"].startswith("/sign-in")
    assert ana.get(CHOOSE).status_code == 405


@pytest.mark.parametrize("table", ["", "people", "repositories\n"])
def test_it_refuses_tables_without_a_choice(ana: Client, address: Address, table: str) -> None:
    assert ana.post(CHOOSE, {"table": table, "next": "/help"}).status_code == 404


def test_it_leads_to_pages_of_this_site_only(ana: Client, address: Address) -> None:
    answer = ana.post(CHOOSE, {"table": "images", "next": "//evil.example/"})
    assert answer.headers["Location"] == "/console"


@pytest.mark.parametrize("table", columns.TABLES)
def test_what_is_written_is_read(table: str) -> None:
    names = [column.name for column in columns.TABLES[table]]
    for number in range(2 ** len(names)):
        shown = frozenset(name for place, name in enumerate(names) if number >> place & 1)
        assert columns._read(table, columns.write(table, shown)) == shown
