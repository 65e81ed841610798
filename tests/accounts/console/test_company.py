"""Company sign-in against a real OpenID Connect provider; what claims grant and take back."""

import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from oidc_provider_mock import User, run_server_in_thread
from pytest_django import Settings

from accounts.caller import operator
from accounts.directory import console_passwords, people, users
from accounts.grants import Rule
from accounts.models import Account, AuditEvent, Membership, Person
from tests.accounts.console.company import RULES, browser, client, configure
from tests.accounts.console.conftest import PASSWORD, sign_in

__all__ = ["client"]


@pytest.fixture(scope="module")
def people_there() -> dict[str, User]:
    """Whom the provider knows; tests change their claims."""
    mail = {"email_verified": True}
    return {
        "dee": User(sub="dee", claims={"email": "dee@example.com", "name": "Dee", "groups": ["kho-admins"]} | mail),
        "ana": User(sub="ana", claims={"email": "ana@example.com", "name": "Ana", "groups": []} | mail),
        "eve": User(sub="eve", claims={"email": "eve@elsewhere.example", "name": "Eve"} | mail),
        "nil": User(sub="nil", claims={"name": "Nobody"}),
    }


@pytest.fixture(scope="module")
def issuer(people_there: dict[str, User]) -> Iterator[str]:
    """A provider on this machine."""
    with run_server_in_thread(user_claims=list(people_there.values())) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def oidc(settings: Settings, issuer: str) -> None:
    """It is configured, and requests may go to this machine."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8", "::1/128")
    app = {"client_id": "kho", "secret": "told to nobody", "settings": {"server_url": issuer}}
    configure(settings, "oidc", app)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        """Stay."""


def come_back(client: Client, subject: str, start: str = "/sign-in/sso/oidc/work", **form: str) -> Any:
    """Go to the provider, choose who one is, and follow it back."""
    page = client.post(start, form).content.decode()
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)
    assert found, page
    target = found[1].replace("&amp;", "&")
    assert "code_challenge=" in target and "state=" in target
    opener = urllib.request.build_opener(_NoRedirect)
    chosen = urllib.parse.urlencode({"sub": subject}).encode()
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(target, chosen)
    back = urlsplit(answer.value.headers["Location"])
    answer.value.close()
    return client.get(f"{back.path}?{back.query}")


def test_the_buttons_have_the_company_s_name(client: Client, db: None, oidc: None) -> None:
    for path in ("/sign-in", "/sign-in/sso", "/sign-up"):
        assert "Continue with Example Company" in client.get(path).content.decode()


def test_it_works_for_somebody_new(client: Client, account: Account, oidc: None) -> None:
    answer = come_back(client, "dee", next="/account/security")
    assert answer.headers["Location"] == "/account/security"
    person = Person.objects.get()
    assert (person.email, person.name, person.has_usable_password()) == ("dee@example.com", "Dee", False)
    membership = Membership.objects.get(person=person)
    assert (membership.account, membership.role.name, membership.granted_by) == (account, "Administrator", "work")
    assert client.get(f"/console/{account.id}").status_code == 200
    added = AuditEvent.objects.get(event_name="AddPerson")
    assert added.details == {"provider": "work", "roleName": "Administrator"}
    assert AuditEvent.objects.get(event_name="ConsoleLogin").details == {"method": "work"}
    assert 0 < client.session.get_expiry_age() <= 12 * 3600
    assert "you sign in by a company" in client.get("/account/security").content.decode()


def test_what_claims_granted_goes_with_them(
    client: Client, account: Account, oidc: None, people_there: dict[str, User]
) -> None:
    come_back(client, "dee")
    claims = people_there["dee"].claims
    claims["groups"] = ["others"]
    try:
        come_back(browser(), "dee")
        assert not Membership.objects.exists()
        assert client.get(f"/console/{account.id}").status_code == 404, "in other sessions, too"
        assert AuditEvent.objects.filter(event_name="RemovePerson", details={"provider": "work"}).exists()
    finally:
        claims["groups"] = ["kho-admins"]
    come_back(browser(), "dee")
    assert Membership.objects.count() == 1


def test_who_is_here_already_is_the_same_person(client: Client, ana: Person, oidc: None) -> None:
    """Since the operator lets this provider speak for example.com. What was given by hand is left alone."""
    come_back(client, "ana")
    assert Person.objects.count() == 1
    assert Membership.objects.get().granted_by == ""
    assert client.get("/account/profile").status_code == 200


def test_it_refuses_addresses_of_other_domains(client: Client, db: None, oidc: None) -> None:
    for subject in ("eve", "nil"):
        answer = come_back(client, subject)
        assert answer.status_code == 403 and "may not vouch" in answer.content.decode()
    assert not Person.objects.exists()
    assert client.get("/account/profile").status_code == 302


def test_a_provider_that_is_not_believed_takes_over_nobody(
    client: Client, ana: Person, settings: Settings, oidc: None
) -> None:
    """Without domains its word about an address is no proof, whatever it says of it."""
    app = dict(settings.SSO_PROVIDERS[0].app)
    configure(settings, "oidc", app, domains=())
    answer = come_back(client, "ana")
    assert answer.headers["Location"] == "/sign-up/confirm"
    assert client.get("/account/profile").status_code == 302
    assert Person.objects.count() == 1


def test_a_switched_off_person_stays_out(client: Client, ana: Person, oidc: None) -> None:
    Person.objects.update(is_active=False)
    assert come_back(client, "ana").headers["Location"] == "/sign-in/inactive"
    assert client.get("/account/profile").status_code == 302


def test_an_iam_user_connects_no_company(client: Client, account: Account, oidc: None) -> None:
    user = users.create(operator(account.id), account.id, "dev")
    console_passwords.create(operator(account.id), account.id, "dev", PASSWORD)
    client.post("/sign-in/user", {"account": account.id, "user_name": "dev", "password": PASSWORD})
    assert come_back(client, "dee", process="connect").status_code == 401
    assert Person.objects.get().principal == user and Membership.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_a_person_connects_and_disconnects_it(client: Client, ana: Person, oidc: None) -> None:
    from tests.accounts.console.conftest import confirm

    sign_in(client)
    confirm(client)
    answer = come_back(client, "dee", process="connect")
    assert answer.headers["Location"] == "/account/security/companies"
    page = client.get("/account/security/companies").content.decode()
    found = re.search(r'name="account" value="(\d+)"', page)
    assert found
    client.post("/account/security/companies", {"account": found[1]})
    assert "Nothing is connected." in client.get("/account/security/companies").content.decode()


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=forged", "?state=forged", "?error=server_error&state=x"]
)
def test_it_refuses_answers_that_nobody_asked_for(client: Client, db: None, oidc: None, query: str) -> None:
    answer = client.get(f"/sign-in/sso/oidc/work/callback{query}")
    assert answer.status_code == 401 and "You could not be signed in" in answer.content.decode()


def test_it_refuses_a_code_of_another_browser(client: Client, db: None, oidc: None) -> None:
    """Else a stranger could sign somebody in as themselves."""
    page = client.post("/sign-in/sso/oidc/work").content.decode()
    state = re.search(r"state=(\w+)", page)
    assert state
    assert browser().get(f"/sign-in/sso/oidc/work/callback?code=x&state={state[1]}").status_code == 401


def test_a_get_asks_first(client: Client, db: None, oidc: None) -> None:
    page = client.get("/sign-in/sso/oidc/work?next=https://evil.example.com").content.decode()
    assert "Sign in by Example Company" in page
    assert 'action="/sign-in/sso' not in page, "the form goes where it came from, with the page wanted in its address"
    assert client.get("/sign-in/sso/oidc/other").status_code == 404
    assert client.post("/sign-in/sso/saml/work").status_code == 404


def test_a_provider_that_is_away_is_an_error_in_words(client: Client, db: None, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    configure(settings, "oidc", {"client_id": "kho", "secret": "", "settings": {"server_url": "http://127.0.0.1:9"}})
    answer = client.post("/sign-in/sso/oidc/work")
    assert answer.status_code == 401 and "did not answer as it should" in answer.content.decode()


def test_requests_go_to_no_private_network_by_themselves(
    client: Client, db: None, settings: Settings, issuer: str
) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    configure(settings, "oidc", {"client_id": "kho", "secret": "", "settings": {"server_url": issuer}})
    assert client.post("/sign-in/sso/oidc/work").status_code == 401


def test_everybody_who_is_known_has_one_person(account: Account) -> None:
    """Rules: the first that fits counts, values may stand in lists."""
    from accounts.grants import granted

    rules = (*RULES, Rule("groups", "kho-readers", "111122223333", "Reader"), Rule("unit", "7", "444455556666", "Ops"))
    assert granted(rules, {"groups": ["kho-readers", "kho-admins"], "unit": 7}) == {
        "111122223333": "Administrator",
        "444455556666": "Ops",
    }
    assert granted(rules, {"groups": "kho-readers"}) == {"111122223333": "Reader"}
    assert granted(rules, {"groups": None}) == {} == granted(rules, {})
    assert people.memberships_of(Person(id=0)) == []
