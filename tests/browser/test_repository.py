"""What people come to a repository's pages for: read, choose a tag, copy, put a tag back; with script and without."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ACCOUNT, Site, sign_in
from tests.clients.server import Server

WORDS = {
    "en": {"copy": "Copy", "copied": "Copied", "tags": "Tags", "sort": "Sort by", "client": "Client"},
    "vi": {"copy": "Chép", "copied": "Đã chép", "tags": "Thẻ", "sort": "Sắp xếp theo", "client": "Máy khách"},
}


@pytest.mark.parametrize("language", ["en", "vi"])
def test_it_works_to_read_look_at_tags_and_copy(page: Page, site: Site, language: str) -> None:
    words = WORDS[language]
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    page.goto(f"{site.origin}/{site.alias}/hello")
    page.get_by_role("link", name="What it does not do").click()
    expect(page.locator("#text-what-it-does-not-do")).to_be_in_viewport()
    expect(page.get_by_role("article").get_by_role("table")).to_be_visible()
    assert page.get_by_role("article").locator("img").count() == 0
    page.get_by_role("navigation").get_by_role("link", name=re.compile(f"^{words['tags']}")).click()
    page.get_by_label(words["sort"]).select_option("version")
    page.wait_for_url("**sort=version**")
    expect(page.locator("tbody th a").first).to_have_text("1.1")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="1.0", exact=True))
    row.get_by_role("button", name=words["copy"]).click()
    expect(row.get_by_text(words["copied"])).to_be_visible()
    host = site.origin.removeprefix("http://")
    assert page.evaluate("navigator.clipboard.readText()") == f"docker pull {host}/{site.alias}/hello:1.0"
    page.get_by_label(words["client"]).select_option("crane")
    expect(page.get_by_text(f"crane pull --insecure {host}/{site.alias}/hello:1.1 hello.tar").first).to_be_visible()
    assert "sort=version" in page.url, "the order is kept"


def test_it_works_without_script(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags")
    page.get_by_label("Tag", exact=True).select_option("1.0")
    page.get_by_label("Client").select_option("podman")
    page.get_by_role("button", name="Show command").click()
    host = site.origin.removeprefix("http://")
    expect(page.locator("#pull-line")).to_have_text(f"podman pull --tls-verify=false {host}/{site.alias}/hello:1.0")
    page.get_by_role("searchbox", name="Filter tags").fill("1.")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_text("2 tags")).to_be_visible()
    page.get_by_text("2 platforms").first.click()
    expect(page.get_by_role("table").get_by_role("link", name="linux/arm64").first).to_be_visible()
    page.get_by_label("Select tag 1.1").check()
    page.get_by_role("button", name="Compare two ticked tags").click()
    expect(page.get_by_text("Tick two tags to compare them.")).to_be_visible()
    page.get_by_role("link", name="Statistics").click()
    expect(page.get_by_text("No pulls in this range.")).to_be_visible()
    context.close()


def test_a_tag_is_put_back(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/team/app-2/-/history")
    expect(page.get_by_text("3 events")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Revert to this edge")).first.click()
    page.get_by_role("button", name="Put edge back").click()
    expect(page.get_by_text("The tag edge is put back.")).to_be_visible()
    expect(page.get_by_text("4 events")).to_be_visible()
    expect(page.locator(".timeline li").first).to_contain_text("reverted")


LONG = """
from accounts.caller import operator
from registry.core import addresses, catalog, repositories
from tests.factories.registry import push_image
caller, address = operator(account_id), addresses.public(account_id, name)
if not repositories.find(address):
    repositories.create(caller, address)
    push_image(caller, address, tag)
    catalog.put(caller, address, {"licence": "L" * 90})
answer = None
"""


def test_the_longest_names_fit_on_a_phone(page: Page, site: Site, server: Server) -> None:
    name, tag = f"{'n' * 100}/{'m' * 90}", "9" * 128
    server.python(LONG, account_id=ACCOUNT, name=name, tag=tag)
    page.set_viewport_size({"width": 320, "height": 800})
    root = f"{site.origin}/{site.alias}/{name}"
    for path in ("", "/-/usage", "/-/tags", "/-/history", f"/-/tags/{tag}", f"/-/compare/{tag}...{tag}", ":absent"):
        page.goto(root + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_all_tabs_can_be_seen_on_a_phone(page: Page, site: Site, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags/1.0?lang={language}")
    for tab in page.locator(".tabs a").all():
        box = tab.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390, tab.inner_text()
