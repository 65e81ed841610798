"""Coming in, in a real browser: sign-up by mail, codes from an app, passkeys, invitations, a session that is over."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ACCOUNT, PASSWORD, Site, sign_in, sign_in_user
from tests.clients.mailbox import Mailbox
from tests.clients.server import Server


def code_of(secret: str, step: int = 0) -> str:
    """What an app shows now, or some steps later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


@pytest.mark.parametrize("language", ["en", "vi"])
def test_sign_up_and_codes_from_an_app(chromium: Browser, site: Site, server: Server, language: str) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    email = f"cy-{language}@example.com"
    page.goto(f"{site.origin}/sign-up")
    page.locator("#id_name").fill("Cy")
    page.locator("#id_email").fill(email)
    page.locator("#id_password1").fill("short")
    expect(page.locator("#id_password1_strength")).to_be_visible()
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/sign-up/confirm")
    page.goto(site.origin + Mailbox(server.data).link_to(email))
    page.locator("main button.primary").click()
    page.wait_for_url("**/account/welcome")
    expect(page.locator(".first-steps > li")).to_have_count(3)

    page.goto(f"{site.origin}/account/security/app")
    page.wait_for_url("**/sign-in/again**")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/account/security/app")
    secret = page.locator("#secret").inner_text()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth > 0")
    page.locator("#id_code").fill(code_of(secret))
    page.locator("main button.primary").click()
    page.wait_for_url("**/account/security/recovery-codes")
    assert len(page.locator("#codes").inner_text().split()) == 10

    page.locator(".account-menu summary").click()
    page.locator(".account-menu form button").click()
    page.wait_for_url(f"{site.origin}/")
    page.goto(f"{site.origin}/sign-in")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/sign-in/second-factor")
    page.locator("#id_code").fill(code_of(secret, 1))
    page.locator("main button.primary").click()
    page.wait_for_url("**/console/**")
    assert not said
    context.close()


def test_passkeys_work_on_localhost(chromium: Browser, site: Site, server: Server) -> None:
    """Under the page's policy for scripts, over plain http."""
    server.python(
        "from accounts.directory import people; people.create('pat@example.com', password)", password=PASSWORD
    )
    origin = site.origin.replace("127.0.0.1", "localhost")
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.goto(f"{origin}/sign-in?next=/account/security/passkeys/new")
    page.get_by_label("Mail address").fill("pat@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sign-in/again**")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account/security/passkeys/new")
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="I have stored them").click()
    expect(page.get_by_role("row", name="This laptop")).to_contain_text("instead of the password")
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{origin}/")
    page.goto(f"{origin}/sign-in?next=/account/sessions")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{origin}/account/sessions")
    page.goto(f"{origin}/account/security")
    page.get_by_role("link", name="Remove This laptop…").click()
    if "/sign-in/again" in page.url:
        page.get_by_role("button", name="Use a passkey").or_(
            page.get_by_role("link", name="Use a passkey")
        ).first.click()
        if page.get_by_role("button", name="Use a passkey").count():
            page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(re.compile(r"^[^?]+/remove$"))
    page.get_by_role("button", name="Remove the passkey").click()
    page.wait_for_url("**/account/security")
    assert "This laptop" not in page.locator("main").inner_text()
    assert not said
    context.close()


def test_an_invitation_from_the_console_to_the_console(
    chromium: Browser, page: Page, site: Site, server: Server
) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/iam/people")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Mail address").fill("dee@example.com")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#invited")).to_be_visible()
    other = chromium.new_context().new_page()
    path = Mailbox(server.data).link_to("dee@example.com")
    other.goto(site.origin + path)
    other.get_by_role("link", name="Sign up to accept").click()
    other.get_by_label("Name").fill("Dee")
    assert other.get_by_label("Mail address").get_attribute("readonly") is not None
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign up").click()
    other.get_by_role("button", name="Accept").click()
    other.wait_for_url(f"**/console/{site.console.rpartition('/')[2]}")
    page.goto(f"{site.console}/iam/people")
    page.get_by_role("link", name="dee@example.com").click()
    page.get_by_role("link", name="Remove from the account…").click()
    page.get_by_role("button", name="Remove dee@example.com").click()
    other.reload()
    assert other.evaluate("fetch(location.href).then(answer => answer.status)") == 404
    other.context.close()


def test_a_session_that_is_over_leads_to_sign_in(page: Page, site: Site) -> None:
    """In the middle of what htmx does: a whole page, with the way back."""
    sign_in(page, site)
    page.goto(f"{site.console}/us-east-1/repositories")
    page.context.clear_cookies()
    page.evaluate("htmx.ajax('GET', location.href, {target: 'main', swap: 'innerHTML'})")
    page.wait_for_url("**/sign-in?next=**")
    assert page.url.endswith("next=%2Fconsole%2F111122223333%2Fus-east-1%2Frepositories")


def test_the_switcher_works_without_a_pointer(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto(f"{site.console}/iam/users")
    menu = page.locator(".switcher details")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name="Manage accounts")).to_be_visible()


@pytest.mark.parametrize(("language", "name"), [("en", "new"), ("vi", "newer")])
def test_an_iam_user_comes_in(chromium: Browser, site: Site, language: str, name: str) -> None:
    """An administrator gives a password that has to be changed; the user changes it, works, and is put out."""
    desk = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    ana = desk.new_page()
    sign_in(ana, site)
    desk.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    if name != "new":
        ana.goto(f"{site.origin}/console/{ACCOUNT}/iam/users/-/new")
        ana.locator("#id_name").fill(name)
        ana.locator("main button.primary").click()
        ana.wait_for_url(f"**/users/{name}")
    ana.goto(f"{site.origin}/console/{ACCOUNT}/iam/users/{name}/console")
    ana.locator("main button.primary").click()
    ana.wait_for_url("**/secrets/*")
    address, user_name, given = ana.locator(".secret code").all_inner_texts()
    assert user_name == name and address == f"{site.origin}/sign-in/user?account={ACCOUNT}"

    context = chromium.new_context()
    context.add_cookies([{"name": "django_language", "value": language, "url": site.origin}])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{site.origin}/sign-in")
    page.locator("a[href^='/sign-in/user']").click()
    page.locator("#id_account").fill("Example Warehouse")
    page.locator("#id_user_name").fill(name)
    page.locator("#id_password").fill("not the password")
    page.locator("main button.primary").click()
    expect(page.locator("main [role=alert]:not(#problem)")).to_be_visible()
    expect(page.locator("#id_user_name")).to_have_value(name)
    sign_in_user(page, site, name, given)
    page.wait_for_url("**/account/security/password")
    for field, value in (("oldpassword", given), ("password1", PASSWORD), ("password2", PASSWORD)):
        page.locator(f"#id_{field}").fill(value)
    page.locator("main button.primary").click()
    page.wait_for_url(f"**/console/{ACCOUNT}")
    page.locator(".account-menu summary").click()
    expect(page.locator(".account-items")).to_contain_text(f"arn:aws:iam::{ACCOUNT}:user/{name}")
    assert not said

    ana.goto(f"{site.origin}/console/{ACCOUNT}/iam/users/{name}/console")
    ana.locator("a[href$='/console/-/remove']").click()
    ana.locator("main button.danger").click()
    ana.wait_for_url(f"**/users/{name}/console")
    page.reload()
    page.wait_for_url("**/sign-in**")
    context.close()
    desk.close()
