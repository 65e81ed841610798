"""Reads KHO_SSO_FILE: the identity providers that people of a company sign in by, and what their claims grant."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from accounts.grants import Rule
from config import env

NAME: Final = "KHO_SSO_FILE"
COMMON: Final = {"id", "kind", "name", "mail_domains", "memberships"}
OIDC: Final = {"issuer", "client_id", "client_secret_file", "client_secret", "scopes"}
SAML: Final = {
    "entity_id",
    "sso_url",
    "certificate_file",
    "metadata_file",
    "metadata_url",
    "attributes",
    "sp_entity_id",
}
ASKED: Final = {"issuer", "metadata_url"}
"""Addresses that Kho sends requests to; a browser is sent to the others."""
WORDS_OF_RULE: Final = {"claim", "value", "account", "role"}


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider. Whoever it vouches for has an address of `mail_domains`, if it names any."""

    id: str
    kind: str
    name: str
    mail_domains: tuple[str, ...]
    rules: tuple[Rule, ...]
    app: Mapping[str, Any] = field(repr=False)


def read(allowed: Sequence[str] = ()) -> tuple[Provider, ...]:
    """Read the file that the setting names; none without it. `allowed` are private networks that requests may go to."""
    path = env.text(NAME, "")
    if not path:
        return ()
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise env.BadSetting(NAME, f"names {path}, which can't be read as JSON ({error})") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise env.BadSetting(NAME, "holds a list of objects, one for each provider")
    providers = tuple(_provider(each) for each in entries)
    for entry in entries:
        for key in ASKED & entry.keys():
            _check_reachable(entry, key, allowed)
    if len({each.id for each in providers}) != len(providers):
        raise env.BadSetting(NAME, "has two providers of one id")
    return providers


def for_allauth(providers: Sequence[Provider]) -> dict[str, Any]:
    """The same as django-allauth's settings have it."""
    apps: dict[str, list[dict[str, Any]]] = {"oidc": [], "saml": []}
    for provider in providers:
        apps[provider.kind].append({"provider_id": provider.id, "name": provider.name, **provider.app})
    return {"openid_connect": {"APPS": apps["oidc"], "OAUTH_PKCE_ENABLED": True}, "saml": {"APPS": apps["saml"]}}


def _provider(entry: dict[str, Any]) -> Provider:
    kind = entry.get("kind")
    if kind not in ("oidc", "saml"):
        raise env.BadSetting(NAME, 'needs the kind "oidc" or "saml" for each provider')
    provider_id = _text(entry, "id", pattern=r"[a-z0-9][a-z0-9-]{0,39}")
    unknown = entry.keys() - COMMON - (OIDC if kind == "oidc" else SAML)
    if unknown:
        raise env.BadSetting(NAME, f"has unknown words for {provider_id}: {', '.join(sorted(unknown))}")
    domains = _list(entry, "mail_domains")
    if not all(isinstance(each, str) and "." in each and "@" not in each for each in domains):
        raise env.BadSetting(NAME, f"takes domains such as example.com in mail_domains of {provider_id}")
    make = _oidc if kind == "oidc" else _saml
    return Provider(
        id=provider_id,
        kind=kind,
        name=_text(entry, "name", pattern=r".{1,40}"),
        mail_domains=tuple(each.lower() for each in domains),
        rules=tuple(_rule(each, provider_id) for each in _list(entry, "memberships")),
        app=make(entry),
    )


def _rule(entry: Any, provider_id: str) -> Rule:
    if (
        not isinstance(entry, dict)
        or entry.keys() != WORDS_OF_RULE
        or not all(isinstance(each, str) for each in entry.values())
    ):
        raise env.BadSetting(NAME, f"takes claim, value, account and role in each of the memberships of {provider_id}")
    if not re.fullmatch(r"[0-9]{12}", entry["account"]):
        raise env.BadSetting(NAME, f"takes 12 digits as account in the memberships of {provider_id}")
    return Rule(**entry)


def _oidc(entry: dict[str, Any]) -> dict[str, Any]:
    secret = _content(entry, "client_secret_file") if "client_secret_file" in entry else entry.get("client_secret", "")
    settings: dict[str, Any] = {"server_url": _address(entry, "issuer")}
    if scopes := _list(entry, "scopes"):
        settings["scope"] = scopes
    return {"client_id": _text(entry, "client_id"), "secret": secret, "settings": settings}


def _saml(entry: dict[str, Any]) -> dict[str, Any]:
    idp: dict[str, Any] = {"entity_id": _text(entry, "entity_id")}
    if "metadata_url" in entry:
        idp["metadata_url"] = _address(entry, "metadata_url")
    elif "metadata_file" in entry:
        _content(entry, "metadata_file")
        idp["metadata_url"] = Path(entry["metadata_file"]).resolve().as_uri()
    else:
        idp |= {"sso_url": _address(entry, "sso_url"), "x509cert": _content(entry, "certificate_file")}
    settings: dict[str, Any] = {
        "idp": idp,
        "advanced": {"want_assertion_signed": True, "want_name_id": True, "allow_single_label_domains": True},
    }
    if "sp_entity_id" in entry:
        settings["sp"] = {"entity_id": _text(entry, "sp_entity_id")}
    if "attributes" in entry:
        settings["attribute_mapping"] = entry["attributes"]
    return {"client_id": entry["id"], "settings": settings}


def _check_reachable(entry: dict[str, Any], key: str, allowed: Sequence[str]) -> None:
    """Refuse at the start what the outbound guard would refuse at each sign-in, where the address alone tells."""
    parts = urlsplit(entry[key])
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return  # a name, which is looked up when it is used
    mapped = getattr(address, "ipv4_mapped", None) or address
    if any(mapped in ip_network(network) for network in allowed):
        return
    if not mapped.is_global:
        raise env.BadSetting(
            NAME, f"has the {key} of {entry['id']} in a private network, which KHO_OUTBOUND_NETWORKS does not allow"
        )
    if parts.scheme == "http":
        raise env.BadSetting(NAME, f"takes an address of https as {key} of {entry['id']}")


def _text(entry: dict[str, Any], key: str, *, pattern: str = r".+") -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise env.BadSetting(NAME, f"lacks a usable {key} for {entry.get('id', 'a provider')}")
    return value


def _list(entry: dict[str, Any], key: str) -> list[Any]:
    value = entry.get(key, [])
    if not isinstance(value, list):
        raise env.BadSetting(NAME, f"takes a list as {key} of {entry.get('id', 'a provider')}")
    return value


def _address(entry: dict[str, Any], key: str) -> str:
    value = _text(entry, key)
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise env.BadSetting(NAME, f"takes an address of https as {key} of {entry.get('id')}")
    return value.rstrip("/")


def _content(entry: dict[str, Any], key: str) -> str:
    path = _text(entry, key)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise env.BadSetting(NAME, f"names {path} as {key} of {entry.get('id')}, which can't be read") from error
