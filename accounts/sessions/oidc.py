"""OpenID Connect tokens: signed by an issuer that an account trusts, for an audience it names (OpenID Connect Core)."""

import json
from time import monotonic
from typing import Any, Final

import jwt
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from accounts import outbound
from accounts.errors import AccountsError
from accounts.models import OpenIDConnectProvider
from accounts.outbound import OutboundRefused
from accounts.recent import Recent

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"]
LONGEST_TOKEN: Final = 20_000
LEEWAY_SECONDS: Final = 60
KEYS_SECONDS: Final = 600.0
AGAIN_SECONDS: Final = 30.0
"""How soon an unknown key lets the issuer's keys be fetched again."""

_keys: Final[Recent[str, dict[str, PyJWK]]] = Recent(most=1000)


class InvalidIdentityToken(AccountsError):
    """The token is not one of the issuer's, for another audience, or altered."""


class ExpiredIdentityToken(AccountsError):
    """The token's time is over."""


class IssuerUnreachable(AccountsError):
    """The issuer's keys can't be had."""


def issuer_of(token: str) -> str:
    """Return the issuer that an unchecked token names. InvalidIdentityToken."""
    if len(token) > LONGEST_TOKEN:
        raise InvalidIdentityToken("the token is too long")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except PyJWTError as error:
        raise InvalidIdentityToken("the token can't be read") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.startswith(("https://", "http://")) or not issuer.isprintable():
        raise InvalidIdentityToken("the token names no issuer")
    return issuer


def claims_of(token: str, provider: OpenIDConnectProvider) -> dict[str, Any]:
    """Check a token of a trusted issuer and return its claims.

    Raises InvalidIdentityToken, ExpiredIdentityToken, IssuerUnreachable.
    """
    issuer = issuer_of(token)
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise InvalidIdentityToken("the token is not signed by an algorithm that is taken")
        key = _key(issuer, str(header.get("kid", "")))
        claims = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=provider.client_ids,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "sub", "aud"]},
        )
    except ExpiredSignatureError as error:
        raise ExpiredIdentityToken("the token has expired") from error
    except PyJWTError as error:
        raise InvalidIdentityToken("the token is not good for this account") from error
    return dict(claims)


def _key(issuer: str, key_id: str) -> PyJWK:
    """The issuer's key; fetched again if it is not known, at most once in a while."""
    known = _keys.get(issuer, KEYS_SECONDS)
    if known is None or (key_id not in known and _keys.get(issuer, AGAIN_SECONDS) is None):
        read_at = monotonic()
        known = _fetched(issuer)
        _keys.keep(issuer, known, read_at)
    if key_id not in known:
        raise InvalidIdentityToken("the token is signed by a key that the issuer does not have")
    return known[key_id]


def _fetched(issuer: str) -> dict[str, PyJWK]:
    try:
        settings = json.loads(outbound.fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if not isinstance(settings, dict) or settings.get("issuer") != issuer:
            raise IssuerUnreachable("the issuer's configuration is of another one")
        found = PyJWKSet.from_json(outbound.fetch(str(settings.get("jwks_uri", ""))).decode())
    except (OutboundRefused, ValueError, PyJWTError) as error:
        raise IssuerUnreachable(f"the issuer's keys can't be fetched: {error}") from error
    return {str(key.key_id or ""): key for key in found.keys}
