"""What all pages share: menu, keys, messages, forms that are sent once, sessions that end, what a page weighs."""

import json
import re

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, Route, expect

from tests.browser.conftest import Site, sign_in

BUDGET = 150 * 1024
KINDS_THAT_WEIGH = ("document", "stylesheet", "script")


def test_it_works_to_use_the_account_menu_by_keyboard(page: Page, site: Site) -> None:
    sign_in(page, site)
    summary = page.locator("summary", has_text="Ana")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed in as ana@example.com", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Profile", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.get_by_text("Signed in as ana@example.com", exact=True)).to_be_hidden()
    summary.click()
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_text("Signed in as ana@example.com", exact=True)).to_be_hidden()


def test_single_keys_help_until_they_are_switched_off(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/us-east-1/repositories")
    page.goto(f"{site.origin}/account/preferences")
    page.get_by_label("Off").check()
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_label("Off")).to_be_checked()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Search public repositories")).not_to_be_focused()
    page.get_by_role("link", name="Keyboard").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard")


def test_a_form_is_sent_once(page: Page, site: Site) -> None:
    sent: list[str] = []

    def slow(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
            page.wait_for_timeout(300)
        route.continue_()

    page.goto(f"{site.origin}/account/preferences")
    page.route("**/account/preferences", slow)
    button = page.get_by_role("button", name="Save preferences")
    button.evaluate("button => { button.click(); button.click(); button.click(); }")
    expect(page.locator("form[data-sent]")).to_have_count(0)
    assert len(sent) == 1


def test_leaving_with_changes_asks(page: Page, site: Site) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(f"{site.origin}/account/preferences")
    page.goto(f"{site.origin}/help")
    assert not asked
    page.goto(f"{site.origin}/account/preferences")
    page.get_by_label("Dark").check()
    page.goto(f"{site.origin}/help")
    assert asked == ["beforeunload"]
    page.goto(f"{site.origin}/account/preferences")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save preferences").click()
    expect(page.locator("html[data-theme=dark]")).to_be_attached()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize(
    "path",
    [
        "public/repositories/hello/-/listing",
        "public/profile",
        "us-east-1/repositories/-/new",
        "us-east-1/repositories/team/app-0/-/permissions",
        "us-east-1/repositories/team/app-0/-/settings",
        "us-east-1/registry/settings",
        "us-east-1/registry/templates/-/new",
        "webhooks/-/new",
    ],
)
def test_forms_ask_before_they_are_left_with_changes(page: Page, site: Site, path: str) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    sign_in(page, site)
    page.on("dialog", leave)
    page.goto(f"{site.origin}/console/111122223333/{path}")
    field = page.locator("form[data-ask]").locator("input[type=text], textarea, input[type=checkbox]").first
    if field.get_attribute("type") == "checkbox":
        field.click()
    else:
        field.press_sequentially("x")
    page.goto(f"{site.origin}/help")
    assert asked == ["beforeunload"]


def test_a_field_counts_its_characters(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.origin}/console/111122223333/public/repositories/hello/-/listing")
    page.locator("#id_description").fill("Xin chào 👋")
    expect(page.locator("#description-help")).to_contain_text(re.compile(r"10 of 1,?024 characters"))
    page.goto(f"{site.origin}/console/111122223333/us-east-1/repositories/team/app-0/-/permissions")
    page.locator("#id_text").fill("{}")
    expect(page.locator("#text-help")).to_contain_text(re.compile(r"2 of 10,?240 characters"))


def test_a_failing_server_leaves_the_page_as_it_was(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags")
    before = page.locator("#results").inner_html()
    page.route(
        re.compile(r"sort=name"), lambda route: route.fulfill(status=503, headers={"X-Request-Id": "abc123"}, body="no")
    )
    page.get_by_label("Sort by").select_option("name")
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"The server could not answer\. .*\(Request abc123\)"))
    assert page.locator("#results").inner_html() == before
    page.unroute(re.compile(r"sort=name"))
    page.route(re.compile(r"sort=name"), lambda route: route.abort())
    page.get_by_label("Sort by").select_option("")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("Sort by").select_option("name")
    expect(page.get_by_role("alert")).to_contain_text("can't be reached")


def test_an_answer_that_refuses_is_put_into_the_page(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags")
    absent = f"{site.origin}/absent/repository/-/tags"
    page.route(re.compile(r"sort=name"), lambda route: route.continue_(url=absent))
    page.get_by_label("Sort by").select_option("name")
    expect(page.locator("#results").get_by_role("alert")).to_contain_text("There is nothing here.")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_a_session_that_ends_in_a_swap_leads_to_sign_in(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories")
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Name contains").fill("team")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fconsole%2F111122223333%2Fus-east-1%2Frepositories"))


def test_answers_can_bring_a_toast(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags")
    headers = {"HX-Trigger": json.dumps({"toast": "Đã lưu."})}
    page.route(re.compile(r"sort=name"), lambda route: route.fulfill(status=200, headers=headers, body="<h2>New</h2>"))
    page.get_by_label("Sort by").select_option("name")
    expect(page.locator("#toasts")).to_contain_text("Đã lưu.")
    page.locator("#toasts").get_by_role("button", name="Close").click()
    expect(page.locator(".toast")).to_have_count(0)


def test_the_focus_goes_on_when_its_row_is_gone(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/{site.alias}/hello/-/tags")
    rows = page.locator("#results tbody tr")
    rows.nth(1).evaluate("row => { row.id = 'next-row'; }")
    rows.first.evaluate(
        "row => { const button = document.createElement('button'); button.textContent = 'Take away';"
        " button.setAttribute('hx-get', '/nothing'); button.setAttribute('hx-target', 'closest tr');"
        " button.setAttribute('hx-swap', 'delete'); row.querySelector('th').append(button); htmx.process(button); }"
    )
    page.route("**/nothing", lambda route: route.fulfill(status=200, body=""))
    page.get_by_role("button", name="Take away").click()
    expect(page.locator("#next-row").locator("a, input").first).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/search", "/{alias}", "/{alias}/hello", "/{alias}/hello/-/tags", "/help/api"])
def test_a_page_weighs_little(page: Page, site: Site, path: str) -> None:
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108 - it wants a function
    page.goto(site.origin + path.format(alias=site.alias), wait_until="networkidle")
    answers = {each.url: each.response() for each in finished if each.resource_type in KINDS_THAT_WEIGH}
    weights = {url: len(answer.body()) for url, answer in answers.items() if answer}
    assert len(weights) == 4, weights
    assert sum(weights.values()) < BUDGET, weights


@pytest.mark.parametrize("path", ["/", "/help/components"])
def test_forced_colours_and_print_hide_nothing_that_matters(chromium: Browser, site: Site, path: str) -> None:
    context = chromium.new_context(forced_colors="active", reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.origin + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("header.bar")).to_be_hidden()
    context.close()


def test_a_link_in_another_language(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/search?lang=vi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tất cả các kho")
    page.goto(f"{site.origin}/help")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trợ giúp")
