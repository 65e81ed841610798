"""Signature Version 4 of AWS, in headers or in the address. The signature itself is botocore's computation.

AWS General Reference: "Signature Version 4 signing process". A request is refused in AWS's own words.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.authn import callers
from accounts.authn.basic import Identified
from accounts.directory import access_keys
from accounts.errors import CredentialsExpired, CredentialsInvalid, NotAuthenticated
from accounts.recent import Recent
from accounts.sessions import temporary

ALGORITHM: Final = "AWS4-HMAC-SHA256"
SKEW: Final = timedelta(minutes=5)
LONGEST_EXPIRY: Final = 7 * 24 * 3600
PART: Final = re.compile(r"\s*(Credential|SignedHeaders|Signature)\s*=\s*([^,\s]+)\s*")
STAMP: Final = "%Y%m%dT%H%M%SZ"
ANY_REGION: Final = frozenset({"sts", "iam", "ecr-public"})
"""Services without a region of their own: clients sign them with theirs, or with us-east-1."""
GLOBAL_REGION: Final = "us-east-1"

_known: Final[Recent[bytes, tuple[Identified, str]]] = Recent()
"""Digest of key id and session token -> whose they are, and the secret."""


class SignatureRefused(NotAuthenticated):
    """The request is not signed as it has to be; `code` is that of the JSON services."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came: header names in lower case, `query` as it stands in the address."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signature."""

    key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    token: str
    expires: int
    in_query: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed, and the region that they meant."""

    identified: Identified
    region: str


def verify(request: Signed, service: str) -> Verified:
    """Check the signature of a request to a service. SignatureRefused."""
    claim = _claim(request)
    _check_time(claim)
    _check_scope(claim, service)
    identified, secret = _holder(claim)
    expected = _signature(request, claim, secret)
    # Computed first: the time tells nobody which keys exist.
    is_right = constant_time_compare(expected, claim.signature) and _is_body_signed(request)
    if identified is None:
        raise _unknown_key()
    if not is_right:
        raise SignatureRefused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
    return Verified(identified, claim.region)


def check_key(request: Signed, service: str) -> None:
    """Check what the headers alone tell, before a large body is read: time, scope, and a key that is known.

    SignatureRefused, in the same words as `verify`.
    """
    claim = _claim(request)
    _check_time(claim)
    _check_scope(claim, service)
    if _holder(claim)[0] is None:
        raise _unknown_key()


def _unknown_key() -> SignatureRefused:
    return SignatureRefused("UnrecognizedClientException", "The security token included in the request is invalid.")


def is_signed(request: Signed) -> bool:
    """Whether the request carries anything that looks like a signature."""
    return "authorization" in request.headers or "X-Amz-Signature=" in request.query


def _claim(request: Signed) -> Claim:
    header = request.headers.get("authorization", "")
    if not header and "X-Amz-Signature=" in request.query:
        return _claim_in_query(request)
    if not header:
        raise SignatureRefused("MissingAuthenticationTokenException", "Missing Authentication Token")
    scheme, _, rest = header.partition(" ")
    if scheme != ALGORITHM:
        raise SignatureRefused("IncompleteSignatureException", f"Unsupported AWS 'algorithm': '{scheme[:64]}'.")
    parts = {}
    for piece in rest.split(","):
        found = PART.fullmatch(piece)
        if found:
            parts[found[1]] = found[2]
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in parts]
    stamp = request.headers.get("x-amz-date", "")
    complaints = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not stamp:
        complaints.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if complaints:
        raise SignatureRefused("IncompleteSignatureException", " ".join(complaints))
    token = request.headers.get("x-amz-security-token", "")
    return _built(parts["Credential"], parts["SignedHeaders"], parts["Signature"], stamp, token, 0, in_query=False)


def _claim_in_query(request: Signed) -> Claim:
    given = dict(parse_qsl(request.query, keep_blank_values=True))
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise SignatureRefused(
            "IncompleteSignatureException", f"AWS query-string parameters must include {missing[0]}."
        )
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise SignatureRefused("IncompleteSignatureException", "Unsupported AWS 'algorithm'.")
    expires = given["X-Amz-Expires"]
    is_number = expires.isascii() and expires.isdecimal() and len(expires) <= len(str(LONGEST_EXPIRY))
    if not is_number or not 1 <= int(expires) <= LONGEST_EXPIRY:
        raise SignatureRefused("IncompleteSignatureException", "X-Amz-Expires must be from 1 to 604800 seconds.")
    return _built(
        given["X-Amz-Credential"],
        given["X-Amz-SignedHeaders"],
        given["X-Amz-Signature"],
        given["X-Amz-Date"],
        given.get("X-Amz-Security-Token", ""),
        int(expires),
        in_query=True,
    )


def _built(
    credential: str, names: str, signature: str, stamp: str, token: str, expires: int, *, in_query: bool
) -> Claim:
    scope = credential.split("/")
    if len(scope) != 5 or scope[4] != "aws4_request" or "\x00" in credential:
        raise SignatureRefused(
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        )
    signed = tuple(names.lower().split(";"))
    if "host" not in signed or (not in_query and "x-amz-date" not in signed):
        raise SignatureRefused(
            "InvalidSignatureException", "'Host' and 'X-Amz-Date' must be among the 'SignedHeaders' of the request."
        )
    return Claim(scope[0], scope[1], scope[2], scope[3], signed, signature, stamp, token, expires, in_query)


