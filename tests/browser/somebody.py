"""Somebody at a browser: the page, where the deployment is, and the words of the language that they read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.words import Words


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who reads and clicks. Texts are given in English and looked for in their language."""

    page: Page
    origin: str
    say: Words

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(self.origin + path)

    def button(self, text: str, **values: object) -> Locator:
        """The button with this text."""
        return self.page.get_by_role("button", name=self.say(text, **values), exact=True)

    def link(self, text: str, **values: object) -> Locator:
        """The link with this text, or with it and a number."""
        return self.page.get_by_role("link", name=self.say(text, **values))

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        self.page.get_by_label(self.say(label)).fill(text)

    def sees(self, text: str, **values: object) -> None:
        """What the page says now, or within seconds."""
        expect(self.page.get_by_text(self.say(text, **values)).first).to_be_visible()

    def copy(self, line: str) -> str:
        """Click the button beside a line that is to be copied, and return what the clipboard holds then."""
        button = self.page.locator(f"button[data-copy={line}]")
        self.page.evaluate("navigator.clipboard.writeText('nothing was copied')")
        button.click()
        expect(button).to_have_text(self.say("Copied"))
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def copy_beside(self, label: str) -> str:
        """The same for the line under a label."""
        part = self.page.locator(".commands > div").filter(has=self.page.get_by_text(self.say(label), exact=True))
        return self.copy(part.locator("button[data-copy]").get_attribute("data-copy") or "")

    def sign_in(self, email: str, password: str) -> None:
        """Sign in."""
        self.open("/sign-in")
        self.fill("Mail address", email)
        self.fill("Password", password)
        self.button("Sign in").click()
        self.page.wait_for_url("**/console**")


@contextmanager
def somebody(chromium: Browser, origin: str, language: str) -> Iterator[Somebody]:
    """Somebody who was never here, and chooses their language at the foot of the first page."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(origin)
    page.locator("#language").select_option(language)
    expect(page.locator(f"html[lang={language}]")).to_be_attached()
    page.wait_for_load_state()
    yield Somebody(page, origin, Words(language))
    refusals = "Failed to load resource: the server responded with a status of 422"
    assert not [text for text in said if not text.startswith(refusals)], said
    context.close()
