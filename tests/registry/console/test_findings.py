"""Findings as CSV and JSON: of an image and of a repository, filtered, harmless in spreadsheets."""

import csv
import json
from typing import Any

import pytest
from django.test import Client

from accounts.caller import Caller
from registry.models import Advisory, Finding, Image
from registry.scanning import suppressions
from registry.scanning.suppressions import Wanted
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import PRIVATE, ana, chi, page
from tests.registry.console.test_scanning import BASH, IMAGES, SSL, advisories, scanned

__all__ = ["advisories", "ana", "chi"]
ALL = f"{PRIVATE}/team/app/-/findings"


@pytest.fixture
def image(alice: Caller, address: Address, advisories: None) -> Image:
    """An image with three findings, one of which is ignored; and another one with one, not the same."""
    image = push_image(alice, address, "1")
    scanned(image, SSL, BASH)
    suppressions.create(alice, address.registry, Wanted("CVE-2024-2000", "fixed", "=cmd()"))
    scanned(push_image(alice, address, "2"), BASH)
    return image


def file(client: Client, path: str) -> str:
    """What is downloaded, in pieces."""
    answer = client.get(path)
    assert answer.status_code == 200 and answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer).decode()


def rows(client: Client, path: str) -> list[dict[str, Any]]:
    """The rows of a table."""
    return list(csv.DictReader(file(client, path).splitlines()))


def test_it_works(ana: Client, image: Image) -> None:
    path = f"{IMAGES}/{image.digest}/findings"
    text = page(ana, f"{IMAGES}/{image.digest}/vulnerabilities?severity=CRITICAL")
    assert f"{path}.csv?severity=CRITICAL" in text and f"{path}.json?severity=CRITICAL" in text
    first, second = rows(ana, f"{path}.csv")
    assert (first["vulnerability"], first["severity"], first["score"]) == ("CVE-2024-1000", "CRITICAL", "9.8")
    assert (first["imageTags"], first["repository"], first["installedAs"]) == ("1", "team/app", "libssl3")
    assert second["vulnerability"] == "CVE-2024-3000" and second["fixedInVersion"] == ""
    found = json.loads(file(ana, f"{path}.json?ignored=all&package=openssl"))
    assert [each["status"] for each in found] == ["ACTIVE", "SUPPRESSED"]
    assert found[0]["imageTags"] == ["1"] and found[1]["justification"] == "fixed"
    assert [each["severity"] for each in rows(ana, f"{path}.csv?severity=CRITICAL")] == ["CRITICAL"]
    assert json.loads(file(ana, f"{path}.json?package=none")) == [] and rows(ana, f"{path}.csv?package=none") == []


def test_a_repository_has_those_of_all_its_images(ana: Client, image: Image) -> None:
    assert f"{ALL}.csv" in page(ana, IMAGES)
    found = json.loads(file(ana, f"{ALL}.json"))
    assert [(each["imageTags"], each["vulnerability"]) for each in found] == [
        (["2"], "CVE-2024-3000"),
        (["1"], "CVE-2024-1000"),
        (["1"], "CVE-2024-3000"),
    ]
    assert len(rows(ana, f"{ALL}.csv?fixable=on")) == 1


def test_no_cell_is_a_formula(ana: Client, image: Image) -> None:
    Advisory.objects.update(summary="@SUM(1)")
    Finding.objects.update(path="-1+1", installed_as="+1", fixed_in="=1")
    for row in rows(ana, f"{ALL}.csv?ignored=all"):
        assert [row[name] for name in ("summary", "path", "installedAs", "fixedInVersion")] == [
            "'@SUM(1)",
            "'-1+1",
            "'+1",
            "'=1",
        ]
        assert row["reason"] in {"", "'=cmd()"}


def test_it_refuses(ana: Client, chi: Client, image: Image) -> None:
    path = f"{IMAGES}/{image.digest}/findings"
    for each in (path, ALL):
        assert ana.get(f"{each}.csv?severity=worst").status_code == 400
        assert ana.post(f"{each}.csv").status_code == 405
        page(chi, f"{each}.csv", 404)
    page(ana, f"{PRIVATE}/team/none/-/findings.csv", 404)
    image.scan.status = "FAILED"
    image.scan.save()
    page(ana, f"{path}.json", 404)


def test_all_columns_have_names(ana: Client, image: Image) -> None:
    text = file(ana, f"{ALL}.json")
    assert file(ana, f"{ALL}.csv").splitlines()[0] == ",".join(json.loads(text)[0])
