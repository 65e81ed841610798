"""What a publisher does: sign up, create a repository, push as its page says, write about it, ask for a name."""

import io
import re

from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.browser.somebody import Somebody
from tests.clients.mailbox import Mailbox

PUSH_LINES = ("push-login", "push-tag", "push-push")
"""What the page of a repository says to type, in this order."""


def sign_up(by: Somebody, mails: Mailbox, name: str, email: str) -> str:
    """Sign up, confirm the mail address by the link in the mail, and return the number of the new account."""
    by.open("/")
    by.link("Sign up").click()
    by.fill("Name", name)
    by.fill("Mail address", email)
    by.fill("Password", PASSWORD)
    by.button("Sign up").click()
    by.page.wait_for_url("**/sign-up/confirm")
    by.open(mails.link_to(email))
    by.button("Confirm").click()
    by.page.wait_for_url("**/account/welcome")
    return by.page.locator("main .lede .mono").inner_text()


def create_repository(by: Somebody, registry: str, name: str, description: str = "") -> None:
    """Create a repository in a registry (`public` or a region) of the account whose console is open."""
    account_id = account_of(by)
    by.open(f"/console/{account_id}/{registry}/repositories")
    by.link("Create repository").first.click()
    by.page.locator("#id_name").fill(name)
    if description:
        by.page.locator("#id_description").fill(description)
    by.button("Create repository").click()
    by.sees("The repository %(name)s is ready.", name=name)


def push_lines(by: Somebody) -> list[str]:
    """The commands on the page of an empty repository, copied one by one."""
    return [by.copy(line) for line in PUSH_LINES]


def make_password(by: Somebody) -> str:
    """A registry password, copied from the page that shows it once."""
    by.open(f"/console/{account_of(by)}/registry-password")
    by.button("Make a registry password").click()
    return by.copy_beside("Paste this as the password")


def write_page(by: Somebody, name: str, about: str, heading: str) -> None:
    """Write the text about a public repository, shown as it is typed; choose licence, category and logo; save."""
    by.open(f"/console/{account_of(by)}/public/repositories/{name}/-/listing")
    text = by.page.locator("#id_about_text")
    preview = by.page.locator("#preview-about_text")
    text.fill(about[: about.index(heading)])
    expect(preview.locator("p").first).to_be_visible()
    expect(preview.get_by_role("heading", name=heading)).to_have_count(0)
    text.fill(about)
    expect(preview.get_by_role("heading", name=heading)).to_be_visible()
    by.page.locator("#id_licence").fill("Apache-2.0")
    by.page.locator("#id_categories input[value=developer-tools]").check()
    by.page.locator("#id_logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    by.button("Save listing").click()
    by.sees("The listing of %(name)s is saved.", name=name)
    present = by.page.get_by_alt_text(by.say("The present logo"))
    assert present.evaluate("image => image.naturalWidth") > 0


def logo(colour: str = "#a4451c", letter: str = "A") -> bytes:
    """A picture as a publisher may have one."""
    picture = Image.new("RGB", (256, 256), colour)
    draw = ImageDraw.Draw(picture)
    draw.text((128, 128), letter, "white", anchor="mm", font_size=180)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def ask_for_alias(by: Somebody, alias: str) -> None:
    """Fill in the form for a name, and send it."""
    by.open(f"/console/{account_of(by)}/public/aliases")
    field = by.page.locator("#id_alias")
    field.fill(alias)
    field.press("Tab")  # the name is checked when its field is left
    expect(by.page.locator("#alias-check")).to_contain_text(alias)
    by.fill("Why is this name yours?", "We are Acme, and people have known us by it since 1998.")
    by.fill("Website", "https://acme.example/registry")
    by.page.locator("#id_agreed").check()
    by.button("Ask for the alias").click()


def is_refused_at_once(by: Somebody, alias: str, pattern: str, why: str) -> None:
    """Ask for a name that nobody can have: it is said which pattern reserves it and why, and nothing is asked for."""
    ask_for_alias(by, alias)
    words = by.say("“%(name)s” is reserved by “%(pattern)s”: %(why)s.", name=alias, pattern=pattern, why=by.say(why))
    expect(by.page.get_by_role("alert")).to_contain_text(words.removesuffix("."))
    expect(by.page.locator("#id_alias")).to_have_value(alias)
    expect(by.page.get_by_role("link", name=alias, exact=True)).to_have_count(0)


def read_notice(by: Somebody, words: str) -> None:
    """Follow the bell, which counts what is unread, to the notice with these words, and from there to the alias."""
    by.open("/")
    expect(by.page.locator("a.bell .count")).to_be_visible()
    by.page.locator("a.bell").click()
    notice = by.page.get_by_role("listitem").filter(has_text=words)
    expect(notice.get_by_text(words)).to_be_visible()
    notice.get_by_role("button", name=by.say("Show the alias")).click()


def make_primary(by: Somebody, alias: str) -> None:
    """Let the gallery use a name of the account."""
    by.open(f"/console/{account_of(by)}/public/aliases/{alias}")
    by.link("Make primary…").click()
    by.button("Make %(alias)s primary", alias=alias).click()
    expect(by.page.get_by_role("heading", level=1)).to_be_visible()


def account_of(by: Somebody) -> str:
    """The number of the account of somebody who has one."""
    if not re.search(r"/console/\d{12}", by.page.url):
        by.open("/console")
        by.page.wait_for_url(re.compile(r"/console/\d{12}"))
    found = re.search(r"/console/(\d{12})", by.page.url)
    assert found
    return found[1]
