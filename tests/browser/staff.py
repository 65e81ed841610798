"""What staff do: see who asks for a name, decide with a note, verify a publisher."""

from playwright.sync_api import expect

from tests.browser.somebody import Somebody


def approve(by: Somebody, alias: str, note: str) -> None:
    """Find the request in the queue, look at the mail that goes out, and approve."""
    by.open("/staff/aliases")
    by.page.get_by_role("link", name=alias, exact=True).click()
    by.page.locator("input[name=step][value=approve]").check()
    by.fill("Words to the publisher", note)
    by.button("Preview the mail").click()
    expect(by.page.locator("#letter")).to_contain_text(note)
    by.button("Decide").click()
    by.sees("The alias %(alias)s is approved.", alias=alias)


def verify(by: Somebody, account_id: str, evidence: str) -> None:
    """Give a publisher the verified mark."""
    by.open(f"/staff/publishers/{account_id}")
    by.fill("Evidence", evidence)
    by.button("Verify").click()
    expect(by.page.locator("main .badge.ok").first).to_have_text(by.say("Verified"))
