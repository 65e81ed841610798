"""Settings of mails, sign-up and company sign-in: what they take, and what they refuse in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from config import env
from config.env import BadSetting
from config.settings import cache, sign_up, sso
from config.settings.mail import FOLDER, SMTP, Mail

OIDC: dict[str, Any] = {
    "id": "work",
    "kind": "oidc",
    "name": "Example Company",
    "issuer": "https://login.example.com/",
    "client_id": "kho",
    "mail_domains": ["Example.com"],
    "memberships": [{"claim": "groups", "value": "kho", "account": "111122223333", "role": "Administrator"}],
}
SAML: dict[str, Any] = {
    "id": "saml",
    "kind": "saml",
    "name": "Other Company",
    "entity_id": "https://idp.example.com/metadata",
    "sso_url": "https://idp.example.com/sso",
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that KHO_SSO_FILE names."""
    path = tmp_path / "sso.json"
    monkeypatch.setenv("KHO_SSO_FILE", str(path))
    return path


def test_providers_are_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("told to nobody\n")
    (tmp_path / "cert.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    secret, certificate = (
        {"client_secret_file": str(tmp_path / "secret")},
        {"certificate_file": str(tmp_path / "cert.pem")},
    )
    file.write_text(json.dumps([OIDC | secret, SAML | certificate]))
    work, other = sso.read()
    assert (work.id, work.name, work.mail_domains) == ("work", "Example Company", ("example.com",))
    assert work.rules[0].account == "111122223333"
    assert work.app["secret"] == "told to nobody" and "told to nobody" not in repr(work)
    apps = sso.for_allauth((work, other))
    assert apps["openid_connect"]["APPS"][0]["settings"]["server_url"] == "https://login.example.com"
    assert apps["saml"]["APPS"][0]["settings"]["idp"]["x509cert"].startswith("-----BEGIN")
    assert sso.for_allauth(())["saml"]["APPS"] == []


def test_metadata_of_saml_may_be_a_file_or_an_address(file: Path, tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_text("<EntityDescriptor/>")
    entry = {key: value for key, value in SAML.items() if key != "sso_url"}
    for more in ({"metadata_file": str(tmp_path / "idp.xml")}, {"metadata_url": "https://idp.example.com/metadata"}):
        file.write_text(json.dumps([entry | more]))
        (provider,) = sso.read()
        assert provider.app["settings"]["idp"]["metadata_url"].startswith(("file:///", "https://"))


def test_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KHO_SSO_FILE", raising=False)
    assert sso.read() == ()


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "{}",
        "[1]",
        json.dumps([{}]),
        json.dumps([OIDC | {"kind": "ldap"}]),
        json.dumps([OIDC | {"id": "Not An Id"}]),
        json.dumps([OIDC | {"id": 7}]),
        json.dumps([OIDC | {"name": ""}]),
        json.dumps([OIDC | {"issuer": "ftp://login.example.com"}]),
        json.dumps([OIDC | {"issuer": "login.example.com"}]),
        json.dumps([OIDC | {"client_secret_file": "/does/not/exist"}]),
        json.dumps([OIDC | {"unknown": "word"}]),
        json.dumps([OIDC | {"mail_domains": "example.com"}]),
        json.dumps([OIDC | {"mail_domains": ["@example.com"]}]),
        json.dumps([OIDC | {"memberships": [{"claim": "groups"}]}]),
        json.dumps([OIDC | {"memberships": [OIDC["memberships"][0] | {"account": "12"}]}]),
        json.dumps([OIDC | {"memberships": [OIDC["memberships"][0] | {"value": 7}]}]),
        json.dumps([OIDC, OIDC]),
        json.dumps([SAML]),
        json.dumps([SAML | {"metadata_file": "/does/not/exist"}]),
        json.dumps([SAML | {"issuer": "https://login.example.com"}]),
    ],
)
def test_it_refuses_a_file_with_mistakes(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(BadSetting) as refused:
        sso.read()
    assert str(refused.value).startswith("kho: the setting KHO_SSO_FILE ")


@pytest.mark.parametrize("address", ["https://10.1.2.3/x", "http://[fd00::1]/x", "https://127.0.0.1:8443/x"])
def test_private_addresses_of_providers_have_to_be_allowed(file: Path, address: str) -> None:
    saml = {key: value for key, value in SAML.items() if key != "sso_url"} | {"metadata_url": address}
    for entry, key in ((OIDC | {"issuer": address}, "issuer"), (saml, "metadata_url")):
        file.write_text(json.dumps([entry]))
        with pytest.raises(BadSetting, match=f"{key} of {entry['id']} in a private network, which KHO_OUTBOUND"):
            sso.read()
        assert sso.read(("10.0.0.0/8", "fd00::/8", "127.0.0.1/32"))[0].id == entry["id"]


def test_the_open_internet_is_asked_by_https_only(file: Path) -> None:
    file.write_text(json.dumps([OIDC | {"issuer": "http://93.184.216.34/"}]))
    with pytest.raises(BadSetting, match="https"):
        sso.read()


def test_it_refuses_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(BadSetting, match="KHO_SSO_FILE"):
        sso.read()


def test_mails_go_into_a_folder_or_to_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = Mail.read("https://kho.example.com")
    assert (mail.backend, mail.sender) == (FOLDER, "Kho <kho@kho.example.com>")
    for name, value in {"HOST": "smtp.example.com", "SECURITY": "tls", "USER": "kho", "PASSWORD": "secret"}.items():
        monkeypatch.setenv(f"KHO_SMTP_{name}", value)
    monkeypatch.setenv("KHO_MAIL_FROM", "registry@example.com")
    mail = Mail.read("https://kho.example.com")
    assert (mail.backend, mail.port, mail.sender) == (SMTP, 465, "registry@example.com")
    assert "secret" not in repr(mail)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KHO_SMTP_SECURITY", "ssl3"),
        ("KHO_SMTP_PORT", "70000"),
        ("KHO_SMTP_HOST", "smtp://x"),
        ("KHO_SMTP_USER", "kho"),
        ("KHO_MAIL_FROM", "nobody"),
        ("KHO_MAIL_FROM", "a@b.example\nBcc: c@d.example"),
    ],
)
def test_it_refuses_a_mail_server_that_can_t_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=name):
        Mail.read("")


