"""Vulnerabilities of public images in the gallery, as somebody without an account sees them."""

import json
import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.authn import callers
from accounts.caller import Caller, operator
from accounts.directory import policies as iam_policies
from accounts.directory import roles
from config.settings import base
from gallery.search import index
from registry.content.charts import Chart
from registry.core import aliases, permissions, policies
from registry.models import Image, ImageScan
from registry.scanning import importing, suppressions
from registry.scanning.sboms import Package
from registry.scanning.suppressions import Wanted
from registry.values import Address
from tests.factories.registry import make_public_repository, push_chart, push_image, push_index
from tests.registry.console.test_console import member
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned
from tests.registry.scanning.test_attached_vex import attach, work
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_osv import record
from tests.registry.scanning.test_vex import WHY, openvex, statement

__all__ = ["advisories"]
NONE_FOUND = "No known vulnerabilities in"
DENY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action":
"ecr-public:DescribeImages"}]}"""


@pytest.fixture
def image(alice: Caller, public_address: Address) -> Image:
    """An image that nobody has scanned."""
    return push_image(alice, public_address, "1.0")


@pytest.fixture
def place(alice: Caller, image: Image) -> str:
    """Its repository's pages."""
    index.rebuild()
    return f"/{aliases.primary(alice.account_id)}/app/-"


