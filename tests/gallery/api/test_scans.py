"""What scans found, over the API."""

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from gallery.search import index
from registry.content.charts import Chart
from registry.models import Image, ImageScan
from registry.scanning import findings
from tests.factories.registry import make_public_repository, push_chart, push_image
from tests.gallery.api.conftest import Ask
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned
from tests.registry.scanning.test_attached_vex import attach, work
from tests.registry.scanning.test_vex import WHY, openvex, statement

__all__ = ["advisories"]


@pytest.mark.usefixtures("advisories")
def test_it_works(ask: Ask, client: Client, app: str, image: Image) -> None:
    path = f"{app}/-/images/{image.digest}/vulnerabilities"
    found = ask(path)
    assert (found["status"], found["is_complete"], found["results"], found["cyclonedx_url"]) == (
        "NOT_SCANNED", False, [], "",
    )  # fmt: skip
    scanned(image, SSL, BASH, scan_type="ENHANCED")
    found = ask(path)
    assert (found["status"], found["is_complete"], found["total"], found["next"]) == ("ACTIVE", True, 3, "")
    assert found["counts"] == [
        {"severity": "CRITICAL", "count": 1, "fixable": 1}, {"severity": "UNDEFINED", "count": 2, "fixable": 1},
    ]  # fmt: skip
    worst = found["results"][0]
    assert (worst["id"], worst["advisory"], worst["fixed_in"]) == ("CVE-2024-1000", "DSA-1-1", "3")
    assert (worst["package"], worst["installed_as"], worst["score"]) == ("openssl", ["libssl3"], 9.8)
    assert json.loads(b"".join(client.get(found["cyclonedx_url"])))["bomFormat"] == "CycloneDX"
    assert json.loads(b"".join(client.get(found["spdx_url"])))["spdxVersion"] == "SPDX-2.3"
    of_index = ask(f"{app}/-/images/{Image.objects.get(tags__name='all').digest}/vulnerabilities?platform=linux/amd64")
    assert of_index["digest"] == image.digest and of_index["total"] == 3


@pytest.mark.usefixtures("advisories")
def test_attached_vex_is_told_as_the_page_tells_it(ask: Ask, app: str, image: Image, alice: Caller) -> None:
    path = f"{app}/-/images/{image.digest}/vulnerabilities"
    assert ask(path)["vex"] == []
    attach(alice, image, b"<no VEX>")
    said = statement(**WHY, product="pkg:oci/app", status_notes="between us") | {"vulnerability": "CVE-2024-1000"}
    old, new = (attach(alice, image, openvex(said, author=author)) for author in "ab")
    work()
    assert [each["digest"] for each in ask(path)["vex"]][:2] == [new.digest, old.digest], "not scanned yet"
    ImageScan.objects.all().delete()
    scanned(image, SSL, BASH, scan_type="ENHANCED")
    found = ask(path)
    assert [(each["is_current"], each["statements"]) for each in found["vex"]] == [(True, 1), (False, 1), (False, 0)]
    assert "not JSON" in found["vex"][2]["problem"] and "between us" not in json.dumps(found)
    assert [each["vex"] for each in found["results"]] == [
        {"digest": new.digest, "justification": "vulnerable_code_not_present"}, None, None,
    ]  # fmt: skip
    assert found["total"] == 3


@pytest.mark.usefixtures("advisories")
def test_filters_and_pages(ask: Ask, app: str, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(image, SSL, BASH, scan_type="ENHANCED")
    path = f"{app}/-/images/{image.digest}/vulnerabilities"
    for query, count in {
        "severity=CRITICAL": 1, "fixable=yes": 2, "package=bash": 1, "id=2000": 1, "exclude=bash": 2, "package=x": 0,
        f"layer={SSL.layer}": 2,
    }.items():  # fmt: skip
        assert ask(f"{path}?{query}")["total"] == count, query
    whole = findings.page
    monkeypatch.setattr(findings, "page", lambda *given, **more: whole(*given, **more, limit=2))
    first = ask(path)
    rest = ask(f"{path}?after={first['next']}")
    assert [len(first["results"]), len(rest["results"]), rest["next"]] == [2, 1, ""]
    for query in ("severity=worst", "fixable=perhaps", "after=x", "after=-1", f"after={'9' * 30}", f"id={'x' * 200}"):
        ask(f"{path}?{query}", 400)
    ask(f"{path}?platform=plan9/mips", 404)


@pytest.mark.usefixtures("advisories")
def test_tags_say_what_scans_say(
    ask: Ask, app: str, image: Image, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ImageScan.objects.all().delete()
    rows = {row["name"]: row["scan"] for row in ask(f"{app}/-/tags")["results"]}
    assert rows["1.0"] == {"state": "NOT_SCANNED", "level": "", "count": 0, "total": 0, "platform": ""}
    assert rows["sig"] is None
    scanned(image, SSL, scan_type="ENHANCED")
    with django_assert_max_num_queries(12):
        rows = {row["name"]: row["scan"] for row in ask(f"{app}/-/tags")["results"]}
    assert rows["1.0"] == {"state": "FOUND", "level": "CRITICAL", "count": 1, "total": 2, "platform": ""}
    assert rows["all"]["platform"] == "linux/amd64"


@pytest.mark.usefixtures("advisories")
def test_results_say_what_scans_say_of_the_newest_tag(
    ask: Ask, app: str, image: Image, alice: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ImageScan.objects.all().delete()
    push_chart(alice, make_public_repository(alice, "charts/shop").address, Chart("shop", "1.0.0"))
    make_public_repository(alice, "empty")
    index.rebuild()
    publisher = f"publishers/{app.split('/')[1]}/repositories"
    for path in ("search", "search?q=app", publisher):
        rows = {row["name"]: row["newest_scan"] for row in ask(path)["results"]}
        assert rows["app"] == {
            "digest": image.digest, "state": "NOT_SCANNED", "level": "", "count": 0, "total": 0, "platform": "",
        }  # fmt: skip
        assert rows.get("charts/shop") is None and rows.get("empty") is None
    scanned(image, SSL, scan_type="ENHANCED")
    with django_assert_num_queries(5):
        assert ask("search?q=app")["results"][0]["newest_scan"] == {
            "digest": image.digest, "state": "FOUND", "level": "CRITICAL", "count": 1, "total": 2, "platform": "",
        }  # fmt: skip
    for number in range(5):
        push_image(alice, make_public_repository(alice, f"app-{number}").address, "1.0")
    index.rebuild()
    with django_assert_num_queries(5):
        assert sum(bool(row["newest_scan"]) for row in ask("search?q=app")["results"]) == 6
