"""Charts over the API: what their pages show, as values."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from registry.content.charts import Chart
from registry.core import image_contents, reading
from registry.models import Image, ImageScan, Repository
from registry.values import Address
from tests.factories.registry import make_public_repository, push_chart
from tests.gallery.api.conftest import FILES, Ask
from tests.gallery.pages.test_chart_pages import pushed_archive
from tests.registry.console.test_scanning import SSL, advisories, scanned

__all__ = ["advisories"]

SECTIONS = ("", "/values", "/schema", "/templates", "/crds", "/dependencies", "/changelog", "/images")


def test_a_chart_with_its_readme_and_versions(ask: Ask, shop: str) -> None:
    chart = ask(f"{shop}/-/charts/1.0.0")
    assert (chart["name"], chart["version"], chart["app_version"], chart["licence"]) == ("shop", "1.0.0", "3.0", "MIT")
    assert chart["readme"] == FILES["README.md"] and chart["maintainers"][0]["name"] == "Ana"
    assert [each["tag"] for each in chart["versions"]] == ["1.1.0", "1.0.0"]
    assert chart["counts"] == {"templates": 2, "dependencies": 1, "crds": 1, "changelog": 1}
    assert chart["digest"] == ask(f"{shop}/-/tags/1.0.0")["digest"] and chart["problem"] == ""


def test_values_and_schema(ask: Ask, shop: str) -> None:
    values = ask(f"{shop}/-/charts/1.0.0/values")
    assert "replicas: 2" in values["text"] and values["yaml_problem"] == ""
    keys = {each["path"]: each for each in values["keys"]}
    assert keys["replicas"]["value"] == "2" and keys["replicas"]["comment"] and "image.tag" in keys
    assert [each["path"] for each in ask(f"{shop}/-/charts/1.0.0/values?key=IMAGE.t")["keys"]] == ["image.tag"]
    schema = ask(f"{shop}/-/charts/1.0.0/schema")
    assert json.loads(schema["text"])["properties"] and not schema["is_unreadable"]
    assert [(row["path"], row["type"], row["default_json"]) for row in schema["rows"]] == [("replicas", "integer", "2")]


def test_files_dependencies_changes_and_images(ask: Ask, shop: str) -> None:
    place = f"{shop}/-/charts/1.0.0"
    templates = ask(f"{place}/templates")
    assert [each["path"] for each in templates["files"]] == ["templates/job.yaml", "templates/service.yaml"]
    assert templates["file"] == "templates/job.yaml" and templates["text"] == FILES["templates/job.yaml"]
    assert ask(f"{place}/templates?file=templates/service.yaml")["text"] == "kind: Service\n"
    assert ask(f"{place}/templates?file=../../etc/passwd", 404) == {"detail": "The chart has no such file."}
    [definition] = ask(f"{place}/crds")["definitions"]
    assert (definition["kind"], definition["group"], definition["scope"]) == ("Door", "example.com", "All")
    [needed] = ask(f"{place}/dependencies")["results"]
    assert (needed["name"], needed["version"], needed["is_bundled"]) == ("database", "1.x", False)
    changelog = ask(f"{place}/changelog")
    assert changelog["text"] == FILES["CHANGELOG.md"]
    assert changelog["changes"] == [
        {"kind": "added", "text": "A door", "links": [{"name": "Why", "url": "https://example.com/why"}]}
    ]
    named = {(each["reference"], each["found_in"]) for each in ask(f"{place}/images")["results"]}
    assert {("example.com/app:1.0", "values"), ("nginx:1", "template")} <= named


def test_two_charts_beside_each_other(ask: Ask, shop: str) -> None:
    found = ask(f"{shop}/-/compare/1.0.0...1.1.0")
    assert [(each["line"]) for each in found["chart"]["values"]["lines"] if each["kind"] != "same"][-2:] == [
        "-replicas: 2", "+replicas: 3",
    ]  # fmt: skip
    kinds = {each["path"]: each["kind"] for each in found["chart"]["templates"]}
    assert kinds == {"templates/job.yaml": "changed", "templates/new.yaml": "added"}
    assert found["chart"]["images_removed"] == ["nginx:1"] and found["chart"]["schema"]["lines"] == []


def test_a_bare_chart_says_what_it_has_not(ask: Ask, shop: str, alice: Caller) -> None:
    push_chart(alice, make_public_repository(alice, "charts/bare").address, Chart("bare", "1"))
    place = shop.replace("shop", "bare") + "/-/charts/1"
    assert ask(f"{place}/schema")["text"] is None and ask(f"{place}/values")["keys"] == []
    assert ask(f"{place}/templates")["files"] == [] and ask(f"{place}/templates")["text"] == ""
    assert ask(place)["readme"] == "" and ask(f"{place}/changelog")["changes"] == []


@pytest.mark.parametrize("archive", [b"PK\x03\x04", b"0" * 4194305])
def test_a_damaged_archive_leaves_the_answers(ask: Ask, shop: str, alice: Caller, archive: bytes) -> None:
    pushed_archive(alice, make_public_repository(alice, "charts/odd").address, "1", archive)
    place = shop.replace("shop", "odd") + "/-/charts/1"
    problems = {ask(place + section)["problem"] for section in SECTIONS}
    assert len(problems) == 1 and problems != {""}


def test_answers_cost_the_same_whatever_charts_hold(
    ask: Ask, shop: str, alice: Caller, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def costs() -> list[int]:
        found = []
        for path in (*(f"/-/charts/1.0.0{section}" for section in SECTIONS), "/-/compare/1.0.0...1.1.0"):
            reading.contents.clear()
            image_contents._charts.clear()
            with django_assert_max_num_queries(12) as queries:
                ask(shop + path)
            found.append(len(queries))
        return found

    settings.RIGHTS_SECONDS = 60
    ask(shop)
    before = costs()
    files = {f"templates/{number}.yaml": "kind: Pod\n" for number in range(100)}
    address = Repository.objects.get(name="charts/shop").address
    for number in range(10):
        push_chart(alice, address, Chart("shop", f"1.{number + 2}.0", files=files))
    assert costs() == before


@pytest.mark.usefixtures("advisories")
def test_images_of_a_chart_that_are_here_have_what_scans_found(
    ask: Ask, app: str, image: Image, alice: Caller, public_address: Address
) -> None:
    here = f"testserver/{app.removeprefix('repositories/')}"
    named = f"image: {here}:1.0\n", f"image: {here}@{image.digest}\n", f"image: {here}:all\n", f"image: {here}:sig\n"
    address = make_public_repository(alice, "charts/other").address
    push_chart(alice, address, Chart("other", "1.0.0", files={"templates/a.yaml": "".join(named) + "image: nginx:1\n"}))
    path = f"{app.removesuffix('/app')}/charts/other/-/charts/1.0.0/images"
    assert {each["scan"] and each["scan"]["state"] for each in ask(path)["results"]} == {"NOT_SCANNED", None}
    ImageScan.objects.all().delete()
    scanned(image, SSL, scan_type="ENHANCED")
    by_tag, by_digest, of_index, signature, elsewhere = (each["scan"] for each in ask(path)["results"])
    assert (by_tag["digest"], by_tag["level"], by_tag["total"], by_tag["platform"]) == (image.digest, "CRITICAL", 2, "")
    assert by_digest == by_tag and (of_index["state"], of_index["platform"]) == ("FOUND", "linux/amd64")
    assert signature is elsewhere is None