def _check_time(claim: Claim) -> None:
    """The request is of now, or of the time that a presigned address is good for."""
    try:
        signed_at = datetime.strptime(claim.stamp, STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        said = "Date must be in ISO-8601 'basic format'. Got '" + claim.stamp[:64] + "'."
        raise SignatureRefused("IncompleteSignatureException", said) from error
    if claim.day != claim.stamp[:8]:
        raise SignatureRefused(
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.day[:16]}' != '{claim.stamp[:8]}', from '{claim.stamp}'.",
        )
    now = timezone.now()
    until = timedelta(seconds=claim.expires) if claim.in_query else SKEW
    if now - signed_at > until:
        limit = (now - until).strftime(STAMP)
        raise SignatureRefused(
            "InvalidSignatureException",
            f"Signature expired: {claim.stamp} is now earlier than {limit} ({now.strftime(STAMP)} - "
            f"{int(until.total_seconds() // 60)} min.)",
        )
    if signed_at - now > SKEW:
        limit = (now + SKEW).strftime(STAMP)
        raise SignatureRefused(
            "InvalidSignatureException",
            f"Signature not yet current: {claim.stamp} is still later than {limit} ({now.strftime(STAMP)} + 5 min.)",
        )


def _check_scope(claim: Claim, service: str) -> None:
    if claim.service != service:
        said = f"Credential should be scoped to correct service: '{service}'."
        raise SignatureRefused("InvalidSignatureException", said)
    served = {*settings.REGIONS, GLOBAL_REGION} if service in ANY_REGION else set(settings.REGIONS)
    if claim.region not in served:
        if service == "ecr-public":
            said = f"The command is not supported in the region '{claim.region[:64]}'."
            raise SignatureRefused("UnsupportedCommandException", said)
        said = f"Credential should be scoped to a valid region, not '{claim.region[:64]}'."
        raise SignatureRefused("InvalidSignatureException", said)


def _holder(claim: Claim) -> tuple[Identified | None, str]:
    """Whose the key is, and its secret; nobody and a secret that nobody knows if there is no such key."""
    key = blake2b(f"{claim.key_id}\n{claim.token}".encode("utf-8", "surrogateescape"), digest_size=16).digest()
    known = _known.get(key, settings.RIGHTS_SECONDS)
    if known is not None:
        return known
    read_at = monotonic()
    found, secret = _temporary(claim) if claim.key_id.startswith(temporary.ID_PREFIX) else _lasting(claim)
    if found is None:
        return None, secret
    identified = callers.with_rights(found)
    _known.keep(key, (identified, secret), read_at)
    if found.session is None:
        access_keys.note_use(claim.key_id, claim.service, claim.region)
    return identified, secret


def _lasting(claim: Claim) -> tuple[Identified | None, str]:
    key = None if claim.token else access_keys.usable(claim.key_id)
    return (Identified(key.principal, key.id) if key else None), access_keys.secret_of(key)


def _temporary(claim: Claim) -> tuple[Identified | None, str]:
    try:
        session = temporary.find(claim.key_id, claim.token)
    except CredentialsExpired as error:
        raise SignatureRefused(
            "ExpiredTokenException", "The security token included in the request is expired"
        ) from error
    except CredentialsInvalid:
        return None, access_keys.secret_of(None)
    return Identified(session.principal, session.id, session), temporary.secret_of(session)


class _Verifier(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """botocore's signer over exactly the headers that the request says are signed."""

    def __init__(self, claim: Claim, secret: str) -> None:
        super().__init__(Credentials(claim.key_id, secret), claim.service, claim.region)
        self._names = claim.signed_headers

    def headers_to_sign(self, request: Any) -> Any:
        """The signed headers; one that is not there counts as empty, and the signature is another."""
        chosen = HTTPHeaders()
        for name in self._names:
            chosen[name] = request.headers.get(name, "")
        return chosen


def _signature(request: Signed, claim: Claim, secret: str) -> str:
    pairs = [pair for pair in request.query.split("&") if pair and not pair.startswith("X-Amz-Signature=")]
    query = "&".join(pairs)
    url = f"https://{request.headers.get('host', '')}{request.path}" + (f"?{query}" if query else "")
    given = {name: request.headers[name] for name in claim.signed_headers if name in request.headers}
    made = AWSRequest(method=request.method, url=url, data=request.body, headers=given)
    made.context["timestamp"] = claim.stamp
    verifier = _Verifier(claim, secret)
    text = verifier.string_to_sign(made, verifier.canonical_request(made))
    return str(verifier.signature(text, made))


def _is_body_signed(request: Signed) -> bool:
    """A client may send the hash of its body instead of letting it be computed: then it has to be that of the body."""
    said = request.headers.get("x-amz-content-sha256")
    return said is None or constant_time_compare(said, hashlib.sha256(request.body).hexdigest())
