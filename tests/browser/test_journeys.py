"""What people come to do: find and copy, create and delete; with script, without it, and by keyboard."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, sign_in


def test_it_works_to_find_an_image_and_copy_its_pull_command(page: Page, site: Site) -> None:
    page.goto(site.origin)
    page.get_by_role("combobox", name="Search public repositories").fill("greeting")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"{site.alias}/hello", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hello")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied").first).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"docker pull {site.origin.removeprefix('http://')}/{site.alias}/hello:1.1"
    page.get_by_label("Client").select_option("podman")
    expect(page.get_by_text(re.compile("^podman pull "))).to_be_visible()


def test_filters_change_the_page_in_place_and_its_address(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/search")
    page.evaluate("document.body.dataset.kept = 'yes'")
    total = page.locator("[data-announce]").inner_text()
    charts = page.get_by_role("group", name="Kind").get_by_role("checkbox", name="Helm chart")
    count = charts.locator("xpath=..").locator(".count").inner_text()
    assert int(count) >= 2 and not total.startswith(f"{count} ")
    charts.check()
    expect(page.locator("[data-announce]")).to_have_text(f"{count} repositories")
    expect(page.locator("#live")).to_have_text(f"{count} repositories")
    assert "kind=chart" in page.url
    expect(page.locator("body[data-kept=yes]")).to_be_attached()  # the page was not loaded anew
    page.go_back()
    expect(page.locator("[data-announce]")).to_have_text(total)


def test_a_repository_is_created_and_deleted(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories")
    page.get_by_role("link", name="Create repository").click()
    page.get_by_label("Name", exact=True).fill("Not Legal")
    page.get_by_role("button", name="Create repository").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Not Legal")
    page.get_by_label("Name", exact=True).fill("team/by-hand")
    page.keyboard.press("Tab")
    expect(page.get_by_text("team/by-hand is free.")).to_be_visible()
    page.get_by_role("button", name="Create repository").click()
    expect(page.get_by_text("The repository team/by-hand is ready.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^docker push .*/team/by-hand:1$"))).to_be_visible()
    page.get_by_role("navigation", name="Repository").get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Delete repository…").click()
    page.get_by_role("button", name="Delete team/by-hand").click()
    expect(page.get_by_text("Type “team/by-hand” to confirm.")).to_be_visible()
    page.get_by_label("Type team/by-hand to confirm").fill("team/by-hand")
    page.get_by_role("button", name="Delete team/by-hand").click()
    expect(page.get_by_text("The repository team/by-hand is deleted.")).to_be_visible()


def test_an_image_is_deleted_after_a_second_look(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/team/app-0/-/images?contains=1.0")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Delete selected images…").click()
    expect(page.get_by_role("heading", name="Delete 3 images?")).to_be_visible()
    page.get_by_role("button", name="Delete 3 images").click()
    expect(page.get_by_text("3 images are deleted.")).to_be_visible()
    expect(page.get_by_role("link", name="2.0")).to_be_visible()
    expect(page.get_by_role("link", name="1.0")).to_have_count(0)


def test_everything_works_without_script(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.origin}/search?q=hello")
    page.get_by_role("group", name="Kind").get_by_role("checkbox", name="image").check()
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name=f"{site.alias}/hello", exact=True).click()
    page.get_by_label("Tag").select_option("1.0")
    page.get_by_role("button", name="Show command").click()
    expect(page.get_by_text(re.compile(r"^docker pull .*/hello:1\.0$"))).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    sign_in(page, site)
    page.get_by_role("link", name="Registry password").click()
    page.get_by_role("button", name="Make a registry password").click()
    expect(page.get_by_role("heading", name="Store it now")).to_be_visible()
    page.locator("summary", has_text="Ana").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    context.close()


def test_everything_is_reached_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/search")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search public repositories")).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “hello”")
    wanted = page.locator("#results h3 a").first
    for _ in range(10):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


@pytest.mark.parametrize(("value", "colour"), [("dark", "rgb(22, 21, 19)"), ("light", "rgb(251, 250, 247)")])
def test_colours_and_language_are_kept(page: Page, site: Site, value: str, colour: str) -> None:
    page.goto(f"{site.origin}/search")
    page.get_by_label("Colours").select_option(value)
    expect(page.locator(f"html[data-theme={value}]")).to_be_attached()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colour
    page.get_by_label("Language").select_option("vi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tất cả các kho")
    page.goto(site.origin)
    assert page.locator("html").get_attribute("lang") == "vi"
    assert page.locator("html").get_attribute("data-theme") == value


def test_pages_are_never_read_by_others(page: Page, site: Site) -> None:
    page.goto(f"{site.console}/us-east-1/repositories")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_filters_keep_the_focus_and_stay_as_they_are(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/search")
    box = page.get_by_role("group", name="Kind").get_by_role("checkbox", name="image")
    box.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("list", name="Active filters")).to_be_visible()
    expect(box).to_be_checked()
    page.wait_for_timeout(200)
    expect(box).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.origin}/search")
    for is_open in (False, True):
        page.get_by_label("Sort by").select_option("name" if is_open else "updated")
        page.wait_for_url(f"**sort={'name' if is_open else 'updated'}**")
        expect(box).to_be_visible(visible=is_open)
        page.locator(".facets summary").click()


def test_going_back_brings_what_was_asked(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/search")
    box = page.get_by_role("combobox", name="Search public repositories")
    box.fill("hello")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “hello”")
    page.get_by_label("Sort by").select_option("name")
    page.wait_for_url("**sort=name**")
    assert page.evaluate("history.length") == 4, "blank, all, the words, the order: none of them twice"
    page.go_back()
    expect(page.get_by_label("Sort by")).to_have_value("")
    expect(box).to_have_value("hello")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “hello”")
    box.fill("hel")
    expect(page.get_by_role("option").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("All repositories")
    expect(box).to_have_value("")
