"""Pages of a public Helm chart, and comparisons, as somebody without an account sees them."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.authn import callers
from accounts.caller import Caller, operator
from accounts.directory import policies as iam_policies
from accounts.models import Principal
from config.settings import base
from gallery.search import index
from registry import storage
from registry.content import chart_archives
from registry.content.charts import Chart
from registry.core import aliases, catalog, image_contents, permissions, policies, reading
from registry.manifests import media_types
from registry.models import Blob, Image
from registry.values import Address
from tests.factories.registry import make_public_repository, push_blob, push_chart, push_image, push_index
from tests.registry.console.test_console import member
from tests.registry.console.test_scanning import SSL, advisories, scanned

__all__ = ["advisories"]

VALUES = """\
# -- How many run
replicas: 2
image:
  repository: testserver/{alias}/app
  tag: "1.0"
"""
SCHEMA = json.dumps({"properties": {"replicas": {"type": "integer", "description": "How many <b>run</b>"}}})
FILES = {
    "README.md": "# shop\n\n## Use\n\n<script>alert(1)</script>\n\nSells **things**.",
    "values.schema.json": SCHEMA,
    "templates/job.yaml": "kind: Job\nimage: nginx:1\n",
    "templates/service.yaml": "kind: Service\n",
    "crds/door.yaml": "kind: CustomResourceDefinition\nspec: {group: example.com, names: {kind: Door}, scope: All}\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.1.0\n\nA door.",
}


@pytest.fixture
def alias(alice: Caller) -> str:
    """Two versions of a chart."""
    address = make_public_repository(alice, "charts/shop").address
    alias = aliases.primary(alice.account_id)
    values = VALUES.format(alias=alias)
    push_chart(alice, address, Chart("shop", "1.0.0", "3.0", "Sells things", values=values, files=FILES))
    newer = FILES | {"templates/job.yaml": "kind: CronJob\n", "templates/new.yaml": "kind: Pod\n"}
    del newer["templates/service.yaml"]
    made = Chart("shop", "1.1.0", "3.1", license="MIT", values=values.replace("2", "3"), files=newer)
    push_chart(alice, address, made)
    index.rebuild()
    return alias


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_only_where_clients_differ_may_one_be_chosen(client: Client, alias: str) -> None:
    chart = Image.objects.get(tags__name="1.1.0")
    text = page(client, f"/{alias}/charts/shop/-/images/{chart.digest}?client=helm+template")
    assert f">helm pull oci://testserver/{alias}/charts/shop@{chart.digest} --plain-http<" in text
    assert 'name="client"' not in text
    assert 'name="client"' in page(client, f"/{alias}/charts/shop/-/tags/1.1.0")


def test_a_repository_without_a_text_shows_the_readme_of_its_chart(
    client: Client, alias: str, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        text = page(client, f"/{alias}/charts/shop")
    assert "Sells <strong>things</strong>." in text and "alert(1)" not in text and text.count("<h1>") == 1
    assert f'href="/{alias}/charts/shop/-/tags/1.1.0">The README of version 1.1.0</a>' in text
    assert "has not written a description" not in text
    address = make_public_repository(alice, "charts/bare").address
    push_chart(alice, address, Chart("bare", "1.0.0"))
    assert "has not written a description" in page(client, f"/{alias}/charts/bare")
    catalog.put(alice, address, {"about_text": "Our own words."})
    assert "Our own words." in page(client, f"/{alias}/charts/bare")


def test_a_chart_s_first_page(client: Client, alias: str) -> None:
    text = page(client, f"/{alias}/charts/shop/-/tags/1.0.0")
    assert f"helm install my-release oci://testserver/{alias}/charts/shop --version 1.0.0 --plain-http" in text
    assert f"Kho {settings.VERSION}<" in text, "the foot of the page names the version of Kho, not the chart's"
    assert "Sells <strong>things</strong>" in text and "<script>alert" not in text
    assert "3.0" in text and "application" in text and f'href="/{alias}/charts/shop/-/tags/1.1.0"' in text
    assert client.get(f"/{alias}/charts/shop/-/charts/1.0.0").headers["Location"].endswith("/-/tags/1.0.0")
    for chosen, place in {"values": "charts/1.0.0/values", "readme": "tags/1.0.0", "nonsense": "tags/1.0.0"}.items():
        answer = client.get(f"/{alias}/charts/shop/-/charts/1.0.0?section={chosen}")
        assert answer.headers["Location"] == f"/{alias}/charts/shop/-/{place}"


def test_values_have_an_anchor_for_each_key_and_a_filter(client: Client, alias: str) -> None:
    url = f"/{alias}/charts/shop/-/charts/1.0.0/values"
    text = page(client, url)
    assert 'id="key-image.repository"' in text and 'id="L1"' in text and "5 keys" not in text and "4 keys" in text
    text = page(client, f"{url}?key=IMAGE.t")
    assert "1 of the keys matches." in text and "#key-image.tag" in text and "key-replicas" not in text
    assert "How many run" in page(client, f"{url}?key=how+many"), "comments are searched too"
    assert "0 of the keys match." in page(client, f"{url}?key=<b>")


def test_schema_templates_definitions_and_images(client: Client, alias: str) -> None:
    url = f"/{alias}/charts/shop/-/charts/1.0.0"
    text = page(client, f"{url}/schema")
    assert "integer" in text and "How many &lt;b&gt;run&lt;/b&gt;" in text
    text = page(client, f"{url}/templates")
    assert "kind: Job" in text and "kind: Service" not in text
    assert "kind: Service" in page(client, f"{url}/templates?file=templates/service.yaml")
    assert "kind: Job" in page(client, f"{url}/templates?file=../../etc/passwd")
    text = page(client, f"{url}/crds")
    assert "Door" in text and "example.com" in text and "All" in text
    text = page(client, f"{url}/images")
    assert f'href="/{alias}/app:1.0"' in text and "nginx:1" in text
    text = page(client, f"{url}/changelog")
    assert "A door." in text and "/-/compare/1.1.0...1.0.0" in text
    assert "This chart needs no other charts." in page(client, f"{url}/dependencies")


def test_a_bare_chart_says_what_it_has_not(client: Client, alias: str, alice: Caller) -> None:
    address = make_public_repository(alice, "charts/bare").address
    push_chart(alice, address, Chart("bare", "1"))
    url = f"/{alias}/charts/bare/-/charts/1"
    assert "This chart has no README." in page(client, f"/{alias}/charts/bare/-/tags/1")
    for section, words in {
        "values": "This chart has no values.",
        "schema": "This chart has no schema",
        "templates": "This chart has no templates.",
        "crds": "This chart defines no kinds",
        "images": "No images could be read",
        "changelog": "has not written what changed",
    }.items():
        assert words in page(client, f"{url}/{section}")


def pushed_archive(caller: Caller, address: Address, tag: str, archive: bytes) -> None:
    """Push a chart whose archive are these bytes."""
    layer = push_blob(caller, address, archive) | {"mediaType": media_types.HELM_CHART}
    config = push_blob(caller, address, b'{"name":"odd","version":"1"}') | {"mediaType": media_types.HELM_CONFIG}
    from registry.core import images
    from registry.values import ImageTag
    from tests.factories.registry import OCI_MANIFEST, manifest_bytes

    images.put(caller, address, ImageTag(tag), OCI_MANIFEST, manifest_bytes(config, [layer]))


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (b"PK\x03\x04", "not compressed with gzip"),
        (b"\x1f\x8b" + b"x" * 9, "not compressed"),
        (b"0" * 4194305, "larger"),
    ],
)
def test_a_damaged_archive_leaves_the_page(
    client: Client, alias: str, alice: Caller, archive: bytes, words: str
) -> None:
    address = make_public_repository(alice, "charts/odd").address
    pushed_archive(alice, address, "1", archive)
    assert words in page(client, f"/{alias}/charts/odd/-/tags/1")
    for section in ("values", "schema", "templates", "dependencies", "changelog", "crds", "images"):
        assert words in page(client, f"/{alias}/charts/odd/-/charts/1/{section}")
    push_chart(alice, address, Chart("odd", "2"))
    assert words in page(client, f"/{alias}/charts/odd/-/compare/1...2")


def test_a_lost_archive_leaves_the_page(client: Client, alias: str) -> None:
    blob = Blob.objects.get(images__image__tags__name="1.0.0", images__is_config=False)
    image_contents._charts.clear()
    reading.contents.clear()
    storage.default().delete(blob.storage_key)
    text = page(client, f"/{alias}/charts/shop/-/tags/1.0.0")
    assert "missing or damaged" in text and "3.0" in text, "what the config says is there"


def test_charts_are_unpacked_once(client: Client, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image_contents._charts.clear()
    reads: list[bytes] = []
    read = chart_archives.read

    def counted(content: bytes) -> chart_archives.Chart:
        reads.append(content)
        return read(content)

    monkeypatch.setattr(chart_archives, "read", counted)
    for section in ("values", "schema", "values"):
        page(client, f"/{alias}/charts/shop/-/charts/1.0.0/{section}")
    assert len(reads) == 1


def test_it_refuses_what_is_no_chart(client: Client, alias: str, alice: Caller) -> None:
    push_image(alice, make_public_repository(alice, "app").address, "1")
    page(client, f"/{alias}/app/-/charts/1/values", 404)
    page(client, f"/{alias}/charts/shop/-/charts/9/values", 404)
    page(client, f"/{alias}/charts/shop/-/charts/1.0.0/nonsense", 404)
    page(client, f"/{alias}/charts/absent/-/charts/1.0.0/values", 404)


# --- comparisons


def test_two_charts_beside_each_other(client: Client, alias: str) -> None:
    text = page(client, f"/{alias}/charts/shop/-/compare/1.0.0...1.1.0")
    assert "-replicas: 2" in text and "+replicas: 3" in text
    assert "templates/service.yaml" in text and "templates/new.yaml" in text and "+kind: CronJob" in text
    assert "appVersion" in text and "3.1" in text and "nginx:1" in text and "No difference." in text


def test_two_images_beside_each_other(client: Client, alias: str, alice: Caller) -> None:
    address = make_public_repository(alice, "app").address

    def config(**settings: Any) -> bytes:
        return json.dumps({"os": "linux", "architecture": "amd64", "config": settings}).encode()

    old = push_image(alice, address, "1", layers=[b"a" * 50, b"b"], config=config(User="www", Env=["A=1", "TOKEN=abc"]))
    new = push_image(alice, address, "2", layers=[b"a" * 50, b"cc"], config=config(Env=["A=2", "TOKEN=abd", "B="]))
    text = page(client, f"/{alias}/app/-/compare/1...2")
    assert "1 layer, 50 B" in text and "www" in text and "•••" in text and "abd</details>" in text
    assert text.count("removed</span>") == 2 and "+" in text
    assert page(client, f"/{alias}/app/-/compare/{old.digest}...{new.digest}")
    both = push_index(alice, address, "all", [old, push_image(alice, address, architecture="arm64")])
    assert "linux/amd64" in page(client, f"/{alias}/app/-/compare/{new.digest}...{both.digest}")
    assert "linux/arm64" in page(client, f"/{alias}/app/-/compare/all...all?platform=linux/arm64")


def test_the_same_image_twice(client: Client, alias: str) -> None:
    assert "Same digest" in page(client, f"/{alias}/charts/shop/-/compare/1.0.0...1.0.0")


def test_the_form_leads_to_the_comparison(client: Client, alias: str) -> None:
    url = f"/{alias}/charts/shop/-/compare"
    assert "Compare two images" in page(client, url)
    for asked in ("a=1.0.0&b=1.1.0", "tag=1.1.0&tag=1.0.0"):
        assert client.get(f"{url}?{asked}").headers["Location"] == f"{url}/1.0.0...1.1.0"
    assert 'href="#id_b"' in page(client, f"{url}?a=1.0.0&b=", 400)
    assert 'href="#id_a"' in page(client, f"{url}?a=%3Cb%3E&b=1", 400)
    assert 'href="#id_b"' in page(client, f"{url}?a=1&b=sha256:1", 400)


@pytest.mark.parametrize("asked", ["9...1.0.0", "1.0.0...9", "1.0.0...sha256:00", "1.0.0....9", "1.0.0..1.1.0"])
def test_it_refuses_to_compare_what_is_not_there(client: Client, alias: str, asked: str) -> None:
    page(client, f"/{alias}/charts/shop/-/compare/{asked}", 404)


def test_pages_of_charts_cost_the_same_whatever_they_hold(
    client: Client,
    alias: str,
    alice: Caller,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    address = make_public_repository(alice, "charts/big").address
    files = {f"templates/{number}.yaml": "kind: Pod\n" for number in range(300)}
    values = "".join(f"key{number}:\n  inner: {number}\n" for number in range(2000))
    for number in range(20):
        push_chart(alice, address, Chart("big", f"1.{number}.0", values=values, files=files))
    settings.RIGHTS_SECONDS = 60
    page(client, f"/{alias}/charts/big")
    for section in ("values", "schema", "templates", "dependencies", "changelog", "crds", "images"):
        reading.contents.clear()
        with django_assert_max_num_queries(12):
            page(client, f"/{alias}/charts/big/-/charts/1.3.0/{section}")
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/charts/big/-/tags/1.4.0")
    reading.contents.clear()
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/charts/big/-/compare/1.3.0...1.4.0")


ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


class TestImagesThatAChartNames:
    """The page says what scans found in those that are in the gallery."""

    @pytest.fixture
    def image(self, alice: Caller, public_address: Address) -> Image:
        """What the chart's values name."""
        return push_image(alice, public_address, "1.0")

    @pytest.mark.usefixtures("advisories")
    def test_it_works(self, client: Client, alias: str, image: Image) -> None:
        path = f"/{alias}/charts/shop/-/charts/1.0.0/images"
        link = f'href="/{alias}/app/-/images/{image.digest}/vulnerabilities"'
        text = page(client, path)
        assert f"{link}>not scanned</a>" in text and text.count("not looked at") == 1, "nginx is elsewhere"
        scanned(image, SSL, scan_type="ENHANCED")
        text = page(client, path)
        assert link in text and "Critical <strong>1</strong>" in text

    @pytest.mark.usefixtures("advisories")
    def test_what_may_not_be_seen_is_not_told(
        self, client: Client, alias: str, image: Image, alice: Caller, public_address: Address
    ) -> None:
        scanned(image, SSL, scan_type="ENHANCED")
        deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr-public:DescribeImages"}
        policies.put(alice, public_address, json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
        text = page(client, f"/{alias}/charts/shop/-/charts/1.0.0/images")
        assert "Critical" not in text and text.count("not looked at") == 2

    def test_many_take_few_queries(
        self, client: Client, alias: str, alice: Caller, public_address: Address, settings: Settings
    ) -> None:
        settings.RIGHTS_SECONDS = base.RIGHTS_SECONDS
        images = [push_image(alice, public_address, f"{number}", layers=[f"{number}".encode()]) for number in range(9)]
        index_of = push_index(alice, public_address, "all", images)
        named = [f"testserver/{alias}/app:{each}" for each in (*range(9), "all", "none")]
        named += [f"testserver/{alias}/app@{index_of.digest}", f"testserver/{alias}/charts/shop:1.0.0"]
        files = FILES | {"templates/job.yaml": "".join(f"image: {each}\n" for each in named)}
        address = make_public_repository(alice, "charts/many").address
        push_chart(alice, address, Chart("many", "1.0.0", files=files))
        client.force_login(member(alice.account_id, "ana@example.com"))
        role = Principal.objects.get(name="Administrator")
        iam_policies.put_inline(operator(alice.account_id), role, "own", ALLOW)
        for kept in (callers._of_roles, permissions._registry_policies, aliases._found, reading.contents):
            kept.clear()
        cache.clear()
        with CaptureQueriesContext(connection) as seen:
            text = page(client, f"/{alias}/charts/many/-/charts/1.0.0/images")
        asked = [each["sql"] for each in seen if each["sql"].partition(" ")[0] not in {"SAVEPOINT", "RELEASE"}]
        assert len(asked) <= 12, [each[:200] for each in asked]
        assert text.count("not scanned</a>") == 11 and text.count("not looked at") == 2
