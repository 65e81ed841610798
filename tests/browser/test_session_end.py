"""The end of a session: warned of before, put off in one tab for all, and nothing that was typed is lost."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Site, sign_in
from tests.clients.server import Server

SHORTEN = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
answer = Session.objects.filter(session_key=key).update(expire_date=timezone.now() + timedelta(seconds=seconds))
"""


def shorten(page: Page, server: Server, seconds: float) -> None:
    """Let the session of a page end in some seconds, and show the page as it is then."""
    key = next(each["value"] for each in page.context.cookies() if each.get("name") == "sessionid")
    assert server.python(SHORTEN, key=key, seconds=seconds) == 1


def test_it_warns_and_stays_in_every_tab(page: Page, site: Site, server: Server) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/-/new")
    warning = page.get_by_role("region", name="Session", exact=True)
    expect(warning).to_have_count(0)
    shorten(page, server, 125)
    page.reload()
    other = page.context.new_page()
    other.goto(f"{site.origin}/account/profile")
    page.bring_to_front()
    page.locator("#id_description, #id_trial").first.fill("typed before")
    page.locator("#id_trial").focus()
    expect(warning).to_be_visible(timeout=20_000)
    expect(page.locator("#live")).to_contain_text("Your session ends in")
    expect(page.locator("#id_trial")).to_be_focused()
    expect(warning.get_by_role("timer")).to_have_text(re.compile("^1:[0-9]{2}$"))
    expect(other.get_by_role("region", name="Session", exact=True)).to_be_visible(timeout=20_000)
    button = warning.get_by_role("button", name="Stay signed in")
    button.focus()
    page.keyboard.press("Enter")
    expect(warning).to_have_count(0)
    expect(page.locator("#live")).to_have_text("You stay signed in.")
    expect(page.locator("#id_trial")).to_be_focused()
    expect(page.locator("#id_trial")).to_have_value("typed before")
    expect(other.get_by_role("region", name="Session", exact=True)).to_have_count(0)
    assert server.python(LEFT, key=key_of(page)) > 24 * 3600
    other.close()


LEFT = """
from django.contrib.sessions.models import Session
from django.utils import timezone
answer = (Session.objects.get(session_key=key).expire_date - timezone.now()).total_seconds()
"""


def key_of(page: Page) -> str:
    return next(each["value"] for each in page.context.cookies() if each.get("name") == "sessionid")


def test_a_tab_looks_again_before_it_warns(page: Page, site: Site, server: Server) -> None:
    sign_in(page, site)
    shorten(page, server, 160)
    page.goto(f"{site.origin}/account/profile")
    with page.expect_response("**/account/session", timeout=90_000) as asked:
        shorten(page, server, 5000)
    assert asked.value.json()["left"] > 4000
    page.wait_for_timeout(500)
    expect(page.get_by_role("region", name="Session", exact=True)).to_have_count(0)


def test_what_was_typed_stays_when_somebody_signs_in_again_in_another_tab(
    page: Page, site: Site, server: Server
) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/-/new")
    # Long enough for a busy machine to show the page once more.
    shorten(page, server, 10)
    page.reload()
    page.locator("#id_name").fill("kept/by-the-tab")
    over = page.get_by_role("region", name="Session", exact=True)
    expect(over.get_by_text("Your session is over.")).to_be_visible(timeout=30_000)
    # What htmx asks for meanwhile does not take the page away.
    page.locator("#id_name").press("Tab")
    page.wait_for_timeout(500)
    expect(page.locator("#id_name")).to_have_value("kept/by-the-tab")
    with page.expect_popup() as opened:
        over.get_by_role("link", name="Sign in on a new page").click()
    other = opened.value
    other.get_by_label("Mail address").fill("ana@example.com")
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/repositories/-/new")
    expect(over).to_have_count(0)
    page.bring_to_front()
    page.locator("button[name=step][value=create]").click()
    page.wait_for_url("**/repositories/kept/by-the-tab/-/images")


def test_a_form_that_is_sent_too_late_is_sent_after_sign_in(page: Page, site: Site, server: Server) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories/-/new")
    page.locator("#id_name").fill("kept/by-the-server")
    page.locator("#id_resource_tags").fill("team=shop\nstage=test")
    page.keyboard.press("Tab")
    expect(page.locator("#name-check .checked")).to_be_visible()
    shorten(page, server, -1)
    page.locator("button[name=step][value=create]").click()
    page.wait_for_url("**/sign-in?next=/account/session/held")
    page.get_by_label("Mail address").fill("ana@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_visible()
    expect(page.locator(".held pre").first).to_have_text("kept/by-the-server")
    page.get_by_role("button", name="Send it now").click()
    page.wait_for_url("**/repositories/kept/by-the-server/-/images")
    page.goto(f"{site.console}/us-east-1/repositories?columns=tags&prefix=kept/by-the-server")
    # Not by text: Playwright trips over forms that have a field `contains`.
    expect(page.locator("td .badge")).to_have_text(["team=shop", "stage=test"])
