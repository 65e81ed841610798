"""A form whose token is stale comes back with what was typed, to be sent again; one of another site does not."""

import re

import pytest
from django.test import Client

from accounts.models import Account, Person

NEW = "/account/accounts/new"
OURS = {"origin": "http://testserver"}


@pytest.fixture
def browser(db: None) -> Client:
    """The browser of somebody signed in, which has no token."""
    made = Client(enforce_csrf_checks=True)
    made.force_login(Person.objects.create_user("ana@example.com"))
    return made


def test_what_was_typed_is_sent_again_with_a_fresh_token(browser: Client) -> None:
    typed = {"name": "The <b>Warehouse</b>\nof Ana", "csrfmiddlewaretoken": "x" * 64, "password": "hush"}
    answer = browser.post(f"{NEW}?from=here", typed, headers=OURS)
    text = answer.content.decode()
    assert answer.status_code == 403 and "no-store" in answer.headers["Cache-Control"]
    assert "The &lt;b&gt;Warehouse&lt;/b&gt;\nof Ana</textarea>" in text and "hush" not in text and "x" * 64 not in text
    assert f'action="{NEW}?from=here"' in text and "Send it now" in text and "<script>" not in text
    assert not Account.objects.exists()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text[text.index("Not sent yet") :])
    assert token
    again = browser.post(NEW, {"name": "Warehouse", "csrfmiddlewaretoken": token[1]}, headers=OURS)
    assert again.status_code == 302 and Account.objects.get().name == "Warehouse"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/testserver"},
        {"origin": "https://evil.example", "referer": "http://testserver/"},
    ],
)
def test_forms_of_other_sites_are_not_shown(browser: Client, headers: dict[str, str]) -> None:
    answer = browser.post(NEW, {"name": "Somebody else's words"}, headers=headers)
    assert answer.status_code == 403 and "Somebody else" not in answer.content.decode()
    assert "Go back, reload the page" in answer.content.decode()


def test_parts_of_pages_get_it_too(browser: Client) -> None:
    answer = browser.post(NEW, {"name": "Warehouse"}, headers={"referer": "http://testserver/x", "HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 403 and "Warehouse</textarea>" in text and "<html" not in text


def test_what_is_too_long_is_not_shown(browser: Client) -> None:
    answer = browser.post(NEW, {"name": "n" * 200_001}, headers=OURS)
    assert answer.status_code == 403 and "nnn" not in answer.content.decode()
