"""Company sign-in by signed SAML responses, and by what a SAML provider says of itself."""

import base64
import datetime as dt
import re
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.models import Account, Membership, Person
from tests.accounts.console.company import browser, client, configure

__all__ = ["client"]

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


DESCRIBED = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>
</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
 Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"""


class Describing(BaseHTTPRequestHandler):
    """Metadata by path."""

    documents: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer with a document, or lead to another address."""
        Describing.asked.append(self.path)
        found = Describing.documents.get(self.path, "")
        is_moved = found.startswith(("http:", "/"))
        self.send_response(302 if is_moved else 200)
        if is_moved:
            self.send_header("Location", found)
        self.end_headers()
        self.wfile.write(b"" if is_moved else found.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@pytest.fixture
def described(settings: Settings, idp: tuple[str, str], db: None) -> Iterator[str]:
    """A server of metadata in a private network, which is allowed."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    certificate = "".join(idp[1].splitlines()[1:-1])
    Describing.documents = {
        "/good": DESCRIBED.format(entity=ENTITY, certificate=certificate),
        "/moved": "/good",
        "/inside": "http://169.254.169.254/latest/meta-data/",
        "/html": "<html><body>Sign in first</body></html>",
        "/text": "nothing of XML",
        "/bomb": '<!DOCTYPE x [<!ENTITY a "b">]>' + DESCRIBED.format(entity=ENTITY, certificate="&a;"),
        "/other": DESCRIBED.format(entity="https://other.example.com", certificate=certificate),
    }
    Describing.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Describing)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def describe(settings: Settings, address: str) -> None:
    """The provider says where its metadata is."""
    advanced = {"want_assertion_signed": True, "want_name_id": True, "allow_single_label_domains": True}
    known = {"entity_id": ENTITY, "metadata_url": address}
    configure(settings, "saml", {"client_id": "work", "settings": {"idp": known, "advanced": advanced}})


@pytest.mark.parametrize("path", ["/good", "/moved"])
def test_saml_works_by_metadata(
    client: Client, account: Account, settings: Settings, described: str, idp: tuple[str, str], path: str
) -> None:
    describe(settings, described + path)
    asked = ask(client)
    before = len(Describing.asked)
    assert respond(client, idp, asked).headers["Location"] == "/account/sessions"
    assert Membership.objects.get().account == account
    assert len(Describing.asked) == before, "it is kept for a while"


def test_saml_works_by_metadata_in_a_file(
    client: Client, account: Account, settings: Settings, described: str, idp: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "idp of work.xml"
    file.write_text(Describing.documents["/good"], encoding="utf-8")
    describe(settings, file.as_uri())
    assert respond(client, idp, ask(client)).headers["Location"] == "/account/sessions"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/inside", "private network"),
        ("/html", "names no sign-in"),
        ("/text", "be understood"),
        ("/bomb", "be understood"),
        ("/other", "names no sign-in"),
        ("/nothing", "be understood"),
    ],
)
def test_metadata_that_can_t_be_used_is_no_crash(
    client: Client, settings: Settings, described: str, path: str, said: str
) -> None:
    describe(settings, described + path)
    with capture_logs() as lines:
        answer = client.post("/sign-in/sso/saml/work")
    assert answer.status_code == 401 and "did not answer as it should" in answer.content.decode()
    [line] = [each for each in lines if each["event"] == "company sign-in failed"]
    assert said in line["error"]


def test_metadata_in_a_private_network_has_to_be_allowed(client: Client, settings: Settings, described: str) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    describe(settings, f"{described}/good")
    with capture_logs() as lines:
        assert client.post("/sign-in/sso/saml/work").status_code == 401
    asked = {"SAMLResponse": base64.b64encode(b"<x/>").decode()}
    client.get(client.post("/sign-in/sso/saml/work/acs", asked).headers["Location"])
    assert not Describing.asked, "nobody was asked"
    assert "KHO_OUTBOUND_NETWORKS" in str(lines)
