"""What a visitor without an account does: find an image, narrow the search, read about it, copy the pull command."""

from playwright.sync_api import expect

from tests.browser.somebody import Somebody


def search(by: Somebody, words: str) -> list[str]:
    """Type into the box of the first page; return what is found, as `alias/name`."""
    by.open("/")
    by.page.get_by_role("combobox", name=by.say("Search public repositories")).fill(words)
    by.page.keyboard.press("Enter")
    expect(by.page.get_by_role("heading", level=1)).to_have_text(by.say("Results for “%(q)s”", q=words))
    return found(by)


def found(by: Somebody) -> list[str]:
    """What the list shows."""
    return by.page.locator("#results h3").all_inner_texts()


def only_for(by: Somebody, architecture: str, platform: str) -> list[str]:
    """Tick an architecture; return what is left, all of which says that it runs on the platform."""
    group = by.page.get_by_role("group", name=by.say("Architecture"), exact=True)
    group.get_by_role("checkbox", name=architecture).check()
    expect(by.page.get_by_role("list", name=by.say("Active filters"))).to_contain_text(architecture)
    rows = by.page.locator("#results .rows > li")
    for row in rows.all():
        expect(row).to_contain_text(platform)
    return found(by)


def read_page(by: Somebody, path: str, heading: str, cell: str) -> None:
    """Open what was found; its Markdown is a page with a heading and a table."""
    by.page.get_by_role("link", name=path, exact=True).click()
    article = by.page.get_by_role("article", name=by.say("About"))
    expect(article.get_by_role("heading", name=heading)).to_be_visible()
    expect(article.get_by_role("cell", name=cell)).to_be_visible()


def read_tags_and_layers(by: Somebody, tag: str) -> None:
    """From the tags of a repository to the layers of one."""
    by.page.get_by_role("navigation", name=by.say("Repository")).get_by_role("link", name=by.say("Tags")).click()
    by.page.locator("#results").get_by_role("link", name=tag, exact=True).click()
    by.page.get_by_role("navigation", name=by.say("This image")).get_by_role("link", name=by.say("Layers")).click()
    rows = by.page.locator("table.layers tbody tr[id^=layer-]")
    assert rows.count() >= 1
    expect(rows.first.locator(".digest")).to_contain_text("sha256:")
