"""Company sign-in against a real OpenID Connect provider and signed SAML responses; what claims grant and take back."""

import base64
import datetime as dt
import re
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from oidc_provider_mock import User, run_server_in_thread
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pytest_django import Settings

from accounts.directory import people
from accounts.grants import Rule
from accounts.models import Account, AuditEvent, Membership, Person
from config.settings import sso
from tests.accounts.console.conftest import sign_in

Provider = Callable[..., None]
RULES = (Rule("groups", "kho-admins", "111122223333", "Administrator"),)


def configure(settings: Settings, kind: str, app: dict[str, Any], **options: Any) -> None:
    """One provider, as the file would name it."""
    provider = sso.Provider("work", kind, "Example Company", options.get("domains", ("example.com",)), RULES, app)
    settings.SSO_PROVIDERS = (provider,)
    settings.SOCIALACCOUNT_PROVIDERS = sso.for_allauth((provider,))


@pytest.fixture
def client() -> Client:
    """A browser that names the host, as all do and SAML needs."""
    return browser()


def browser() -> Client:
    """Another one."""
    return Client(headers={"host": "testserver"})


# --- OpenID Connect --------------------------------------------------------------------------------------------------


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


# --- SAML ------------------------------------------------------------------------------------------------------------

ENTITY = "https://idp.example.com/metadata"
SP = "http://testserver/sign-in/sso/saml/work/metadata"
ACS = "http://testserver/sign-in/sso/saml/work/acs"
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="r1" Version="2.0" IssueInstant="{now}" Destination="{acs}"
 InResponseTo="{asked}"><saml:Issuer>{entity}</saml:Issuer><samlp:Status>
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="a{asked}" Version="2.0" IssueInstant="{now}">
<saml:Issuer>{entity}</saml:Issuer><saml:Subject>
<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{email}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{later}" Recipient="{acs}" InResponseTo="{asked}"/>
</saml:SubjectConfirmation>
</saml:Subject><saml:Conditions NotBefore="{before}" NotOnOrAfter="{later}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="s1"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="groups">
<saml:AttributeValue xsi:type="xs:string">{group}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>
</saml:Assertion>"""


def make_key() -> tuple[str, str]:
    """A key and its certificate, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, *form).decode()
    return private, made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def idp() -> tuple[str, str]:
    """The key by which the provider signs."""
    return make_key()


@pytest.fixture
def saml(settings: Settings, idp: tuple[str, str]) -> None:
    """It is configured."""
    advanced = {"want_assertion_signed": True, "want_name_id": True, "allow_single_label_domains": True}
    known = {"entity_id": ENTITY, "sso_url": "https://idp.example.com/sso", "x509cert": idp[1]}
    configure(settings, "saml", {"client_id": "work", "settings": {"idp": known, "advanced": advanced}})


def ask(client: Client) -> str:
    """Set out for the provider; the id of the request that it is sent."""
    page = client.post("/sign-in/sso/saml/work", {"next": "/account/sessions"}).content.decode()
    found = re.search(r'content="0;url=(https://idp\.example\.com/sso\?[^"]+)"', page)
    assert found, page
    sent = parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)["SAMLRequest"][0]
    request = zlib.decompress(base64.b64decode(sent), -15).decode()
    asked = re.search(r'ID="([^"]+)"', request)
    assert asked and ACS in request
    return asked[1]


def respond(client: Client, key: tuple[str, str], asked: str, **changes: str) -> Any:
    """Answer as the provider would, signed by a key; the browser posts it and goes on."""
    now = dt.datetime.now(dt.UTC)

    def at(minutes: int) -> str:
        return (now + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    facts = {"entity": ENTITY, "audience": SP, "email": "dee@example.com", "group": "kho-admins", "asked": asked}
    facts |= {"acs": ACS, "now": at(0), "before": at(-5), "later": at(5)} | changes
    signed = OneLogin_Saml2_Utils.add_sign(ASSERTION.format(**facts), *key)
    assertion = signed if isinstance(signed, str) else signed.decode()
    if changes.get("forge"):
        assertion = assertion.replace("kho-admins", changes["forge"])
    text = RESPONSE.format(assertion=assertion, **facts)
    answer = client.post("/sign-in/sso/saml/work/acs", {"SAMLResponse": base64.b64encode(text.encode()).decode()})
    assert answer.headers["Location"] == "/sign-in/sso/saml/work/acs/finish"
    return client.get(answer.headers["Location"])


def test_saml_works(client: Client, account: Account, saml: None, idp: tuple[str, str]) -> None:
    answer = respond(client, idp, ask(client))
    assert answer.status_code == 302 and answer.headers["Location"] == "/account/sessions", answer.content.decode()
    membership = Membership.objects.get()
    assert (membership.person.email, membership.granted_by) == ("dee@example.com", "work")
    respond(other := browser(), idp, ask(other), group="others")
    assert Person.objects.count() == 1 and not Membership.objects.exists()


def test_saml_metadata_for_the_provider(client: Client, db: None, saml: None) -> None:
    answer = client.get("/sign-in/sso/saml/work/metadata")
    assert answer.status_code == 200 and ACS in answer.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"forge": "kho-forged"},
        {"audience": "https://other.example.com"},
        {"entity": "https://other.example.com"},
        {"later": "2020-01-01T00:00:00Z"},
        {"acs": "https://other.example.com/acs"},
        {"email": "eve@elsewhere.example"},
    ],
)
def test_saml_refuses(
    client: Client, account: Account, saml: None, idp: tuple[str, str], change: dict[str, str]
) -> None:
    answer = respond(client, idp, ask(client), **change)
    assert answer.status_code in (401, 403)
    assert not Person.objects.exists() and client.get("/account/profile").status_code == 302


def test_saml_refuses_another_key(client: Client, account: Account, saml: None) -> None:
    assert respond(client, make_key(), ask(client)).status_code == 401
    assert not Person.objects.exists()


def test_saml_refuses_what_nobody_asked_for_and_repeats(
    client: Client, account: Account, saml: None, idp: tuple[str, str]
) -> None:
    assert respond(client, idp, "ONELOGIN_made_up").status_code in (401, 403)
    asked = ask(client)
    assert respond(client, idp, asked).status_code == 302
    client.post("/sign-out")
    assert respond(client, idp, asked).status_code in (401, 403)
    assert client.get("/account/profile").status_code == 302


@pytest.mark.parametrize("text", ["", "x", "PHNhbWw+", base64.b64encode(b"<a>" * 10).decode()])
def test_saml_refuses_nonsense(client: Client, db: None, saml: None, text: str) -> None:
    client.post("/sign-in/sso/saml/work/acs", {"SAMLResponse": text})
    assert client.get("/sign-in/sso/saml/work/acs/finish").status_code == 401
    assert client.get("/sign-in/sso/saml/work/acs/finish").status_code == 401, "once more, without a response"
    assert client.get("/sign-in/sso/saml/other/acs/finish").status_code == 404
    assert client.get("/sign-in/sso/saml/work/sls").status_code == 400


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
