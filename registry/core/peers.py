"""Peers: other deployments that staff let in, which regions they serve, and this deployment's own key towards them.

A peer may speak for the accounts that staff listed for it and for no others, and as a registry of its own regions only.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import sealing
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from accounts.iam.arn import Arn
from registry.core import seen
from registry.errors import InvalidValue, PeerAlreadyExists, PeerChanged, PeerNotFound
from registry.models import Peer, PeeringKey
from registry.values import ACCOUNT_ID, REGION

PURPOSE: Final = "peering"
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
MOST_ACCOUNTS: Final = 1000
LONGEST_URL: Final = 255
OWN: Final = 1
"""The id of the one row of this deployment's key."""


def listed() -> list[Peer]:
    """All peers by name; read once for a page."""
    return seen.once("peers", lambda: list(Peer.objects.order_by("name")))


def get(name: str) -> Peer:
    """Return a peer. PeerNotFound."""
    found = Peer.objects.filter(name=name).first()
    if found is None:
        raise PeerNotFound(name)
    return found


def by_key(public_key: str) -> Peer | None:
    """The peer that has a key; None for a text that is none."""
    return Peer.objects.filter(public_key=public_key).first() if _key(public_key) else None


def serving(region: str) -> Peer | None:
    """The peer that serves a region; None if this deployment does, or nobody."""
    if region in settings.REGIONS:
        return None
    return next((peer for peer in listed() if region in peer.regions), None)


def regions() -> list[str]:
    """All regions that images can go to: this deployment's own, then those of its peers."""
    others = sorted({region for peer in listed() for region in peer.regions} - {*settings.REGIONS})
    return [*settings.REGIONS, *others]


def add(
    staff: Staff, *, name: str, url: str, regions: Iterable[str], account_ids: Iterable[str], public_key: str
) -> Peer:
    """Let a deployment in. Raises InvalidValue, PeerAlreadyExists."""
    made = Peer(name=name, created_by=staff.email)
    _fill(made, url, regions, account_ids, public_key)
    try:
        with transaction.atomic():
            _refuse_taken(made, Peer.objects.select_for_update())
            made.save(force_insert=True)
            _record(staff, Action.CREATE_PEER, made)
    except IntegrityError as error:
        raise PeerAlreadyExists(name, "name or key") from error
    return made


def change(
    staff: Staff,
    name: str,
    *,
    url: str,
    regions: Iterable[str],
    account_ids: Iterable[str],
    public_key: str,
    instead_of: Mapping[str, Any],
) -> Peer:
    """List something else for a peer, which holds from the next request on. Raises InvalidValue, PeerAlreadyExists.

    `instead_of` is what `facts` has returned before: if something else is listed since then, PeerChanged. PeerNotFound.
    """
    try:
        with transaction.atomic():
            rows = {peer.name: peer for peer in Peer.objects.select_for_update()}
            row = rows.pop(name, None)
            if row is None:
                raise PeerNotFound(name)
            if facts(row) != instead_of:
                raise PeerChanged(name)
            _fill(row, url, regions, account_ids, public_key)
            _refuse_taken(row, rows.values())
            row.save(update_fields=["url", "regions", "account_ids", "public_key"])
            _record(staff, Action.UPDATE_PEER, row)
    except IntegrityError as error:
        raise PeerAlreadyExists(name, "key") from error
    return row


def facts(peer: Peer) -> dict[str, Any]:
    """What staff have listed for a peer."""
    return {
        "url": peer.url,
        "regions": peer.regions,
        "account_ids": peer.account_ids,
        "public_key": peer.public_key,
    }


def _fill(peer: Peer, url: str, regions: Iterable[str], account_ids: Iterable[str], public_key: str) -> None:
    """Give a peer what is listed for it. InvalidValue."""
    wanted, accounts = list(dict.fromkeys(regions)), list(dict.fromkeys(account_ids))
    check(peer.name, url, wanted, accounts, public_key)
    peer.url, peer.regions, peer.account_ids, peer.public_key = url.rstrip("/"), wanted, accounts, public_key


