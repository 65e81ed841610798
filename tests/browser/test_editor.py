"""The editor of policies: line numbers, and the bracket that belongs to the one at the cursor."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, sign_in

TEXT = '{\n  "Statement": ["}"]\n}'


def test_it_works(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.origin}/console/111122223333/us-east-1/repositories/team/app-0/-/permissions")
    area = page.get_by_label("Policy as JSON")
    area.fill(TEXT)
    expect(page.locator(".editor-lines")).to_have_text("1\n2\n3")
    area.press("Control+Home")
    marks = page.locator(".editor-under mark")
    expect(marks).to_have_text(["{", "}"])
    area.press("ArrowDown")
    for _ in range(15):
        area.press("ArrowRight")
    expect(marks).to_have_text(["[", "]"])
    area.press("ArrowRight")
    expect(marks).to_have_text(["[", "]"])
    area.press("ArrowRight")
    expect(marks).to_have_count(0)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_label("Policy as JSON")).to_have_value(TEXT)
