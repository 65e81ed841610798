"""What the administrator of an account does: make a user with a key, let it pull from one repository."""

import re
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.publisher import account_of
from tests.browser.somebody import Somebody


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, as it is shown once, and the line that logs docker in with it."""

    id: str
    secret: str
    login_line: str


def create_user(by: Somebody, name: str) -> Key:
    """Make a user without rights, and a key for it."""
    by.open(f"/console/{account_of(by)}/iam/users/-/new")
    by.page.locator("#id_name").fill(name)
    by.button("Create user").click()
    by.sees("The user %(name)s is ready. It has no rights yet.", name=name)
    by.open(f"/console/{account_of(by)}/iam/users/{name}/keys")
    by.button("Create access key").click()
    key = Key(
        by.copy_beside("Access key id"),
        by.copy_beside("Secret access key"),
        by.copy_beside("For docker; paste the secret as the password"),
    )
    by.page.get_by_label(by.say("I have stored it")).check()
    by.button("Done").click()
    expect(by.page.get_by_role("row", name=key.id)).to_be_visible()
    assert key.secret not in by.page.content()
    return key


def let_pull(by: Somebody, repository: str, user: str) -> None:
    """Give a user of the account the right to pull from one private repository, by the repository's policy."""
    by.open(f"/console/{account_of(by)}/us-east-1/repositories/{repository}/-/permissions")
    by.link("Let a user of this account pull").click()
    expect(by.page.get_by_label(by.say("Policy as JSON"))).to_have_value(re.compile(f":user/{user}"))
    by.button("Save policy").click()
    by.sees("The policy is in force.")
    row = by.page.get_by_role("row", name=user)
    for cell, answer in enumerate(by.say("yes,no").split(",")):
        expect(row.get_by_role("cell").nth(cell)).to_have_text(answer)
