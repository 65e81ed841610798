"""What stands below each other keeps apart, and short words in a table are not cut."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ACCOUNT, PASSWORD, STAFF, Site, sign_in
from tests.clients.server import Server

TEAM = "/us-east-1/repositories/team"
OWN = (
    f"{TEAM}/app-1/-/lifecycle",
    f"{TEAM}/web/-/lifecycle",
    f"{TEAM}/app-1/-/delete",
    f"{TEAM}/web/-/compare",
    f"{TEAM}/web/-/tags/2.4",
    f"{TEAM}/app-0/-/settings",
    "/us-east-1/registry/settings",
    "/us-east-1/registry/replication/-/new",
    "/us-east-1/registry/replication/0/-/edit",
    "/webhooks/deploy/deliveries/00000000-0000-4000-8000-000000000002",
)
OF_STAFF = ("/staff/accounts/111122223333", "/staff/work/900001/-/discard", "/staff/aliases/warehuose/1")
LEAST = 4
TOUCHING = """least => {
  const box = each => each.getBoundingClientRect();
  const isShown = each => box(each).height > 1 && box(each).width > 1 && getComputedStyle(each).position != "absolute";
  const found = [];
  const parts = "main :is(h2, h3, .actions, .panel, .empty, .scroll, .field, .facts, .code)";
  for (const each of document.querySelectorAll(parts)) {
    const before = each.previousElementSibling;
    if (!before || !isShown(each) || !isShown(before)) continue;
    if (each.closest("td, figure, .statement, .section-head")) continue;
    const gap = box(each).top - box(before).bottom;
    const [above, below] = [before, each].map(one => one.className || one.tagName);
    if (gap > -2 && gap < least) found.push(`${above} and ${below}`);
  }
  return found;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_touches_what_is_above_it(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, site)
    found = {}
    for path in OWN:
        page.goto(f"{site.console}{path}")
        found[path] = page.evaluate(TOUCHING, LEAST)
    page.context.clear_cookies()
    sign_in(page, site, STAFF)
    for path in OF_STAFF:
        page.goto(f"{site.origin}{path}")
        found[path] = page.evaluate(TOUCHING, LEAST)
    assert not {path: pairs for path, pairs in found.items() if pairs}


CUT = """() => {
  const found = [];
  for (const cell of document.querySelectorAll("main tbody :is(th, td.digest, td span.mono)")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (const word of node.data.matchAll(/[^\\s\\/-]+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map(each => each.top));
        if (word[0].length < 24 && lines.size > 1) found.push(word[0]);
      }
  }
  return found;
}"""


def test_platforms_in_the_list_of_images_are_not_cut(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}{TEAM}/web/-/images")
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_actions_of_an_image_are_in_sight_however_wide_the_list_is(page: Page, site: Site, language: str) -> None:
    sign_in(page, site)
    page.set_viewport_size({"width": 1024, "height": 900})
    page.goto(f"{site.console}{TEAM}/web/-/images?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "only the box scrolls"
    box = page.locator("main .scroll").bounding_box()
    button = page.locator(".row-actions > button").first.bounding_box()
    assert box and button and button["x"] + button["width"] <= box["x"] + box["width"]


HIDDEN = """() => [...document.querySelectorAll("main .copy code")]
  .filter(each => each.offsetWidth && each.scrollWidth > each.clientWidth).map(each => each.textContent)"""
LONG = """
from accounts.caller import operator
from accounts.directory import accounts, people
from accounts.models import Person
from registry.core import addresses, repositories
from tests.factories.registry import push_image
caller = operator(account_id)
address = addresses.public(account_id, "observability/collector-contrib-distribution-with-every-receiver")
if not repositories.find(address):
    repositories.create(caller, address)
    for tag in ("0.1.0", "v0.1.0-rc.1-build.20261130.sha-5f1c0d3e8b7a6c5d4e3f2a1b0c9d8e7f"):
        push_image(caller, address, tag)
    accounts.create("A publisher with a rather long name that nobody has verified, GmbH & Co. KG", "777788889999")
    other = addresses.public("777788889999", "thing")
    repositories.create(operator("777788889999"), other)
    push_image(operator("777788889999"), other, "1")
    person = people.create("khai@example.com", password, name="Nguyễn Phúc Thị Minh Khai Tôn Nữ")
    people.add_to_account(person, accounts.get(account_id))
answer = address.name
"""


def _long(server: Server) -> str:
    """A repository, a publisher and a person with long names are there; return the repository's."""
    name = server.python(LONG, account_id=ACCOUNT, password=PASSWORD)
    server.manage("rebuild_listings")
    return str(name)


@pytest.mark.parametrize("width", [390, 1280])
def test_commands_and_short_names_are_whole(page: Page, site: Site, server: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    path = f"{site.origin}/{site.alias}/{_long(server)}"
    for url in (
        path,
        f"{path}/-/tags",
        f"{path}/-/usage",
        f"{site.origin}/help/log-in",
        f"{site.origin}/help/first-pull",
    ):
        page.goto(url)
        assert page.evaluate(HIDDEN) == [], f"a part of a command can't be seen on {url}"
    page.goto(f"{path}/-/tags")
    assert page.evaluate(CUT) == []
    sign_in(page, site, STAFF)
    page.goto(f"{site.origin}/staff/publishers")
    assert page.evaluate(CUT) == []


CUT_HINTS = """() => [...document.querySelectorAll("input[type=search]")].filter(each => {
  const style = getComputedStyle(each), pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(each.placeholder).width > room;
}).map(each => each.placeholder)"""


@pytest.mark.parametrize("language", ["en", "vi"])
def test_hints_in_search_boxes_are_whole(page: Page, site: Site, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    for path in ("/", "/search", "/publishers", f"/{site.alias}", f"/{site.alias}/hello/-/tags"):
        page.goto(f"{site.origin}{path}?lang={language}")
        assert page.evaluate(CUT_HINTS) == [], path


def test_rows_with_a_button_are_no_higher(page: Page, site: Site, server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.origin}/{site.alias}/{_long(server)}/-/tags")
    row = page.locator("tbody tr").filter(has=page.get_by_role("link", name="0.1.0", exact=True))
    height = row.evaluate("node => node.offsetHeight")
    row.get_by_role("button").evaluate("node => { node.style.display = 'none'; }")
    assert row.evaluate("node => node.offsetHeight") == height


def test_the_bar_fits_on_a_phone(page: Page, site: Site, server: Server) -> None:
    _long(server)
    page.set_viewport_size({"width": 390, "height": 900})
    heights = {}
    for path in ("/", "/search", "/sign-in", "/absent/-"):
        page.goto(f"{site.origin}{path}")
        heights[path] = page.locator(".bar").evaluate("node => node.offsetHeight")
    assert max(heights.values()) <= 60, "no line is kept for a search box that is not there"
    sign_in(page, site, "khai@example.com")
    for language in ("en", "vi"):
        page.goto(f"{site.origin}/account/accounts?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), language


EVENT = """
from accounts.models import AuditEvent
AuditEvent.objects.create(account_id="111122223333", event_source="ecr.amazonaws.com", read_only=False,
    event_name="BatchGetRepositoryScanningConfiguration", error_code="AccessDenied",
    resource_arn="arn:aws:ecr:us-east-1:111122223333:repository/departments/warehouse/shelf-service",
    principal_arn="arn:aws:sts::111122223333:assumed-role/continuous-integration/build-of-the-night",
    source_ip="2001:db8:85a3:8d3:1319:8a2e:370:7348", user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36")
"""


WORDS = """() => {
  const found = [];
  for (const cell of document.querySelectorAll(".events tbody :is(th, td.digest)")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = new Set([...range.getClientRects()].map(each => each.top));
      const words = node.data.split(/[-\\s]/).map(each => each.length);
      if (Math.max(...words) < 24 && lines.size > words.length) found.push(node.data);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_names_in_the_audit_log_are_broken_between_words(page: Page, site: Site, server: Server, width: int) -> None:
    server.python(EVENT)
    sign_in(page, site)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site.console}/audit")
    assert page.get_by_role("link", name="BatchGetRepositoryScanningConfiguration", exact=True).first.is_visible()
    assert page.evaluate(WORDS) == []


def test_the_last_column_of_the_audit_log_is_not_cut(page: Page, site: Site, server: Server) -> None:
    server.python(EVENT)
    sign_in(page, site)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.console}/audit")
    assert page.get_by_text("Chrome on Linux").first.is_visible()
    wider = "selector => [...document.querySelectorAll(selector)].filter(e => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(wider, ".scroll") == 0, "it fits into its box"
    assert page.evaluate(wider, ".events td") == 0, "no cell hides a part"
    page.set_viewport_size({"width": 800, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "only the box scrolls"
