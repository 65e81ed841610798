"""What is in public images, over the API: their packages, filtered, page by page."""

import json
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from registry.core import policies
from registry.image_pages import packages
from registry.models import Image, ImageScan, Sbom
from registry.scanning.sboms import Package
from registry.values import Address
from tests.gallery.api.conftest import Ask
from tests.gallery.api.test_openapi import strict
from tests.gallery.pages.test_sbom import BASH, FLASK, LONG
from tests.registry.console.test_scanning import SSL, scanned

NOTHING: dict[str, Any] = {
    "packages": None, "total": None, "distribution": None, "types": {}, "licences": {}, "results": [], "next": "",
    "listed_at": None, "cyclonedx_url": "", "spdx_url": "",
}  # fmt: skip


@pytest.fixture
def path(app: str, image: Image) -> str:
    """The packages of an image that nobody has scanned."""
    ImageScan.objects.all().delete()
    return f"{app}/-/images/{image.digest}/packages"


def test_it_works(
    ask: Ask, client: Client, path: str, image: Image, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    scanned(image, FLASK, SSL, BASH, LONG)
    with django_assert_max_num_queries(12):
        found = ask(path)
    assert [row["name"] for row in found["results"]] == ["bash", "Flask", "libssl3", "words"]
    assert (found["packages"], found["total"], found["next"], found["is_too_long"]) == (4, 4, "", False)
    assert found["types"] == {"deb": 2, "python": 1, "npm": 1}
    assert found["licences"] == {"GPL-3.0": 1, "MIT": 1, "BSD-3-Clause": 1}, "names that are too long are no filter"
    assert found["distribution"]["version"] == "11" and found["generator"] == "test 1"
    assert found["results"][0] == {
        "name": "bash", "version": "5.1-2", "type": "deb", "architecture": "amd64", "source_name": "",
        "source_version": "", "purl": "", "licences": ["GPL-3.0", "MIT"], "path": "/var/lib/dpkg/status", "layer": "",
    }  # fmt: skip
    ssl = found["results"][2]
    assert (ssl["source_name"], ssl["layer"], ssl["licences"]) == ("openssl", SSL.layer, [])
    assert json.loads(b"".join(client.get(found["cyclonedx_url"])))["bomFormat"] == "CycloneDX"
    assert json.loads(b"".join(client.get(found["spdx_url"])))["spdxVersion"] == "SPDX-2.3"
    described = client.get("/api/openapi.json").json()["components"]
    schema = {"$ref": "#/components/schemas/Packages", "components": strict(described)}
    Draft202012Validator(schema).validate(found)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("package=FLASK", ["Flask"]),
        ("package=openssl", ["libssl3"]),
        ("type=deb", ["bash", "libssl3"]),
        ("licence=MIT", ["bash"]),
        ("licence=-", ["libssl3"]),
        ("type=python&licence=MIT", []),
        ("type=gem", []),
        ("licence=AGPL-3.0-only", []),
    ],
)
def test_filters(ask: Ask, path: str, image: Image, query: str, wanted: list[str]) -> None:
    """Asked of many images, a filter that fits nothing in one of them is no mistake."""
    scanned(image, FLASK, SSL, BASH, LONG)
    found = ask(f"{path}?{query}")
    assert [row["name"] for row in found["results"]] == wanted and found["total"] == len(wanted)
    assert found["packages"] == 4 and found["types"]["deb"] == 2


def test_a_long_list_has_pages(ask: Ask, path: str, image: Image) -> None:
    scanned(image, *(Package(f"p{number:03}", "1", "npm") for number in range(201)))
    names: list[str] = []
    after = ""
    while not names or after:
        found = ask(f"{path}?after={after}")
        names += [row["name"] for row in found["results"]]
        after = found["next"]
    assert names == [f"p{number:03}" for number in range(201)]
    assert ask(f"{path}?after=201")["results"] == []


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=²", f"after={'9' * 30}", f"licence={'x' * 101}"])
def test_it_refuses_what_cannot_be_read(ask: Ask, path: str, query: str) -> None:
    ask(f"{path}?{query}", 400)


def test_a_list_that_is_too_long_is_in_files(ask: Ask, path: str, image: Image) -> None:
    scanned(image, BASH)
    Sbom.objects.update(package_count=packages.MOST_SHOWN + 1)
    found = ask(path)
    assert (found["is_too_long"], found["packages"], found["total"]) == (True, packages.MOST_SHOWN + 1, None)
    assert found["results"] == [] and found["cyclonedx_url"] and found["spdx_url"]


def test_what_was_not_listed_is_not_none(ask: Ask, path: str, image: Image) -> None:
    assert ask(path).items() >= (NOTHING | {"status": "NOT_SCANNED", "reason": ""}).items()
    scan = ImageScan.objects.create(image=image, status="PENDING")
    assert ask(path).items() >= (NOTHING | {"status": "PENDING"}).items()
    ImageScan.objects.filter(id=scan.id).update(status="FAILED", reason="A layer can't be read.")
    assert ask(path).items() >= (NOTHING | {"status": "FAILED", "reason": "A layer can't be read."}).items()
    scan.delete()
    scanned(image)
    found = ask(path)
    assert (found["packages"], found["total"], found["results"]) == (0, 0, []) and found["cyclonedx_url"]


def test_each_platform_has_its_own(ask: Ask, app: str, path: str, image: Image) -> None:
    both, arm = (Image.objects.get(tags__name=name) for name in ("all", "1.0-arm"))
    scanned(arm, BASH)
    index_path = path.replace(image.digest, both.digest)
    found = ask(f"{index_path}?platform=linux/arm64")
    assert (found["digest"], found["platform"], found["total"]) == (arm.digest, "linux/arm64", 1)
    assert f"/images/{arm.digest}/sbom.cdx.json" in found["cyclonedx_url"]
    assert ask(f"{index_path}?platform=linux/amd64").items() >= NOTHING.items()
    ask(f"{index_path}?platform=plan9/mips", 404)


def test_who_may_not_see_images_sees_no_packages(
    ask: Ask, path: str, image: Image, alice: Caller, public_address: Address
) -> None:
    scanned(image, BASH)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr-public:DescribeImages"}
    policies.put(alice, public_address, json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    ask(path, 404)
