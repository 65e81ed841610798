"""What a request of one deployment to another is signed with: a JSON Web Token for that request alone.

It says which deployment asks, for which registry it speaks, whom it asks, and for what: method, target, and what a list
in the body says (`bsh`, its SHA-256). It lives for a minute. RFC 7519 (JWT), RFC 8037 (EdDSA), RFC 9449 (`htm`, `htu`).
"""

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from time import time
from typing import Any, Final

import jwt
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import CredentialsExpired, CredentialsInvalid
from registry.core import peers
from registry.errors import InvalidValue
from registry.models import Peer, PeerToken
from registry.values import RegistryId

LIFETIME: Final = 60
LEEWAY: Final = 60
"""By how many seconds clocks may differ."""
ALGORITHM: Final = "EdDSA"
LONGEST: Final = 8192
TOKEN_ID: Final = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A peer, and the registry of its that it speaks for (None: for none, it only asks whether it is known)."""

    peer: Peer
    source: RegistryId | None
    token_id: str
    body_hash: str = ""

    def vouches_for(self, body: bytes) -> bool:
        """Whether the body is the one that was signed."""
        return compare_digest(self.body_hash.encode("utf-8", "replace"), sha256(body).hexdigest().encode())

    def use_once(self) -> None:
        """Return the first time only: a listener can't send again what moves tags or deletes. CredentialsExpired.

        So it is if a proxy in front of several nodes sends a request on to another one.
        """
        now = timezone.now()
        PeerToken.objects.filter(expires_at__lt=now).delete()
        try:
            with transaction.atomic():
                good_until = now + timedelta(seconds=LIFETIME + 2 * LEEWAY)
                PeerToken.objects.create(peer=self.peer, token_id=self.token_id, expires_at=good_until)
        except IntegrityError as error:
            raise CredentialsExpired from error


class Signer:
    """Signs requests to one peer, for one registry here."""

    def __init__(self, peer: Peer, source: RegistryId | None) -> None:
        self._key = peers.own_key()
        self._claims = {
            "iss": peers.own_public_key(),
            "aud": peer.public_key,
            "sub": f"{source.account_id}/{source.region}" if source else "",
        }

    def sign(self, method: str, target: str, body: bytes = b"") -> str:
        """The token for one request; `target` is path and query, `body` what no digest in them covers."""
        now = int(time())
        more = {"htm": method, "htu": target, "iat": now, "exp": now + LIFETIME, "jti": uuid.uuid4().hex}
        more["bsh"] = sha256(body).hexdigest()
        return jwt.encode(self._claims | more, self._key, algorithm=ALGORITHM)


def verify(token: str, method: str, target: str) -> Speaker:
    """Return who signed a request, if it is a peer of this deployment.

    Raises CredentialsInvalid; CredentialsExpired for one that a peer signed at a time that is not now.
    """
    peer, own = _signer(token), peers.own_public_key()
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            peers.key_of(peer),
            algorithms=[ALGORITHM],
            audience=own,
            issuer=peer.public_key,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"], "strict_aud": True},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise CredentialsExpired from error
    except (jwt.InvalidTokenError, OverflowError) as error:  # times without end are none that can be compared
        raise CredentialsInvalid from error
    is_for_this = (claims.get("htm"), claims.get("htu")) == (method, target)
    is_short = int(claims["exp"]) - int(claims["iat"]) <= LIFETIME
    if not is_for_this or not is_short or not TOKEN_ID.fullmatch(str(claims["jti"])):
        raise CredentialsInvalid
    return Speaker(peer, _registry(claims["sub"]), str(claims["jti"]), str(claims.get("bsh", "")))


def _signer(token: str) -> Peer:
    """The peer whose key a token claims to be signed with; that it is, is not known yet."""
    try:
        if len(token) > LONGEST:
            raise CredentialsInvalid
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise CredentialsInvalid from error
    found = peers.by_key(claimed) if isinstance(claimed, str) else None
    if found is None:
        raise CredentialsInvalid
    return found


def _registry(subject: Any) -> RegistryId | None:
    if subject == "":
        return None
    account_id, _, region = str(subject).partition("/")
    try:
        return RegistryId(account_id, region)
    except InvalidValue as error:
        raise CredentialsInvalid from error
