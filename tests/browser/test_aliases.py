"""The way of a name: a publisher asks, staff decide, the publisher hears of it, and clients pull by both names."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ACCOUNT, EMAIL, STAFF, Site, sign_in
from tests.clients.mailbox import Mailbox
from tests.clients.processes import wait_for
from tests.clients.server import Server
from tests.clients.skopeo import Skopeo

# One tenant of these tests, so that the demo's account keeps what other tests look at.
OWN = "555566667777"
PUBLISHER = "bao@example.com"
SEED = """
from accounts.directory import accounts, people
from config.run import demo
account = accounts.create("Acme", account_id)
people.add_to_account(people.create(email, "a shelf of long words", name="Bao"), account)
demo.seed(account)
from registry.core import aliases
answer = aliases.primary(account_id)
"""


@pytest.fixture(scope="module")
def default_alias(server: Server, site: Site) -> str:
    """The account of a publisher with the demo's repositories."""
    return str(server.python(SEED, account_id=OWN, email=PUBLISHER))


@pytest.fixture
def bao(chromium: Browser, site: Site, default_alias: str) -> Iterator[Page]:
    """The publisher's page."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, site, PUBLISHER)
    yield page
    context.close()


@pytest.fixture
def boss(chromium: Browser, site: Site, default_alias: str) -> Iterator[Page]:
    """The page of a member of the staff."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, site, STAFF)
    yield page
    context.close()


def ask_for(page: Page, site: Site, alias: str) -> None:
    """Fill in the form and send it."""
    page.goto(f"{site.origin}/console/{OWN}/public/aliases")
    page.get_by_label("Alias", exact=True).fill(alias)
    page.get_by_label("Why is this name yours?").fill("We are Acme, and people have known us by it since 1998.")
    page.get_by_label("Website").fill("acme.example/registry")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Ask for the alias").click()


def test_it_works(bao: Page, boss: Page, site: Site, server: Server, default_alias: str, tmp_path: Path) -> None:
    ask_for(bao, site, "acme")
    expect(bao.get_by_text("The alias acme is asked for.")).to_be_visible()
    skopeo = Skopeo(tmp_path)
    assert skopeo.copy_refused(f"docker://{server.host}/acme/hello:1.0", f"oci:{tmp_path}/early:1")

    mails = Mailbox(server.data)
    mails.wait_for(STAFF, "acme")
    boss.goto(f"{site.origin}/staff/aliases")
    boss.get_by_role("link", name="acme", exact=True).click()
    boss.get_by_role("radio", name="Approve").check()
    boss.get_by_label("Words to the publisher").fill("Welcome, Acme.")
    boss.get_by_role("button", name="Preview the mail").click()
    expect(boss.locator("#letter")).to_contain_text("The alias acme is approved")
    boss.get_by_role("button", name="Decide", exact=True).click()
    expect(boss.get_by_text("The alias acme is approved.")).to_be_visible()

    assert "Welcome, Acme." in mails.wait_for(PUBLISHER, "The alias acme is approved")
    bao.goto(site.origin)
    bao.get_by_role("link", name=re.compile("Notices.*1 unread")).click()
    expect(bao.get_by_text("Welcome, Acme.")).to_be_visible()
    bao.get_by_role("button", name="Show the alias").click()
    expect(bao.get_by_role("heading", level=1)).to_have_text("acme")
    bar = bao.get_by_role("navigation", name="Main")
    expect(bar.get_by_role("link", name="Notices", exact=True)).to_be_visible()

    for alias in ("acme", default_alias):
        skopeo.copy(f"docker://{server.host}/{alias}/hello:1.0", f"oci:{tmp_path}/{alias}:1.0")
    bao.get_by_role("link", name="Make primary…").click()
    expect(bao.get_by_role("cell", name=f"{server.host}/acme/hello", exact=True)).to_be_visible()
    bao.get_by_role("button", name="Make acme primary").click()
    wait_for("the gallery shows the name", lambda: "acme/hello" in server.get("/search?q=acme").text, seconds=120)


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("aws", "“aws” is reserved by “aws*”"),
        ("eks", "“eks” is reserved by “eks”"),
        ("datadog", "marketplace seller"),
        ("amaz0n", "looks like “amazon*”"),
    ],
)
def test_reserved_names_are_refused_at_once(bao: Page, site: Site, alias: str, words: str) -> None:
    bao.goto(f"{site.origin}/console/{OWN}/public/aliases")
    field = bao.get_by_label("Alias", exact=True)
    field.fill(alias)
    field.press("Tab")  # the name is checked when its field is left
    expect(bao.locator("#alias-check")).to_contain_text(words)
    ask_for(bao, site, alias)
    expect(bao.get_by_role("alert")).to_contain_text(words)
    expect(field).to_have_value(alias)


def test_the_queue_by_keyboard(boss: Page, site: Site) -> None:
    boss.goto(f"{site.origin}/staff/aliases")
    rows = boss.locator("table[data-rows] tbody th a")
    boss.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    boss.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    boss.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    name = rows.nth(0).text_content() or ""
    boss.keyboard.press("Enter")
    expect(boss.get_by_role("heading", level=1)).to_have_text(name)


def test_two_members_of_the_staff_at_once(chromium: Browser, boss: Page, site: Site, server: Server) -> None:
    path = f"{site.origin}/staff/aliases/tools/1"
    context = chromium.new_context()
    late = context.new_page()
    sign_in(late, site, STAFF)
    late.goto(path)
    boss.goto(path)
    for page, choice in ((boss, "Approve"), (late, "Refuse")):
        page.get_by_role("radio", name=choice).check()
        page.get_by_label("Words to the publisher").fill(f"I say: {choice}.")
        page.get_by_role("button", name="Decide", exact=True).click()
    expect(late.get_by_role("alert")).to_contain_text(f"Decided by {STAFF} at")
    expect(late.get_by_role("alert")).to_contain_text("I say: Refuse.")
    expect(late.get_by_text("Approved").first).to_be_visible()
    context.close()


def test_everything_works_without_script(chromium: Browser, site: Site, default_alias: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, EMAIL)
    page.goto(f"{site.origin}/console/{ACCOUNT}/public/aliases/old-warehouse")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("The alias old-warehouse leads to your repositories again.")).to_be_visible()
    page.get_by_role("link", name="Release…").click()
    page.get_by_role("textbox", name="Type old-warehouse to confirm").fill("old-warehouse")
    page.get_by_role("button", name="Release old-warehouse").click()
    expect(page.get_by_text("The alias old-warehouse is released.")).to_be_visible()
    context.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, STAFF)
    page.goto(f"{site.origin}/staff/aliases/datadog-shelf/1")
    page.get_by_label("Reason from a template").select_option("brand")
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_label("Words to the publisher")).to_have_value(re.compile("brand of somebody else"))
    page.get_by_role("button", name="Preview the mail").click()
    expect(page.get_by_text("The alias datadog-shelf is refused").first).to_be_visible()
    context.close()