def page(client: Client, path: str, status: int = 200) -> str:
    """What a page says."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


@pytest.mark.usefixtures("advisories")
def test_it_works(client: Client, place: str, image: Image) -> None:
    path = f"{place}/images/{image.digest}/vulnerabilities"
    overview = page(client, f"{place}/tags/1.0")
    assert f'href="{path}"' in overview and f'<dd><a href="{path}">not scanned</a>' in overview
    text = page(client, path)
    assert "Not scanned" in text and NONE_FOUND not in text and '<form class="filters"' not in text
    scanned(image, SSL, BASH, scan_type="ENHANCED")
    text = page(client, path)
    assert "Scanned " in text and "kept up to date" in text and "3 findings" in text and NONE_FOUND not in text
    assert text.index("CVE-2024-1000") < text.index("CVE-2024-3000") and "1 fixable" in text
    assert "CVE-2024-3000" not in page(client, f"{path}?fixable=on")
    assert "Scan now" not in text and "Scan again" not in text and "Enhanced scanning" not in text
    assert "Select a valid choice" in page(client, f"{path}?severity=worst")
    files = {name: client.get(f"{place}/images/{image.digest}/sbom.{name}.json") for name in ("cdx", "spdx")}
    assert [each["name"] for each in json.loads(b"".join(files["cdx"]))["components"]] == ["debian", "libssl3", "bash"]
    assert json.loads(b"".join(files["spdx"]))["spdxVersion"] == "SPDX-2.3"


@pytest.mark.usefixtures("advisories")
def test_attached_vex_is_shown_and_changes_nothing(client: Client, alice: Caller, place: str, image: Image) -> None:
    scanned(image, SSL, BASH, scan_type="ENHANCED")
    said = statement(**WHY, product="pkg:oci/app", status_notes="between us") | {"vulnerability": "CVE-2024-1000"}
    artifact = attach(alice, image, openvex(said))
    work()
    text = page(client, f"{place}/images/{image.digest}/vulnerabilities")
    assert "3 findings" in text and ">Not affected</span>" in text and "between us" not in text
    assert f'href="{place}/images/{artifact.digest}">{artifact.digest[:19]}</a>' in text


@pytest.mark.usefixtures("advisories")
def test_lists_of_tags_tell_the_worst_of_each(
    client: Client, place: str, image: Image, alice: Caller, public_address: Address
) -> None:
    arm = push_image(alice, public_address, "", architecture="arm64", layers=[b"arm"])
    push_index(alice, public_address, "all", [image, arm])
    text = page(client, f"{place}/tags")
    assert text.count("not scanned</a>") == 2 and "none known" not in text
    scanned(arm, BASH, scan_type="ENHANCED")
    scanned(image, Package("openssl", "9", "deb"), scan_type="ENHANCED")
    text = page(client, f"{place}/tags")
    assert "none known</a>" in text and "Undefined <strong>1</strong>" in text
    assert "/vulnerabilities?platform=linux/arm64" in text
    assert ">of " not in text, "the worst are all"
    scanned(push_image(alice, public_address, "2.0"), SSL, BASH, scan_type="ENHANCED")
    assert re.search(r"<strong>1</strong></span>\s+<span[^>]*>of 3</span></a>", page(client, f"{place}/tags"))


@pytest.mark.usefixtures("advisories")
def test_why_a_finding_is_ignored_is_told_to_those_of_the_account(
    client: Client, place: str, image: Image, alice: Caller, public_address: Address
) -> None:
    scanned(image, SSL, scan_type="ENHANCED")
    wanted = Wanted("CVE-2024-1000", "risk_accepted", "Only behind the proxy of Mallory & Sons.")
    suppressions.create(alice, public_address.registry, wanted)
    text = page(client, f"{place}/images/{image.digest}/vulnerabilities?ignored=ignored")
    assert "CVE-2024-1000" in text and "risk is accepted" in text.lower() and "Mallory" not in text
    client.force_login(member(alice.account_id, "ana@example.com"))
    console = f"/console/{alice.account_id}/public/repositories/app/-/images/{image.digest}/vulnerabilities"
    assert "Only behind the proxy of Mallory &amp; Sons." in page(client, f"{console}?ignored=ignored")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("PENDING", "Queued"),
        ("IN_PROGRESS", "Scanning"),
        ("FAILED", "Scan failed"),
        ("UNSUPPORTED_IMAGE", "Not supported"),
        ("FINDINGS_UNAVAILABLE", "No advisories to look at"),
    ],
)
def test_no_other_state_looks_like_none_found(
    client: Client, place: str, image: Image, status: str, words: str
) -> None:
    ImageScan.objects.create(image=image, status=status, scan_type="ENHANCED")
    text = page(client, f"{place}/images/{image.digest}/vulnerabilities")
    assert words in text and NONE_FOUND not in text
    assert "none known" not in page(client, f"{place}/tags")


@pytest.mark.usefixtures("advisories")
def test_what_nobody_may_see_is_not_told(
    client: Client, place: str, image: Image, alice: Caller, public_address: Address
) -> None:
    paths = [f"{place}/images/{image.digest}/{name}" for name in ("vulnerabilities", "sbom.cdx.json", "sbom")]
    page(client, paths[1], 404)
    scanned(image, SSL, scan_type="ENHANCED")
    absent = f"{place}/images/sha256:{'0' * 64}"
    for path in (
        f"{absent}/vulnerabilities",
        f"{absent}/sbom",
        f"{absent}/sbom.cdx.json",
        paths[1].replace("cdx", "xml"),
    ):
        page(client, path, 404)
    policies.put(alice, public_address, DENY)
    for path in paths:
        page(client, path, 404)


@pytest.mark.usefixtures("advisories")
def test_results_tell_the_worst_of_the_newest_tag(
    client: Client, place: str, image: Image, alice: Caller, public_address: Address
) -> None:
    root = place.removesuffix("/-")
    path = f"{place}/images/{image.digest}/vulnerabilities"
    assert f'Vulnerabilities <a href="{path}">not scanned</a>' in page(client, "/search")
    scanned(image, BASH, scan_type="ENHANCED")
    for list_of in ("/search", root.rpartition("/")[0]):
        assert f'Vulnerabilities <a href="{path}"><span class="badge severity' in page(client, list_of)
    arm = push_image(alice, public_address, "", architecture="arm64", layers=[b"arm"])
    both = push_index(alice, public_address, "2.0", [image, arm])
    index.rebuild()
    text = page(client, "/search")
    assert f'{place}/images/{both.digest}/vulnerabilities?platform=linux/amd64"><span class="badge severity' in text
    make_public_repository(alice, "empty")
    push_chart(alice, make_public_repository(alice, "chart").address, Chart("chart", "1.0.0"))
    index.rebuild()
    assert page(client, "/search").count("Vulnerabilities") == 1, "only of what is scanned"


@pytest.mark.parametrize("who", ["nobody", "member", "assumed"])
@pytest.mark.parametrize("query", ["", "?fixable=on", "?package=openssl&ignored=all", "?package=openssl&after=49"])
def test_many_findings_of_a_platform_take_few_queries(
    client: Client, alice: Caller, public_address: Address, tmp_path: Path, settings: Settings, who: str, query: str
) -> None:
    """The worst case: an index, filtered, more than a page, VEX attached, rights that are not remembered.

    One fewer than a page may take: policies of both kinds take one more.
    """
    settings.RIGHTS_SECONDS = base.RIGHTS_SECONDS
    files = {f"{n}.json": record(id=f"DSA-{n}-1", upstream=[f"CVE-2024-{n}"]) for n in range(1000, 1120)}
    importing.run(zipped(tmp_path, files))
    image = push_image(alice, public_address, "1.0")
    arm = push_image(alice, public_address, "", architecture="arm64", layers=[b"arm"])
    whole = push_index(alice, public_address, "all", [image, arm])
    scanned(image, SSL, scan_type="ENHANCED")
    attach(alice, image, openvex(statement(**WHY, product="pkg:oci/app") | {"vulnerability": "CVE-2024-1000"}))
    work()
    index.rebuild()
    if who != "nobody":
        client.force_login(member(alice.account_id, "ana@example.com"))
    if who == "assumed":
        operated = operator(alice.account_id)
        trust = {"Effect": "Allow", "Principal": {"AWS": alice.account_id}, "Action": "sts:AssumeRole"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = roles.create(operated, alice.account_id, "reader", text)
        iam_policies.attach(operated, role, iam_policies.ADMINISTRATOR_ACCESS)
        arn = f"arn:aws:iam::{alice.account_id}:role/reader"
        assert client.post(f"/console/{alice.account_id}/assume", {"role_arn": arn}).status_code == 303
    path = f"/{aliases.primary(alice.account_id)}/app/-/images/{whole.digest}/vulnerabilities{query}"
    for kept in (callers._of_roles, permissions._registry_policies, aliases._found):
        kept.clear()
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        text = page(client, path)
    assert "CVE-2024-1" in text and "Next" in text
    asked = [each["sql"] for each in seen if each["sql"].partition(" ")[0] not in {"SAVEPOINT", "RELEASE"}]
    assert len(asked) <= 11, [each[:200] for each in asked]
