"""Sign-in by SAML: django-allauth's views, with the provider's metadata fetched only where requests of Kho may go.

The library reads metadata by urllib, which asks any address, follows redirects anywhere and reads any file. This module
is loaded at the first request, by `entrance.company_view`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from allauth.socialaccount.providers.saml import utils
from allauth.socialaccount.providers.saml.views import acs, finish_acs, login, metadata, sls
from django.core.cache import cache
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from accounts import outbound
from accounts.console.company import Unusable
from accounts.outbound import OutboundRefused

__all__ = ["acs", "finish_acs", "login", "metadata", "sls"]

KEPT_SECONDS: Final = 4 * 3600
LARGEST: Final = 8 * 1024 * 1024
"""Some providers have one document for many."""
REDIRECTS: Final = 3
XML: Final = "application/samlmetadata+xml, application/xml, text/xml"


def described(idp: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a provider's metadata says, as the library has it. Unusable."""
    address, entity_id = str(idp["metadata_url"]), str(idp["entity_id"])
    key = f"saml.metadata.{address}.{entity_id}"
    known: dict[str, Any] | None = cache.get(key)
    if known is None:
        known = _parsed(_read(address), address, entity_id)
        cache.set(key, known, KEPT_SECONDS)
    return known


def _read(address: str) -> bytes:
    parts = urlsplit(address)
    try:
        if parts.scheme == "file":  # only from metadata_file: config.settings.sso takes no such address
            return Path(unquote(parts.path)).read_bytes()
        return outbound.fetch(address, limit=LARGEST, redirects=REDIRECTS, accept=XML)
    except OutboundRefused as error:
        hint = "; KHO_OUTBOUND_NETWORKS allows private networks" if error.is_private else ""
        raise Unusable(f"the metadata at {address} can't be fetched: {error}{hint}") from error
    except OSError as error:
        raise Unusable(f"the metadata can't be read: {error}") from error


def _parsed(xml: bytes, address: str, entity_id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = OneLogin_Saml2_IdPMetadataParser.parse(xml, entity_id=entity_id)
    except Exception as error:  # the library raises what its XML parsers raise, and Exception itself
        raise Unusable(f"the metadata at {address} can't be understood: {error}") from error
    idp = found.get("idp", {})
    if not idp.get("singleSignOnService") or not (idp.get("x509cert") or idp.get("x509certMulti")):
        raise Unusable(f"the metadata at {address} names no sign-in and certificate of {entity_id}")
    return found


# The library has no setting for it; everything that it does with metadata goes through this name.
utils.fetch_metadata_url_config = described
