"""Publishers write what the gallery says: the listing of a repository, and their own profile."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Picture

from accounts.caller import Caller
from accounts.directory import principals
from accounts.models import Account, Membership, Person, Principal
from gallery.search import index
from registry.core import catalog
from registry.models import CatalogData, RegistryCatalogData
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import member

BASE = "/console/111122223333/public"
LISTING = f"{BASE}/repositories/app/-/listing"
PROFILE = f"{BASE}/profile"


def png(width: int = 64, height: int = 64) -> bytes:
    """A picture."""
    made = io.BytesIO()
    Picture.new("RGB", (width, height), "#0b5b61").save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def ana(client: Client, alice: Caller, public_address: Address) -> Client:
    """The browser of the publisher."""
    client.force_login(member(alice.account_id, "ana@example.com"))
    return client


def test_it_works(ana: Client, alice: Caller, public_address: Address) -> None:
    push_image(alice, public_address, "1", architecture="arm64")
    index.rebuild()
    text = ana.get(LISTING).content.decode()
    assert "Up to 25,600 characters." in text and "@ of 1,024 characters" in text
    assert 'value="ARM 64" checked' in text and 'value="Linux" checked' in text
    answer = ana.post(
        LISTING,
        {
            "description": "Serves pages.",
            "about_text": "# Hello\r\nWorld",
            "usage_text": "",
            "operating_systems": ["Linux"],
            "architectures": ["ARM 64", "x86-64"],
            "categories": ["databases"],
            "licence": "MIT",
            "source_url": "https://example.com/source",
            "is_deprecated": "on",
            "replacement": "acme/new",
            "logo": SimpleUploadedFile("logo.png", png(), "image/png"),
        },
        follow=True,
    )
    assert "The listing of app is saved." in answer.content.decode()
    row = CatalogData.objects.get()
    assert (row.description, row.about_text, row.licence) == ("Serves pages.", "# Hello\nWorld", "MIT")
    assert (row.categories, row.architectures) == (["databases"], ["ARM 64", "x86-64"])
    assert (row.source_url, row.is_deprecated, row.replacement) == ("https://example.com/source", True, "acme/new")
    assert row.logo_id and ana.get(f"/media/logos/{row.logo_id}.png").status_code == 200
    ana.post(LISTING, {"description": "x", "remove_logo": "on"})
    assert CatalogData.objects.get().logo_id is None


def test_a_text_is_previewed_and_nothing_is_saved(ana: Client) -> None:
    sent = {"about_text": "# Shelf\n<script>alert(1)</script>\n\n*new*", "preview": "about_text"}
    part = ana.post(LISTING, sent, headers={"HX-Request": "true"}).content.decode()
    assert "<em>new</em>" in part and "<script" not in part and "<html" not in part
    whole = ana.post(LISTING, sent).content.decode()
    assert "<em>new</em>" in whole and "&lt;script&gt;alert(1)&lt;/script&gt;" in whole
    assert not CatalogData.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"description": "x" * 1025}, "This is 1 character too long; the limit is 1024."),
        ({"about_text": "x" * 25_602}, "This is 2 characters too long; the limit is 25600."),
        ({"source_url": "javascript:alert(1)"}, "Give an address that begins with https:// or http://."),
        ({"source_url": "https://exa mple.com"}, "Give an address that begins with https:// or http://."),
        ({"categories": ["nonsense"]}, "nonsense"),
        (
            {"categories": ["databases", "storage", "security", "caching", "networking", "other"]},
            "Choose up to 5 categories.",
        ),
        ({"architectures": ["quantum"]}, "quantum"),
        ({"logo": SimpleUploadedFile("a.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")}, "Choose a PNG"),
        ({"logo": SimpleUploadedFile("a.png", png(59, 80), "image/png")}, "60 to 2048 pixels"),
        ({"logo": SimpleUploadedFile("a.png", b"\x89PNG" + b"0" * 512_001, "image/png")}, "more than 512,000 bytes"),
    ],
)
def test_it_refuses_and_keeps_what_was_typed(ana: Client, change: dict[str, object], words: str) -> None:
    answer = ana.post(LISTING, {"licence": "kept as typed", **change})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text and "Nothing was saved" in text and 'value="kept as typed"' in text
    assert not CatalogData.objects.exists()


def test_words_put_by_the_api_are_kept(ana: Client, alice: Caller, public_address: Address) -> None:
    catalog.put(alice, public_address, {"architectures": ["RISC-V"]})
    assert 'value="RISC-V" checked' in ana.get(LISTING).content.decode()
    ana.post(LISTING, {"description": "x", "architectures": ["RISC-V"]})
    assert CatalogData.objects.get().architectures == ["RISC-V"]


def test_a_profile_is_shown_and_saved(ana: Client) -> None:
    assert "Not verified." in ana.get(PROFILE).content.decode()
    sent = {"display_name": "Acme", "description": "We make anvils.", "website": "https://acme.example.com"}
    assert "The profile is saved." in ana.post(PROFILE, sent, follow=True).content.decode()
    row = RegistryCatalogData.objects.get()
    assert (row.display_name, row.description, row.website) == tuple(sent.values())
    bad = ana.post(PROFILE, sent | {"website": "ftp://acme.example.com"})
    assert bad.status_code == 422 and "Give an address" in bad.content.decode()
    assert ana.post(PROFILE, {"display_name": "x" * 101}).status_code == 422
    assert RegistryCatalogData.objects.get().website == "https://acme.example.com"


def test_a_profile_says_that_it_is_verified(ana: Client) -> None:
    from django.utils import timezone

    RegistryCatalogData.objects.create(account_id="111122223333", verified_at=timezone.now())
    assert "Verified" in ana.get(PROFILE).content.decode()


def test_strangers_and_readers_change_nothing(ana: Client, charlie: Caller) -> None:
    stranger = Client()
    stranger.force_login(member(charlie.account_id, "chi@example.com"))
    for path in (LISTING, PROFILE):
        assert Client().get(path).status_code == 302
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"description": "mine"}).status_code == 404
    account = Account.objects.get(id="111122223333")
    role = principals.create(account, Principal.Kind.ROLE, "Reader")
    person = Person.objects.create_user("rea@example.com", "a shelf of long words")
    Membership.objects.create(person=person, account=account, role=role)
    reader = Client()
    reader.force_login(person)
    text = reader.get(LISTING).content.decode()
    assert "PutRepositoryCatalogData" in text and "Save listing" not in text
    assert reader.post(LISTING, {"description": "mine"}).status_code == 403
    assert not CatalogData.objects.exists()