def test_mails_that_leave_need_to_know_where_their_links_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the host name of whoever asks for a new password would be in the mail that somebody else gets."""
    monkeypatch.setenv("KHO_SMTP_HOST", "smtp.example.com")
    with pytest.raises(BadSetting, match="KHO_URL is required with KHO_SMTP_HOST"):
        Mail.read("")


def test_who_signs_up_and_how_many_accounts_they_make(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign_up.read("open") == ("open", 5)
    assert sign_up.read("invited") == ("invited", 0)
    monkeypatch.setenv("KHO_SIGN_UP", "anyone")
    with pytest.raises(BadSetting, match="KHO_SIGN_UP"):
        sign_up.read("open")


@pytest.mark.parametrize(
    ("raw", "rate"), [("", None), ("100/6h", (100, 21600)), ("5/m", (5, 60)), ("1/30s", (1, 30)), ("9/d", (9, 86400))]
)
def test_rates_are_read(monkeypatch: pytest.MonkeyPatch, raw: str, rate: tuple[int, int] | None) -> None:
    monkeypatch.setenv("KHO_ANONYMOUS_PULLS", raw)
    assert env.rate("KHO_ANONYMOUS_PULLS") == rate


@pytest.mark.parametrize("raw", ["100", "0/h", "-1/h", "1/0s", "1/w", "many/h", "1/h/h"])
def test_it_refuses_rates_that_are_none(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv("KHO_ANONYMOUS_PULLS", raw)
    with pytest.raises(BadSetting, match="KHO_ANONYMOUS_PULLS"):
        env.rate("KHO_ANONYMOUS_PULLS")


def test_the_cache_is_shared_by_all_processes(tmp_path: Path) -> None:
    assert cache.shared("redis://127.0.0.1:6379/0", tmp_path)["BACKEND"] == "config.cache.RedisIfThere"
    assert cache.shared("", tmp_path)["LOCATION"] == str(tmp_path / "cache")
