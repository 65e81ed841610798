"""A visitor looks into an image and a chart, in both languages, by mouse and without script."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ACCOUNT, Site, sign_in

WORDS = {
    "en": {"layers": "Layers", "config": "Config", "show": "Show", "compare": "Compare with it", "filter": "Filter"},
    "vi": {
        "layers": "Lớp",
        "config": "Cấu hình",
        "show": "Hiện",
        "compare": "So sánh với hình ảnh đó",
        "filter": "Lọc",
    },
}


def speaking(chromium: Browser, site: Site, language: str, width: int = 1280, *, script: bool = True) -> Page:
    """A page of a visitor."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=script)
    context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    return context.new_page()


@pytest.mark.parametrize(("language", "script"), [("en", True), ("vi", True), ("en", False)])
def test_a_visitor_looks_into_an_image(chromium: Browser, site: Site, language: str, script: bool) -> None:
    words = WORDS[language]
    page = speaking(chromium, site, language, script=script)
    page.goto(f"{site.origin}/{site.alias}/shop/web/-/tags/2.4")
    page.get_by_role("link", name="linux/arm64").first.click()
    expect(page.locator(".choices [aria-current]")).to_have_text("linux/arm64")
    page.locator(".sections").get_by_role("link", name=words["layers"], exact=True).click()
    expect(page).to_have_url(re.compile(r"/layers\?platform=linux%2Farm64$"))
    expect(page.locator("tr[id^=layer-]")).to_have_count(3)
    page.locator(".command summary").click()
    expect(page.locator(".command pre")).to_contain_text("useradd")
    page.locator(".sections").get_by_role("link", name=words["config"], exact=True).click()
    expect(page.locator(".masked")).not_to_contain_text("hunter2", use_inner_text=True)
    page.locator(".masked summary").click()
    expect(page.locator(".masked")).to_contain_text("hunter2", use_inner_text=True)
    page.go_back()
    page.go_back()
    page.get_by_role("link", name=words["compare"]).click()
    expect(page.locator("td.mono", has_text="web").first).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(("language", "script"), [("en", True), ("vi", True), ("en", False)])
def test_a_visitor_reads_a_chart_on_a_phone(chromium: Browser, site: Site, language: str, script: bool) -> None:
    page = speaking(chromium, site, language, 390, script=script)
    page.goto(f"{site.origin}/{site.alias}/charts/shop/-/tags/1.0.0")
    expect(page.locator(".tabs.sections")).to_be_hidden()
    page.locator("#section").select_option("values")
    if not script:
        page.locator(".section-choice button").click()
    expect(page).to_have_url(re.compile(r"/-/charts/1\.0\.0/values$"))
    page.locator("#key").fill("pullpolicy")
    page.get_by_role("button", name=WORDS[language]["filter"], exact=True).click()
    page.get_by_role("link", name="image.pullPolicy").click()
    expect(page.locator(".line:target")).to_contain_text("pullPolicy: IfNotPresent")
    page.context.close()


def test_an_owner_is_warned_of_secrets(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.origin}/console/{ACCOUNT}/us-east-1/repositories/team/web/-/tags/2.4")
    page.locator(".sections").get_by_role("link", name="Config").click()
    expect(page.get_by_text("Some variables look like secrets.")).to_be_visible()
    page.locator(".sections").get_by_role("link", name="Manifest").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("manifest-")
