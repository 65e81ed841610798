"""Ignoring vulnerabilities at the console: from an image's page, by VEX, and letting them come back."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.caller import Caller
from registry.models import Suppression
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import BASE, ana, chi, page
from tests.registry.console.test_iam import reader
from tests.registry.console.test_scanning import BASH, IMAGES, NONE_FOUND, SSL, advisories, scanned
from tests.registry.scanning.test_vex import WHY, openvex, statement

__all__ = ["advisories", "ana", "chi", "reader"]
IGNORED = f"{BASE}/us-east-1/registry/ignored"
CVE = "CVE-2024-1000"
GIVEN = {"vulnerability": CVE, "justification": "risk_accepted", "reason": "Nobody can get there."}


@pytest.fixture
def path(alice: Caller, address: Address, advisories: None) -> str:
    """The page of an image with three findings."""
    image = push_image(alice, address, "1")
    scanned(image, SSL, BASH)
    return f"{IMAGES}/{image.digest}/vulnerabilities"


def test_it_works(ana: Client, path: str) -> None:
    """From the finding to the form, back to the image, to what is ignored, and to the end of it."""
    digest = path.split("/")[-2]
    text = page(ana, f"{path}?severity=CRITICAL")
    query = urlencode({"vulnerability": CVE, "package": "openssl", "version": "1", "repository": "team/app"})
    link = f"{IGNORED}/-/new?{query}&image={digest.replace(':', '%3A')}"
    assert link.replace("&", "&amp;") in text
    form = page(ana, link)
    assert f'value="{CVE}"' in form and 'value="openssl"' in form and "Only in this image" in form
    until = (timezone.now() + timedelta(days=5)).date()
    given = GIVEN | {"package": "openssl", "repository": "team/app", "image": digest, "until": until.isoformat()}
    answer = ana.post(link, given | {"only_image": "on"})
    assert answer.status_code == 302 and answer["Location"] == path
    row = Suppression.objects.get()
    assert (row.image_digest, row.until) == (digest, datetime.combine(until, datetime.min.time(), UTC) + timedelta(1))
    text = page(ana, path)
    assert f"{CVE} is ignored from now on." in text and "2 findings" in text and "1 ignored" in text
    text = page(ana, f"{path}?ignored=ignored")
    assert "1 finding<" in text and "The risk is accepted: Nobody can get there." in text and "until" in text
    assert "3 findings" in page(ana, f"{path}?ignored=all")
    text = page(ana, IGNORED)
    assert CVE in text and "The risk is accepted" in text and "ana@example.com" in text
    assert "Nothing that is ignored contains" in page(ana, f"{IGNORED}?about=zlib") and CVE in page(
        ana, f"{IGNORED}?about=openssl"
    )
    change = f"{IGNORED}/{row.id}/-/change"
    form = page(ana, change)
    assert change in text and f'value="{until.isoformat()}"' in form and "Nobody can get there." in form
    refused = ana.post(change, GIVEN | {"reason": ""})
    assert refused.status_code == 422 and "This field is required" in refused.content.decode()
    text = ana.post(change, {"justification": "fixed", "reason": "Patched by hand."}, follow=True).content.decode()
    assert f"Saved: why {CVE} is ignored." in text and "It is fixed here" in text and "for ever" in text
    end = f"{IGNORED}/{row.id}/-/end"
    assert end in text and "1 finding comes back" in page(ana, end)
    text = ana.post(end, follow=True).content.decode()
    assert f"{CVE} is not ignored any more." in text and "Nothing is ignored: every finding counts." in text
    assert "3 findings" in page(ana, path) and page(ana, end, 404)


def test_where_all_is_ignored_nothing_is_said_to_be_safe(ana: Client, path: str) -> None:
    for name in (CVE, "CVE-2024-2000", "CVE-2024-3000"):
        ana.post(f"{IGNORED}/-/new", GIVEN | {"vulnerability": name})
    text = page(ana, path)
    assert "All findings of this image are ignored." in text and "3 ignored" in text and NONE_FOUND not in text
    assert "No finding fits these filters." in page(ana, f"{path}?severity=LOW")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vulnerability": ""}, "This field is required"),
        ({"vulnerability": "a b"}, "Give an id such as CVE-2024-1000."),
        ({"justification": "x"}, "Select a valid choice"),
        ({"reason": " "}, "This field is required"),
        ({"version": "1"}, "Name the package that has this version."),
        ({"repository": "Team/*"}, "* stands for any text in it."),
        ({"repository": "team/none"}, "There is no such repository in this registry."),
        ({"until": "2020-01-01"}, "This day is over."),
        ({"until": "soon"}, "Enter a valid date"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_form_says_what_is_wrong(ana: Client, changes: dict[str, str], words: str) -> None:
    answer = ana.post(f"{IGNORED}/-/new", GIVEN | changes)
    assert answer.status_code == 422 and words in answer.content.decode() and not Suppression.objects.exists()


@pytest.mark.django_db
def test_the_last_day_of_the_calendar_is_for_ever(ana: Client) -> None:
    assert ana.post(f"{IGNORED}/-/new", GIVEN | {"until": "9999-12-31"}).status_code == 302
    assert Suppression.objects.get().until is None


def test_vex_is_imported(ana: Client, path: str) -> None:
    said = statement("fixed", "pkg:deb/debian/openssl@1") | {"vulnerability": CVE}
    file = SimpleUploadedFile("vex.json", openvex(said, statement(product="x", **WHY)))
    text = ana.post(IGNORED, {"file": file, "vex_repository": "team/*"}, follow=True).content.decode()
    assert "https://example.com/vex/1: 1 statement is followed." in text
    assert "Left out: statements[1].products[0]: it is not named by a package URL" in text
    assert "It is fixed here" in text and "1 ignored" in page(ana, path)
    for content, words in ((b"{}", "neither OpenVEX"), (b"x", "not JSON"), (b"", "The submitted file is empty.")):
        answer = ana.post(IGNORED, {"file": SimpleUploadedFile("vex.json", content)})
        assert answer.status_code == 422 and words in answer.content.decode()
    file = SimpleUploadedFile("vex.json", openvex(said))
    answer = ana.post(IGNORED, {"file": file, "vex_repository": "team/none"})
    assert answer.status_code == 422 and "There is no such repository" in answer.content.decode()
    row = Suppression.objects.get()
    assert "Change…" not in page(ana, IGNORED) and page(ana, f"{IGNORED}/{row.id}/-/change", 404)


def test_who_may_only_read_sees_why_but_changes_nothing(reader: Client, ana: Client, path: str) -> None:
    ana.post(f"{IGNORED}/-/new", GIVEN)
    text = page(reader, f"{path}?ignored=all")
    assert "The risk is accepted" in text and "Ignore…" not in text and "Stop…" not in text
    text = page(reader, IGNORED)
    assert CVE in text and "Import VEX" not in text and "Stop…" not in text
    row = Suppression.objects.get()
    assert reader.post(f"{IGNORED}/-/new", GIVEN).status_code == 403
    assert reader.post(f"{IGNORED}/{row.id}/-/end").status_code == 403
    assert "UpdateFindingSuppression</code>" in page(reader, f"{IGNORED}/{row.id}/-/change")
    assert reader.post(f"{IGNORED}/{row.id}/-/change", GIVEN).status_code == 403
    file = SimpleUploadedFile("vex.json", openvex())
    assert reader.post(IGNORED, {"file": file}).status_code == 403
    assert Suppression.objects.count() == 1


def test_strangers_see_nothing(chi: Client, ana: Client, path: str) -> None:
    ana.post(f"{IGNORED}/-/new", GIVEN)
    for each in (IGNORED, f"{IGNORED}/-/new", f"{IGNORED}/{Suppression.objects.get().id}/-/end"):
        page(chi, each, 404)
    other = IGNORED.replace("111122223333", "444455556666")
    assert CVE not in page(chi, other)
    page(chi, f"{other}/{Suppression.objects.get().id}/-/end", 404)


def test_the_public_registry_has_a_list_of_its_own(ana: Client, alice: Caller, public_address: Address) -> None:
    its = IGNORED.replace("us-east-1", "public")
    ana.post(f"{its}/-/new", GIVEN)
    assert CVE in page(ana, its) and CVE not in page(ana, IGNORED)
    assert Suppression.objects.get().region == "public"
