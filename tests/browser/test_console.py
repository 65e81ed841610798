"""The console by hand: a name looked at on the way, lists that change in place, many things at once, a review."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, sign_in

PARTNER = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "777788889999"}, "Action": "ecr:BatchGetImage"}


@pytest.fixture
def ana(page: Page, site: Site) -> Page:
    """Ana's page."""
    sign_in(page, site)
    return page


def test_a_name_is_looked_at_before_the_form_is_sent(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories/-/new")
    name = ana.get_by_label("Name", exact=True)
    name.fill("team/app-0")
    name.press("Tab")
    expect(ana.get_by_text("This registry has a repository with this name already.")).to_be_visible()
    name.fill("team/shop")
    name.press("Tab")
    expect(ana.get_by_text("team/shop is free.")).to_be_visible()
    ana.get_by_role("button", name="Take over the template's settings").click()
    expect(ana.get_by_label("Immutable: a tag that was pushed")).to_be_checked()
    expect(ana.get_by_label("Resource tags")).to_have_value("team=shop")
    ana.get_by_label("Tags to try").fill("v1")
    ana.get_by_label("Tags to try").press("Tab")
    expect(ana.locator("#trial-check").get_by_text("is immutable")).to_be_visible()


@pytest.mark.parametrize("path", ["repositories", "repositories/team/app-0/-/images"])
def test_enter_in_a_search_box_asks_once(ana: Page, site: Site, path: str) -> None:
    ana.goto(f"{site.console}/us-east-1/{path}")
    before, asked = ana.evaluate("history.length"), []
    ana.on("request", lambda request: asked.append(request.url))
    box = ana.locator("#id_contains")
    box.fill("1")
    box.press("Enter")
    ana.wait_for_url("**contains=1**")
    box.blur()
    ana.wait_for_load_state("networkidle")
    assert [url for url in asked if "contains=1" in url] == [ana.url]
    assert ana.evaluate("history.length") == before + 1


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_is_said_about_a_name_moves_nothing_under_a_click(
    ana: Page, site: Site, width: int, language: str
) -> None:
    ana.set_viewport_size({"width": width, "height": 900})
    ana.goto(f"{site.console}/us-east-1/repositories/-/new?lang={language}")
    button = ana.locator("button[name=step][value=create]")

    def place() -> float:
        box = button.bounding_box()
        assert box
        return float(box["y"] + ana.evaluate("window.scrollY"))

    before = place()
    for name, done in (("team/shop", "button[value=template]"), ("team/app-0", ".error"), ("other", ".mono")):
        ana.locator("#id_name").fill(name)
        ana.locator("#id_name").press("Tab")
        expect(ana.locator(f"#name-check {done}").first).to_be_visible()
        assert place() == before, name
    ana.locator("#id_trial").fill("latest v1 dev-2")
    ana.locator("#id_trial").press("Tab")
    expect(ana.locator("#trial-check li")).to_have_count(3)
    assert place() == before
    # A click straight from the field that is being looked at is a click on the button.
    ana.locator("#id_name").fill(f"click/{language}-{width}")
    button.click()
    ana.wait_for_url(f"**/repositories/click/{language}-{width}/-/images")


def test_columns_are_chosen_and_kept(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories")
    expect(ana.get_by_role("columnheader", name="Size")).to_be_visible()
    ana.locator("summary", has_text="Columns").press("Enter")
    ana.get_by_label("Size", exact=True).uncheck()
    ana.get_by_label("Resource tags", exact=True).check()
    ana.get_by_role("button", name="Save the choice").click()
    expect(ana.get_by_role("columnheader", name="Resource tags")).to_be_visible()
    expect(ana.get_by_role("columnheader", name="Size")).to_have_count(0)
    ana.goto(f"{site.console}/us-east-1/repositories?columns=-images")
    expect(ana.get_by_role("columnheader", name="Size")).to_be_visible()
    expect(ana.get_by_role("columnheader", name="Images")).to_have_count(0)
    ana.locator("summary", has_text="Columns").click()
    ana.get_by_role("link", name="Show my own choice").click()
    expect(ana.get_by_role("columnheader", name="Resource tags")).to_be_visible()
    ana.locator("summary", has_text="Columns").click()
    ana.get_by_role("button", name="Back to the usual columns").click()
    expect(ana.get_by_role("columnheader", name="Size")).to_be_visible()


def test_a_list_is_sorted_and_filtered_in_place(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories")
    ana.evaluate("document.body.dataset.kept = 'yes'")
    ana.get_by_text("More filters").click()
    ana.get_by_label("Resource tag", exact=True).fill("stage=production")
    ana.get_by_label("Resource tag", exact=True).press("Enter")
    expect(ana.locator("[data-announce]")).to_have_text("1 repository")
    expect(ana.locator("#live")).to_have_text("1 repository")
    assert "tag=stage%3Dproduction" in ana.url
    expect(ana.locator("body[data-kept=yes]")).to_be_attached()
    ana.get_by_role("link", name="Clear all filters").click()
    ana.get_by_role("link", name="Images", exact=True).click()
    expect(ana.get_by_role("columnheader", name="Images")).to_have_attribute("aria-sort", "descending")


def test_many_repositories_are_tagged_while_somebody_watches(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories?prefix=team/app-")
    ana.get_by_label(re.compile("that match, on every page")).check()
    ana.get_by_role("button", name="Add resource tags…").click()
    expect(ana.get_by_role("heading", name=re.compile(r"Add resource tags to \d repositories"))).to_be_visible()
    ana.get_by_label("Resource tags").fill("owner=ana")
    ana.get_by_role("button", name="Add tags").click()
    expect(ana.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    expect(ana.get_by_role("link", name="Back to the repositories")).to_be_visible()
    ana.goto(f"{site.console}/us-east-1/repositories?tag=owner%3Dana")
    expect(ana.locator("[data-announce]")).to_have_text("3 repositories")


def test_a_policy_is_reviewed_before_it_takes_the_place_of_another(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories/team/app-1/-/permissions")
    text = json.dumps({"Version": "2012-10-17", "Statement": [PARTNER]}, indent=2)
    ana.get_by_label("Policy as JSON").fill(text)
    ana.get_by_role("button", name="Save policy").click()
    expect(ana.get_by_text("Not in force yet.")).to_be_visible()
    expect(ana.get_by_role("heading", name="What saving would change")).to_be_visible()
    ana.get_by_role("button", name="Put it in force").click()
    expect(ana.get_by_text("The policy is in force.")).to_be_visible()
    expect(ana.get_by_role("listitem").filter(has_text="account 777788889999")).to_be_visible()


def test_the_actions_of_an_image_open_and_close_by_keyboard(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/us-east-1/repositories/team/app-0/-/images")
    button = ana.get_by_role("button", name=re.compile("^Actions for sha256:")).first
    button.focus()
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("dialog")).to_be_visible()
    ana.get_by_role("dialog").get_by_role("button", name=re.compile("^Copy")).first.click()
    assert ana.evaluate("navigator.clipboard.readText()").startswith("docker pull ")
    ana.keyboard.press("Escape")
    expect(ana.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_forms_and_lists_work_without_script(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/-/new")
    page.get_by_label("Name", exact=True).fill("team/other")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("team/other is free.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("team/other")
    page.goto(f"{site.console}/audit")
    page.get_by_label("Action", exact=True).fill("CreateRole")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-announce]")).to_have_text("1 event")
    page.get_by_role("link", name="CreateRole").click()
    expect(page.get_by_text('"eventName": "CreateRole"')).to_be_visible()
    context.close()


def test_a_key_is_shown_once_and_not_after_a_reload(ana: Page, site: Site) -> None:
    ana.goto(f"{site.console}/iam/users/bo/keys")
    ana.get_by_role("button", name="Create access key").click()
    expect(ana.get_by_role("heading", name="The new key of bo")).to_be_visible()
    shown = ana.url
    ana.get_by_role("button", name="Done").click()
    assert ana.url == shown  # the tick comes first
    ana.reload()
    expect(ana.get_by_role("heading", name="Shown already")).to_be_visible()
    ana.get_by_role("link", name="Go back").click()
    expect(ana.get_by_role("row").filter(has_text="AKIA")).to_have_count(2)
