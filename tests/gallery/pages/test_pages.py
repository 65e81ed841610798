"""The gallery's pages, as somebody without an account sees them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from gallery.search import index
from registry.content.charts import Chart
from registry.models import Alias, Image, RegistryCatalogData, Repository
from registry.values import Address
from tests.factories.registry import OCI_CONFIG, make_public_repository, push_chart, push_image, push_index


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_home_says_that_nothing_is_there(client: Client, db: None) -> None:
    assert "Nothing has been published here yet." in page(client, "/")


def test_home_shows_what_there_is(client: Client, alias: str) -> None:
    text = page(client, "/")
    assert f'href="/{alias}/app"' in text and f"docker pull testserver/{alias}/app:" in text
    assert client.get("/?q=app").headers["Location"] == "/search?q=app"


def test_search_finds_and_filters(client: Client, alias: str) -> None:
    text = page(client, "/search?q=pages")
    assert f"docker pull testserver/{alias}/app:1.1" in text
    assert "<b>app</b>" in page(client, "/search?q=app") and "<b>" not in text
    assert "1 repository" in text and "Serves &lt;b&gt;pages&lt;/b&gt; quickly" in text
    assert "No repositories match “zzz”." in page(client, "/search?q=zzz")
    assert "Without Kind: chart there is 1" in page(client, "/search?q=app&kind=chart").replace("Helm chart", "chart")
    for bad in ("kind=nonsense", "sort=nonsense", "page=x", "page=²", "q=%00"):
        page(client, f"/search?{bad}", 400)


def test_what_an_address_asks_for_in_vain_is_told(client: Client, alias: str) -> None:
    left_out = "The address asks for a filter, an order or a page that does not exist."
    for path in (
        "/search?kind=nonsense",
        "/search?q=app&page=x",
        f"/{alias}?sort=nonsense",
        "/categories/other?page=x",
        f"/{alias}/app/-/tags?sort=nonsense",
        f"/{alias}/app/-/statistics?days=7",
    ):
        assert left_out in page(client, path, 400), path
        assert left_out not in page(client, path.partition("?")[0]), path
    pasted = page(client, f"/search?q=testserver/{alias}/app:1.1&sort=nonsense", 400)
    assert f"Results for “{alias}/app”" in pasted and left_out in pasted


def test_commands_in_lists_run_as_they_are_copied(client: Client, alias: str, alice: Caller) -> None:
    """Without https with the option that the client needs for that, and for the client that was chosen before."""
    push_chart(alice, make_public_repository(alice, "charts/web").address, Chart("web", "2.0"))
    index.rebuild()
    chart = f"oci://testserver/{alias}/charts/web --version 2.0"
    for place in ("/search", f"/{alias}"):
        assert f">helm install my-release {chart} --plain-http<" in page(client, place)
        over_https = client.get(place, secure=True).content.decode()
        assert f">helm install my-release {chart}<" in over_https
        assert f">docker pull testserver/{alias}/app:1.1<" in over_https
    page(client, f"/{alias}/app?client=podman")
    for place in ("/search", f"/{alias}", "/"):
        assert f">podman pull --tls-verify=false testserver/{alias}/app:1.1<" in page(client, place)


@pytest.mark.parametrize(
    "pasted",
    [
        "docker pull testserver/@:1.1",
        "testserver/@",
        "podman pull --tls-verify=false testserver/@:1.0",
        "helm pull oci://testserver/@ --version 1.0 --plain-http",
        "http://testserver/@/-/tags",
        "testserver/@@sha256:" + "0" * 64,
        "@:1.1",
        " @@sha256:" + "0" * 64,
    ],
)
def test_a_pull_command_that_is_pasted_finds_its_repository(client: Client, alias: str, pasted: str) -> None:
    text = client.get("/search", {"q": pasted.replace("@", f"{alias}/app", 1)}).content.decode()
    assert f'href="/{alias}/app"' in text and "1 repository" in text
    assert f"Results for “{alias}/app”" in text and f'value="{alias}/app"' in text


def test_other_words_are_searched_as_they_are(client: Client, alias: str) -> None:
    for q in ("docker pull", "elsewhere.example/shop/app:1", "1.0:2", "testserver/", "http://testserver"):
        assert f"Results for “{q}”" in client.get("/search", {"q": q}).content.decode()


def test_search_sends_the_part_to_htmx(client: Client, alias: str) -> None:
    part = client.get("/search?q=app", headers={"HX-Request": "true"})
    assert b"<html" not in part.content and b"1 repository" in part.content
    assert "HX-Request" in part.headers["Vary"]
    restored = client.get("/search", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content


def test_a_publisher_and_its_other_names(client: Client, alias: str, alice: Caller) -> None:
    text = page(client, f"/{alias}")
    assert f"testserver/{alias}" in text and re.search(r"Joined <time [^>]*>\d+ \w+ \d{4}</time>", text)
    Alias.objects.create(name="shop", account_id=alice.account_id)
    assert client.get("/shop").headers["Location"] == f"/{alias}"
    assert client.get("/shop/app").headers["Location"] == f"/{alias}/app"
    page(client, "/nobody", 404)


def test_since_when_a_publisher_is_verified_is_a_day(client: Client, alias: str, alice: Caller) -> None:
    at = timezone.now() - timedelta(days=3)
    row, _ = RegistryCatalogData.objects.get_or_create(account_id=alice.account_id)
    RegistryCatalogData.objects.filter(pk=row.pk).update(verified_at=at)
    assert re.search(rf"since <time [^>]*>{at:%-d %b %Y}<", page(client, f"/{alias}"))
    assert re.search(rf"từ <time [^>]*>{at:%d/%m/%Y}<", page(client, f"/{alias}?lang=vi"))


def test_an_image_by_tag_and_digest(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    image = Image.objects.get(tags__name="1.0")
    text = page(client, f"/{alias}/app/-/tags/1.0")
    assert image.digest in text and f"docker pull testserver/{alias}/app@{image.digest}" in text
    assert OCI_CONFIG in page(client, f"/{alias}/app/-/images/{image.digest}/manifest")
    assert "linux/amd64" in page(client, f"/{alias}/app/-/images/{image.digest}")
    index_image = push_index(
        alice, public_address, "all", [image, push_image(alice, public_address, architecture="arm64")]
    )
    assert "linux/arm64" in page(client, f"/{alias}/app/-/images/{index_image.digest}")


def test_what_is_not_there_has_near_names(client: Client, alias: str) -> None:
    assert f"/{alias}/app/-/tags/latest" in page(client, f"/{alias}/app/-/tags/lates", 404)
    assert f'href="/{alias}/app"' in page(client, f"/{alias}/ap", 404)
    digest = page(client, f"/{alias}/app/-/images/sha256:{'0' * 64}", 404)
    for text in (digest, page(client, f"/{alias}/app/-/tags/lates", 404)):
        assert f'href="/{alias}/app/-/tags">All tags of {alias}/app</a>' in text
    assert f'href="/{alias}">All repositories of {alias}</a>' in page(client, f"/{alias}/ap", 404)
    assert "All repositories of" not in page(client, "/nobody/ap", 404)
    page(client, f"/{alias}/app/-/images/sha512:{'0' * 64}", 404)
    page(client, f"/{alias}/{'a' * 206}", 404)
    page(client, f"/{alias}/app/-/nonsense", 404)


def test_pasted_references_lead_on(client: Client, alias: str, settings: Settings) -> None:
    digest = "sha256:" + "0" * 64
    for path, target in (
        (f"/{alias}/app:1.0", f"/{alias}/app/-/tags/1.0"),
        (f"/{alias}/app@{digest}", f"/{alias}/app/-/images/{digest}"),
        (f"/{alias}/app:1.0@{digest}", f"/{alias}/app/-/images/{digest}"),
        ("/111122223333/team/app:1", "/console/111122223333/us-east-1/repositories/team/app/-/images"),
        ("/111122223333.eu-west-1/app", "/console/111122223333/eu-west-1/repositories/app/-/images"),
    ):
        assert client.get(path).headers["Location"] == target
    answer = client.get(f"/{alias}/app/?tag=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/{alias}/app?tag=1")


def test_pages_cost_the_same_however_much_is_there(
    client: Client,
    alias: str,
    alice: Caller,
    public_address: Address,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        push_image(alice, public_address, f"more-{number}")
        make_public_repository(alice, f"more-{number}")
    index.rebuild()
    for path, queries in (
        ("/", 4),
        ("/search?q=app", 5),
        ("/search?kind=image", 6),
        ("/publishers", 1),
        (f"/{alias}", 9),
    ):
        with django_assert_num_queries(queries):
            page(client, path)


def test_a_suspended_publisher_is_gone(client: Client, alias: str) -> None:
    Repository.objects.get(region="public").account.__class__.objects.update(is_active=False)
    page(client, f"/{alias}", 404)
    page(client, f"/{alias}/app", 404)


class TestAliases:
    """Every page has one address: under the alias that its publisher goes by."""

    @pytest.fixture
    def second(self, alice: Caller, alias: str) -> str:
        Alias.objects.create(name="warehouse", account_id=alice.account_id)
        return "warehouse"

    @pytest.mark.parametrize(
        "place",
        [
            "",
            "?sort=name",
            "/-/report",
            "/app",
            "/app?pull=1.0",
            "/app/-/usage",
            "/app/-/tags?tag=1",
            "/app/-/tags/1.0",
            "/app/-/history",
            "/app/-/statistics",
            "/app/-/report",
            "/app/-/compare/1.0...1.1",
            "/app/-/badge/version.svg",
            "/app/-/card.png",
            "/app/-/feed.atom",
        ],
    )
    def test_pages_under_another_alias_lead_to_the_primary_one(
        self, client: Client, alias: str, second: str, place: str
    ) -> None:
        answer = client.get(f"/{second}{place}")
        assert answer.status_code == 302 and answer.headers["Location"] == f"/{alias}{place}"
        assert client.get(f"/{alias}{place}").status_code == 200

    def test_publishers_are_suggested_by_each_alias(self, client: Client, alias: str, second: str) -> None:
        assert f'href="/{alias}"' in page(client, "/search/suggestions?q=wareh")

    def test_absent_ones_lead_nowhere(self, client: Client, second: str) -> None:
        assert client.get(f"/{second}/No!/-/tags").status_code == 404


def test_a_comparison_begins_with_one_image(client: Client, alias: str) -> None:
    text = page(client, f"/{alias}/app/-/compare?a=1.0")
    assert 'value="1.0"' in text and "Error:" not in text
    page(client, f"/{alias}/app/-/compare?a=1.0&b=", 400)


def test_a_comparison_suggests_the_newest_tags(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "1" * 64, "size": 1}
    signature = push_image(alice, public_address, "sig", subject=subject)
    Image.objects.filter(id=signature.id).update(kind=Image.Kind.SIGNATURE)
    for number in range(60):
        push_image(alice, public_address, f"nightly-{number:02}", layers=[b"nightly"])
    text = page(client, f"/{alias}/app/-/compare")
    listed = text.partition('<datalist id="suggested">')[2].partition("</datalist>")[0]
    suggested = re.findall(r'<option value="(.*?)"', listed)
    assert suggested == [f"nightly-{number:02}" for number in range(59, 9, -1)]
    assert text.count(' list="suggested"') == 2 and "sig" not in suggested


def test_what_is_not_there_is_named(client: Client, alias: str) -> None:
    assert f"There is no image with the tag 9.9 in {alias}/app." in page(client, f"/{alias}/app/-/tags/9.9", 404)
    assert f"There is no public repository {alias}/none." in page(client, f"/{alias}/none", 404)
    assert "There is no publisher nobody-here." in page(client, "/nobody-here", 404)


def test_pages_say_what_they_are_to_who_shares_them(client: Client, alias: str) -> None:
    for path in ("/", "/publishers", "/categories/databases", f"/{alias}"):
        text = page(client, f"{path}?lang=en")
        assert f'<link rel="canonical" href="http://testserver{path}">' in text, path
        assert text.count('property="og:title"') == 1, path


def test_near_publishers_are_offered(client: Client, alias: str, alice: Caller) -> None:
    Alias.objects.filter(name=alias).update(is_primary=False)
    Alias.objects.create(name="warehouse", account_id=alice.account_id, is_primary=True)
    Alias.objects.create(name="warehuose", account_id=alice.account_id, released_at=timezone.now())
    index.rebuild()
    text = page(client, "/xarehouse", 404)
    assert 'href="/warehouse"' in text and "warehuose" not in text
    assert 'href="/warehouse"' not in page(client, "/something-else", 404)