def _refuse_taken(peer: Peer, others: Iterable[Peer]) -> None:
    """Return if no other peer serves one of its regions. PeerAlreadyExists."""
    taken = {region for other in others for region in other.regions}
    for region in sorted(taken & set(peer.regions)):
        raise PeerAlreadyExists(peer.name, region)


def check(name: str, url: str, regions: list[str], account_ids: list[str], public_key: str) -> None:
    """Return if a peer may be added so. InvalidValue names what is wrong."""
    if not NAME.fullmatch(name):
        raise InvalidValue(name, "is not a name of up to 64 lower-case letters, digits and hyphens")
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise InvalidValue(url, "is not an address such as https://kho.example.com")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or len(url) > LONGEST_URL:
        raise InvalidValue(url, "is not an address such as https://kho.example.com, without a path")
    if not regions:
        raise InvalidValue("regions", "needs at least one region that the peer serves")
    for region in regions:
        if not REGION.fullmatch(region) or len(region) > 32:
            raise InvalidValue(region, "is not a region such as eu-west-1")
        if region in settings.REGIONS:
            raise InvalidValue(region, "is a region of this deployment")
    for account_id in account_ids:
        if not ACCOUNT_ID.fullmatch(account_id):
            raise InvalidValue(account_id, "is not a registry id of 12 digits")
    if len(account_ids) > MOST_ACCOUNTS:
        raise InvalidValue("accounts", f"may be {MOST_ACCOUNTS}")
    if _key(public_key) is None:
        raise InvalidValue(public_key, "is not a public key as `peer key` shows it")
    if public_key == own_public_key():
        raise InvalidValue(public_key, "is this deployment's own key")


def remove(staff: Staff, name: str) -> None:
    """Let a peer in no more, and send it nothing from now on; what was copied stays. PeerNotFound."""
    with transaction.atomic():
        row = get(name)
        row.delete()
        _record(staff, Action.DELETE_PEER, row)


def own_public_key() -> str:
    """Return the public key, which the staff of peers enter there; made when it is first asked for."""
    return _own().public_key


def own_key() -> Ed25519PrivateKey:
    """What this deployment signs with."""
    return Ed25519PrivateKey.from_private_bytes(sealing.unseal(bytes(_own().secret), PURPOSE))


def renew_key(staff: Staff) -> str:
    """Make another key and return its public part; peers refuse this deployment until they have it."""
    secret, public = _made()
    with transaction.atomic():
        fields = {"secret": secret, "public_key": public, "created_at": timezone.now()}
        PeeringKey.objects.update_or_create(id=OWN, defaults=fields)
        trail.record(staff.on(""), Action.CREATE_PEERING_KEY, Arn("kho", "", "", f"peering-key/{public}"))
    return public


def key_of(peer: Peer) -> Ed25519PublicKey:
    """What a peer's signatures are checked with."""
    found = _key(peer.public_key)
    if found is None:
        raise InvalidValue(peer.public_key, "is not a public key")
    return found


def _own() -> PeeringKey:
    found = PeeringKey.objects.filter(id=OWN).first()
    if found is None:
        secret, public = _made()
        found, _ = PeeringKey.objects.get_or_create(id=OWN, defaults={"secret": secret, "public_key": public})
    return found


def _made() -> tuple[bytes, str]:
    """A new key: sealed, and its public part as text, which does not look like an option of a command."""
    while True:
        key = Ed25519PrivateKey.generate()
        public = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        if not public.startswith("-"):
            return sealing.seal(key.private_bytes_raw(), PURPOSE), public


def _key(text: str) -> Ed25519PublicKey | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
        return None
    raw = base64.urlsafe_b64decode(text + "=")
    # One text for one key: spare bits at the end would make others of it.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        return None
    return Ed25519PublicKey.from_public_bytes(raw)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _record(staff: Staff, action: Action, row: Peer) -> None:
    details = {"url": row.url, "regions": row.regions, "accounts": row.account_ids, "publicKey": row.public_key}
    trail.record(staff.on(""), action, Arn("kho", "", "", f"peer/{row.name}"), details=details)
